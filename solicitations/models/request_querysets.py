"""Queries on requests. Their indexes are declared with the columns, in ``requests``."""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q, Value
from django.db.models.functions import Concat, NullIf

from experts.models import Institution, Theme, User
from mailing.prepared_queries import PreparedQuery
from solicitations.lifecycle import (
    NOT_LIVE,
    AlertCause,
    ClosedReason,
    HeldReason,
    Labelled,
    MatchState,
    NeedState,
    RequestState,
)

if TYPE_CHECKING:
    from solicitations.models.requests import Solicitation

LINK_LIFE_AFTER_END = settings.LINK_LIFE_AFTER_END
REFERENCE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"  # without letters read as figures
REFERENCE = re.compile(f"([{REFERENCE_ALPHABET}]{{4}})-?([{REFERENCE_ALPHABET}]{{4}})")
SIREN_OR_SIRET = re.compile(r"[0-9]{9,14}")
WORD = re.compile(r"[^\W_]+")
SHORT = 4  # letters; shorter words (« SAS », « et ») begin too many names: they must match whole
# The words of the company's and the contact's names: anything but letters and figures separates them.
NAMES = SearchVector(
    Func(
        Concat("company_name", Value(" "), "contact_name"),
        Value("[^[:alnum:]]+"),
        Value(" "),
        Value("g"),
        function="regexp_replace",
    ),
    config="simple",
)
ENDED = (RequestState.CLOSED, RequestState.CANCELLED)
NOT_COUNTED = (ClosedReason.SPAM, ClosedReason.TEST, ClosedReason.DUPLICATE)
# Closed by staff, not by an answer: the state of the needs is shown no more.
CLOSED_BY_STAFF = (ClosedReason.STAFF, *NOT_COUNTED)
DIFFICULTIES = "difficultes"  # the theme whose companies are asked again, months later


_LOCKED: "PreparedQuery[Solicitation]" = PreparedQuery(
    lambda pk: apps.get_model("solicitations.Solicitation").objects.to_lock().filter(pk=pk)
)


class SolicitationQuerySet(models.QuerySet["Solicitation"]):
    def visible_to(self, user: User) -> Self:
        """Requests this member of staff may see: all for the national team, else the region's own."""
        if not user.is_active:
            return self.none()
        if user.is_national:
            return self
        return self.filter(region=user.region_id) if user.region_id else self.none()

    def to_lock(self) -> Self:
        return self.select_related("commune__department").select_for_update(of=("self",))

    def locked(self, pk: int) -> "Solicitation":
        """The row, locked until the end of the transaction: always before its matches."""
        if row := _LOCKED.first(pk=pk):
            return row
        # Its commune changed while this query waited for the lock: the row no longer matches the join.
        self.select_for_update().values_list("pk").get(pk=pk)
        return self.select_related("commune__department").get(pk=pk)

    def unrouted(self, *, now: datetime) -> Self:
        return self.filter(routing_due_at__lte=now)

    def clock_due(self, *, now: datetime) -> Self:
        """Requests that the sweep plans now, the longest due first."""
        return self.filter(clock_due_at__lte=now).order_by("clock_due_at", "pk")

    def on_the_clock(self, *, now: datetime) -> Self:
        """Requests for which the planner may have a step to come: a few more than have one."""
        in_difficulty = self.model.objects.filter(needs__subject__theme__slug=DIFFICULTIES)
        asked = Q(surveyed_at=None, ended_at__gt=now - settings.SURVEY_UNTIL) | Q(
            submitted_at__gt=now - settings.FOLLOW_UP_UNTIL, pk__in=in_difficulty.values("pk")
        )
        closed = Q(state=RequestState.CLOSED) & ~Q(closed_reason__in=CLOSED_BY_STAFF)
        return self.filter(Q(state=RequestState.SUBMITTED) | closed & asked)

    def open(self) -> Self:
        return self.filter(state__in=[RequestState.SUBMITTED, RequestState.HELD])

    def submitted(self) -> Self:
        """Requests that are neither held nor ended: somebody has to answer."""
        return self.filter(state=RequestState.SUBMITTED)

    def waiting_for(self, address: str) -> Self:
        """Submitted requests with a match that this person, in any of their mailboxes, was sent or took."""
        states = [MatchState.SENT, MatchState.TAKEN]
        of_address = self.model.objects.filter(
            mailboxes__email__iexact=address, mailboxes__matches__state__in=states
        )
        return self.submitted().filter(pk__in=of_address.values("pk"))

    def to_anonymise(self, *, now: datetime) -> Self:
        """Requests that ended so long ago that nothing of what they contained may be kept."""
        return self.filter(state__in=ENDED, ended_at__lte=now - settings.ANONYMISE_AFTER)

    def not_erased(self) -> Self:
        return self.exclude(state=RequestState.ANONYMISED)

    def held(self) -> Self:
        return self.filter(state=RequestState.HELD)

    def held_without_alert(self) -> Self:
        """Held requests for which staff have not been alerted yet."""
        alerted = self.model.objects.filter(pk=OuterRef("pk"), alerts__cause=AlertCause.HELD)
        return self.held().exclude(Exists(alerted))

    def held_to_release(self) -> Self:
        """Held requests that the sweep releases: never a duplicate."""
        return self.held().exclude(held_reason=HeldReason.DUPLICATE)

    def uncovered(self) -> Self:
        """Open requests that no office of the asked institutions covers, or that reach nobody."""
        return self.filter(state=RequestState.SUBMITTED).filter(
            Q(is_fallback=True) | Q(progress=NeedState.UNCOVERED)
        )

    def late(self, *, now: datetime) -> Self:
        """Open requests with a need that, seven days on, nobody has taken."""
        needs = apps.get_model("solicitations", "Need").objects  # imported from a module above this one
        untaken = needs.filter(
            solicitation=OuterRef("pk"), state__in=[NeedState.WAITING, NeedState.UNCOVERED]
        )
        old = self.filter(state=RequestState.SUBMITTED, submitted_at__lte=now - settings.LATE_AFTER)
        return old.filter(Exists(untaken))

    def without_answer(self) -> Self:
        """Requests that ended with no answer at all, or declined by all."""
        return self.filter(progress__in=[NeedState.UNANSWERED, NeedState.DECLINED])

    def displayed_as(self, shown: Labelled) -> Self:
        """Requests of which a list shows this: see ``Solicitation.shown``."""
        if shown == RequestState.HELD:
            return self.held()
        if isinstance(shown, ClosedReason):
            return self.filter(closed_reason=shown)
        return (
            self.filter(progress=shown)
            .exclude(state=RequestState.HELD)
            .exclude(closed_reason__in=CLOSED_BY_STAFF)
        )

    def about_theme(self, theme: Theme) -> Self:
        return self.filter(pk__in=self.model.objects.filter(needs__subject__theme=theme).values("pk"))

    def of_institution(self, institution: Institution) -> Self:
        """Requests that an expert of this institution has, or had, unless withdrawn or replaced."""
        live = [state.value for state in MatchState if state not in NOT_LIVE]
        reached = self.model.objects.filter(
            needs__matches__expert__office__institution=institution, needs__matches__state__in=live
        )
        return self.filter(pk__in=reached.values("pk"))

    def handled_by_nobody(self) -> Self:
        return self.filter(handled_by=None)

    def handled_by_another(self, user: User) -> Self:
        return self.exclude(handled_by=None).exclude(handled_by=user)

    def by_company(self) -> Self:
        """Order by name of company; requests without a name come last."""
        return self.order_by(NullIf("company_name", Value("")).asc(nulls_last=True), "-submitted_at", "-pk")

    def search(self, text: str) -> Self:
        """Requests of this reference, SIREN, SIRET or email; else by the beginnings of words in names."""
        bare = "".join(text.split())
        if "@" in bare:
            return self.filter(email__iexact=bare)
        if SIREN_OR_SIRET.fullmatch(bare):
            return self.filter(siret__startswith=bare).exclude(siret="")
        words = [f"'{word}'" if len(word) < SHORT else f"'{word}':*" for word in WORD.findall(text)]
        if not words:
            return self.none()
        named = Q(names=SearchQuery(" & ".join(words), search_type="raw", config="simple"))
        if reference := REFERENCE.fullmatch(bare.upper()):
            named |= Q(reference="-".join(reference.groups()))
        return self.alias(names=NAMES).filter(named)

    def with_open_alert(self) -> Self:
        """Requests with something that staff must look at."""
        alerted = self.model.objects.filter(alerts__raised_at__isnull=False, alerts__settled_at=None)
        return self.filter(pk__in=alerted.values("pk"))

    def counted(self) -> Self:
        """Requests that count in figures: neither spam, nor tests, nor duplicates."""
        return self.exclude(closed_reason__in=NOT_COUNTED)

    def with_valid_link(self, email: str, *, now: datetime) -> Self:
        """Requests of this email whose link can still be sent again."""
        ended_late_enough = Q(ended_at=None) | Q(ended_at__gt=now - LINK_LIFE_AFTER_END)
        return self.filter(ended_late_enough, email__iexact=email).exclude(state=RequestState.ANONYMISED)

    def oldest_first(self) -> Self:
        return self.order_by("submitted_at", "pk")

    def newest_first(self) -> Self:
        return self.order_by("-submitted_at", "-pk")
