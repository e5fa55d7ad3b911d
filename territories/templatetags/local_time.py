"""Template tags for dates and times: readable text, the exact value in ``<time>``, in the local time zone."""

from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from territories import spoken_time

register = template.Library()
PARIS = ZoneInfo("Europe/Paris")


@register.simple_tag
def local_time(at: datetime | None, time_zone: tzinfo | None = None, year: str = "") -> SafeString | str:
    """``<time>`` that reads « mardi 1er décembre à 14 h 30 »; nothing when ``at`` is ``None``.

    The year is shown when it is not the current one, and always with ``year="always"``.
    """
    if at is None:
        return ""
    time_zone = time_zone or PARIS
    text = spoken_time.spoken_moment(
        at, time_zone=time_zone, now=None if year == "always" else timezone.now()
    )
    exact = at.astimezone(time_zone).isoformat(timespec="minutes")
    return format_html('<time datetime="{}">{}</time>', exact, text)


@register.simple_tag
def local_hour(at: datetime, time_zone: tzinfo) -> SafeString:
    """``<time>`` that reads « 14 h 30 », beside a date shown elsewhere."""
    exact = at.astimezone(time_zone).isoformat(timespec="minutes")
    return format_html(
        '<time datetime="{}">{}</time>', exact, spoken_time.spoken_hour(at, time_zone=time_zone)
    )


@register.simple_tag
def time_ago(at: datetime | None, time_zone: tzinfo | None = None) -> SafeString | str:
    """``<time>`` that reads « il y a 2 jours », the exact moment in its title."""
    if at is None:
        return ""
    time_zone, now = time_zone or PARIS, timezone.now()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.astimezone(time_zone).isoformat(timespec="minutes"),
        spoken_time.spoken_moment(at, time_zone=time_zone, now=now),
        spoken_time.spoken_age(at, time_zone=time_zone, now=now),
    )


@register.simple_tag
def local_date(on: date | None) -> SafeString | str:
    """``<time>`` that reads « mardi 1er décembre », for a plain date."""
    if on is None:
        return ""
    text = spoken_time.spoken_date(on, today=timezone.localdate())
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), text)
