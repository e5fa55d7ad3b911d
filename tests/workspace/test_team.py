"""« Mes antennes » : a manager looks after her people, and gives their needs to a colleague."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory import row_merging
from experts.accounts import departures, seats
from experts.changes import applying
from experts.models import Absence, Cause, Expert, Institution, Office, Revision, Seat
from solicitations.actions import expert_answers
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Mailbox, Match
from tests.directory.pages import confirm, save, shown_values, type_in
from tests.experts.factories import ExpertFactory, OfficeFactory, PersonFactory, signed_in
from tests.solicitations.factories import match
from tests.workspace.conftest import page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert_match(sent) -> Match:
    return match(sent, "recrutement@france-travail")


@pytest.fixture
def client(expert_match, now) -> Client:
    person = PersonFactory(name="Mme Robert")
    Seat.objects.create(user=person, office=expert_match.expert.office, given_at=now)
    return signed_in(person)


@pytest.fixture
def colleague(expert_match) -> Expert:
    return ExpertFactory(office=expert_match.expert.office, name="Karim Dubois", email="karim@example.org")


def person_path(name: str, expert: Expert, *more: str) -> str:
    return reverse(f"workspace:team_{name}", args=[expert.pk, *more])


def test_lists_people_with_their_days_away_and_needs(client, expert_match, colleague, now):
    Absence.objects.create(
        expert=expert_match.expert, from_on=now.date(), to_on=now.date() + timedelta(days=4), deputy=colleague
    )

    text = page_text(client.get("/mes-antennes/"))

    assert "1 à répondre, 0 en cours" in text
    assert "Absence en cours" in text
    assert "Karim Dubois répond" in text


def test_one_gesture_gives_all_the_needs_of_a_person(client, expert_match, colleague):
    path = person_path("reassign", expert_match.expert)
    assert page_text(client.get(path)).count("Peintures Vannier SARL") == 1

    page = client.post(path, {"needs": [expert_match.pk], "to": colleague.pk}, follow=True)

    assert "1 besoin confié à Karim Dubois" in page_text(page)
    assert Match.objects.get(need=expert_match.need, expert=colleague).state == MatchState.SENT


def test_what_was_answered_meanwhile_is_reported_and_the_words_are_kept(
    client, expert_match, colleague, commit, now
):
    path = person_path("reassign", expert_match.expert)
    client.get(path)
    expert_answers.move(
        expert_match, MatchState.DECLINED, by=expert_match.mailbox, decline_reason="other", now=now
    )

    page = client.post(path, {"needs": [expert_match.pk], "to": colleague.pk, "word": "Merci Karim."})

    assert page.status_code == 422
    assert not Match.objects.filter(expert=colleague).exists()


def test_of_two_managers_the_second_reads_who_was_first(client, expert_match, colleague, now):
    other = PersonFactory(name="M. Blanc")
    Seat.objects.create(user=other, office=expert_match.expert.office, given_at=now)
    path, choice = (
        person_path("reassign", expert_match.expert),
        {"needs": [expert_match.pk], "to": colleague.pk},
    )
    signed_in(other).post(path, choice)

    page = client.post(path, choice)

    assert "M. Blanc l'a confié à Karim Dubois, mardi 1er décembre à 10 h" in page_text(page)
    assert Event.objects.filter(kind=EventKind.HANDED_OVER).count() == 1


def test_the_heir_of_a_merged_office_reads_its_past(client, expert_match, commit, now):
    merged = OfficeFactory(
        institution=expert_match.expert.office.institution, region=expert_match.expert.office.region
    )
    former = ExpertFactory(office=merged, left_at=now)
    box = Mailbox.objects.create(
        solicitation=expert_match.need.solicitation, email=former.email, created_at=now
    )
    past = Match.objects.create(
        need=expert_match.need,
        expert=former,
        mailbox=box,
        sent_at=now,
        state=MatchState.EXPIRED,
        ended_at=now,
    )
    page = reverse("workspace:request", args=[box.pk])
    assert client.get(page).status_code == 404

    plan = row_merging.plan_merge_of_offices(expert_match.expert.office, merged, today=now.date())
    commit(applying.apply, plan, cause=Cause.PAGE, now=now)

    lists = client.get("/besoins/?pour=antennes&onglet=expires")
    assert [row.pk for row in lists.context["rows"]] == [past.pk]
    assert client.get(page).status_code == 200
    export = b"".join(client.get("/besoins/export.csv?pour=antennes&onglet=expires").streaming_content)
    assert expert_match.need.solicitation.reference in export.decode()


def test_a_manager_who_pauses_or_removes_herself_is_told_what_it_leaves_then_it_is_done(expert_match, now):
    Expert.objects.filter(office=expert_match.expert.office).exclude(pk=expert_match.expert_id).update(
        is_paused=True
    )
    Expert.objects.filter(office__institution=expert_match.expert.office.institution).exclude(
        pk=expert_match.expert_id
    ).update(is_paused=True)
    herself = PersonFactory(email=expert_match.mailbox.email)
    Seat.objects.create(user=herself, office=expert_match.expert.office, given_at=now - timedelta(days=1))
    Institution.objects.exclude(pk=expert_match.expert.office.institution_id).update(notified="never")
    browser, path = signed_in(herself), person_path("leave", expert_match.expert)

    page = type_in(browser, path, left_on=now.date().isoformat())
    assert "Plus personne n'y répondra" in page_text(page)
    assert "Dijon" in page_text(page)
    assert "1 besoin" in page_text(page)
    confirm(browser, path, page)

    expert_match.expert.refresh_from_db()
    assert expert_match.expert.left_at
    departures.end_seats_of_gone(now=timezone.now())
    assert not seats.has_work(herself, now=timezone.now())
    assert browser.get("/besoins/").status_code == 302


def test_a_phone_of_one_s_own_people_is_a_plan_in_her_name(client, expert_match):
    path = person_path("record", expert_match.expert)

    save(client, path, phone="03 80 11 22 33")

    expert_match.expert.refresh_from_db()
    assert expert_match.expert.phone == "03 80 11 22 33"
    assert Revision.objects.latest("pk").author.name == "Mme Robert"


def test_of_two_managers_who_type_a_phone_the_second_reads_who_was_first(client, expert_match, now):
    other = PersonFactory(name="M. Blanc")
    Seat.objects.create(user=other, office=expert_match.expert.office, given_at=now)
    path = person_path("record", expert_match.expert)
    older = shown_values(client.get(path))
    save(signed_in(other), path, phone="03 80 11 22 33")

    page = client.post(path, older | {"phone": "03 80 99 99 99"})

    assert "Pendant que vous écriviez, M. Blanc a enregistré une autre valeur" in page_text(page)
    expert_match.expert.refresh_from_db()
    assert expert_match.expert.phone == "03 80 11 22 33"


def test_pause_says_what_it_leaves_before_it_is_saved(client, expert_match):
    page = client.get(person_path("pause", expert_match.expert))

    assert "relisez avant d'enregistrer" in page_text(page)
    assert "Accueil Mes antennes Mettre en pause" in page_text(
        page
    )  # not the directory, which is the region's


@pytest.mark.parametrize("name", ["record", "subjects", "absence", "pause", "leave", "reassign"])
def test_people_of_other_offices_are_not_hers(client, name):
    stranger = ExpertFactory()

    assert client.get(person_path(name, stranger)).status_code == 404
    assert client.post(person_path(name, stranger), {}).status_code == 404


def test_whoever_manages_nothing_has_no_such_page(expert_match):
    expert = signed_in(PersonFactory(email=expert_match.mailbox.email))

    assert expert.get("/mes-antennes/").status_code == 403
    assert expert.get(person_path("pause", expert_match.expert)).status_code == 404


def test_people_are_added_in_her_offices_only(client, expert_match):
    assert client.get(reverse("workspace:team_new", args=[expert_match.expert.office_id])).status_code == 200
    other = Office.objects.exclude(pk=expert_match.expert.office_id).first()
    assert client.get(reverse("workspace:team_new", args=[other.pk])).status_code == 404
