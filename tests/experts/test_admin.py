"""Django's admin: regional staff edit the directory of their region; import fields are read-only."""

import pytest
from django.urls import reverse

from experts.models import Absence, Expert, Office
from territories.models import Area, Region
from tests.experts.factories import (
    AbsenceFactory,
    ExpertFactory,
    NationalFactory,
    OfficeFactory,
    RegionalFactory,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.reference]


@pytest.fixture
def national():
    return signed_in(NationalFactory())


@pytest.fixture
def regional():
    return signed_in(RegionalFactory(region=Region.objects.get(code="27")))


def change_url(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def posted_values(response) -> dict[str, object]:
    """Values that a browser would post: the page's form and its inline rows, unchanged."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    values = {}
    for form in forms:
        for field in form:
            value = field.value()
            if value not in {None, False, ""} if not isinstance(value, list) else value:
                values[field.html_name] = value
    return values


def post(client, row, **changes):
    page = client.get(change_url(row))
    values = posted_values(page) | changes
    return client.post(change_url(row), values)


PAGES = [
    f"admin:{model}_changelist"
    for model in (
        "experts_user", "experts_institutiongroup", "experts_institution", "experts_theme", "experts_subject",
        "experts_entryquestion", "experts_office", "experts_expert", "experts_absence", "territories_area",
        "territories_region", "directory_directoryimport",
    )
]  # fmt: skip


@pytest.mark.parametrize("view", PAGES)
def test_national_team_opens_every_list(national, view):
    assert national.get(reverse(view)).status_code == 200


@pytest.mark.parametrize(
    "view", ["admin:experts_office_add", "admin:experts_absence_add", "admin:territories_area_add"]
)
def test_national_team_opens_every_new_form(national, view):
    assert national.get(reverse(view)).status_code == 200


@pytest.mark.parametrize(
    "view",
    [
        "admin:experts_user_changelist",
        "admin:experts_entryquestion_changelist",
        "admin:experts_theme_changelist",
    ],
)
def test_regional_staff_do_not_see_the_tables_of_the_national_team(regional, view):
    assert regional.get(reverse(view)).status_code == 403


def test_regional_staff_list_the_offices_of_their_region(regional):
    page = regional.get(reverse("admin:experts_office_changelist")).content.decode()

    assert "PE-DIJON" in page
    assert "PE-MEAUX" not in page


def test_regional_staff_do_not_open_an_office_of_another_region(regional):
    other = Office.objects.exclude(region="27").exclude(region=None).earliest("pk")

    assert regional.get(change_url(other)).status_code == 302
    assert regional.post(change_url(other), {"name": "Autre"}).status_code == 302
    assert Office.objects.get(pk=other.pk).name == other.name


def test_correction_is_saved_noted_and_survives_the_file(national):
    office = Office.objects.get(code="PE-DIJON")

    response = post(national, office, phone="03 53 09 09 09")

    assert response.status_code == 302
    office.refresh_from_db()
    assert (office.phone, office.edited_fields) == ("03 53 09 09 09", ["phone"])


def test_correction_of_an_expert_is_noted(national):
    expert = Expert.objects.get(email="recrutement@france-travail-dijon.example.org")
    page = national.get(change_url(expert.office))
    values = posted_values(page)
    row = next(
        key.rpartition("-")[0] for key, value in values.items() if key.endswith("-id") and value == expert.pk
    )

    response = national.post(change_url(expert.office), values | {f"{row}-phone": "03 53 09 09 09"})

    assert response.status_code == 302
    expert.refresh_from_db()
    assert (expert.phone, expert.edited_fields) == ("03 53 09 09 09", ["phone"])
    assert not Expert.objects.filter(office=expert.office).exclude(pk=expert.pk).exclude(edited_fields=[])


def test_saving_without_change_notes_nothing(national):
    office = Office.objects.get(code="PE-DIJON")

    post(national, office)

    office.refresh_from_db()
    assert office.edited_fields == []
    assert not office.experts.exclude(edited_fields=[]).exists()


def test_import_fields_are_read_only(national):
    office = Office.objects.get(code="PE-DIJON")

    post(national, office, source="hand", dropped_at_0="2026-12-01", region="11", code="AUTRE")

    office.refresh_from_db()
    assert (office.source, office.dropped_at, office.region_id, office.code) == (
        "file",
        None,
        "27",
        "PE-DIJON",
    )


def test_reversed_bounds_are_a_sentence(national):
    response = post(national, Office.objects.get(code="PE-DIJON"), headcount_min="50", headcount_max="10")

    assert "L&#x27;effectif minimal dépasse le maximal." in response.content.decode()


def test_new_areas_move_the_region(national):
    office = Office.objects.get(code="PE-DIJON")

    post(national, office, areas=[Area.objects.get(kind="region", code="11").pk])

    office.refresh_from_db()
    assert office.region_id == "11"


def test_regional_staff_keep_areas_in_their_region(regional):
    office = Office.objects.get(code="PE-DIJON")

    response = post(regional, office, areas=[Area.objects.get(kind="region", code="11").pk])

    assert "Choisissez des territoires de votre région." in response.content.decode()
    assert Office.objects.get(pk=office.pk).region_id == "27"


def test_offices_cannot_be_deleted(national):
    office = Office.objects.get(code="PE-DIJON")

    response = national.post(reverse("admin:experts_office_delete", args=[office.pk]), {"post": "yes"})

    assert response.status_code == 403
    assert Office.objects.filter(pk=office.pk).exists()


def test_values_of_the_file_can_be_accepted(national):
    Office.objects.filter(code="PE-DIJON").update(edited_fields=["phone"])
    office = Office.objects.get(code="PE-DIJON")
    office.experts.update(edited_fields=["phone"])

    national.post(
        reverse("admin:experts_office_changelist"), {"action": "accept_file", "_selected_action": [office.pk]}
    )

    office.refresh_from_db()
    assert office.edited_fields == []
    assert not office.experts.exclude(edited_fields=[]).exists()


class TestAbsences:
    def add(self, client, expert, deputy=None):
        values = {"expert": expert.pk, "from_on": "2027-01-04", "to_on": "2027-01-08"}
        values |= {"deputy": deputy.pk} if deputy else {}
        return client.post(reverse("admin:experts_absence_add"), values)

    def test_is_entered_by_hand(self, national):
        expert = Expert.objects.get(email="entreprises@plie-dijon.example.org")

        self.add(national, expert)

        assert expert.absences.get().source == "hand"

    def test_deputy_is_of_the_same_office(self, national):
        response = self.add(national, ExpertFactory(), ExpertFactory())

        assert "Choisissez une personne de la même antenne." in response.content.decode()

    def test_regional_staff_see_those_of_their_region(self, regional):
        other = AbsenceFactory(
            expert=ExpertFactory(office=OfficeFactory(region=Region.objects.get(code="11")))
        )

        assert regional.get(reverse("admin:experts_absence_changelist")).status_code == 200
        assert regional.get(change_url(other)).status_code == 302

    def test_regional_staff_choose_an_expert_of_their_region(self, regional):
        other = ExpertFactory(office=OfficeFactory(region=Region.objects.get(code="11")))

        self.add(regional, other)

        assert not other.absences.exists()

    def test_erasing_one_of_the_file_is_noted(self, national):
        absence = Absence.objects.filter(source="file").earliest("pk")

        national.post(reverse("admin:experts_absence_delete", args=[absence.pk]), {"post": "yes"})

        assert Expert.objects.get(pk=absence.expert_id).edited_fields == ["absences"]


def test_zone_is_made_by_hand_with_its_communes_counted(national):
    dijon = Area.objects.get(kind="epci", code="242100410")

    national.post(
        reverse("admin:territories_area_add"),
        {
            "code": "ma-zone",
            "name": "Ma zone",
            "memberships-TOTAL_FORMS": "1",
            "memberships-INITIAL_FORMS": "0",
            "memberships-0-member": dijon.pk,
        },
    )

    zone = Area.objects.get(kind="zone", code="ma-zone")
    assert (zone.source, zone.commune_count, zone.current_code) == ("hand", dijon.commune_count, "ma-zone")


def test_areas_that_are_no_zones_do_not_change(national):
    dijon = Area.objects.get(kind="epci", code="242100410")

    assert national.post(change_url(dijon), {"name": "Autre"}).status_code == 403
