"""The steps of the clock, in their order, and the working time in which they are done."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from solicitations.lifecycle import Labelled, NeedState
from solicitations.models import Match, Need, Solicitation
from territories.models import Commune
from territories.working_time import is_working_time, next_working_morning


class Step(Labelled):
    """Steps in the order in which they are done, named after their mail or alert."""

    REMIND = "reminders", "Rappel au référent"
    TELL_COMPANY = "where_things_stand", "Point d'étape à l'entreprise"
    TELL_MANAGER = "manager_told", "Responsable d'antenne prévenu"
    WIDEN = "notified", "Nouvelle désignation"
    TELL_REGION = "late", "Signalement dans la liste de la région"
    ESCALATE_LEGAL = "legal", "Délai légal : responsable et région prévenus"
    CHECK_CALL = "call_check", "« Vous a-t-on rappelé ? »"
    TELL_SILENCE = "silent", "Prise en charge muette : responsable et région prévenus"
    EXPIRE = "unanswered", "Fin sans réponse"
    SURVEY = "survey", "Avis demandé à l'entreprise"
    FOLLOW_UP = "follow_up_point", "Point à six mois"


ORDER = {step: place for place, step in enumerate(Step)}


@dataclass(frozen=True)
class Planned:
    """One step: due after its delay (``due_at``), done at ``runs_at``, in working time.

    ``is_next``: no other step comes before it.
    """

    step: Step
    due_at: datetime
    runs_at: datetime
    why: str
    solicitation: Solicitation
    need: Need | None = None
    match: Match | None = None
    is_next: bool = True

    @property
    def uncovered(self) -> Need | None:
        """The step's need, when it reaches nobody."""
        return self.need if self.need and self.need.state == NeedState.UNCOVERED else None

    def is_ready(self, *, now: datetime) -> bool:
        return self.is_next and self.runs_at <= now


@dataclass(frozen=True)
class Clock:
    """Working time of a place from now on."""

    commune: Commune
    now: datetime

    def runs_at(self, due_at: datetime) -> datetime:
        at = max(due_at, self.now)
        return at if is_working_time(at, self.commune) else next_working_morning(at, self.commune)

    def next_day(self, at: datetime) -> datetime:
        local = at.astimezone(self.commune.time_zone)
        return datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=local.tzinfo)

    def once_back(self, match: Match, at: datetime) -> datetime:
        """The first working moment from ``at`` on when the expert of a match is not away."""
        for absence in sorted(match.expert.absences.all(), key=lambda absence: absence.from_on):
            if absence.from_on <= at.astimezone(self.commune.time_zone).date() <= absence.to_on:
                day_back = absence.to_on + timedelta(days=1)
                at = self.runs_at(datetime.combine(day_back, time(), tzinfo=self.commune.time_zone))
        return at


def is_away(match: Match, *, on: date) -> bool:
    """Return whether the expert of a match is away on a day; her absences are loaded."""
    return any(absence.from_on <= on <= absence.to_on for absence in match.expert.absences.all())
