"""Public services offered line by line to a region: sent, read by a worker, ticked, then one revision."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from directory import offered_lines, tasks
from directory.sheet_upload import SheetUpload
from experts.models import Cause, Office, Revision
from territories.models import Region
from tests.directory.pages import text
from tests.directory.test_import_public_offices import CARD
from tests.experts.factories import RegionalFactory, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

NUITS = CARD | {
    "id": "b",
    "nom": "Mission locale - Nuits",
    "siret": "",
    "pivot": [{"type_service_local": "mission_locale", "code_insee_commune": ["21464"]}],
}
PARIS = CARD | {"id": "c", "nom": "Mission locale - Paris", "code_insee_commune": "75056", "pivot": [
    {"type_service_local": "mission_locale", "code_insee_commune": ["75056"]}
]}  # fmt: skip


def content(*services):
    return json.dumps({"service": services}).encode()


@pytest.fixture
def client():
    return signed_in(RegionalFactory(region=Region.objects.get(pk="27")))


@pytest.fixture
def upload(client):
    file = SimpleUploadedFile("base.json", content(CARD, NUITS, PARIS))
    client.post("/annuaire/guichets/", {"file": file})
    sent = SheetUpload.objects.get()
    tasks.work_on_sheet(sent.pk)
    return sent


def names():
    return set(Office.objects.filter(name__startswith="Mission locale -").values_list("name", flat=True))


class TestOffer:
    def test_only_what_is_ticked_becomes_an_office_in_one_revision(self, client, upload):
        page = client.get(f"/annuaire/tableur/{upload.pk}/")
        offered = page.context["offered"]
        [place], [group] = offered.places, offered.groups
        assert (place.name, place.count, place.ticked) == ("Côte-d'Or (21)", 2, 2)
        assert {line.name for line in group.lines} == {"Mission locale - Beaune", "Mission locale - Nuits"}
        [beaune] = [line.key for line in group.lines if "Beaune" in line.name]

        client.post(f"/annuaire/tableur/{upload.pk}/enregistrer/", {"ligne": [beaune]})
        tasks.work_on_sheet(upload.pk)

        assert names() == {"Mission locale - Beaune"}
        assert Revision.objects.get(cause=Cause.PUBLIC_OFFICES).rows.count() == 1
        assert "sans référent" in text(client.get(f"/annuaire/tableur/{upload.pk}/"))

    def test_nothing_ticked_changes_nothing_and_says_what_to_do(self, client, upload):
        page = client.post(f"/annuaire/tableur/{upload.pk}/enregistrer/", follow=True)

        assert "Cochez au moins un guichet" in text(page)
        assert names() == set()

    def test_what_changed_meanwhile_is_shown_again(self, client, upload):
        Office.objects.filter(institution__code="ML").update(siret=CARD["siret"])
        key = client.get(f"/annuaire/tableur/{upload.pk}/").context["offered"].lines[0].key

        client.post(f"/annuaire/tableur/{upload.pk}/enregistrer/", {"ligne": [key]})
        tasks.work_on_sheet(upload.pk)

        assert "L'annuaire a changé entre-temps" in text(client.get(f"/annuaire/tableur/{upload.pk}/"))
        assert names() == set()


DOLE = CARD | {
    "id": "d",
    "nom": "Mission locale - Dole",
    "siret": "",
    "pivot": [{"type_service_local": "mission_locale", "code_insee_commune": ["39198"]}],
}


def offered(client, query=""):
    return client.get(f"/annuaire/tableur/{SheetUpload.objects.get().pk}/?{query}").context["offered"]


class TestManyPages:
    @pytest.fixture(autouse=True)
    def upload(self, client, monkeypatch):
        monkeypatch.setattr(offered_lines, "PAGE", 1)
        file = SimpleUploadedFile("base.json", content(CARD, NUITS, DOLE))
        client.post("/annuaire/guichets/", {"file": file})
        tasks.work_on_sheet(SheetUpload.objects.get().pk)
        return SheetUpload.objects.get()

    def send(self, client, upload, query="", *, unticked=(), **typed):
        """Post a page as a browser does, with the offices of these places unticked."""
        page = offered(client, query)
        hidden = {"departement": page.place, "q": page.search, "page": page.number}
        ticked = [line.key for line in page.lines if not any(place in line.name for place in unticked)]
        return client.post(f"/annuaire/tableur/{upload.pk}/enregistrer/", hidden | typed | {"ligne": ticked})

    def test_the_pages_follow_each_other_through_the_departements(self, client, upload):
        seen, query = [], ""
        while not seen or "?" in query:
            page = offered(client, query.partition("?")[2])
            seen.append((page.title, page.number, len(page.lines)))
            if not page.next:
                break
            query = self.send(client, upload, query.partition("?")[2], etape="garder")["Location"]

        assert seen == [("Côte-d'Or (21)", 1, 1), ("Côte-d'Or (21)", 2, 1), ("Jura (39)", 1, 1)]

    def test_a_search_finds_an_office_of_any_departement(self, client, upload):
        [dole] = offered(client, "q=mission+DOLE").lines

        assert dole.name == "Mission locale - Dole"
        assert offered(client, "q=zzzz").lines == []

    def test_choices_of_each_page_are_kept_and_what_is_ticked_anywhere_is_written(self, client, upload):
        self.send(client, upload, "departement=39", unticked=["Dole"], etape="garder")
        counts = {place.code: (place.ticked, place.count) for place in offered(client).places}
        assert counts == {"21": (2, 2), "39": (0, 1)}
        assert not offered(client, "departement=39").lines[0].is_ticked

        self.send(client, upload, "departement=21&page=2", unticked=["Nuits", "Beaune"])
        tasks.work_on_sheet(upload.pk)

        assert len(names()) == 1
        assert "Mission locale - Dole" not in names()

    @pytest.mark.parametrize("query", ["page=999999", "page=x", "departement=zz", "departement=21&page=-1"])
    def test_any_query_gives_a_page(self, client, query):
        assert len(offered(client, query).lines) == 1


@pytest.mark.parametrize("wrong", [b"%PDF", b"", b'{"service": [{"a": 1}'])
def test_another_file_gets_one_sentence(client, wrong):
    answer = client.post("/annuaire/guichets/", {"file": SimpleUploadedFile("base.json", wrong)}, follow=True)

    for sent in SheetUpload.objects.all():
        tasks.work_on_sheet(sent.pk)
        answer = client.get(f"/annuaire/tableur/{sent.pk}/")
    assert "Ce fichier est vide" in text(answer) or "Ce n'est pas la base attendue" in text(answer)


def test_the_national_team_offers_a_region_its_part_of_the_whole_file(client, tmp_path):
    path = tmp_path / "france.json"
    path.write_bytes(content(CARD, PARIS))

    call_command("import_public_offices", str(path), "--region", "27", "--offer")

    sent = SheetUpload.objects.get()
    assert (sent.region_id, sent.author) == ("27", None)
    assert len(json.loads(bytes(sent.content))["service"]) == 1
    tasks.work_on_sheet(sent.pk)
    assert "Mission locale - Beaune" in text(client.get(f"/annuaire/tableur/{sent.pk}/"))
    assert sent.sent_at <= timezone.now()
