"""Django's admin: openings for the national team; requests and mails are not there."""

import pytest

from solicitations.models import Opening
from territories.models import Region

pytestmark = [pytest.mark.reference, pytest.mark.django_db]

OPENINGS = "/admin/solicitations/opening/"


def test_national_team_closes_a_region(as_national):
    posted = {"region": "27", "theme": "", "opens_on": "", "explanation": "Bientôt."}

    assert as_national.post(f"{OPENINGS}add/", posted).status_code == 302

    opening = Opening.objects.get()
    assert (opening.region, opening.is_open) == (Region.objects.get(pk="27"), False)
    assert as_national.get(OPENINGS).status_code == 200


def test_region_does_not_open_itself(as_regional):
    assert as_regional.get(f"{OPENINGS}add/").status_code == 403
    assert as_regional.get(OPENINGS).status_code == 403


@pytest.mark.parametrize("path", ["solicitation", "match", "message", "event"])
def test_requests_are_not_in_the_admin(as_national, path):
    assert as_national.get(f"/admin/solicitations/{path}/").status_code == 404


def test_mails_are_not_in_the_admin(as_national):
    assert as_national.get("/admin/mailing/outgoingemail/").status_code == 404
