"""Import of a directory: it replaces the last file and keeps what people declared; dry runs write nothing."""

from datetime import date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from directory.models import DirectoryImport
from experts.models import Absence, Expert, Office
from experts.models.offices import DirectorySource
from experts.routing.criteria import ApplicantFacts
from experts.routing.loading import decide
from territories.models import Area, AreaMember, Commune
from tests.directory.files import ABSENT, SMALL, changed, write
from tests.experts.factories import AbsenceFactory, ExpertFactory, OfficeFactory, stored_rows

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

DEMO = "experts/data/directory-demo.yaml"
RECRUITING = "recrutement@pe-test.example.org"
TABLES = (
    Office,
    Expert,
    Absence,
    Area,
    AreaMember,
    DirectoryImport,
    Office.areas.through,
    Office.exclusive_subjects.through,
    Expert.areas.through,
    Expert.subjects.through,
)


def import_text(tmp_path, text: str | bytes, *options: str) -> str:
    stdout = StringIO()
    call_command("import_directory", write(tmp_path, text), *options, stdout=stdout)
    return stdout.getvalue()


def dump() -> list[dict]:
    """Return every row that an import may write."""
    return stored_rows(TABLES)


@pytest.fixture(scope="class")
def imported(undone, tmp_path_factory):
    """The small file has been imported; once for all tests of a class."""
    with undone():
        import_text(tmp_path_factory.mktemp("imported"), SMALL)
        yield


def expert(email: str = RECRUITING) -> Expert:
    return Expert.objects.get(email=email)


class TestImported:
    def test_every_fact_that_the_rule_reads_is_stored(self, imported):
        office = Office.objects.get(code="PE-TEST")
        person = expert()
        absence = person.absences.get()

        assert (office.institution.code, office.name, office.phone) == (
            "PE",
            "France Travail test",
            "03 53 01 00 01",
        )
        assert (office.headcount_min, office.headcount_max, office.naf) == (1, 49, ["43"])
        assert [subject.slug for subject in office.exclusive_subjects.all()] == ["metier-tension"]
        assert [str(area.ref) for area in office.areas.all()] == ["zone:pays-test"]
        assert (office.closed_on, office.is_fallback) == (date(2027, 6, 30), False)
        assert {subject.slug for subject in person.subjects.all()} == {"trouver-candidats", "metier-tension"}
        assert (absence.from_on, absence.to_on) == (date(2027, 2, 8), date(2027, 2, 19))
        assert absence.deputy.email == "formation@pe-test.example.org"
        assert [str(area.ref) for area in absence.deputy.areas.all()] == ["department:21"]
        assert absence.deputy.has_all_subjects
        assert Office.objects.get(code="UR-TEST").is_fallback

    def test_region_of_an_office_is_that_of_most_of_its_communes(self, imported):
        assert Office.objects.get(code="PE-TEST").region_id == "27"
        assert Office.objects.get(code="UR-TEST").region_id == "27"

    def test_same_file_again_changes_nothing(self, imported, tmp_path):
        before = dump()

        output = import_text(tmp_path, SMALL)

        assert dump() == before
        assert "créés 0, changés 0, fermés 0" in output

    def test_absent_keys_mean_their_defaults(self, imported, tmp_path):
        text = changed(
            ('    criteria: {headcount_min: 1, headcount_max: 49, naf: ["43"]}\n', ""),
            ("    exclusive_subjects: [metier-tension]\n", ""),
            ('    closed_on: "2027-06-30"\n', ""),
            (ABSENT, ""),
            ('        territories: ["department:21"]\n', ""),
        )

        import_text(tmp_path, text)

        office = Office.objects.get(code="PE-TEST")
        assert (office.headcount_min, office.headcount_max, office.naf, office.closed_on) == (
            None,
            None,
            [],
            None,
        )
        assert not office.exclusive_subjects.exists()
        assert not Absence.objects.filter(expert__office=office).exists()
        assert not Expert.objects.filter(office=office, areas__isnull=False).exists()

    def test_zone_that_moves_moves_the_region_of_its_offices(self, imported, tmp_path):
        import_text(
            tmp_path, changed(('members: ["epci:242100410", "commune:21317"]', 'members: ["department:75"]'))
        )

        assert Office.objects.get(code="PE-TEST").region_id == "11"

    def test_import_that_changes_something_is_in_the_journal(self, imported):
        entry = DirectoryImport.objects.latest("pk")

        assert (entry.file_name, entry.created) == ("annuaire.yaml", 6)
        assert len(entry.digest) == 64

    def test_bound_of_the_file_that_a_corrected_bound_would_reverse_is_kept_out(self, imported, tmp_path):
        Office.objects.filter(code="PE-TEST").update(headcount_max=10, edited_fields=["headcount_max"])

        import_text(
            tmp_path, changed(("headcount_min: 1, headcount_max: 49", "headcount_min: 20, headcount_max: 49"))
        )

        office = Office.objects.get(code="PE-TEST")
        assert (office.headcount_min, office.headcount_max) == (1, 10)


def test_demo_directory_is_imported_whole():
    assert Office.objects.listed().count() == 87
    assert Expert.objects.listed().count() == 115
    assert Area.objects.of_kind("zone").count() == 6
    assert not Office.objects.filter(institution__code="UR", is_fallback=True, region=None).exclude(
        areas__kind="national"
    )


def test_byte_order_mark_and_windows_line_ends_are_fine(tmp_path):
    import_text(tmp_path, b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())

    assert Office.objects.get(code="PE-TEST").name == "France Travail test"


def test_former_commune_stands_for_the_current_one(tmp_path):
    import_text(tmp_path, changed(("commune:21317", "commune:75101")))

    members = Area.objects.get(kind="zone", code="pays-test").members.all()
    assert {str(area.ref) for area in members} == {"epci:242100410", "commune:75056"}


def test_same_email_in_two_offices_is_one_person_with_two_posts(tmp_path):
    import_text(tmp_path, changed(("referent@ur-test.example.org", RECRUITING)))

    assert Expert.objects.filter(email=RECRUITING).count() == 2


class TestMissingFromFile:
    def test_is_closed_whatever_the_date_asked(self, tmp_path, imported):
        commune = Commune.objects.resolve("21231")
        asked = {"subjects": ["trouver-candidats"], "commune": commune, "facts": ApplicantFacts(naf="43.34Z")}
        assert "PE-TEST" in decide(**asked, on=date(2027, 1, 5)).offices

        import_text(
            tmp_path, changed((SMALL[SMALL.index("  - id: PE-TEST") : SMALL.index("  - id: UR")], ""))
        )

        assert Office.objects.get(code="PE-TEST").dropped_at
        assert expert().dropped_at
        assert "PE-TEST" not in decide(**asked, on=date(2027, 1, 5)).offices
        assert "PE-TEST" not in decide(**asked, on=date(2020, 1, 6)).offices

    def test_comes_back_when_listed_again(self, tmp_path, imported):
        without = changed((SMALL[SMALL.index("  - id: PE-TEST") : SMALL.index("  - id: UR")], ""))
        import_text(tmp_path, without)

        output = import_text(tmp_path, SMALL)

        assert Office.objects.get(code="PE-TEST").dropped_at is None
        assert expert().dropped_at is None
        assert "antenne PE-TEST · absent du fichier" in output

    def test_keeps_the_day_it_was_first_left_out(self, tmp_path, imported):
        without = changed((SMALL[SMALL.index("  - id: PE-TEST") : SMALL.index("  - id: UR")], ""))
        import_text(tmp_path, without)
        before = dump()

        import_text(tmp_path, without)

        assert dump() == before

    def test_zone_contains_nobody_any_more(self, tmp_path, imported):
        text = changed((SMALL[: SMALL.index("offices:")], ""), ("zone:pays-test", "department:21"))

        import_text(tmp_path, text)

        assert Area.objects.get(kind="zone", code="pays-test").dropped_at

    def test_expert_alone_is_closed_in_an_office_that_stays(self, tmp_path, imported):
        start = SMALL.index("      - name: Conseil formation")
        text = changed(
            (SMALL[start : SMALL.index("  - id: UR")], ""),
            ('deputy: "formation@pe-test.example.org"', "deputy: null"),
        )

        import_text(tmp_path, text)

        assert not Expert.objects.listed().filter(email="formation@pe-test.example.org").exists()
        assert expert().absences.get().deputy is None


class TestEnteredByHand:
    def test_is_left_alone_and_listed(self, tmp_path):
        import_text(tmp_path, SMALL)
        office = OfficeFactory(code="A-LA-MAIN")
        person = ExpertFactory(office=office, email="main@example.org")

        output = import_text(tmp_path, SMALL)

        office.refresh_from_db()
        person.refresh_from_db()
        assert office.dropped_at is person.dropped_at is None
        assert "antenne A-LA-MAIN" in output
        assert "référent A-LA-MAIN main@example.org" in output

    def test_office_wins_over_the_same_id_in_the_file(self, tmp_path):
        OfficeFactory(code="PE-TEST", name="Saisie à la main")

        import_text(tmp_path, SMALL)

        office = Office.objects.get(code="PE-TEST")
        assert (office.name, office.source) == ("Saisie à la main", DirectorySource.HAND)
        assert expert().office == office

    def test_zone_may_be_named_by_the_file(self, tmp_path):
        Area.objects.make_zone(
            "a-la-main", "Zone saisie", [Area.objects.get(kind="department", code="21").ref], "hand"
        )

        import_text(tmp_path, changed(('territories: ["region:27"]', 'territories: ["zone:a-la-main"]')))

        assert Office.objects.get(code="UR-TEST").areas.get().code == "a-la-main"
        assert Area.objects.get(kind="zone", code="a-la-main").dropped_at is None

    def test_absence_wins_over_one_of_the_file_in_the_same_days(self, tmp_path):
        import_text(
            tmp_path,
            changed((', deputy: "formation@pe-test.example.org"}', "}"), ("absent: {f", "absent: {f")),
        )
        Absence.objects.all().delete()
        AbsenceFactory(expert=expert(), from_on="2027-02-15", to_on="2027-02-26")

        output = import_text(tmp_path, SMALL)

        assert expert().absences.get().source == DirectorySource.HAND
        assert "absence : rien (fichier : du 08/02/2027 au 19/02/2027" in output


class TestDeclaredInThePortal:
    """Facts declared in the portal are not overwritten by the file, and are listed as kept."""

    def test_corrected_phone_is_kept(self, tmp_path, imported):
        person = expert()
        person.phone = "06 12 34 56 78"
        person.mark_edited("phone")
        person.save()

        output = import_text(tmp_path, changed(("name: Conseil recrutement", "name: Conseil en recrutement")))

        assert (expert().phone, expert().name) == ("06 12 34 56 78", "Conseil en recrutement")
        assert (
            f"référent PE-TEST {RECRUITING} · téléphone : 06 12 34 56 78 (fichier : 03 53 01 00 02)" in output
        )

    def test_file_wins_again_once_accepted(self, tmp_path, imported):
        Expert.objects.filter(email=RECRUITING).update(phone="06 12 34 56 78", edited_fields=[])

        import_text(tmp_path, SMALL)

        assert expert().phone == "03 53 01 00 02"

    @pytest.mark.parametrize(
        ("facts", "shown"),
        [
            ({"left_at": datetime(2026, 11, 2, 9, tzinfo=ZoneInfo("Europe/Paris"))}, "départ : 02/11/2026"),
            ({"is_paused": True}, "en pause : oui"),
            ({"is_bouncing": True}, "adresse refusée : oui"),
        ],
        ids=["departure", "pause", "bounce"],
    )
    def test_departure_pause_and_bounce_are_kept(self, tmp_path, imported, facts, shown):
        Expert.objects.filter(email=RECRUITING).update(**facts)

        output = import_text(tmp_path, SMALL)

        assert f"référent PE-TEST {RECRUITING} · {shown}" in output
        assert Expert.objects.filter(email=RECRUITING, **facts).exists()

    def test_subjects_and_all_subjects_are_one_fact(self, tmp_path, imported):
        person = expert("formation@pe-test.example.org")
        person.has_all_subjects = False
        person.mark_edited("has_all_subjects")
        person.save()

        import_text(tmp_path, SMALL)

        assert not expert("formation@pe-test.example.org").has_all_subjects

    def test_agreement_entered_by_hand_is_not_the_file_s(self, tmp_path, imported):
        Office.objects.filter(code="PE-TEST").update(agreement_ends_on=date(2026, 12, 31))

        import_text(tmp_path, SMALL)

        assert Office.objects.get(code="PE-TEST").agreement_ends_on == date(2026, 12, 31)


class TestDryRun:
    def test_leaves_no_trace(self, tmp_path):
        before = dump()

        import_text(tmp_path, SMALL, "--dry-run")

        assert dump() == before

    def test_prints_rows_to_create_change_close_and_leave_unchanged(self, tmp_path):
        import_text(tmp_path, SMALL)
        text = changed(
            ("03 53 01 00 01", "03 53 01 00 99"),
            ("region:27", "region:11"),
            ("id: UR-TEST", "id: UR-NEW"),
            ('to: "2027-02-19"', 'to: "2027-02-22"'),
        )

        output = import_text(tmp_path, text, "--dry-run").splitlines()

        assert output[0] == "Essai à blanc : rien n'est écrit."
        assert "  antenne UR-NEW" in output[output.index("À créer (2)") :]
        assert "  antenne UR-TEST" in output[output.index("À fermer (2)") :]
        assert "  antenne PE-TEST · téléphone : 03 53 01 00 01 → 03 53 01 00 99" in output
        assert any("au 19/02/2027" in line and "→ du 08/02/2027 au 22/02/2027" in line for line in output)
        assert "Zones : créés 0, changés 0, fermés 0, gardés 0, inchangés 1, saisis à la main 0." in output


def test_unknown_territory_anywhere_changes_nothing(tmp_path):
    before = dump()

    with pytest.raises(CommandError):
        import_text(tmp_path, changed(("region:27", "region:29")))

    assert dump() == before


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["applied", "dry run"])
def test_what_a_file_leaves_to_nobody_is_reported(tmp_path, options):
    text = import_text(tmp_path, SMALL, *options)

    assert "Plus personne n'y répondra" in text
    assert "Dijon" in text.partition("Plus personne")[2]


def test_number_of_queries_does_not_grow_with_the_file(tmp_path, django_assert_max_num_queries):
    office = SMALL[SMALL.index("  - id: UR-TEST") :]
    many = SMALL + "".join(office.replace("UR-TEST", f"UR-{n}") for n in range(300))

    with django_assert_max_num_queries(180):
        import_text(tmp_path, many)


class TestOrder:
    """Each command fails with a sentence when the previous one was not run."""

    def test_territories_come_first(self, tmp_path):
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE territories_region CASCADE")

        with pytest.raises(CommandError, match="import_territories"):
            call_command("import_catalogue")
        with pytest.raises(CommandError, match="import_territories"):
            import_text(tmp_path, SMALL)

    def test_catalogue_comes_before_the_directory(self, tmp_path):
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE experts_subject CASCADE")

        with pytest.raises(CommandError, match="import_catalogue"):
            import_text(tmp_path, SMALL)


def test_spaces_around_a_deputys_address_are_trimmed(tmp_path):
    import_text(
        tmp_path,
        changed(('deputy: "formation@pe-test.example.org"', 'deputy: " formation@pe-test.example.org "')),
    )

    assert expert().absences.get().deputy == expert("formation@pe-test.example.org")


def test_zone_may_bear_a_name_of_five_hundred_characters(tmp_path):
    import_text(tmp_path, changed(("name: Pays de test", f"name: {'P' * 500}")))

    assert len(Area.objects.get(code="pays-test").name) == 500
