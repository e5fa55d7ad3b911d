"""Merging of two rows of one person, or of two offices: the requests follow the one that stays."""

import pytest
from django.utils import timezone

from directory import row_merging
from experts.models import Expert, Office
from mailing.models import OutgoingEmail
from solicitations.actions import expert_answers
from solicitations.lifecycle import MatchState
from solicitations.models import Mailbox, Match
from territories.areas import AreaRef
from territories.models import Area
from tests.directory.pages import save, text, type_in
from tests.experts.factories import AbsenceFactory, ExpertFactory, NationalFactory, OfficeFactory
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture
def gone() -> Expert:
    return Expert.objects.get(email="recrutement@france-travail-dijon.example.org")


@pytest.fixture
def kept(gone) -> Expert:
    return ExpertFactory(office=gone.office, has_all_subjects=False, email="elle@exemple.example.org")


def test_matches_and_links_follow_the_row_that_stays(commit, now, kept, gone):
    request = commit(send, now=now)
    of_gone = match(request, "recrutement@france-travail")

    commit(row_merging.merge_experts, kept, gone, by=NationalFactory(), now=now)

    of_gone.refresh_from_db()
    assert of_gone.expert == kept
    mailbox = Mailbox.objects.get(pk=of_gone.mailbox_id)
    assert (mailbox.email, mailbox.serial) == (kept.email, 2)
    assert OutgoingEmail.objects.filter(key__startswith="address_is_new", to=kept.email).exists()


def test_the_better_of_two_answers_to_one_need_stays(as_regional, commit, now, kept, gone):
    request = commit(send, now=now)
    of_gone = match(request, "recrutement@france-travail")
    commit(expert_answers.move, of_gone, MatchState.TAKEN, by=of_gone.mailbox, now=now)
    mailbox = Mailbox.objects.create(solicitation=request, email=kept.email, created_at=now)
    of_kept = Match.objects.create(need=of_gone.need, expert=kept, mailbox=mailbox, sent_at=now)

    page = type_in(as_regional, f"/annuaire/referents/{kept.pk}/reunir/", other=str(gone.pk))
    assert "Besoins envoyés aux deux fiches" in text(page)
    commit(row_merging.merge_experts, kept, gone, by=NationalFactory(), now=now)

    of_kept.refresh_from_db()
    of_gone.refresh_from_db()
    assert (of_kept.state, of_gone.state) == ("taken", "withdrawn")
    assert of_kept.events.filter(kind="moved").count() == 1
    assert of_kept.need.state == "in_progress"


def test_subjects_absences_and_deputies_follow(as_regional, kept, gone):
    colleague = gone.office.experts.get(email__startswith="formation")
    AbsenceFactory(expert=colleague, deputy=gone, from_on="2027-05-04", to_on="2027-05-08")
    AbsenceFactory(expert=gone, deputy=kept, from_on="2027-06-04", to_on="2027-06-08")

    save(as_regional, f"/annuaire/referents/{kept.pk}/reunir/", other=str(gone.pk))

    assert set(kept.subjects.all()) == set(gone.subjects.all())
    assert kept.absences.get().deputy is None
    assert colleague.absences.get(source="hand").deputy == kept
    gone.refresh_from_db()
    assert gone.left_at <= timezone.now()


def merged(as_regional, kept, gone) -> Expert:
    assert save(as_regional, f"/annuaire/referents/{kept.pk}/reunir/", other=str(gone.pk)).status_code == 302
    return Expert.objects.get(pk=kept.pk)


def add_areas(expert, *communes):
    refs = [AreaRef("commune", code) for code in communes]
    expert.areas.add(*Area.objects.find_or_create(refs).values())


def test_the_absence_that_a_file_gave_follows(as_regional, kept, gone):
    absent = gone.office.experts.get(email__startswith="formation")
    [from_file] = absent.absences.all()
    assert (from_file.source, from_file.deputy) == ("file", gone)

    found = merged(as_regional, kept, absent)

    absence = found.absences.get()
    assert (absence.from_on, absence.to_on, absence.deputy) == (from_file.from_on, from_file.to_on, gone)


def test_areas_of_the_office_that_one_row_covers_stay_covered(as_regional, kept, gone):
    add_areas(kept, "21054")

    found = merged(as_regional, kept, gone)

    office = {area.ref for area in gone.office.areas.all()}
    assert {area.ref for area in found.areas.all()} == {AreaRef("commune", "21054"), *office}


def test_areas_that_those_of_the_office_cover_are_not_repeated(as_regional, kept, gone):
    add_areas(kept, "21231")

    found = merged(as_regional, kept, gone)

    assert not found.areas.exists()


def test_own_areas_of_both_rows_are_joined(as_regional, kept, gone):
    add_areas(kept, "21054")
    add_areas(gone, "21231")

    found = merged(as_regional, kept, gone)

    assert {area.code for area in found.areas.all()} == {"21054", "21231"}


def test_a_row_of_another_region_is_not_offered(as_regional, kept):
    other = Expert.objects.filter(office__code="PE-MEAUX").earliest("pk")

    page = type_in(as_regional, f"/annuaire/referents/{kept.pk}/reunir/", other=str(other.pk))

    assert page.context["form"].errors["other"]


class TestOffices:
    PATH = "/annuaire/antennes/PE-DIJON/reunir/"

    @pytest.fixture
    def other(self, gone) -> Office:
        return OfficeFactory(
            institution=gone.office.institution, region=gone.office.region, areas=gone.office.areas.all()
        )

    def test_people_and_areas_come_and_the_other_closes(self, as_regional, other, gone):
        person = ExpertFactory(office=other)

        save(as_regional, self.PATH, other=str(other.pk))

        person.refresh_from_db()
        other.refresh_from_db()
        assert person.office == gone.office
        assert not other.is_open_on(timezone.localdate())

    def test_a_person_in_both_is_reported(self, as_regional, other, gone):
        ExpertFactory(office=other, email=gone.email)

        page = type_in(as_regional, self.PATH, other=str(other.pk))

        assert "Réunissez d'abord les deux fiches" in text(page)
