"""Projections of longitudes and latitudes to a plane, in metres, y towards the north. Pure.

Source of Lambert-93: IGN, "Projection cartographique conique conforme de Lambert" (NTG 71), ellipsoid GRS 80.
"""

from collections.abc import Callable
from math import atanh, cos, exp, log, radians, sin, sqrt

Point = tuple[float, float]
Projection = Callable[[float, float], Point]

SEMI_MAJOR_AXIS = 6_378_137.0
FLATTENING = 1 / 298.257222101
ECCENTRICITY = sqrt(2 * FLATTENING - FLATTENING**2)
CENTRAL_MERIDIAN, ORIGIN = radians(3), radians(46.5)
FIRST_PARALLEL, SECOND_PARALLEL = radians(44), radians(49)
FALSE_EASTING, FALSE_NORTHING = 700_000.0, 6_600_000.0


def _isometric_latitude(latitude: float) -> float:
    return atanh(sin(latitude)) - ECCENTRICITY * atanh(ECCENTRICITY * sin(latitude))


def _parallel_radius(latitude: float) -> float:
    """Radius of a parallel of the ellipsoid."""
    return SEMI_MAJOR_AXIS * cos(latitude) / sqrt(1 - (ECCENTRICITY * sin(latitude)) ** 2)


EXPONENT = log(_parallel_radius(FIRST_PARALLEL) / _parallel_radius(SECOND_PARALLEL)) / (
    _isometric_latitude(SECOND_PARALLEL) - _isometric_latitude(FIRST_PARALLEL)
)
SCALE = _parallel_radius(FIRST_PARALLEL) / EXPONENT * exp(EXPONENT * _isometric_latitude(FIRST_PARALLEL))
POLE_NORTHING = FALSE_NORTHING + SCALE * exp(-EXPONENT * _isometric_latitude(ORIGIN))


def lambert_93(longitude: float, latitude: float) -> Point:
    """Project degrees to Lambert-93, the national projection of the mainland."""
    radius = SCALE * exp(-EXPONENT * _isometric_latitude(radians(latitude)))
    angle = EXPONENT * (radians(longitude) - CENTRAL_MERIDIAN)
    return FALSE_EASTING + radius * sin(angle), POLE_NORTHING - radius * cos(angle)


def mercator(longitude: float, latitude: float) -> Point:
    """Project degrees conformally, for the inset of one overseas territory alone."""
    return SEMI_MAJOR_AXIS * radians(longitude), SEMI_MAJOR_AXIS * atanh(sin(radians(latitude)))
