"""Posts that an account answers for and offices that it manages, by its own address or by a seat."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from experts.accounts import seats
from experts.models import Seat
from tests.experts.factories import ExpertFactory, OfficeFactory, PersonFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture
def person():
    return PersonFactory(email="conseil@example.org")


def test_posts_with_the_address_of_the_account_need_no_seat(person):
    two = [
        ExpertFactory(email="Conseil@example.org"),
        ExpertFactory(email="conseil@example.org", is_paused=True),
    ]
    ExpertFactory(email="autre@example.org")

    assert set(seats.posts_of(person, now=NOW)) == set(two)


@pytest.mark.parametrize("gone", [{"left_at": NOW}, {"dropped_at": NOW, "source": "file"}])
def test_people_who_left_hold_no_post(person, gone):
    ExpertFactory(email="conseil@example.org", **gone)

    assert not seats.has_work(person, now=NOW)


def test_post_of_a_team_is_held_until_the_seat_ends(person):
    team = ExpertFactory(email="equipe@example.org")
    seat = Seat.objects.create(user=person, expert=team, given_at=NOW)
    assert list(seats.posts_of(person, now=NOW)) == [team]

    seat.ended_at = NOW + timedelta(hours=1)
    seat.save()

    assert list(seats.posts_of(person, now=NOW)) == [team]
    assert not seats.has_work(person, now=NOW + timedelta(hours=1))


def test_manager_of_two_offices_also_holds_a_post(person):
    offices = [OfficeFactory(), OfficeFactory()]
    for office in offices:
        Seat.objects.create(user=person, office=office, given_at=NOW)
    post = ExpertFactory(email="conseil@example.org")

    assert set(seats.managed_offices(person, now=NOW)) == set(offices)
    assert list(seats.posts_of(person, now=NOW)) == [post]


def test_inactive_account_holds_nothing(person):
    ExpertFactory(email="conseil@example.org")
    person.is_active = False

    assert not seats.has_work(person, now=NOW)


def test_database_refuses_a_seat_twice_nowhere_or_at_both(person):
    office, expert = OfficeFactory(), ExpertFactory()
    Seat.objects.create(user=person, office=office, given_at=NOW)

    for at in ({"office": office}, {}, {"office": office, "expert": expert}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Seat.objects.create(user=person, given_at=NOW, **at)
