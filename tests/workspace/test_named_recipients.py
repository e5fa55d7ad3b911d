"""The button of each voice names those who are mailed, and nobody else, whatever happened before."""

import html
import re
from datetime import timedelta

import pytest

from experts.models import Expert, Institution, Seat
from mailing.models import OutgoingEmail
from solicitations import reply_addresses, tasks
from solicitations.actions import expert_answers, reassigning
from solicitations.lifecycle import MatchState, Voice
from solicitations.models import InternalMessage, Mailbox, Match
from tests.experts.factories import ExpertFactory, OfficeFactory, PersonFactory, signed_in
from tests.solicitations.factories import mailbox
from tests.solicitations.incoming import answer

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

BUTTONS = {
    "interne": re.compile(r"Envoyer à (?!l'entreprise)(.+)|Noter pour (?P<nobody>.+)"),
    "message": re.compile(r"Envoyer aux autres experts(?: : (.+))?"),
}


@pytest.fixture
def sent(sent_once):
    return sent_once


class Scene:
    """A request, two experts of one institution with accounts, and managers of their offices."""

    def __init__(self, commit, sent, now) -> None:
        self.commit, self.sent, self.now = commit, sent, now
        self.author = mailbox(sent, "recrutement@france-travail")
        self.office = self.author.speaker().office
        self.colleague = self.add("Colette Roy", "colette@france-travail.example.org", self.office)
        self.manager = PersonFactory(name="Mme Brun", email="brun@france-travail.example.org")
        self.seat(self.manager, self.office)

    def add(self, name, email, office) -> Mailbox:
        """One more expert of the request."""
        expert = ExpertFactory(office=office, name=name, email=email)
        box, _ = Mailbox.objects.get_or_create(
            solicitation=self.sent, email=email, defaults={"created_at": self.now}
        )
        Match.objects.create(need=self.sent.needs.get(), expert=expert, mailbox=box, sent_at=self.now)
        return box

    def seat(self, user, office) -> None:
        Seat.objects.create(user=user, office=office, given_at=self.now)

    def move(self, box, state, **how) -> None:
        for row in box.matches.sent():
            self.commit(expert_answers.move, row, state, by=box, now=self.now, **how)

    def leave(self, box) -> None:
        Expert.objects.filter(matches__mailbox=box).update(left_at=self.now)
        self.commit(tasks.sweep)


def nothing(scene) -> None:
    """The mail as it was sent."""


def colleague_left(scene) -> None:
    scene.leave(scene.colleague)


def colleague_left_what_she_took(scene) -> None:
    scene.move(scene.colleague, MatchState.TAKEN)
    scene.leave(scene.colleague)


def colleague_declined(scene) -> None:
    scene.move(scene.colleague, MatchState.DECLINED, decline_reason="other")


def colleague_handed_over(scene) -> None:
    to = ExpertFactory(office=scene.office, name="Zoé Petit")
    [own] = scene.colleague.matches.with_people()
    scene.commit(expert_answers.hand_over, own, to, comment="", by=scene.colleague, now=scene.now)


def manager_reassigned(scene) -> None:
    to = ExpertFactory(office=scene.office, name="Zoé Petit")
    pks = list(scene.colleague.matches.values_list("pk", flat=True))
    scene.commit(reassigning.reassign, scene.sent.pk, pks, to, by=scene.manager, now=scene.now)


def second_manager(scene) -> None:
    scene.seat(PersonFactory(name="M. Leduc"), scene.office)


def manager_is_an_expert_too(scene) -> None:
    scene.add("Mme Brun, conseillère", scene.manager.email, scene.office)


def author_manages_too(scene) -> None:
    scene.seat(PersonFactory(name="Le même", email=scene.author.email), scene.office)


def manager_left(scene) -> None:
    Seat.objects.filter(user=scene.manager).update(ended_at=scene.now)


def team_of_two_institutions(scene) -> None:
    """Her mailbox has a second post, whose match is older, in another institution."""
    other = OfficeFactory(institution=Institution.objects.get(name="Chambre de métiers et de l'artisanat"))
    scene.add("Poste ailleurs", scene.author.email, other)
    first, last = scene.author.matches.order_by("pk")
    first.expert, last.expert = last.expert, first.expert
    Match.objects.filter(pk=last.pk).delete()
    first.save()
    last.pk = None
    last.save()


def first_post_left(scene) -> None:
    other = OfficeFactory(institution=scene.office.institution)
    expert = scene.author.speaker()
    scene.add("Poste qui reste", scene.author.email, other)
    Expert.objects.filter(pk=expert.pk).update(left_at=scene.now)
    scene.commit(tasks.sweep)


EVENTS = [
    nothing, colleague_left, colleague_left_what_she_took, colleague_declined, colleague_handed_over,
    manager_reassigned, second_manager, manager_is_an_expert_too, author_manages_too, manager_left,
    team_of_two_institutions, first_post_left,
]  # fmt: skip


def named(page, voice) -> set[str] | None:
    """The names on the button; empty when it names nobody, ``None`` without button."""
    texts = re.findall(r"<button[^>]*>(.*?)</button>", page.content.decode(), re.DOTALL)
    for text in texts:
        if found := BUTTONS[voice].fullmatch(" ".join(html.unescape(text).split())):
            sentence = found[1] or ""
            return set(re.split(r",? et (?!de l'a)|, (?!responsable|conseillère)", sentence)) - {""}
    return None


def mailed(voice, before) -> set[str]:
    """The same names, from the mails that the text caused."""
    names = set()
    for row in OutgoingEmail.objects.exclude(pk__in=before).exclude(template__endswith="/alert"):
        around = Match.objects.following().filter(mailbox__email=row.to).with_people()
        if voice == "message":
            names |= {one.expert.office.institution.name for one in around}
        elif any(name.startswith("mailbox:") for name in row.about):
            posted = InternalMessage.objects.latest("pk")
            names |= {m.person for m in around.filter(expert__office__institution=posted.institution)}
        else:
            users = Seat.objects.filter(user__email=row.to).values_list("user__name", flat=True)
            names |= {f"{name}, responsable" for name in users}
    return names


def says(on_button, mailed_names) -> bool:
    """Return whether these are the same names; beyond four, the first two and the number of the others."""
    others = next((name for name in on_button if name.endswith(" autres")), "")
    if not others:
        return on_button == mailed_names
    return on_button - {others} < mailed_names and len(mailed_names) == len(on_button) - 1 + int(
        others.split()[0]
    )


@pytest.mark.parametrize("voice", BUTTONS)
@pytest.mark.parametrize("happens", EVENTS)
def test_the_button_names_who_is_mailed(commit, sent, now, clock, happens, voice):
    scene = Scene(commit, sent, now)
    happens(scene)
    people = {
        PersonFactory(email=box.email) if not box.email.startswith("brun") else scene.manager: box
        for box in (scene.author, scene.colleague)
        if not Seat.objects.filter(user__email=box.email).exists()
    } | {scene.manager: scene.author}
    wrong = {}
    for number, (person, box) in enumerate(people.items()):
        clock.shift(timedelta(minutes=2))
        client, path = signed_in(person), f"/besoins/{box.pk}/"
        page = client.get(path)
        if page.status_code != 200 or (on_button := named(page, voice)) is None:
            continue
        before = list(OutgoingEmail.objects.values_list("pk", flat=True))
        client.post(f"{path}{voice}/", {"body": f"Mot {number}."})
        notified = mailed(voice, before)
        if not says(on_button, notified):
            wrong[person.email] = (on_button, notified)

    assert not wrong


def test_a_manager_who_writes_by_mail_as_an_expert_is_not_mailed_her_own_words(commit, sent, now):
    scene = Scene(commit, sent, now)
    author_manages_too(scene)

    answer(scene.author, to=reply_addresses.make(scene.author, voice=Voice.INSTITUTION), now=now)

    notified = set(
        OutgoingEmail.objects.filter(template__endswith="/internal_message").values_list("to", flat=True)
    )
    assert notified == {scene.colleague.email, scene.manager.email}


def test_who_left_signs_nothing_for_the_mailbox_that_stays(commit, sent, now):
    scene = Scene(commit, sent, now)
    first_post_left(scene)

    assert scene.author.speaker().name == "Poste qui reste"
