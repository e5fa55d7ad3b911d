"""Rate limits on what costs us, or others, something, by network address, mailbox or request.

Sign-in codes have allauth's own limits (``ACCOUNT_RATE_LIMITS``), counted by the same addresses.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from experts.models import RateCounter

MINIMUM_DELAY = timedelta(seconds=3)  # between the first step and the sending: people need more


def is_lifted() -> bool:
    """True while a bench is running."""
    return bool(settings.BENCH)


@dataclass(frozen=True)
class Limit:
    """At most so many times in a window, per client: a network address, a mailbox, a request."""

    name: str
    most: int
    during: timedelta

    def is_over(self, client: str, *, times: int = 1, now: datetime) -> bool:
        """Count ``times`` more; true when that is too many. Only a digest of the client is kept."""
        if is_lifted():
            return False
        seconds = self.during.total_seconds()
        window = int(now.timestamp() // seconds)
        until = datetime.fromtimestamp((window + 1) * seconds, tz=UTC)
        # The salt stays as it was: during a deployment both versions share the same counters.
        digest = salted_hmac("solicitations.limits", client).hexdigest()[:24]
        key = f"{self.name}:{digest}:{window}"
        return RateCounter.objects.count(key, times=times, until=until) > self.most


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS_PER_ADDRESS = Limit("steps", 200, HOUR)  # a chamber's whole training room, behind one address
SENT_PER_ADDRESS = Limit("sent", 30, HOUR)
SENT_PER_EMAIL = Limit("sent-email", 10, DAY)  # requests: each is acknowledged by a mail
LINKS_PER_ADDRESS = Limit("links", 20, HOUR)
LINKS_PER_EMAIL = Limit("links-email", 10, DAY)
MESSAGES_PER_REQUEST = Limit("words", 20, HOUR)
ADDRESSES_PER_REQUEST = Limit("addresses", 5, DAY)
ACTS_PER_MAILBOX = Limit("acts", 60, HOUR)
# Past these a request is held for staff, not refused: many addresses may be one machine's.
SAME_TEXT = Limit("same-text", 3, DAY)
SENT_PER_COMMUNE = Limit("sent-commune", 60, HOUR)


def are_links_over(request: HttpRequest, email: str, *, now: datetime) -> bool:
    """True when too many links were asked for, from here or for this mailbox."""
    return LINKS_PER_ADDRESS.is_over(address_of(request), now=now) or LINKS_PER_EMAIL.is_over(
        normalise_email(email), now=now
    )


def is_sending_over(request: HttpRequest, email: str, *, requests: int, now: datetime) -> bool:
    """True when too many requests were sent, from here or in the name of this mailbox."""
    return SENT_PER_ADDRESS.is_over(address_of(request), now=now) or SENT_PER_EMAIL.is_over(
        normalise_email(email), times=requests, now=now
    )


def looks_like_a_flood(text: str, *, commune: str, now: datetime) -> bool:
    """True when the same words, or more requests than a commune ever sends, come from everywhere."""
    words = "".join(char for char in text.lower() if char.isalnum())
    counted = (SAME_TEXT.is_over(words, now=now), SENT_PER_COMMUNE.is_over(commune, now=now))
    return any(counted)


def address_of(request: HttpRequest) -> str:
    """The visitor's address; an IPv6 network counts as one. Behind a proxy, what the proxy says."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return ":".join(found.exploded.split(":")[:4])
    return str(getattr(found, "ipv4_mapped", None) or found)


def normalise_email(email: str) -> str:
    """The mailbox behind an address: case and what follows a plus sign make no other one."""
    name, _, domain = email.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def too_many(request: HttpRequest, *, back: str) -> HttpResponse:
    """The page that says to wait; ``back`` is the page where everything typed still is."""
    answer = render(request, "experts/too_many.html", {"back": back}, status=429)
    answer["Retry-After"] = str(int(HOUR.total_seconds()))
    return answer
