"""Rights on the directory as one table: each address × who opens it. A new address must have its line."""

import pytest
from django.test import Client
from django.utils import timezone

from directory.models import ContentKind, ContentRevision, RecordRemark
from directory.own_record import record_links
from directory.sheet_upload import SheetUpload
from experts.changes import applying, editing, snapshot
from experts.changes.row_plans import Plan
from experts.models import Cause, Expert, Office, RevisedRow, Revision, User
from territories.models import Area
from tests.attacks.addresses import PARAMETER, every_address
from tests.directory.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

# Answers to the staff of another region that the office reaches, of its region, of the nation. Visitors
# and experts by their link are asked to sign in, everywhere.
LISTS = (200, 200, 200)
OURS = (404, 200, 200)  # forms of plans, their previews, exports and journal
NOTHING_TO_DO = (404, 302, 302)  # an open office is not reopened; nobody has left
ACTS = (404, 302, 302)  # posted
NATIONAL = (404, 404, 200)
NOT_OF_THE_REGION = (404, 302, 200)  # the file gives the office an area beyond the region

RIGHTS = {
    **dict.fromkeys(
        (
            *("offices", "experts", "simulator", "new_office", "coverage"),
            *("office", "verification", "skills", "zones", "new_zone", "journal", "sheets"),
            *("public_offices", "modele_xlsx", "annuaire_xlsx", "annuaire_csv", "trous_xlsx", "trous_csv"),
        ),
        LISTS,
    ),
    **dict.fromkeys(
        (
            *("region_coverage", "office_contact"),
            *("office_areas", "office_criteria", "office_role", "office_agreement", "close_office"),
            *("merge_offices", "verify_office", "new_expert", "expert", "region", "region_contact"),
            *("region_links", "expert_record", "expert_subjects", "expert_areas", "expert_absence"),
            *("expert_departure", "expert_pause", "expert_move", "verify_expert", "expert_address"),
            *("merge_experts", "skills_cell", "zone", "zone_change", "accept_zone_file", "revision", "sheet"),
        ),
        OURS,
    ),
    **dict.fromkeys(
        ("reopen_office", "expert_successor", "expert_return", "expert_address_works"), NOTHING_TO_DO
    ),
    **dict.fromkeys(("resolve_remark", "region_undo", "make_successor", "apply_sheet", "cancel_sheet"), ACTS),
    **dict.fromkeys(
        (
            *("region_opening", "region_theme_opening"),
            *("catalogue", "catalogue_journal", "catalogue_add", "catalogue_row"),
        ),
        NATIONAL,
    ),
    **dict.fromkeys(("coverage_csv", "coverage_xlsx"), LISTS),
    **dict.fromkeys(("region_coverage_csv", "region_coverage_xlsx"), OURS),
    "accept_file": NOT_OF_THE_REGION,
    "catalogue_undo": (404, 404, 302),
    "regions": (302, 302, 200),
    "remove_absence": (404, 404, 404),  # nobody is absent that day
}
POSTED = {"resolve_remark", "region_undo", "make_successor", "apply_sheet", "cancel_sheet", "catalogue_undo"}
QUERIES = {"skills_cell": "?institution=PE&sujet=trouver-candidats&region=27"}


@pytest.fixture
def expert(db) -> Expert:
    office = Office.objects.get(code="PE-DIJON")
    office.areas.add(Area.objects.get(kind="region", code="94"))
    return office.experts.earliest("pk")


@pytest.fixture
def paths(expert, regional, commit, now) -> dict[str, str]:
    """The path of each address of the directory, by name, to objects of region 27."""
    found = _objects(expert, regional, commit, now)
    values = {
        "code": "PE-DIJON", "slug": Area.objects.filter(kind="zone").earliest("pk").code,
        "kind": "subject", "key": "trouver-candidats", "day": "2026-12-01", "pk": expert.pk,
    }  # fmt: skip
    paths = {}
    for address in every_address():
        if not address.route.startswith("annuaire/"):
            continue
        name = address.name.partition(":")[2]
        own = values | found.get(name, {})
        if name.startswith("region"):
            own |= {"code": "27", "slug": "recrutement"}
        path = PARAMETER.sub(lambda match, own=own: str(own[match[1]]), address.route)
        paths[name] = f"/{path}{QUERIES.get(name, '')}"
    return paths


def _objects(expert: Expert, author: User, commit, now) -> dict[str, dict[str, object]]:
    """Values of the addresses that name something else than an expert."""
    stored = snapshot.load(offices=[expert.office_id]).offices["PE-DIJON"]
    plan = Plan(offices=(editing.change("PE-DIJON", stored, {"phone": "03 80 00 00 09"}),))
    revision: Revision = commit(applying.apply, plan, cause=Cause.PAGE, now=now, author=author)
    zone = Area.objects.filter(kind="zone").earliest("pk")
    revision.rows.create(
        kind="zone", row_pk=zone.pk, before={"source": "file"}, after={"source": "hand"}, label=zone.name
    )
    Area.objects.filter(pk=zone.pk).update(source="hand")
    sheets = [
        SheetUpload.objects.create(
            author=author, region_id="27", file_name="f.csv", content=b"x", sent_at=now, state="ready",
            report={"counts": {}},
        )
        for _ in range(2)
    ]  # fmt: skip
    remark = RecordRemark.objects.create(expert=expert, region_id="27", body="…", at=now)
    of_region, of_catalogue = (
        ContentRevision.objects.create(
            made_at=now, author=author, kind=kind, key=key, label="x", before=before, after=after
        )
        for kind, key, before, after in (
            (ContentKind.REGION, "27", {"name": "", "phone": ""}, {"name": "x", "phone": ""}),
            (ContentKind.THEME, "recrutement", {"label": "x"}, {"label": "y"}),
        )
    )
    return {
        "revision": {"pk": revision.pk},
        "sheet": {"pk": sheets[0].pk},
        "apply_sheet": {"pk": sheets[0].pk},
        "cancel_sheet": {"pk": sheets[1].pk},
        "resolve_remark": {"pk": remark.pk},
        "region_undo": {"pk": of_region.pk},
        "catalogue_undo": {"pk": of_catalogue.pk},
    }


def test_every_address_has_a_line(paths):
    assert set(paths) == set(RIGHTS)


def test_each_page_answers_whom_it_should(paths, expert, as_other_regional, as_regional, as_national):
    by_link, wrong = Client(), {}
    assert by_link.get(record_links.record_url(expert, today=timezone.localdate())).status_code == 200
    rows = RevisedRow.objects.count()
    for name, path in paths.items():
        ask = "post" if name in POSTED else "get"
        staff = (as_other_regional, as_regional, as_national)
        answers = tuple(getattr(client, ask)(path).status_code for client in staff)
        strangers = [getattr(client, ask)(path) for client in (Client(), by_link)]
        if answers != RIGHTS[name]:
            wrong[name] = answers
        if RIGHTS[name][0] == 404 and as_other_regional.post(
            path, {"etape": "confirmer"}
        ).status_code not in {
            404,
            405,
        }:
            wrong[name] = "posted by another region"
        if not all(page.get("Location", "").startswith("/connexion/?next=") for page in strangers):
            wrong[name] = "opened by strangers"

    assert wrong == {}
    assert RevisedRow.objects.count() == rows


def test_a_neighbour_finds_no_person_of_an_office_that_reaches_the_region(as_other_regional, expert):
    emails = list(Expert.objects.filter(office=expert.office_id).values_list("email", flat=True))

    pages = [
        "/annuaire/?q=dijon",
        "/annuaire/referents/?q=dijon",
        "/annuaire/antennes/PE-DIJON/",
        "/annuaire/simulateur/?sujet=trouver-candidats&commune=21231&antenne=PE-DIJON",
        "/annuaire/tableur/annuaire.csv",
    ]
    shown = " ".join(_read(as_other_regional.get(path)) for path in pages)

    assert "France Travail Dijon" in shown
    assert not [email for email in emails if email in shown]


def _read(page) -> str:
    return b"".join(page.streaming_content).decode() if page.streaming else text(page)
