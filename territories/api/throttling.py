"""Rate limits of the public API, by network."""

from ipaddress import IPv6Address, ip_address

from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle


class NetworkThrottle(AnonRateThrottle):
    """A rate limit per network: in IPv6 one visitor has 2⁶⁴ addresses."""

    def get_ident(self, request: Request) -> str:
        return network_of(super().get_ident(request))


def network_of(address: str) -> str:
    """The IPv4 address, or the /64 of an IPv6 one; what is not an address is returned as it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return ":".join(found.exploded.split(":")[:4])
    return str(getattr(found, "ipv4_mapped", None) or found)
