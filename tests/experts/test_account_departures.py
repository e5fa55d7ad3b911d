"""A person leaves: seats end, sessions close; an address changes: seats follow."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from directory.revision_undo import undo
from experts.accounts import account_addresses, departures, seats
from experts.changes import applying, editing, snapshot
from experts.changes.row_plans import Plan
from experts.models import AccountSession, Cause, Expert, Seat, User
from tests.experts.factories import (
    ExpertFactory,
    NationalFactory,
    OfficeFactory,
    PersonFactory,
    RegionalFactory,
    signed_in,
)

pytestmark = pytest.mark.django_db

BEFORE = datetime(2016, 12, 1, 9, tzinfo=UTC)


@pytest.fixture
def person():
    return PersonFactory(email="marie@example.org")


def left(expert: Expert, how: str) -> None:
    now = timezone.now()
    changes = {"left_at": now} if how == "left" else {"source": "file", "dropped_at": now}
    Expert.objects.filter(pk=expert.pk).update(**changes)


@pytest.mark.parametrize("how", ["left", "dropped"])
def test_who_leaves_an_office_loses_every_seat_there_and_no_other(person, how):
    post = ExpertFactory(email=person.email)
    team, elsewhere = ExpertFactory(office=post.office), OfficeFactory()
    given = [
        Seat.objects.create(user=person, office=post.office, given_at=BEFORE),
        Seat.objects.create(user=person, expert=team, given_at=BEFORE),
        Seat.objects.create(user=person, office=elsewhere, given_at=BEFORE),
    ]
    left(post, how)

    for _ in range(2):
        departures.end_seats_of_gone(now=timezone.now())

    assert list(Seat.objects.current(now=timezone.now())) == given[2:]
    assert person.access_records.filter(kind="seat_ended").count() == 2


@pytest.mark.parametrize("gone", ["given since", "another person", "another office"])
def test_seats_that_stay(person, gone):
    post = ExpertFactory(email=person.email)
    at = timezone.now() + timedelta(hours=1) if gone == "given since" else BEFORE
    Seat.objects.create(user=person, office=post.office, given_at=at)
    left_posts = {
        "given since": post,
        "another person": ExpertFactory(office=post.office),
        "another office": ExpertFactory(email=person.email),
    }
    left(left_posts[gone], "left")

    departures.end_seats_of_gone(now=timezone.now())

    assert Seat.objects.filter(ended_at=None).count() == 1


def test_seats_that_a_wrong_file_ended_come_back_with_its_undo_and_no_other(person):
    national, now = NationalFactory(), timezone.now()
    post = ExpertFactory(email=person.email, office__region=RegionalFactory().region)
    Seat.objects.create(user=person, office=post.office, given_at=BEFORE)
    taken_away = Seat.objects.create(user=person, expert=ExpertFactory(office=post.office), given_at=BEFORE)
    seats.end(taken_away, by=national, now=now)
    stored = snapshot.load(experts=[post.pk]).experts
    key = next(iter(stored))
    plan = Plan(experts=(editing.close_expert(key, stored[key], at=now, successor=""),))
    revision = applying.apply(plan, cause=Cause.FILE, now=now)
    departures.end_seats_of_gone(now=timezone.now())
    assert not Seat.objects.current(now=timezone.now()).exists()

    undo(revision, by=national, now=timezone.now())

    seat = Seat.objects.get(ended_at=None)
    assert (seat.user, seat.office, seat.given_by) == (person, post.office, national)


def test_sessions_close_with_the_last_seat(person):
    post = ExpertFactory(email=person.email)
    kept = PersonFactory(email=ExpertFactory().email)
    for user in (person, kept):
        AccountSession.objects.create(user=user, session_key=user.email[:40], opened_at=BEFORE)
    left(post, "left")

    departures.end_seats_of_gone(now=timezone.now())

    assert [one.user for one in AccountSession.objects.all()] == [kept]


class TestAddress:
    def test_an_account_given_another_address_keeps_its_posts_and_it_is_reported(self, person):
        post = ExpertFactory(email=person.email)

        answer = signed_in(NationalFactory()).post(
            f"/admin/experts/user/{person.pk}/change/",
            {"email": "marie.durand@example.org", "name": "Marie", "role": "", "is_active": "on"},
            follow=True,
        )

        assert "garde ses postes (1)" in answer.content.decode()
        person.refresh_from_db()
        assert list(seats.posts_of(person, now=timezone.now())) == [post]

    def test_the_account_follows_the_address_of_its_posts(self, person):
        editor = RegionalFactory()
        office = OfficeFactory(region=editor.region)
        seat = Seat.objects.create(user=person, office=office, given_at=BEFORE)

        account_addresses.follow(
            "Marie@example.org", "Marie.Durand@example.org", by=editor, now=timezone.now()
        )

        person.refresh_from_db()
        assert person.email == "marie.durand@example.org"
        assert list(person.seats.all()) == [seat]

    @pytest.mark.parametrize("kept", ["staff", "elsewhere", "taken"])
    def test_an_editor_takes_over_no_account_that_is_more_than_theirs(self, person, kept):
        editor = RegionalFactory()
        if kept == "staff":
            User.objects.filter(pk=person.pk).update(role="national")
        elif kept == "elsewhere":
            Seat.objects.create(user=person, office=OfficeFactory(), given_at=BEFORE)
        else:
            PersonFactory(email="autre@example.org")

        assert (
            account_addresses.follow(person.email, "autre@example.org", by=editor, now=timezone.now()) is None
        )

        person.refresh_from_db()
        assert person.email == "marie@example.org"
