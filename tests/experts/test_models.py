"""Database constraints, and QuerySets of offices."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from experts.models import EntryQuestion, InstitutionGroup, Office, SubjectInstitution, User
from tests.experts.factories import (
    AbsenceFactory,
    ExpertFactory,
    InstitutionFactory,
    NationalFactory,
    OfficeFactory,
    RegionalFactory,
    SubjectFactory,
)
from tests.territories.factories import RegionFactory

pytestmark = pytest.mark.django_db


def own_deputy():
    expert = ExpertFactory()
    AbsenceFactory(expert=expert, deputy=expert)


def same_address():
    expert = ExpertFactory(email="conseil@example.org")
    ExpertFactory(office=expert.office, email="Conseil@example.org")


def answer_twice():
    subject, institution = SubjectFactory(), InstitutionFactory()
    for position in (1, 2):
        SubjectInstitution.objects.create(subject=subject, institution=institution, position=position)


def same_account():
    NationalFactory(email="a@example.org")
    NationalFactory(email="A@example.org")


def answer_of_both():
    group = InstitutionGroup.objects.create(code="G", label="Groupe", position=1)
    SubjectInstitution.objects.create(
        subject=SubjectFactory(), institution=InstitutionFactory(), group=group, position=1
    )


def same_position():
    EntryQuestion.objects.create(position=1, question="a")
    EntryQuestion.objects.create(position=1, question="b")


REFUSED = {
    "reversed headcount": lambda: OfficeFactory(headcount_min=50, headcount_max=49),
    "reversed age": lambda: OfficeFactory(age_min_years=4, age_max_years=3),
    "negative headcount": lambda: OfficeFactory(headcount_min=-1),
    "unknown craft": lambda: OfficeFactory(craft="maybe"),
    "office without name": lambda: OfficeFactory(name=""),
    "unknown source": lambda: OfficeFactory(source="web"),
    "office by hand dropped by a file": lambda: OfficeFactory(dropped_at="2026-12-01T10:00Z"),
    "expert by hand dropped by a file": lambda: ExpertFactory(dropped_at="2026-12-01T10:00Z"),
    "expert without phone": lambda: ExpertFactory(phone=""),
    "one address twice in an office": same_address,
    "successor of somebody who stays": lambda: ExpertFactory(successor="Une collègue"),
    "reversed absence": lambda: AbsenceFactory(from_on="2026-12-02", to_on="2026-12-01"),
    "own deputy": own_deputy,
    "neither institution nor group": lambda: SubjectInstitution.objects.create(
        subject=SubjectFactory(), position=1
    ),
    "institution and group": answer_of_both,
    "institution twice for a subject": answer_twice,
    "one position for two questions": same_position,
    "unknown kind": lambda: InstitutionFactory(kind="firm"),
    "unknown level": lambda: InstitutionFactory(usual_level="street"),
    "unknown way to notify": lambda: InstitutionFactory(notified="often"),
    "unknown role": lambda: NationalFactory(role="king"),
    "regional without region": lambda: RegionalFactory(region=None),
    "national with a region": lambda: NationalFactory(region=RegionFactory()),
    "one address for two accounts": same_account,
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_database_refuses(make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


def test_same_address_in_two_offices_is_fine():
    ExpertFactory(email="conseil@example.org")

    ExpertFactory(email="conseil@example.org")


@pytest.mark.parametrize("column", ["closed_on", "agreement_ends_on"])
def test_office_is_closed_from_its_day_on(column):
    office = OfficeFactory(**{column: date(2026, 12, 1)})

    assert office.is_open_on(date(2026, 11, 30))
    assert not office.is_open_on(date(2026, 12, 1))
    assert office in Office.objects.open_on(date(2026, 11, 30))
    assert office not in Office.objects.open_on(date(2026, 12, 1))


def test_regional_staff_see_the_offices_of_their_region():
    user = RegionalFactory()
    own, other, national = (
        OfficeFactory(region=user.region),
        OfficeFactory(region=RegionFactory()),
        OfficeFactory(),
    )

    assert list(Office.objects.visible_to(user)) == [own]
    assert set(Office.objects.visible_to(NationalFactory())) == {own, other, national}


def test_account_without_role_sees_nothing_and_is_not_staff():
    OfficeFactory()
    user = User.objects.create_user("personne@example.org")

    assert not user.is_staff
    assert not Office.objects.visible_to(user).exists()
    assert not user.has_usable_password()


def test_correction_is_noted_on_rows_of_the_file_only():
    by_hand, of_file = OfficeFactory(), OfficeFactory(source="file")

    for office in (by_hand, of_file):
        office.mark_edited("phone", "name")
        office.mark_edited("phone")

    assert (by_hand.edited_fields, of_file.edited_fields) == ([], ["name", "phone"])
