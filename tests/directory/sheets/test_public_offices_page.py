"""Public services offered line by line to a region: sent, read by a worker, ticked, then one revision."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from directory import tasks
from directory.sheet_upload import SheetUpload
from experts.models import Cause, Office, Revision
from territories.models import Region
from tests.directory.pages import text
from tests.directory.test_import_public_offices import CARD
from tests.experts.factories import RegionalFactory, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.reference]

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
        [place] = page.context["places"]
        [group] = place.groups
        assert (place.name, place.count) == ("Côte-d'Or (21)", 2)
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
        key = client.get(f"/annuaire/tableur/{upload.pk}/").context["places"][0].groups[0].lines[0].key

        client.post(f"/annuaire/tableur/{upload.pk}/enregistrer/", {"ligne": [key]})
        tasks.work_on_sheet(upload.pk)

        assert "L'annuaire a changé entre-temps" in text(client.get(f"/annuaire/tableur/{upload.pk}/"))
        assert names() == set()


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
