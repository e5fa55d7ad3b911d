"""Rate limits on what costs us, or others, something, by network address, mailbox or request.

allauth's own limits are turned off (``ACCOUNT_RATE_LIMITS``): they lock a colleague out from anywhere, and
those of a session are read, then written, so that tries sent at the same time pass.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from experts.models import RateCounter, User
from territories.api.throttling import network_of

MINIMUM_DELAY = timedelta(seconds=3)  # between the first step and the sending: a faster visitor is a robot


def is_lifted() -> bool:
    """True while a bench is running."""
    return bool(settings.BENCH)


@dataclass(frozen=True)
class Limit:
    """Rate limit: ``most`` times ``during`` a window, per client (a network, a mailbox or a request)."""

    name: str
    most: int
    during: timedelta

    def is_over(self, client: str, *, times: int = 1, now: datetime) -> bool:
        """Count ``times`` more; true when that is too many. Only a digest of the client is kept."""
        if is_lifted():
            return False
        key, until = self._counted_in(client, now=now)
        return RateCounter.objects.count(key, times=times, until=until) > self.most

    def clear(self, client: str, *, now: datetime) -> None:
        """Forget what the client did in this window."""
        RateCounter.objects.filter(key=self._counted_in(client, now=now)[0]).delete()

    def _counted_in(self, client: str, *, now: datetime) -> tuple[str, datetime]:
        """The key of the client's counter, and the end of the window."""
        seconds = self.during.total_seconds()
        window = int(now.timestamp() // seconds)
        until = datetime.fromtimestamp((window + 1) * seconds, tz=UTC)
        return f"{self.name}:{_digest(client)}:{window}", until


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEPS_PER_ADDRESS = Limit("steps", 200, HOUR)  # a chamber's whole training room, behind one address
SENT_PER_ADDRESS = Limit("sent", 30, HOUR)
SENT_PER_EMAIL = Limit("sent-email", 10, DAY)  # requests: each is acknowledged by a mail
LINKS_PER_ADDRESS = Limit("links", 20, HOUR)
LINKS_PER_EMAIL = Limit("links-email", 10, DAY)
# Of one solicitation, by its company: what it writes and what it answers, the survey included.
MESSAGES_PER_SOLICITATION = Limit("words", 20, HOUR)
ADDRESSES_PER_SOLICITATION = Limit("addresses", 5, DAY)
INVITATIONS_PER_ACCOUNT = Limit("invitations", 60, HOUR)
ACTS_PER_MAILBOX = Limit("acts", 60, HOUR)
# Sign-in codes. Nobody can be locked out from elsewhere: what counts is the mailbox and the network together;
# the mailbox alone counts only from networks where its owner has not signed in these last months.
CODES_PER_NETWORK = Limit("codes-network", 20, MINUTE)
CODES_PER_MAILBOX = (Limit("codes", 3, MINUTE), Limit("codes-hour", 20, HOUR))
CODES_FROM_UNKNOWN_NETWORKS = Limit("codes-unknown", 60, HOUR)
NETWORK_KNOWN_FOR = timedelta(days=90)
MAX_CODE_TRIES = 3
FACTOR_TRIES = (Limit("factor", 5, 5 * MINUTE), Limit("factor-day", 100, DAY))
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


def are_codes_over(request: HttpRequest, email: str, *, now: datetime) -> bool:
    """True when too many sign-in codes were asked for: from here, or from here for this mailbox."""
    network, mailbox = address_of(request), normalise_email(email)
    if CODES_PER_NETWORK.is_over(network, now=now):
        return True
    counted = [limit.is_over(f"{mailbox} {network}", now=now) for limit in CODES_PER_MAILBOX]
    if any(counted):
        return True
    return not _is_known(mailbox, network, now=now) and CODES_FROM_UNKNOWN_NETWORKS.is_over(mailbox, now=now)


def remember_network(request: HttpRequest, email: str, *, now: datetime) -> None:
    """Remember, as a digest, that the owner of this mailbox has signed in from here."""
    key = _known_key(normalise_email(email), address_of(request))
    RateCounter.objects.count(key, until=now + NETWORK_KNOWN_FOR)


def is_code_try_over(session: str, code: str, *, now: datetime) -> bool:
    """Count one more try of the code expected in this session; true when that is one too many.

    Without a window: the count lasts longer than the code.
    """
    if is_lifted():
        return False
    counted = RateCounter.objects.count(f"code-tries:{_digest(f'{session} {code}')}", until=now + DAY)
    return counted > MAX_CODE_TRIES


def is_factor_try_over(user: User, *, now: datetime) -> bool:
    """Count one more try of somebody's second factor; true when that is one too many."""
    counted = [limit.is_over(str(user.pk), now=now) for limit in FACTOR_TRIES]
    return any(counted)


def forgive_factor_tries(user: User, *, now: datetime) -> None:
    """Forget the tries of the last minutes: the right code came."""
    FACTOR_TRIES[0].clear(str(user.pk), now=now)


def _is_known(mailbox: str, network: str, *, now: datetime) -> bool:
    return RateCounter.objects.filter(key=_known_key(mailbox, network), until__gt=now).exists()


def _known_key(mailbox: str, network: str) -> str:
    return f"signed-in:{_digest(f'{mailbox} {network}')}"


def _digest(client: str) -> str:
    # The salt stays as it was: during a deployment both versions share the same counters.
    return salted_hmac("solicitations.limits", client).hexdigest()[:24]


def looks_like_a_flood(text: str, *, commune: str, now: datetime) -> bool:
    """True when the same text, or more requests than a commune ever sends, come from everywhere."""
    letters = "".join(char for char in text.lower() if char.isalnum())
    counted = (SAME_TEXT.is_over(letters, now=now), SENT_PER_COMMUNE.is_over(commune, now=now))
    return any(counted)


def address_of(request: HttpRequest) -> str:
    """The visitor's address; an IPv6 network counts as one. Behind a proxy, what the proxy says."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    return network_of(address)


def normalise_email(email: str) -> str:
    """The mailbox behind an address: case and what follows a plus sign make no other one."""
    name, _, domain = email.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def too_many(request: HttpRequest, *, back: str) -> HttpResponse:
    """The page that says to wait; ``back`` is the page where everything typed still is."""
    answer = render(request, "experts/too_many.html", {"back": back}, status=429)
    answer["Retry-After"] = str(int(HOUR.total_seconds()))
    return answer
