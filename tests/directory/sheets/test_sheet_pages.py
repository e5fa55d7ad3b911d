"""Pages of the spreadsheet: a file is sent, read by a worker, shown, then imported or given up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from directory.sheet_upload import SILENT_AFTER, SheetUpload
from directory.sheets import uploads
from directory.sheets.tables import MAX_BYTES
from experts.models import Cause, Expert, Revision, User
from solicitations.models import Match
from territories.models import Region
from tests.directory.pages import text, type_in
from tests.directory.sheets.workbooks import csv
from tests.experts.factories import signed_in
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
PLIE = "entreprises@plie-dijon.example.org"
GOOD = csv(["Mail", "Fonction"], [PLIE, "Nouvelle"])
State = SheetUpload.State


def staff(region=None):
    return User.objects.create_user(
        f"r{region}@equipe.example.org",
        role="region" if region else "national",
        region=Region.objects.get(pk=region) if region else None,
    )


def post(client, content=GOOD, **fields):
    file = SimpleUploadedFile("annuaire.csv", content)
    return client.post(reverse("directory:sheets"), {"file": file, **fields})


def sent(user, content=GOOD, **fields):
    """A file that this person sent; ``client`` is their browser."""
    client = signed_in(user)
    post(client, content, **fields)
    upload = SheetUpload.objects.get()
    upload.client = client
    return upload


def read(upload):
    """Do what a worker does."""
    uploads.work(upload.pk, clock=lambda: NOW)
    upload.refresh_from_db()
    return upload


def revisions():
    return Revision.objects.filter(cause=Cause.SHEET)


def job():
    return Expert.objects.get(email=PLIE).job


class TestSending:
    def test_a_file_is_kept_and_read_by_a_worker(self):
        user = staff("27")

        answer = post(signed_in(user), whole="department:21")

        upload = SheetUpload.objects.get()
        assert answer["Location"] == reverse("directory:sheet", args=[upload.pk])
        assert (upload.state, upload.region_id, upload.whole) == (State.WAITING, "27", "department:21")

    @pytest.mark.parametrize("whole", ["region:93", "department:75"])
    def test_a_region_sends_nothing_for_another_one(self, whole):
        answer = post(signed_in(staff("27")), whole=whole)

        assert answer.status_code == 200
        assert not SheetUpload.objects.exists()

    def test_the_place_that_a_region_types_does_not_count(self):
        assert sent(staff("27"), place="93").region_id == "27"

    def test_the_national_team_chooses_the_place(self):
        assert sent(staff(), place="93").region_id == "93"

    def test_a_file_that_is_too_big_is_not_read(self):
        answer = post(signed_in(staff("27")), b"x" * (MAX_BYTES + 1))

        assert answer.status_code == 200
        assert "20 Mo" in answer.content.decode()

    def test_nobody_else_may_send_a_large_body(self, client):
        assert post(client, b"x" * (3 * 1024 * 1024)).status_code == 413


class TestReading:
    def test_the_result_is_shown_and_nothing_is_written(self):
        upload = read(sent(staff("27")))

        page = upload.client.get(reverse("directory:sheet", args=[upload.pk])).content.decode()

        assert upload.state == State.READY
        assert "Nouvelle" in page
        assert "Enregistrer ces changements" in page
        assert job() != "Nouvelle"

    def test_errors_are_shown_with_their_places(self):
        upload = read(sent(staff("27"), csv(["Mail", "Tél."], [PLIE, "03 80 00"])))

        page = upload.client.get(reverse("directory:sheet", args=[upload.pk])).content.decode()

        assert upload.state == State.INVALID
        assert "Ligne 2" in page
        assert "« 03 80 00 »" in page

    def test_a_file_that_is_no_spreadsheet_gets_one_sentence(self):
        upload = read(sent(staff("27"), b"%PDF-1.7"))

        assert "PDF" in upload.report["unreadable"]

    def test_a_cancelled_file_is_read_no_further(self):
        upload = sent(staff("27"))
        uploads.cancel(upload)

        assert read(upload).state == State.CANCELLED

    def test_a_file_cancelled_while_it_is_read_stays_cancelled(self):
        upload = sent(staff("27"))
        reads = []

        def clock():
            reads.append(1)
            if len(reads) == 2:
                uploads.cancel(upload)
            return NOW

        uploads.work(upload.pk, clock=clock)
        upload.refresh_from_db()

        assert upload.state == State.CANCELLED
        assert bytes(upload.content) == b""

    def test_a_file_of_a_killed_worker_is_begun_again_three_times(self):
        upload = sent(staff("27"))
        later = NOW + SILENT_AFTER + timedelta(seconds=1)
        at_work = {"state": State.READING, "heard_at": NOW}
        SheetUpload.objects.update(**at_work, attempts=1)

        assert uploads.begin_again(now=NOW) == []
        assert uploads.begin_again(now=later) == [upload.pk]
        SheetUpload.objects.update(**at_work, attempts=3)
        assert uploads.begin_again(now=later) == []
        assert SheetUpload.objects.get().state == State.FAILED

    def test_old_files_are_erased(self):
        sent(staff("27"))

        uploads.begin_again(now=datetime.now(UTC) + timedelta(days=8))

        assert not SheetUpload.objects.exists()


class TestApplying:
    def accept(self, upload, client=None, **fields):
        path = reverse("directory:apply_sheet", args=[upload.pk])
        return (client or upload.client).post(path, fields)

    def test_the_import_is_one_revision_with_its_author(self):
        upload = read(sent(staff("27")))
        self.accept(upload)

        read(upload)

        assert upload.state == State.APPLIED
        assert job() == "Nouvelle"
        assert upload.revision == revisions().get()
        assert upload.revision.author == upload.author
        assert bytes(upload.content) == b""

    def test_applying_twice_changes_nothing_more(self):
        upload = read(sent(staff("27")))
        self.accept(upload)
        read(upload)

        self.accept(upload)
        read(upload)

        assert revisions().count() == 1

    def test_rows_that_changed_meanwhile_are_shown_again(self):
        upload = read(sent(staff("27")))
        Expert.objects.filter(email=PLIE).update(job="Autre")
        self.accept(upload)

        read(upload)

        assert upload.state == State.READY
        assert upload.report["is_changed"]
        assert job() == "Autre"

    def test_an_admin_who_lost_the_region_applies_nothing(self):
        upload = read(sent(staff("27")))
        self.accept(upload)
        User.objects.filter(pk=upload.author_id).update(region="93")

        read(upload)

        assert upload.state == State.FAILED
        assert job() != "Nouvelle"

    def test_closing_more_than_a_tenth_is_confirmed(self):
        upload = read(sent(staff("27"), whole="region:27"))

        self.accept(upload)
        upload.refresh_from_db()
        assert upload.state == State.READY

        self.accept(upload, confirmed="1")
        upload.refresh_from_db()
        assert upload.state == State.ACCEPTED

    def test_a_neighbour_sees_and_applies_nothing(self):
        upload = read(sent(staff("27")))
        other_regional = signed_in(staff("93"))

        page = other_regional.get(reverse("directory:sheet", args=[upload.pk]))

        assert page.status_code == 404
        assert self.accept(upload, other_regional).status_code == 404


def test_the_files_to_download_are_those_of_the_region():
    client = signed_in(staff("27"))

    content = b"".join(client.get(reverse("directory:annuaire_csv"), {"region": "93"}).streaming_content)

    text = content.decode("utf-8-sig")
    assert "PLIE-DIJON" in text
    assert "région 93" not in text


@pytest.mark.parametrize("name", ["modele_xlsx", "annuaire_xlsx", "trous_xlsx", "trous_csv"])
def test_every_file_can_be_downloaded(name):
    answer = signed_in(staff("27")).get(reverse(f"directory:{name}"))

    assert len(b"".join(answer.streaming_content)) > 500
    assert "attachment" in answer["Content-Disposition"]


class TestWhatItTakesAway:
    """A closing by a sheet shows what the form of the same closing shows."""

    def closed(self, code):
        return csv(["Code", "Fermée à partir du"], [code, "31/12/2026"])

    def test_it_is_on_the_page_as_in_the_form(self):
        form = "/annuaire/antennes/CAPE-21/fermer/"

        upload = read(sent(staff("27"), self.closed("CAPE-21")))
        confirmation = type_in(upload.client, form, closed_on="2026-12-31")
        page = upload.client.get(reverse("directory:sheet", args=[upload.pk]))

        assert confirmation.context["losses"]
        assert page.context["losses"] == [
            replace(loss, names=list(loss.names)) for loss in confirmation.context["losses"]
        ]
        assert "Plus personne n'y répondra" in text(page)

    def test_open_requests_that_depend_on_it_are_listed(self, commit):
        request = commit(send, "trouver-candidats", now=timezone.now())
        code = Match.objects.active().filter(need__solicitation=request).first().expert.office.code
        upload = read(sent(staff("27"), self.closed(code)))

        page = text(upload.client.get(reverse("directory:sheet", args=[upload.pk])))

        assert "Demandes ouvertes qui en dépendent" in page
        assert request.reference in page

    def test_a_whole_that_lacks_the_office_says_it_too(self):
        upload = read(sent(staff("27"), whole="region:27"))

        page = upload.client.get(reverse("directory:sheet", args=[upload.pk]))

        assert "Plus personne n'y répondra" in text(page)
        assert len(page.context["losses"]) > 5
