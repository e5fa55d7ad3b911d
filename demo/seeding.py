"""Fills the demo with requests of the last weeks, made by the same actions as in production."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from django.db.models import Count
from django.utils import timezone

from demo import accounts
from directory.own_record import record_actions
from experts.changes import applying, editing, snapshot
from experts.changes.row_plans import Plan
from experts.models import Cause, Expert, Institution, Office, Subject, User
from mailing import delivery
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.actions import (
    company_requests,
    expert_answers,
    expert_messages,
    feedback,
    staff_actions,
    submission,
)
from solicitations.dispatch import fallback, holding
from solicitations.lifecycle import ClosedReason, MatchState
from solicitations.models import Draft, Match, Need, Opening, Solicitation
from territories.models import Commune, Region
from territories.working_time import next_working_morning

DATA = Path(__file__).parent / "data"
CONSENT = "demo"
ENDING_OFFICE = "MDE-RCE"
SUCCESSORS = ("Financement de l'innovation, innover@bpi-bfc.example.org", "")
DRAFT_SUBJECT = "recruter-apprenti"
CONTACTS = ("La gérante", "Le gérant", "La responsable du personnel", "Le fondateur")
OUTBOX_DELAY = timedelta(seconds=90)
MINUTE = timedelta(minutes=1)

TimedAction = tuple[datetime, Callable[[datetime], None]]


@dataclass(frozen=True)
class SampleRequest:
    """One request of the demo: its age, its content, and the actions that followed."""

    days_ago: float
    entry: dict[str, Any]
    steps: list[list[Any]]


def read_scenarios() -> dict[str, dict[str, Any]]:
    """The scenarios of the routing rule by id; the tests use them too."""
    rows = yaml.safe_load((DATA / "scenarios.yaml").read_text("utf-8"))["scenarios"]
    return {row["id"]: row for row in rows}


def read_sample_requests() -> list[SampleRequest]:
    """The sample requests, oldest first; one that names a scenario has its company and message."""
    scenarios = read_scenarios()
    rows = yaml.safe_load((DATA / "sample_requests.yaml").read_text("utf-8"))["requests"]
    samples = [
        SampleRequest(days_ago=row["days_ago"], entry=_entry(row, scenarios), steps=row["steps"])
        for row in rows
    ]
    return sorted(samples, key=lambda sample: -sample.days_ago)


def _entry(row: dict[str, Any], scenarios: dict[str, dict[str, Any]]) -> dict[str, Any]:
    scenario = scenarios.get(row.get("scenario") or row.get("like", ""), {})
    company = scenario.get("company", {})
    size = row.get("headcount") or (
        [company["headcount"]] * 2 if company.get("headcount") is not None else [None, None]
    )
    entry: dict[str, Any] = {
        "company": company.get("name", ""),
        "naf": company.get("naf"),
        "craft": company.get("craft"),
        "siret": company.get("siret"),
        "is_project_holder": bool(company.get("project_holder")),
        **{key: scenario[key] for key in ("commune", "subjects", "message") if key in scenario},
        **row,
    }
    return {**entry, "headcount": size}


def seed(*, now: datetime) -> int:
    """Replay every sample up to ``now``; return their number, 0 when there are requests already."""
    if Solicitation.objects.exists():
        return 0
    accounts.make_staff()
    samples = read_sample_requests()
    for at, act in sorted(_timeline(samples, now=now), key=lambda action: action[0]):
        act(at)
        send_mails(until=at + OUTBOX_DELAY)
    add_closed_region()
    add_draft(now=now)
    add_directory_work(now=now)
    accounts.make_professionals(now=now)
    return len(samples)


def add_closed_region() -> None:
    """Add a region that has not opened yet, to show its page."""
    if region := Region.objects.filter(pk="06").first():
        Opening.objects.get_or_create(
            region=region,
            theme=None,
            defaults={"is_open": False, "explanation": "Le service ouvrira bientôt à Mayotte."},
        )


def add_directory_work(*, now: datetime) -> None:
    """Give the regional admin's directory a convention that ends and two departures, one with a successor."""
    office = Office.objects.filter(code=ENDING_OFFICE).first()
    if office is None:
        return
    stored = snapshot.load(offices=[office.pk]).offices[office.code]
    ends_on = timezone.localdate(now) + timedelta(days=40)
    plan = Plan(offices=(editing.change(office.code, stored, {"agreement_ends_on": ends_on}),))
    applying.apply(plan, cause=Cause.PAGE, note="démonstration", now=now)
    busy = Match.objects.active().values("expert")
    # Nobody who is busy, in offices with colleagues: no need and no fallback is left to nobody by the demo.
    shared = Office.objects.alias(people=Count("experts")).filter(is_fallback=False, people__gte=2)
    team = Expert.objects.listed().filter(office__in=shared, office__region=office.region, left_at=None)
    counted = team.filter(has_all_subjects=False).alias(skills=Count("subjects"))
    few_subjects = counted.order_by("skills", "-pk")
    for expert, successor in zip(few_subjects.exclude(pk__in=busy), SUCCESSORS, strict=False):
        record_actions.leave(expert, successor=successor, now=now)


def add_draft(*, now: datetime) -> None:
    """Add a form saved with « Finir plus tard »."""
    at = now - timedelta(hours=5)
    need = {
        "commune": ["Is-sur-Tille"],
        "description": ["Nous cherchons un apprenti, mais par où commencer ?"],
    }
    answers = {"subject": DRAFT_SUBJECT, "need": need}
    draft = Draft.objects.create(created_at=at, updated_at=at, answers=answers)
    company_requests.send_resume_link(draft, email="plus-tard@demo.example.org", now=at)
    send_mails(until=at)


def _timeline(samples: Sequence[SampleRequest], *, now: datetime) -> Iterator[TimedAction]:
    """The actions of people, request by request, and the clock's run of each morning; unsorted."""
    for number, sample in enumerate(samples):
        replay = _Replay(sample, number=number)
        sent_at = now - timedelta(days=sample.days_ago)
        yield sent_at, replay.send
        for hours, *step in sample.steps:
            yield min(now, sent_at + timedelta(hours=hours)), partial(replay.apply_step, step)
    for morning in mornings(samples, now=now):
        yield morning, run_clock
    yield now, run_clock


@dataclass
class _Replay:
    """Replays one sample: ``send`` first, then its steps."""

    sample: SampleRequest
    number: int
    solicitation: Solicitation = field(init=False)

    def send(self, at: datetime) -> None:
        self.solicitation = submit(self.sample.entry, number=self.number, at=at)
        holding.report_held(self.solicitation.pk, now=at)

    def apply_step(self, step: Sequence[Any], at: datetime) -> None:
        verb, rank, *texts = step
        apply_step(self.solicitation, verb, rank=rank, text=texts[0] if texts else "", at=at)


def mornings(samples: Sequence[SampleRequest], *, now: datetime) -> set[datetime]:
    """Every working morning after each sample request, in its commune."""
    found: set[datetime] = set()
    for sample in samples:
        commune = Commune.objects.resolve(sample.entry["commune"])
        at = now - timedelta(days=sample.days_ago)
        while (at := next_working_morning(at + MINUTE, commune)) < now:
            found.add(at)
    return found


def run_clock(at: datetime) -> None:
    for pk in holding.to_remind(now=at):
        holding.remind_staff(pk, now=at)
    tasks.run_clock(now=at)


def submit(entry: dict[str, Any], *, number: int, at: datetime) -> Solicitation:
    """Submit the request of a sample, as the form does."""
    low, high = entry["headcount"]
    blank = Solicitation(
        commune=Commune.objects.resolve(entry["commune"]),
        company_name="" if entry["is_project_holder"] else entry["company"],
        siret=entry["siret"] or "",
        naf=entry["naf"] or "",
        craft=entry["craft"],
        headcount_min=low,
        headcount_max=high,
        company_created_on=None if entry["is_project_holder"] else date(2012, 4, 2),
        is_project_holder=entry["is_project_holder"],
        fact_sources={} if low is None else {"headcount": {"source": "owner", "on": at.date().isoformat()}},
        contact_name=CONTACTS[number % len(CONTACTS)],
        phone=f"03 53 02 00 {number:02}",
        email=f"contact{number}@demo.example.org",
        callback_days=["mon", "tue"] if number % 3 == 0 else [],
        callback_hours=["morning"] if number % 2 == 0 else [],
        consent_version=CONSENT,
        consented_at=at,
    )
    subjects = tuple(Subject.objects.filter(slug__in=entry["subjects"]).order_by("position", "pk"))
    part = submission.RequestPart(subjects=subjects, description=entry["message"])
    return submission.submit(blank, parts=[part], now=at)[0]


def apply_step(solicitation: Solicitation, verb: str, *, rank: int, text: str, at: datetime) -> None:
    """Apply one action of a person or of the portal."""
    solicitation.refresh_from_db()
    if verb in COMPANY_VERBS:
        COMPANY_VERBS[verb](solicitation, text, at)
        return
    if verb in STAFF_VERBS:
        by = User.objects.filter(role=User.Role.NATIONAL).order_by("pk")[0]
        STAFF_VERBS[verb](solicitation, text, by, at)
        return
    matches = list(Match.objects.live().filter(need__solicitation=solicitation).with_people().in_order())
    if verb in GROUP_VERBS:
        GROUP_VERBS[verb](matches, rank, at)
    else:
        EXPERT_VERBS[verb](matches[rank], text, at)


def send_mails(*, until: datetime) -> None:
    """Send the mails due by then, dated at that time, as the workers would have."""
    for pk in OutgoingEmail.objects.due(now=until).order_by("pk").values_list("pk", flat=True):
        delivery.deliver(pk, now=until)


def _move(target: MatchState) -> Callable[[Match, str, datetime], None]:
    def made(match: Match, text: str, at: datetime) -> None:
        answer = text if match.need.is_on_the_legal_clock else ""
        expert_answers.move(match, target, by=match.mailbox, now=at, comment=text, answer=answer)

    return made


def _decline(match: Match, text: str, at: datetime) -> None:
    expert_answers.move(match, MatchState.DECLINED, by=match.mailbox, now=at, decline_reason=text)


def _others_decline(matches: list[Match], rank: int, at: datetime) -> None:
    for match in matches[:rank] + matches[rank + 1 :]:
        _decline(match, "no_capacity", at)


def _fallback(matches: list[Match], _rank: int, at: datetime) -> None:
    declined = Need.objects.declined_by_all(before=at)
    for need in declined.filter(pk__in={match.need_id for match in matches}):
        fallback.offer_fallback(need.pk, now=at)


def _with_institution(act: Callable[..., None]) -> Callable[[Match, str, datetime], None]:
    def made(match: Match, code: str, at: datetime) -> None:
        institution = Institution.objects.get(code=code)
        act(match, institution, comment="Votre appui serait utile ici.", by=match.mailbox, now=at)

    return made


EXPERT_VERBS: dict[str, Callable[[Match, str, datetime], object]] = {
    "take": _move(MatchState.TAKEN),
    "helped": _move(MatchState.HELPED),
    "no_help": _move(MatchState.NO_HELP),
    "unreachable": _move(MatchState.UNREACHABLE),
    "decline": _decline,
    "hand_over": _with_institution(expert_answers.hand_over),
    "bring_in": _with_institution(expert_answers.bring_in),
    "message": lambda match, text, at: expert_messages.post_message(match.mailbox, body=text, now=at),
    "ask": lambda match, text, at: expert_messages.ask(match.mailbox, body=text, now=at),
}
GROUP_VERBS: dict[str, Callable[[list[Match], int, datetime], None]] = {
    "others_decline": _others_decline,
    "fallback": _fallback,
}
COMPANY_VERBS: dict[str, Callable[[Solicitation, str, datetime], object]] = {
    "add": lambda solicitation, text, at: company_requests.add_information(solicitation, body=text, now=at),
    "still_waiting": lambda solicitation, _text, at: feedback.report_not_called(solicitation, now=at),
    "cancel": lambda solicitation, _text, at: company_requests.cancel(solicitation, now=at),
}
STAFF_VERBS: dict[str, Callable[[Solicitation, str, User, datetime], None]] = {
    "close": lambda solicitation, text, by, at: staff_actions.close(
        solicitation, message=text, by=by, now=at
    ),
    "spam": lambda solicitation, _text, by, at: staff_actions.mark(
        solicitation, ClosedReason.SPAM, by=by, now=at
    ),
    "test": lambda solicitation, _text, by, at: staff_actions.mark(
        solicitation, ClosedReason.TEST, by=by, now=at
    ),
}
