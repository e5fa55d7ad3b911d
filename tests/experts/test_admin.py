"""Django's admin: regional staff edit the directory of their region; import fields are read-only."""

import pytest
from django.urls import reverse

from experts.models import Absence, Expert, Office, Subject
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


def area(kind: str, code: str) -> Area:
    return Area.objects.get(kind=kind, code=code)


def inline_row(page, expert) -> str:
    """The prefix of the row of an expert on the page of their office."""
    values = posted_values(page)
    return next(
        name.rpartition("-")[0]
        for name, value in values.items()
        if name.endswith("-id") and value == expert.pk
    )


class TestRegionOfTheEditor:
    """Regional staff widen who receives in their region alone; what is there already stays."""

    @pytest.fixture
    def office(self):
        return Office.objects.get(code="PE-DIJON")

    @pytest.fixture
    def reaching(self, office):
        office.areas.add(area("department", "75"))
        return office

    @pytest.mark.parametrize(("kind", "code"), [("department", "75"), ("region", "11"), ("national", "")])
    def test_area_of_another_region_is_refused_beside_ours(self, regional, office, kind, code):
        ours = [found.pk for found in office.areas.all()]

        page = post(regional, office, areas=[area("region", "27").pk, *ours, area(kind, code).pk])

        assert page.status_code == 200
        assert set(office.areas.values_list("pk", flat=True)) == set(ours)

    def test_area_of_our_region_is_added(self, regional, office):
        ours = [found.pk for found in office.areas.all()]

        assert post(regional, office, areas=[*ours, area("department", "71").pk]).status_code == 302

    def test_area_that_is_there_already_stays(self, regional, reaching):
        kept = [found.pk for found in reaching.areas.all()]

        assert post(regional, reaching, areas=[*kept, area("department", "71").pk]).status_code == 302
        assert area("department", "75") in reaching.areas.all()

    def test_national_team_goes_beyond(self, national, office):
        ours = [found.pk for found in office.areas.all()]

        assert post(national, office, areas=[*ours, area("department", "75").pk]).status_code == 302

    @pytest.mark.parametrize("name", ["headcount_max", "naf", "craft"])
    def test_criteria_of_an_office_that_reaches_beyond_are_the_national_teams(self, regional, reaching, name):
        value = {"headcount_max": "10", "naf": "43", "craft": "only"}[name]

        page = post(regional, reaching, **{name: value})

        assert "demandez ce changement à l&#x27;équipe nationale" in page.content.decode()

    def test_exclusivity_of_an_office_that_reaches_beyond_is_the_national_teams(self, regional, reaching):
        subject = Subject.objects.listed().first()

        assert post(regional, reaching, exclusive_subjects=[subject.pk]).status_code == 200

    def test_criteria_of_an_office_of_the_region_are_ours(self, regional, office):
        assert post(regional, office, headcount_max="10").status_code == 302

    def test_own_area_beyond_the_region_is_refused(self, regional, office):
        expert = office.experts.first()
        row = inline_row(regional.get(change_url(office)), expert)

        page = post(regional, office, **{f"{row}-areas": [area("department", "75").pk]})

        assert page.status_code == 200
        assert not expert.areas.exists()

    def test_own_areas_are_not_emptied_into_those_of_an_office_that_reaches_beyond(self, regional, reaching):
        expert = reaching.experts.first()
        expert.areas.add(area("department", "21"))
        row = inline_row(regional.get(change_url(reaching)), expert)

        page = post(regional, reaching, **{f"{row}-areas": []})

        assert page.status_code == 200
        assert expert.areas.exists()

    def test_deputy_does_not_receive_beyond_the_region(self, regional, office):
        expert = office.experts.first()
        expert.areas.add(area("department", "75"))
        deputy = ExpertFactory(office=office)
        values = {"expert": expert.pk, "from_on": "2027-01-04", "to_on": "2027-01-08", "deputy": deputy.pk}

        page = regional.post(reverse("admin:experts_absence_add"), values)

        assert "seule l&#x27;équipe nationale" in page.content.decode()
        assert not expert.absences.exists()

    def test_file_is_not_accepted_for_an_office_that_reaches_beyond(self, regional, reaching):
        Office.objects.filter(pk=reaching.pk).update(edited_fields=["areas"])

        regional.post(
            reverse("admin:experts_office_changelist"),
            {"action": "accept_file", "_selected_action": [reaching.pk]},
        )

        reaching.refresh_from_db()
        assert reaching.edited_fields == ["areas"]


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
