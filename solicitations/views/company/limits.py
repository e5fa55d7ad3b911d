"""How often one address may do what costs us, or others, something: friendly, and lifted for the bench."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

MINIMUM_DELAY = timedelta(seconds=3)  # between the first step and the sending: people need more


def is_lifted() -> bool:
    """Whether a bench is running."""
    return bool(settings.BENCH)


@dataclass(frozen=True)
class Limit:
    """So many times in a while, per network address or per mailbox."""

    name: str
    most: int
    during: timedelta

    def is_over(self, who: str, *, now: datetime) -> bool:
        """Count one more time; whether that is too many. The cache never holds the address itself."""
        if is_lifted():
            return False
        window = int(now.timestamp() // self.during.total_seconds())
        digest = salted_hmac("solicitations.limits", who.lower()).hexdigest()[:24]
        key = f"limit:{self.name}:{digest}:{window}"
        times: int = cache.get(key, 0) + 1
        cache.set(key, times, timeout=self.during.total_seconds())
        return times > self.most


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS_PER_ADDRESS = Limit("steps", 200, HOUR)  # a chamber's whole training room, behind one address
SENT_PER_ADDRESS = Limit("sent", 30, HOUR)
SENT_PER_EMAIL = Limit("sent-email", 10, DAY)
LINKS_PER_ADDRESS = Limit("links", 20, HOUR)
LINKS_PER_EMAIL = Limit("links-email", 5, HOUR)
WORDS_PER_REQUEST = Limit("words", 20, HOUR)


def are_links_over(request: HttpRequest, email: str, *, now: datetime) -> bool:
    """Whether too many links were asked for, from here or for this mailbox."""
    return LINKS_PER_ADDRESS.is_over(address_of(request), now=now) or LINKS_PER_EMAIL.is_over(email, now=now)


def address_of(request: HttpRequest) -> str:
    """Where the visitor comes from; an IPv6 network counts as one. Behind a proxy, what the proxy says."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return ":".join(found.exploded.split(":")[:4]) if isinstance(found, IPv6Address) else str(found)


def too_many(request: HttpRequest, *, back: str) -> HttpResponse:
    """The page that says to wait; ``back`` is the page where everything typed still is."""
    answer = render(request, "solicitations/company/too_many.html", {"back": back}, status=429)
    answer["Retry-After"] = str(int(HOUR.total_seconds()))
    return answer
