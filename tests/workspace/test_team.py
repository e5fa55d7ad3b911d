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

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]


@pytest.fixture
def mine(sent) -> Match:
    return match(sent, "recrutement@france-travail")


@pytest.fixture
def client(mine, now) -> Client:
    person = PersonFactory(name="Mme Robert")
    Seat.objects.create(user=person, office=mine.expert.office, given_at=now)
    return signed_in(person)


@pytest.fixture
def colleague(mine) -> Expert:
    return ExpertFactory(office=mine.expert.office, name="Karim Dubois", email="karim@example.org")


def person_path(name: str, expert: Expert, *more: str) -> str:
    return reverse(f"workspace:team_{name}", args=[expert.pk, *more])


def test_lists_people_with_their_days_away_and_needs(client, mine, colleague, now):
    Absence.objects.create(
        expert=mine.expert, from_on=now.date(), to_on=now.date() + timedelta(days=4), deputy=colleague
    )

    text = page_text(client.get("/mes-antennes/"))

    assert "1 à répondre, 0 en cours" in text
    assert "Absence en cours" in text
    assert "Karim Dubois répond" in text


def test_one_gesture_gives_all_the_needs_of_a_person(client, mine, colleague):
    path = person_path("reassign", mine.expert)
    assert page_text(client.get(path)).count("Peintures Vannier SARL") == 1

    page = client.post(path, {"needs": [mine.pk], "to": colleague.pk}, follow=True)

    assert "1 besoin confié à Karim Dubois" in page_text(page)
    assert Match.objects.get(need=mine.need, expert=colleague).state == MatchState.SENT


def test_what_was_answered_meanwhile_is_reported_and_the_words_are_kept(client, mine, colleague, commit, now):
    path = person_path("reassign", mine.expert)
    client.get(path)
    expert_answers.move(mine, MatchState.DECLINED, by=mine.mailbox, decline_reason="other", now=now)

    page = client.post(path, {"needs": [mine.pk], "to": colleague.pk, "word": "Merci Karim."})

    assert page.status_code == 422
    assert not Match.objects.filter(expert=colleague).exists()


def test_of_two_managers_the_second_reads_who_was_first(client, mine, colleague, now):
    other = PersonFactory(name="M. Blanc")
    Seat.objects.create(user=other, office=mine.expert.office, given_at=now)
    path, choice = person_path("reassign", mine.expert), {"needs": [mine.pk], "to": colleague.pk}
    signed_in(other).post(path, choice)

    page = client.post(path, choice)

    assert "M. Blanc l'a confié à Karim Dubois, mardi 1er décembre à 10 h" in page_text(page)
    assert Event.objects.filter(kind=EventKind.HANDED_OVER).count() == 1


def test_the_heir_of_a_merged_office_reads_its_past(client, mine, commit, now):
    merged = OfficeFactory(institution=mine.expert.office.institution, region=mine.expert.office.region)
    former = ExpertFactory(office=merged, left_at=now)
    box = Mailbox.objects.create(solicitation=mine.need.solicitation, email=former.email, created_at=now)
    past = Match.objects.create(
        need=mine.need, expert=former, mailbox=box, sent_at=now, state=MatchState.EXPIRED, ended_at=now
    )
    page = reverse("workspace:request", args=[box.pk])
    assert client.get(page).status_code == 404

    plan = row_merging.plan_merge_of_offices(mine.expert.office, merged, today=now.date())
    commit(applying.apply, plan, cause=Cause.PAGE, now=now)

    lists = client.get("/besoins/?pour=antennes&onglet=expires")
    assert [row.pk for row in lists.context["rows"]] == [past.pk]
    assert client.get(page).status_code == 200
    export = b"".join(client.get("/besoins/export.csv?pour=antennes&onglet=expires").streaming_content)
    assert mine.need.solicitation.reference in export.decode()


def test_a_manager_who_pauses_or_removes_herself_is_told_what_it_leaves_then_it_is_done(mine, now):
    Expert.objects.filter(office=mine.expert.office).exclude(pk=mine.expert_id).update(is_paused=True)
    Expert.objects.filter(office__institution=mine.expert.office.institution).exclude(
        pk=mine.expert_id
    ).update(is_paused=True)
    herself = PersonFactory(email=mine.mailbox.email)
    Seat.objects.create(user=herself, office=mine.expert.office, given_at=now - timedelta(days=1))
    Institution.objects.exclude(pk=mine.expert.office.institution_id).update(notified="never")
    browser, path = signed_in(herself), person_path("leave", mine.expert)

    page = type_in(browser, path, left_on=now.date().isoformat())
    assert "Plus personne n'y répondra" in page_text(page)
    assert "Dijon" in page_text(page)
    assert "1 besoin" in page_text(page)
    confirm(browser, path, page)

    mine.expert.refresh_from_db()
    assert mine.expert.left_at
    departures.end_seats_of_gone(now=timezone.now())
    assert not seats.has_work(herself, now=timezone.now())
    assert browser.get("/besoins/").status_code == 302


def test_a_phone_of_one_s_own_people_is_a_plan_in_her_name(client, mine):
    path = person_path("record", mine.expert)

    save(client, path, phone="03 80 11 22 33")

    mine.expert.refresh_from_db()
    assert mine.expert.phone == "03 80 11 22 33"
    assert Revision.objects.latest("pk").author.name == "Mme Robert"


def test_of_two_managers_who_type_a_phone_the_second_reads_who_was_first(client, mine, now):
    other = PersonFactory(name="M. Blanc")
    Seat.objects.create(user=other, office=mine.expert.office, given_at=now)
    path = person_path("record", mine.expert)
    older = shown_values(client.get(path))
    save(signed_in(other), path, phone="03 80 11 22 33")

    page = client.post(path, older | {"phone": "03 80 99 99 99"})

    assert "Pendant que vous écriviez, M. Blanc a enregistré une autre valeur" in page_text(page)
    mine.expert.refresh_from_db()
    assert mine.expert.phone == "03 80 11 22 33"


def test_pause_says_what_it_leaves_before_it_is_saved(client, mine):
    page = client.get(person_path("pause", mine.expert))

    assert "relisez avant d'enregistrer" in page_text(page)
    assert "Accueil Mes antennes Mettre en pause" in page_text(
        page
    )  # not the directory, which is the region's


@pytest.mark.parametrize("name", ["record", "subjects", "absence", "pause", "leave", "reassign"])
def test_people_of_other_offices_are_not_hers(client, name):
    stranger = ExpertFactory()

    assert client.get(person_path(name, stranger)).status_code == 404
    assert client.post(person_path(name, stranger), {}).status_code == 404


def test_whoever_manages_nothing_has_no_such_page(mine):
    expert = signed_in(PersonFactory(email=mine.mailbox.email))

    assert expert.get("/mes-antennes/").status_code == 403
    assert expert.get(person_path("pause", mine.expert)).status_code == 404


def test_people_are_added_in_her_offices_only(client, mine):
    assert client.get(reverse("workspace:team_new", args=[mine.expert.office_id])).status_code == 200
    other = Office.objects.exclude(pk=mine.expert.office_id).first()
    assert client.get(reverse("workspace:team_new", args=[other.pk])).status_code == 404
