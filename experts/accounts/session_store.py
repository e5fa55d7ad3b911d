"""Sessions in the database, read by a query whose SQL is written once: each signed-in page reads one."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from mailing.prepared_queries import PreparedQuery

_LIVE = PreparedQuery(lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now))


class SessionStore(db.SessionStore):
    """Django's store of sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        """Return the row of a session that lives; without one, the next save makes a new key."""
        found = _LIVE.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found
