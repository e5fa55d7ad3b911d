"""One gesture on many needs, and the files of a list."""

from io import BytesIO

import openpyxl
import pytest

from experts.models import AccessRecord, Expert, Seat
from mailing.models import OutgoingEmail
from solicitations.actions import company_requests, expert_answers
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Match, Solicitation
from tests.experts.factories import ExpertFactory, PersonFactory, signed_in
from tests.solicitations.factories import TEXT, match, send
from tests.workspace.conftest import page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
EXPERT = "recrutement@france-travail"


@pytest.fixture
def needs(commit, now) -> list[Match]:
    requests = [
        commit(send, now=now, company_name=name, siret="", email=f"{name}@x.fr") for name in ("Roy", "=Val")
    ]
    return [match(request, EXPERT) for request in requests]


@pytest.fixture
def expert_client(needs):
    return signed_in(PersonFactory(email=needs[0].mailbox.email))


@pytest.fixture
def colleague(needs) -> Expert:
    return ExpertFactory(office=needs[0].expert.office, name="Karim")


def act(client, needs: list[Match], *, seen: int | None = None, **typed: object):
    shown = client.get("/besoins/").context["version"].event if seen is None else seen
    return client.post("/besoins/lot/", {"besoins": [row.pk for row in needs], "seen": shown, **typed})


def states(needs: list[Match]) -> list[str]:
    return list(
        Match.objects.filter(pk__in=needs and [row.pk for row in needs])
        .order_by("pk")
        .values_list("state", flat=True)
    )


def test_refused_gesture_keeps_what_was_ticked_and_typed_once(expert_client, needs, colleague):
    act(expert_client, needs[:1], geste="clore", collegue=colleague.pk, words="Vu ensemble lundi.")

    page, after = expert_client.get("/besoins/"), expert_client.get("/besoins/")

    assert "Choisissez comment clore" in page_text(page)
    assert page.content.decode().count(" checked") == 1 + after.content.decode().count(" checked")
    assert "Vu ensemble lundi." in page_text(page)
    assert f'value="{colleague.pk}" selected' in page.content.decode()
    assert "Vu ensemble lundi." not in page_text(after)
    assert states(needs) == [MatchState.SENT] * 2


def test_needs_are_handed_over_to_a_colleague_and_undone(expert_client, needs, colleague):
    page = act(expert_client, needs, geste="confier", collegue=colleague.pk)
    report = page.context["report"]

    assert "Confié à Karim." in page_text(page)
    assert [row.pk for row in report.moved] == [row.pk for row in needs]
    assert Match.objects.sent().filter(expert=colleague).count() == 2
    assert (
        Event.objects.filter(
            kind=EventKind.HANDED_OVER, by_mailbox__isnull=False, by_user__isnull=False
        ).count()
        == 2
    )

    expert_client.post("/besoins/lot/annuler/", {"besoins": report.undoable})
    assert states(needs) == [MatchState.SENT, MatchState.SENT]


def test_what_was_answered_meanwhile_stays_and_the_report_says_why(expert_client, needs, now):
    seen = expert_client.get("/besoins/").context["version"].event
    expert_answers.move(needs[0], MatchState.TAKEN, by=needs[0].mailbox, now=now)

    text = page_text(act(expert_client, needs, seen=seen, geste="clore", issue="decline-no_capacity"))

    assert states(needs) == [MatchState.TAKEN, MatchState.DECLINED]
    assert "C'est fait pour 1 besoin" in text
    assert "Conseil recrutement – France Travail Dijon y a répondu, mardi 1er décembre à 10 h" in text


def test_cancelled_needs_and_those_of_others_are_in_the_report(expert_client, needs, colleague, commit, now):
    gone = commit(send, now=now, company_name="Gris", siret="", email="gris@x.fr")
    moved = match(gone, EXPERT)
    seen = expert_client.get("/besoins/").context["version"].event
    commit(company_requests.cancel, needs[0].mailbox.solicitation, now=now)
    Match.objects.filter(pk=moved.pk).update(expert=ExpertFactory())

    text = page_text(act(expert_client, [*needs, moved], seen=seen, geste="confier", collegue=colleague.pk))

    assert "C'est fait pour 1 besoin" in text
    assert "Roy : l'entreprise a annulé sa demande" in text
    assert "1 besoin n'est plus dans vos listes et n'a pas changé" in text
    assert "Gris" not in text


@pytest.mark.parametrize(
    ("state", "issue", "why"),
    [("sent", "helped", "ouvrez-le"), ("taken", "decline-no_capacity", "terminez-le plutôt")],
)
def test_each_state_has_its_endings(expert_client, needs, now, state, issue, why):
    if state == "taken":
        for row in needs:
            expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now)

    seen = Event.objects.latest("pk").pk
    assert why in page_text(act(expert_client, needs, seen=seen, geste="clore", issue=issue))
    assert states(needs) == [state, state]


@pytest.mark.parametrize(
    "typed",
    [
        {"geste": "confier"},
        {"geste": "clore"},
        {"geste": "clore", "issue": "decline-other"},
        {"geste": "autre"},
        {"geste": "clore", "issue": "decline-no_capacity", "besoins": ["x"]},
    ],
)
def test_incomplete_gesture_changes_nothing(expert_client, needs, typed):
    assert act(expert_client, needs, **typed).status_code == 302
    assert states(needs) == ["sent", "sent"]


def test_whole_list_is_taken_as_filtered(expert_client, needs, colleague):
    typed = {"geste": "confier", "collegue": colleague.pk, "tout": "1", "query": "q=roy&onglet=a-repondre"}

    act(expert_client, [], **typed)

    assert states(needs) == [MatchState.REPLACED, MatchState.SENT]


def test_manager_gives_needs_in_her_name_and_answers_none(needs, colleague, now):
    person = PersonFactory(name="Mme Robert")
    Seat.objects.create(user=person, office=needs[0].expert.office, given_at=now)
    client = signed_in(person)

    assert "seul son référent" in page_text(
        act(client, needs[:1], geste="clore", issue="decline-no_capacity")
    )
    report = act(client, needs, geste="confier", collegue=colleague.pk).context["report"]

    assert Match.objects.sent().filter(expert=colleague).count() == 2
    assert {event.by_user for event in Event.objects.filter(kind=EventKind.HANDED_OVER)} == {person}

    # She takes them back, but not the one that her colleague has taken meanwhile.
    colleagues_match = match(needs[1].mailbox.solicitation, colleague.email)
    expert_answers.move(colleagues_match, MatchState.TAKEN, by=colleagues_match.mailbox, now=now)
    text = page_text(client.post("/besoins/lot/annuler/", {"besoins": report.undoable}))

    assert "1 réponse annulée" in text
    assert states(needs) == [MatchState.SENT, MatchState.REPLACED]
    assert [row.state for row in Match.objects.filter(expert=colleague).order_by("pk")] == [
        MatchState.WITHDRAWN,
        MatchState.TAKEN,
    ]


def test_who_has_a_need_is_not_given_it_again(needs, now):
    """No mail is sent, to the colleague or to the company, which knows the name."""
    expert_answers.move(needs[0], MatchState.TAKEN, by=needs[0].mailbox, now=now)
    manager = PersonFactory()
    Seat.objects.create(user=manager, office=needs[0].expert.office, given_at=now)
    before = OutgoingEmail.objects.count()

    answered = act(signed_in(manager), needs, geste="confier", collegue=needs[0].expert_id)

    assert [row.why for row in answered.context["report"].unmoved] == ["cette personne l'a déjà"] * 2
    assert states(needs) == [MatchState.TAKEN, MatchState.SENT]
    assert OutgoingEmail.objects.count() == before


def test_needs_of_others_are_left_out(needs, expert_client):
    stranger = signed_in(PersonFactory(email=ExpertFactory().email))

    assert act(stranger, needs, seen=0, geste="clore", issue="decline-no_capacity").status_code == 302
    assert states(needs) == ["sent", "sent"]


class TestFiles:
    def test_lines_are_those_of_the_list_without_any_word_or_formula(self, expert_client, needs):
        answer = expert_client.get("/besoins/export.csv?onglet=a-repondre&q=val")
        text = b"".join(answer.streaming_content).decode()

        assert "'=Val" in text
        assert "Roy" not in text
        assert TEXT not in text
        assert AccessRecord.objects.filter(kind=AccessRecord.Kind.EXPORTED).count() == 1

    def test_workbook_names_no_confidential_company(self, expert_client, needs):
        Solicitation.objects.update(is_confidential=True)
        content = b"".join(expert_client.get("/besoins/export.xlsx").streaming_content)

        rows = list(openpyxl.load_workbook(BytesIO(content)).active.values)

        assert [row[2] for row in rows] == ["Entreprise", "Demande confidentielle", "Demande confidentielle"]
