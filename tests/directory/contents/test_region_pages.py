"""Pages of a region: contact, links, openings by date, and the demand it could not take."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from directory.models import ContentRevision
from experts.models import RegionalLink, RegionDetails, Subject
from solicitations.models import MissedDemand, Opening
from territories.models import Commune

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

REGION = "/annuaire/region/27/"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
BEFORE, TODAY, AFTER = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


def post_links(client, *links: tuple[str, str, str], **others: str):
    posted = {**others, "liens-TOTAL_FORMS": len(links), "liens-INITIAL_FORMS": 0}
    for number, (label, url, subject) in enumerate(links):
        posted |= {
            f"liens-{number}-label": label,
            f"liens-{number}-url": url,
            f"liens-{number}-subject": subject,
        }
    return client.post(f"{REGION}liens/", posted)


class TestRights:
    @pytest.mark.parametrize("page", ["", "coordonnees/", "liens/"])
    def test_region_edits_its_own_and_the_national_team_all(self, as_regional, as_national, page):
        assert as_regional.get(REGION + page).status_code == 200
        assert as_regional.get(f"/annuaire/region/11/{page}").status_code == 404
        assert as_national.get(f"/annuaire/region/11/{page}").status_code == 200
        assert as_national.get(f"/annuaire/region/00/{page}").status_code == 404

    def test_only_the_national_team_opens_and_closes(self, as_regional, as_national):
        assert as_regional.get(f"{REGION}ouverture/").status_code == 404
        assert as_regional.post(f"{REGION}ouverture/", {"state": "closed"}).status_code == 404
        as_national.post(f"{REGION}ouverture/", {"state": "closed"})
        revision = ContentRevision.objects.get()

        assert as_regional.post(f"{REGION}annuler/{revision.pk}/").status_code == 404
        assert not Opening.objects.get().is_open

    def test_list_is_the_national_teams(self, as_regional, as_national):
        assert as_regional.get("/annuaire/region/").headers["Location"] == REGION
        assert "Bretagne" in as_national.get("/annuaire/region/").content.decode()


class TestContact:
    def test_contact_is_saved_and_undone(self, as_regional):
        as_regional.post(
            f"{REGION}coordonnees/", {"name": "DREETS", "phone": "0380123456", "hours": "de 9 h à 12 h"}
        )
        details = RegionDetails.objects.get(region_id="27")
        assert (details.name, details.phone) == ("DREETS", "03 80 12 34 56")

        as_regional.post(f"{REGION}annuler/{ContentRevision.objects.get().pk}/")

        details.refresh_from_db()
        assert (details.name, details.phone, details.hours) == ("", "", "")

    def test_phone_is_checked(self, as_regional):
        page = as_regional.post(f"{REGION}coordonnees/", {"phone": "03 80 00"})

        assert "Indiquez un numéro français" in page.content.decode()
        assert not RegionDetails.objects.exists()


class TestLinks:
    def test_links_are_kept_in_their_order_and_empty_lines_ignored(self, as_regional):
        post_links(
            as_regional,
            ("Portail", "https://portail.fr", ""),
            ("", "", ""),
            ("Apprentis", "apprentis.fr", "recruter-apprenti"),
        )

        links = RegionalLink.objects.order_by("position").values_list("label", "url", "subject__slug")
        assert list(links) == [
            ("Portail", "https://portail.fr", None),
            ("Apprentis", "https://apprentis.fr", "recruter-apprenti"),
        ]

    @pytest.mark.parametrize(
        "link",
        [
            ("Sans adresse", "", ""),
            ("", "https://sans-nom.fr", ""),
            ("X", "javascript:alert(1)", ""),
            ("X", "https://jean@exemple.fr", ""),
            ("X", "https://exemple.fr", "inconnu"),
        ],
    )
    def test_half_or_odd_link_is_refused(self, as_regional, link):
        assert post_links(as_regional, link).status_code == 200
        assert not RegionalLink.objects.exists()


class TestTwoPeople:
    """A colleague's change while the form was open is kept, or shown before it is replaced."""

    def test_two_fields_are_merged(self, as_regional, as_national):
        path = f"{REGION}coordonnees/"
        seen = as_regional.get(path).context["seen"]
        as_national.post(path, {"name": "", "phone": "0380123456", "hours": ""})

        answer = as_regional.post(path, {"name": "DREETS", "phone": "", "hours": "", "seen": seen})

        details = RegionDetails.objects.get(region_id="27")
        assert answer.status_code == 302
        assert (details.name, details.phone) == ("DREETS", "03 80 12 34 56")

    def test_one_field_twice_is_shown_then_replaced(self, as_regional, as_national):
        path = f"{REGION}coordonnees/"
        seen = as_regional.get(path).context["seen"]
        as_national.post(path, {"name": "Direction", "phone": "0380123456", "hours": ""})
        typed = {"name": "DREETS", "phone": "", "hours": ""}

        page = as_regional.post(path, {**typed, "seen": seen})

        assert RegionDetails.objects.get(region_id="27").name == "Direction"
        assert {(one.label, one.after) for one in page.context["meanwhile"]} == {
            ("Nom affiché", "Direction"), ("Téléphone", "03 80 12 34 56")
        }  # fmt: skip
        assert page.context["form"]["name"].value() == "DREETS"
        assert page.context["form"]["phone"].value() == "03 80 12 34 56"
        shown = {"phone": page.context["form"]["phone"].value(), "seen": page.context["seen"]}
        as_regional.post(path, {**typed, **shown})
        details = RegionDetails.objects.get(region_id="27")
        assert (details.name, details.phone) == ("DREETS", "03 80 12 34 56")

    def test_a_mistake_shows_what_a_colleague_changed_and_what_was_typed(self, as_regional, as_national):
        path = f"{REGION}coordonnees/"
        seen = as_regional.get(path).context["seen"]
        as_national.post(path, {"name": "Direction", "phone": "", "hours": "lundi"})

        page = as_regional.post(path, {"name": "", "phone": "12", "hours": "", "seen": seen})

        assert page.context["form"]["phone"].errors
        shown = {name: page.context["form"][name].value() for name in ("name", "phone", "hours")}
        assert shown == {"name": "Direction", "phone": "12", "hours": "lundi"}
        shown |= {"phone": "0380123456", "hours": "", "seen": page.context["seen"]}
        as_regional.post(path, shown)
        details = RegionDetails.objects.get(region_id="27")
        assert (details.name, details.phone, details.hours) == ("Direction", "03 80 12 34 56", "")

    def test_links_typed_are_not_lost(self, as_regional, as_national):
        seen = as_regional.get(f"{REGION}liens/").context["seen"]
        post_links(as_national, ("Le guide", "https://guide.example.org", ""))

        page = post_links(as_regional, ("Le mien", "https://mien.example.org", ""), seen=seen)

        assert RegionalLink.objects.get().label == "Le guide"
        assert page.context["formset"][0]["label"].value() == "Le mien"
        assert page.context["meanwhile"]

    def test_two_themes_are_closed_by_two_people(self, as_national):
        path = f"{REGION}ouverture/recrutement/"
        seen = as_national.get(path).context["seen"]
        as_national.post(f"{REGION}ouverture/", {"state": "open", "closes_on": "2027-01-01"})

        page = as_national.post(path, {"state": "closed", "seen": seen})
        as_national.post(path, {"state": "closed", "seen": page.context["seen"]})

        assert {opening.theme and opening.theme.slug for opening in Opening.objects.all()} == {
            None, "recrutement"
        }  # fmt: skip


class TestOpenings:
    def test_theme_closes_and_opens_again_by_undo(self, as_national):
        path = f"{REGION}ouverture/recrutement/"
        as_national.post(path, {"state": "open", "closes_on": "2026-01-01", "explanation": "Travaux."})
        opening = Opening.objects.get()
        assert (opening.theme.slug, opening.is_open_on(timezone.now())) == ("recrutement", False)
        assert "Travaux." in as_national.get(REGION).content.decode()

        as_national.post(f"{REGION}annuler/{ContentRevision.objects.get().pk}/")

        assert not Opening.objects.exists()

    def test_same_day_twice_is_refused(self, as_national):
        posted = {"state": "open", "opens_on": "2027-01-01", "closes_on": "01/01/2027"}

        assert "le même jour" in as_national.post(f"{REGION}ouverture/", posted).content.decode()
        assert not Opening.objects.exists()

    @pytest.mark.parametrize(
        ("is_open", "opens_on", "closes_on", "expected"),
        [
            (True, None, None, True),
            (False, None, None, False),
            (True, TODAY, None, True),
            (True, AFTER, None, False),
            (True, None, TODAY, False),
            (True, None, AFTER, True),
            (True, BEFORE, AFTER, True),
            (True, BEFORE, TODAY, False),
            (True, AFTER, BEFORE, False),  # a break
            (True, TODAY, BEFORE, True),  # a break that is over
            (True, AFTER + timedelta(days=1), AFTER, True),  # a break to come
        ],
    )
    def test_opening_follows_its_dates(self, is_open, opens_on, closes_on, expected):
        opening = Opening(region_id="27", is_open=is_open, opens_on=opens_on, closes_on=closes_on)

        assert opening.is_open_on(NOON) is expected

    @pytest.mark.parametrize(("region", "hours"), [("27", 0), ("04", -3), ("02", 5), ("975", 4)])
    def test_day_begins_at_midnight_of_the_region(self, region, hours):
        opening = Opening(region_id=region, opens_on=TODAY)
        midnight = datetime.combine(TODAY, time(), tzinfo=ZoneInfo("Europe/Paris")) + timedelta(hours=hours)

        assert not opening.is_open_on(midnight - timedelta(minutes=1))
        assert opening.is_open_on(midnight)

    def test_demand_recorded_meanwhile_is_shown(self, as_regional):
        asked = Subject.objects.get(slug="licenciement")
        for days in (1, 400):
            MissedDemand.objects.create(
                region_id="27",
                commune=Commune.objects.get(pk="21231"),
                subject=asked,
                at=timezone.now() - timedelta(days=days),
            )

        assert as_regional.get(REGION).context["missed"] == [(asked, 1, 2)]
