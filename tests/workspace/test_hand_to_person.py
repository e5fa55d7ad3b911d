"""Search of a person by name, subject or place, to hand a need over or ask for help."""

import pytest

from experts.models import Expert, Institution
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Match
from tests.experts.factories import ExpertFactory, PersonFactory, signed_in
from tests.solicitations.factories import match
from tests.workspace.conftest import answer_path, page_text
from workspace import receiver_search

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert_match(sent):
    return match(sent, "recrutement@france-travail")


def test_names_subjects_and_places_find_people_and_the_rule_says_who_is_relevant(expert_match, now):
    def found(text):
        people, _ = receiver_search.search(expert_match, text, now=now)
        return {one.expert.email: one for one in people}

    everybody = Expert.objects.count()
    assert 0 < len(found("pole emploi")) < everybody
    institution = expert_match.expert.office.institution
    addresses = set(Expert.objects.filter(office__institution=institution).values_list("email", flat=True))
    for name in ("pole emploi", "FRANCE Travail"):
        assert addresses - {expert_match.expert.email} <= found(name).keys()
    assert expert_match.expert.email not in found("france travail")
    by_subject = found("apprenti")
    assert by_subject
    assert found("cote d'or apprenti").keys() <= by_subject.keys() | found("cote d'or").keys()
    assert not found("zzzz")
    assert any(one.is_relevant for one in found("Is-sur-Tille").values())
    assert found("st apollinaire").keys() == found("Saint-Apollinaire").keys() != set()
    assert set() != found("cap emploi is sur tille").keys() <= found("cap emploi").keys()
    assert set() != found("apprentissage dijon").keys() <= found("apprentissage").keys()
    kinds = {one.is_relevant for one in found("dijon").values()}
    assert kinds == {True, False}
    assert all(one.why for one in found("dijon").values())


def test_an_institution_that_the_subject_does_not_call_is_said_so(expert_match, now):
    people, _ = receiver_search.search(expert_match, "BGE Côte-d'Or", now=now)

    assert people
    assert all(one.is_relevant and "que ce sujet n'appelle pas" in one.why for one in people)


def test_the_absent_the_unticked_and_the_never_notified_are_not_offered(expert_match, sent, now):
    others = Expert.objects.exclude(office__institution=expert_match.expert.office.institution)
    other = ExpertFactory(name="Zélie Prud'homme", office=others.order_by("pk").first().office)

    def is_offered():
        return receiver_search.candidate(expert_match, other.pk, now=now) is not None

    assert is_offered()
    sent.unticked_institutions.add(other.office.institution)
    assert not is_offered()
    sent.unticked_institutions.clear()
    Institution.objects.filter(pk=other.office.institution_id).update(notified="never")
    assert not is_offered()
    Institution.objects.filter(pk=other.office.institution_id).update(notified="automatic")
    Expert.objects.filter(pk=other.pk).update(is_paused=True)
    assert not is_offered()


@pytest.mark.parametrize("door", ["link", "account"])
def test_a_person_outside_the_rule_needs_a_reason_and_must_take_it_herself(
    client, submit, expert_match, door, django_capture_on_commit_callbacks
):
    other = ExpertFactory(name="Zélie Prud'homme", office=expert_match.expert.office, has_all_subjects=False)
    path, browser = answer_path(expert_match.mailbox), client
    if door == "account":
        browser, path = (
            signed_in(PersonFactory(email=expert_match.mailbox.email)),
            f"/besoins/{expert_match.mailbox_id}/",
        )
    searched = browser.get(f"{path}besoins/{expert_match.pk}/chercher/", {"q": "prudhomme zelie"[10:]})
    assert "Zélie Prud'homme" in page_text(searched)
    assert "Hors de la règle" in page_text(searched)
    typed = {"qui": other.pk, "way": "hand_over", "seen": "0", "word": ""}

    refused = browser.post(f"{path}besoins/{expert_match.pk}/confier/", typed)
    assert "dites pourquoi elle" in page_text(refused)
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(
            f"{path}besoins/{expert_match.pk}/confier/",
            typed | {"word": "Elle parle lituanien."},
            follow=True,
        )

    assert "Zélie Prud'homme reçoit ce besoin dans une minute." in page_text(answer)
    expert_match.refresh_from_db()
    assert expert_match.state == MatchState.REPLACED
    assert Match.objects.get(expert=other).state == MatchState.SENT
    assert Event.objects.get(kind=EventKind.HANDED_OVER).reason == "Zélie Prud'homme : Elle parle lituanien."


def test_nobody_else_is_handed_anything(client, expert_match, sent):
    path = f"{answer_path(expert_match.mailbox)}besoins/{expert_match.pk}/confier/"
    having = match(sent, "entreprises@mission-locale").expert_id

    for wanted in (str(having), "0", "x", "٣", ""):
        typed = {"qui": wanted, "way": "bring_in", "word": "x", "seen": "0"}
        assert client.post(path, typed).status_code == 404
    others_match = match(sent, "entreprises@mission-locale").pk
    assert (
        client.get(f"{answer_path(expert_match.mailbox)}besoins/{others_match}/chercher/").status_code == 404
    )
