"""Import of the State's open directory: offices without people, matched with existing ones."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from directory.letters import yearly
from directory.public_offices.public_services import read_service
from directory.public_offices.service_stream import PART, UnreadableServices, read_services
from directory.revision_undo import NotUndone, undo
from directory.sheets.sheet_plan import SheetOptions
from directory.sheets.trial import try_sheet
from experts.models import Cause, Office, Revision
from territories.models import Commune
from tests.directory.pages import save, text, type_in
from tests.directory.sheets.workbooks import csv

SIRET = "13000548100010"
CARD = {
    "id": "a",
    "nom": "Mission locale - Beaune",
    "siret": SIRET,
    "code_insee_commune": "21054",
    "pivot": [{"type_service_local": "mission_locale", "code_insee_commune": ["21054", "21200"]}],
    "telephone": [{"valeur": "03 80 00 00 01", "description": ""}],
    "adresse_courriel": ["contact@ml-beaune.example.org"],
    "site_internet": [{"valeur": "https://ml-beaune.example.org", "libelle": ""}],
    "adresse": [{"type_adresse": "Adresse", "nom_commune": "Beaune"}],
}


def write(folder, *services, text=None):
    path = folder / "base.json"
    path.write_text(text or json.dumps({"service": services}), encoding="utf-8")
    return path


def run(path, *options):
    stdout = StringIO()
    options = options or ("--dry-run",)
    call_command(
        "import_public_offices",
        str(path),
        "--region",
        "27",
        "--json",
        *options,
        stdout=stdout,
        stderr=StringIO(),
    )
    return json.loads(stdout.getvalue())


class TestStream:
    @pytest.mark.parametrize(
        "text",
        ['{"service": [1, {"a": "]"}]}', '\ufeff{"x": 1,\n"service":[1 , {"a":"]"} ]', '[1,{"a":"]"}]'],
    )
    def test_items_are_read_one_by_one(self, tmp_path, text):
        assert list(read_services(write(tmp_path, text=text))) == [1, {"a": "]"}]

    @pytest.mark.parametrize(
        "before", ['"meta": {"service": ["x"]}', '"n": 12', '"long": "' + "é" * PART + '"', '"service": null']
    )
    def test_the_list_is_the_one_of_the_file_and_no_inner_one(self, tmp_path, before):
        text = f'{{{before}, "service" : [{{"a": 1}}]}}'

        assert list(read_services(write(tmp_path, text=text))) == [{"a": 1}]

    def test_items_across_the_parts_of_a_file_are_whole(self, tmp_path):
        items = [{"nom": "é" * (PART // 3), "n": number} for number in range(10)]

        assert [one["n"] for one in read_services(write(tmp_path, *items))] == list(range(10))

    def test_a_second_list_is_read_too(self, tmp_path):
        text = '{"service": [{"a": 1}], "meta": [2], "service": [{"a": 3}]}'

        assert list(read_services(write(tmp_path, text=text))) == [{"a": 1}, {"a": 3}]

    @pytest.mark.parametrize(
        "text", ['{"autre": 1}', "x", '{"service": [{"a": 1}', '{"service": [{"a" 1}]}', "%PDF"]
    )
    def test_another_file_gets_one_sentence(self, tmp_path, text):
        with pytest.raises(UnreadableServices):
            list(read_services(write(tmp_path, text=text)))


MESSY = {
    "nothing": {},
    "nulls": dict.fromkeys(CARD),
    "empty": {key: [] for key in CARD},
    "texts of JSON": {"pivot": '[{"type_service_local": "cci"}]', "telephone": '[{"valeur": "3949"}]'},
    "other types": {
        "nom": 3,
        "pivot": 4,
        "telephone": {"valeur": 5},
        "adresse_courriel": "a@b.fr",
        "siret": SIRET,
    },
    "broken JSON": {"pivot": "[{", "site_internet": [{"x": 1}], "telephone": [None]},
}


@pytest.mark.parametrize("item", MESSY.values(), ids=MESSY)
def test_any_key_may_be_absent_or_odd(item):
    assert read_service(1, item) is not None


def test_what_is_not_understood_is_noted():
    odd = {"telephone": [{"valeur": "12"}], "adresse_courriel": ["@"], "siret": "1", "site_internet": ["a b"]}

    assert len(read_service(1, odd).notes) == 4


@pytest.mark.django_db
@pytest.mark.demo_directory
class TestImport:
    def test_a_service_becomes_an_office_without_people(self, tmp_path):
        (made,) = run(write(tmp_path, CARD))["created"]

        assert made["name"] == CARD["nom"]
        facts = made["facts"]
        assert (facts["institution"], facts["phone"], facts["siret"]) == ("ML", "03 80 00 00 01", SIRET)
        assert facts["site"] == "https://ml-beaune.example.org"
        assert facts["areas"] == ["commune:21054", "commune:21200"]

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [({"epci": "242100410"}, "epci:242100410"), ({"department": "21"}, "department:21")],
        ids=["EPCI", "département"],
    )
    def test_communes_that_are_exactly_an_area_are_reported_as_that_area(self, tmp_path, chosen, expected):
        codes = list(Commune.objects.current().filter(**chosen).values_list("code", flat=True))
        pivot = [{"type_service_local": "mission_locale", "code_insee_commune": codes}]

        (made,) = run(write(tmp_path, CARD | {"pivot": pivot}))["created"]

        assert made["facts"]["areas"] == [expected]

    def test_services_elsewhere_and_of_other_types_are_left_out(self, tmp_path):
        elsewhere = CARD | {"pivot": [{"type_service_local": "cci", "code_insee_commune": ["75056"]}]}
        other = CARD | {
            "pivot": [{"type_service_local": "commissariat_police", "code_insee_commune": ["21054"]}]
        }

        found = run(write(tmp_path, elsewhere, other, 3))

        assert found["created"] == []
        assert any("commissariat_police" in remark for remark in found["remarks"])

    def test_a_table_of_types_replaces_the_bundled_one(self, tmp_path):
        table = tmp_path / "types.yaml"
        table.write_text("mission_locale: PE\n")

        (made,) = run(write(tmp_path, CARD), "--types", str(table), "--dry-run")["created"]

        assert made["facts"]["institution"] == "PE"

    def test_an_unknown_institution_in_the_table_is_an_error(self, tmp_path):
        table = tmp_path / "types.yaml"
        table.write_text("mission_locale: [XX]\n")

        with pytest.raises(CommandError):
            run(write(tmp_path, CARD), "--types", str(table), "--dry-run")

    def test_an_existing_office_is_matched_by_siret_then_by_name_and_place(self, tmp_path):
        office = Office.objects.get(code="ML-DIJON")
        renamed = CARD | {"nom": "Autre nom"}
        renamed["pivot"] = [{"type_service_local": "mission_locale", "code_insee_commune": ["21231"]}]
        same_name = renamed | {"nom": office.name.upper(), "siret": None}

        by_name = run(write(tmp_path, same_name))
        Office.objects.filter(pk=office.pk).update(siret=SIRET)
        by_siret = run(write(tmp_path, renamed))

        assert by_name["created"] == by_siret["created"] == []
        assert [row["code"] for row in by_name["changed"]] == ["ML-DIJON"]
        assert {change["fact"] for change in by_name["changed"][0]["changes"]} == {"site"}
        assert {fact["fact"] for fact in by_siret["kept"][0]["facts"]} == {"name", "phone", "email"}

    def test_a_service_without_phone_and_address_is_an_office_to_complete(self, tmp_path):
        found = run(write(tmp_path, CARD | {"telephone": None, "adresse_courriel": []}), "--apply")

        assert [row["name"] for row in found["created"]] == [CARD["nom"]]
        assert any("manque téléphone et courriel" in remark for remark in found["remarks"])

    def test_what_an_office_to_complete_lacks_is_filled_in_by_a_later_file(self, tmp_path):
        run(write(tmp_path, CARD | {"telephone": None, "adresse_courriel": []}), "--apply")

        [changed] = run(write(tmp_path, CARD), "--apply")["changed"]

        assert {one["fact"] for one in changed["changes"]} == {"phone", "email"}
        assert Office.objects.get(siret=SIRET).phone == "03 80 00 00 01"

    def test_applying_is_one_revision_and_twice_changes_nothing(self, tmp_path):
        path = write(tmp_path, CARD)

        first, second = run(path, "--apply"), run(path, "--apply")

        assert len(first["created"]) == 1
        assert first["applied"]
        assert not second["created"]
        assert not second["applied"]
        assert Revision.objects.filter(cause=Cause.PUBLIC_OFFICES).count() == 1
        assert Office.objects.get(siret=SIRET).region_id == "27"


@pytest.mark.django_db
@pytest.mark.demo_directory
class TestToComplete:
    """An office without phone or address shows it everywhere, and has people once it has both."""

    PERSON = {"name": "Léa Exemple", "email": "lea@exemple.org", "phone": "03 80 00 00 02"}

    @pytest.fixture
    def office(self, tmp_path) -> Office:
        run(write(tmp_path, CARD | {"telephone": None, "adresse_courriel": []}), "--apply")
        return Office.objects.get(siret=SIRET)

    def test_its_page_and_the_list_show_what_is_missing(self, as_regional, office):
        page = text(as_regional.get(f"/annuaire/antennes/{office.code}/"))
        listed = text(as_regional.get("/annuaire/", {"q": "Beaune"}))

        assert page.count("à compléter") >= 2
        assert "Coordonnées à compléter" in listed

    @pytest.mark.parametrize("national", [False, True])
    def test_nobody_comes_before_it_has_both(self, as_regional, as_national, office, national):
        client = as_national if national else as_regional
        path = f"/annuaire/antennes/{office.code}/nouveau-referent/"

        refused = type_in(client, path, **self.PERSON, extent="all")
        assert "il manque téléphone et courriel" in text(refused)
        save(client, f"/annuaire/antennes/{office.code}/coordonnees/", phone="03 80 00 00 01")
        refused = type_in(client, path, **self.PERSON, extent="all")
        assert "il manque courriel" in text(refused)
        save(client, f"/annuaire/antennes/{office.code}/coordonnees/", email="contact@exemple.org")
        save(client, path, **self.PERSON, extent="all")

        assert office.experts.get().name == "Léa Exemple"

    @pytest.mark.parametrize("region", ["27", None])
    def test_a_line_of_a_sheet_is_refused_too(self, office, region):
        content = csv(["Code", "Nom", "Mail", "Sujets"], [office.code, "Léa", "lea@exemple.org", "tous"])

        trial = try_sheet(content, "f.csv", SheetOptions(region), now=timezone.now())

        assert not trial.plan.changes_something
        assert "il manque téléphone et courriel" in str(trial.refused[0])

    def test_a_line_that_gives_them_too_is_read(self, office):
        headings = ["Code", "Téléphone de l'antenne", "Courriel de l'antenne", "Nom", "Mail", "Sujets"]
        row = [office.code, "03 80 00 00 01", "contact@exemple.org", "Léa", "lea@exemple.org", "tous"]

        trial = try_sheet(csv(headings, row), "f.csv", SheetOptions("27"), now=timezone.now())

        assert not trial.refused
        assert [row.facts["phone"] for row in trial.plan.experts] == ["03 80 00 00 01"]

    def test_what_people_need_is_not_taken_back_by_an_undo(self, commit, as_regional, regional, office):
        path = f"/annuaire/antennes/{office.code}"
        save(as_regional, f"{path}/coordonnees/", phone="03 80 00 00 01", email="contact@exemple.org")
        filled = Revision.objects.newest_first().first()
        save(as_regional, f"{path}/nouveau-referent/", **self.PERSON, extent="all")

        with pytest.raises(NotUndone, match="garde un téléphone"):
            commit(undo, filled, by=regional, now=timezone.now())

    def test_no_letter_is_written_to_nobody(self, office):
        now = timezone.now()
        Office.objects.exclude(pk=office.pk).update(verified_on=timezone.localdate(now))
        year = [now + timedelta(days=day) for day in range(0, 366, 7)]

        assert not [pk for day in year for pk, _ in yearly.offices_to_write(now=day) if pk == office.pk]


@pytest.mark.django_db
@pytest.mark.demo_directory
class TestLeftOut:
    """A service that becomes nothing is said, with its reason; one that can be read is not lost."""

    LEFT = {
        "pivot absent": ({"pivot": None}, "aucun type de service"),
        "pivot empty": ({"pivot": []}, "aucun type de service"),
        "no type in it": (
            {"pivot": [{"code_insee_commune": ["21054"]}]},
            "type de service n'est pas compris",
        ),
        "unknown communes": (
            {
                "code_insee_commune": "",
                "pivot": [{"type_service_local": "mission_locale", "code_insee_commune": ["99999"]}],
            },
            "communes inconnues (99999)",
        ),
        "no commune": (
            {"code_insee_commune": "", "pivot": [{"type_service_local": "mission_locale"}]},
            "sans commune",
        ),
        "neither": ({"code_insee_commune": "", "pivot": []}, "services sans type ni commune connue : 1"),
    }

    @pytest.mark.parametrize(("changed", "remark"), LEFT.values(), ids=LEFT)
    def test_what_is_not_understood_is_reported(self, tmp_path, changed, remark):
        found = run(write(tmp_path, CARD | changed))

        assert found["created"] == []
        assert remark in " ".join(found["remarks"]).replace("\u00a0", " ")

    def test_two_places_with_one_siret_are_two_offices(self, tmp_path):
        second = CARD | {
            "id": "b",
            "nom": "Mission locale - Chalon",
            "code_insee_commune": "71076",
            "pivot": [{"type_service_local": "mission_locale", "code_insee_commune": ["71076"]}],
        }
        path = write(tmp_path, CARD, second)

        first, again = run(path, "--apply"), run(write(tmp_path, second, CARD))

        assert {row["name"] for row in first["created"]} == {CARD["nom"], second["nom"]}
        assert [again[name] for name in ("created", "changed", "kept")] == [[], [], []]
        assert len(again["unchanged"]) == 2

    def test_the_same_service_twice_is_one_office(self, tmp_path):
        found = run(write(tmp_path, CARD, CARD | {"id": "b"}))

        assert len(found["created"]) == 1
        assert any("déjà dans ce fichier" in remark for remark in found["remarks"])

    def test_a_service_whose_office_is_closed_here_is_reported(self, tmp_path):
        Office.objects.filter(code="ML-DIJON").update(siret=SIRET, closed_on="2020-01-01")

        found = run(write(tmp_path, CARD))

        assert any("est fermée ici" in remark for remark in found["remarks"])

    def test_communes_beyond_the_region_do_not_lose_the_others(self, tmp_path):
        pivot = [{"type_service_local": "mission_locale", "code_insee_commune": ["21054", "21200", "10387"]}]

        found = run(write(tmp_path, CARD | {"pivot": pivot}))

        assert found["refused"] == []
        assert found["created"][0]["facts"]["areas"] == ["commune:21054", "commune:21200"]
        assert any("10387" in remark for remark in found["remarks"])

    @pytest.mark.parametrize("site", ["javascript://x.y/%0aalert(1)", "ftp://x.example.org", "data://a.b,c"])
    def test_a_site_that_is_no_page_is_not_kept(self, tmp_path, site):
        found = run(write(tmp_path, CARD | {"site_internet": [{"valeur": site}]}))

        assert found["created"][0]["facts"]["site"] == ""
        assert any("site non compris" in remark for remark in found["remarks"])

    def test_what_an_apply_creates_is_listed(self, tmp_path):
        stdout = StringIO()

        call_command(
            "import_public_offices", str(write(tmp_path, CARD)), "--region", "27", "--apply", stdout=stdout
        )

        assert "Créés (1)\n  antenne ml-mission-locale-beaune" in stdout.getvalue()
