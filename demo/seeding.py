"""Fills the demo with a living service: requests of the last weeks, made by the actions people use."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from experts.models import Institution, Subject, User
from mailing import delivery
from mailing.models import OutgoingEmail
from solicitations import actions, dispatch, tasks
from solicitations.lifecycle import ClosedReason, MatchState
from solicitations.models import Draft, Match, Need, Opening, Solicitation
from territories.models import Commune, Region
from territories.working_time import next_working_morning

STORIES = Path(__file__).parent / "data"
CONSENT = "demo"
DRAFT_SUBJECT = "recruter-apprenti"
CONTACTS = ("La gérante", "Le gérant", "La responsable du personnel", "Le fondateur")
OUTBOX_DELAY = timedelta(seconds=90)
A_MINUTE = timedelta(minutes=1)

Happening = tuple[datetime, Callable[[datetime], None]]


@dataclass(frozen=True)
class Story:
    """One request of the demo: when it was sent, what it says, and what became of it."""

    days_ago: float
    entry: dict[str, Any]
    steps: list[list[Any]]


def read_scenarios() -> dict[str, dict[str, Any]]:
    """The scenarios of the routing rule by their ids: the tests read them too."""
    rows = yaml.safe_load((STORIES / "scenarios.yaml").read_text("utf-8"))["scenarios"]
    return {row["id"]: row for row in rows}


def read_stories() -> list[Story]:
    """The stories, oldest first; a story that names a scenario takes its company and words."""
    scenarios = read_scenarios()
    told = yaml.safe_load((STORIES / "stories.yaml").read_text("utf-8"))["stories"]
    stories = [
        Story(days_ago=row["days_ago"], entry=_entry(row, scenarios), steps=row["steps"]) for row in told
    ]
    return sorted(stories, key=lambda story: -story.days_ago)


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
    """Play every story up to ``now``; returns how many. Does nothing when there are requests already."""
    if Solicitation.objects.exists():
        return 0
    make_staff()
    stories = read_stories()
    for at, act in sorted(_past(stories, now=now), key=lambda done: done[0]):
        act(at)
        send_mails(until=at + OUTBOX_DELAY)
    close_a_door()
    leave_a_draft(now=now)
    return len(stories)


def make_staff() -> None:
    """A regional admin and a national one, for the one-click roles."""
    region = Region.objects.filter(pk="27").first()
    people = [
        (
            "referent.regional@demo.example.org",
            "Référente régionale (démonstration)",
            User.Role.REGION,
            region,
        ),
        ("equipe.nationale@demo.example.org", "Équipe nationale (démonstration)", User.Role.NATIONAL, None),
    ]
    for email, name, role, place in people:
        if not User.objects.filter(email=email).exists():
            User.objects.create_user(email, name=name, role=role, region=place)


def close_a_door() -> None:
    """A region that has not opened yet, so that the page that says so can be seen."""
    if region := Region.objects.filter(pk="06").first():
        Opening.objects.get_or_create(
            region=region,
            theme=None,
            defaults={"is_open": False, "explanation": "Le service ouvrira bientôt à Mayotte."},
        )


def leave_a_draft(*, now: datetime) -> None:
    """A form that somebody will finish later."""
    at = now - timedelta(hours=5)
    need = {
        "commune": ["Is-sur-Tille"],
        "description": ["Nous cherchons un apprenti, mais par où commencer ?"],
    }
    answers = {"subject": DRAFT_SUBJECT, "need": need}
    draft = Draft.objects.create(created_at=at, updated_at=at, answers=answers)
    actions.send_resume_link(draft, email="plus-tard@demo.example.org", now=at)
    send_mails(until=at)


def _past(stories: Sequence[Story], *, now: datetime) -> Iterator[Happening]:
    """What people did, story by story, and each morning what the clock did about it; in no order."""
    for number, story in enumerate(stories):
        told = _Told(story, number=number)
        sent_at = now - timedelta(days=story.days_ago)
        yield sent_at, told.send
        for hours, *words in story.steps:
            yield min(now, sent_at + timedelta(hours=hours)), partial(told.go_on, words)
    for morning in mornings(stories, now=now):
        yield morning, keep_time
    yield now, keep_time


@dataclass
class _Told:
    """A story whose request is sent first."""

    story: Story
    number: int
    solicitation: Solicitation = field(init=False)

    def send(self, at: datetime) -> None:
        self.solicitation = submit(self.story.entry, number=self.number, at=at)
        dispatch.tell_held(self.solicitation.pk, now=at)

    def go_on(self, said: Sequence[Any], at: datetime) -> None:
        verb, rank, *words = said
        step(self.solicitation, verb, rank=rank, words=words[0] if words else "", at=at)


def mornings(stories: Sequence[Story], *, now: datetime) -> set[datetime]:
    """Each working morning since a story began, where it happens."""
    found: set[datetime] = set()
    for story in stories:
        commune = Commune.objects.resolve(story.entry["commune"])
        at = now - timedelta(days=story.days_ago)
        while (at := next_working_morning(at + A_MINUTE, commune)) < now:
            found.add(at)
    return found


def keep_time(at: datetime) -> None:
    tasks.keep_time(now=at)


def submit(entry: dict[str, Any], *, number: int, at: datetime) -> Solicitation:
    """The request of a story, sent as the form sends it."""
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
    part = actions.Part(subjects=subjects, description=entry["message"])
    return actions.submit(blank, parts=[part], now=at)[0]


def step(solicitation: Solicitation, verb: str, *, rank: int, words: str, at: datetime) -> None:
    """One thing that somebody did, or that the portal did by itself."""
    solicitation.refresh_from_db()
    if verb in COMPANY_VERBS:
        COMPANY_VERBS[verb](solicitation, words, at)
        return
    if verb in STAFF_VERBS:
        by = User.objects.filter(role=User.Role.NATIONAL).order_by("pk")[0]
        STAFF_VERBS[verb](solicitation, words, by, at)
        return
    matches = list(Match.objects.live().filter(need__solicitation=solicitation).with_people().in_order())
    if verb in GROUP_VERBS:
        GROUP_VERBS[verb](matches, rank, at)
    else:
        EXPERT_VERBS[verb](matches[rank], words, at)


def send_mails(*, until: datetime) -> None:
    """Have the mails that were due by then leave at that time, as the workers would have."""
    for pk in OutgoingEmail.objects.due(now=until).order_by("pk").values_list("pk", flat=True):
        delivery.deliver(pk, now=until)


def _move(target: MatchState) -> Callable[[Match, str, datetime], None]:
    def made(match: Match, words: str, at: datetime) -> None:
        answer = words if match.need.is_on_the_legal_clock else ""
        actions.move(match, target, by=match.mailbox, now=at, words=words, answer=answer)

    return made


def _decline(match: Match, words: str, at: datetime) -> None:
    actions.move(match, MatchState.DECLINED, by=match.mailbox, now=at, decline_reason=words)


def _others_decline(matches: list[Match], rank: int, at: datetime) -> None:
    for match in matches[:rank] + matches[rank + 1 :]:
        _decline(match, "no_capacity", at)


def _fallback(matches: list[Match], _rank: int, at: datetime) -> None:
    declined = Need.objects.declined_by_all(before=at)
    for need in declined.filter(pk__in={match.need_id for match in matches}):
        dispatch.offer_fallback(need.pk, now=at)


def _introduce(act: Callable[..., None]) -> Callable[[Match, str, datetime], None]:
    def made(match: Match, code: str, at: datetime) -> None:
        institution = Institution.objects.get(code=code)
        act(match, institution, word="Votre appui serait utile ici.", by=match.mailbox, now=at)

    return made


EXPERT_VERBS: dict[str, Callable[[Match, str, datetime], object]] = {
    "take": _move(MatchState.TAKEN),
    "helped": _move(MatchState.HELPED),
    "no_help": _move(MatchState.NO_HELP),
    "unreachable": _move(MatchState.UNREACHABLE),
    "decline": _decline,
    "hand_over": _introduce(actions.hand_over),
    "bring_in": _introduce(actions.bring_in),
    "message": lambda match, words, at: actions.post_message(match.mailbox, body=words, now=at),
    "ask": lambda match, words, at: actions.ask(match.mailbox, body=words, now=at),
}
GROUP_VERBS: dict[str, Callable[[list[Match], int, datetime], None]] = {
    "others_decline": _others_decline,
    "fallback": _fallback,
}
COMPANY_VERBS: dict[str, Callable[[Solicitation, str, datetime], None]] = {
    "add": lambda solicitation, words, at: actions.add_information(solicitation, body=words, now=at),
    "still_waiting": lambda solicitation, _words, at: actions.still_waiting(solicitation, now=at),
    "cancel": lambda solicitation, _words, at: actions.cancel(solicitation, now=at),
}
STAFF_VERBS: dict[str, Callable[[Solicitation, str, User, datetime], None]] = {
    "close": lambda solicitation, words, by, at: actions.close(solicitation, words=words, by=by, now=at),
    "spam": lambda solicitation, _words, by, at: actions.mark(solicitation, ClosedReason.SPAM, by=by, now=at),
    "test": lambda solicitation, _words, by, at: actions.mark(solicitation, ClosedReason.TEST, by=by, now=at),
}
