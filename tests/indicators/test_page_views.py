"""Views of the public pages, as staff read them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from indicators.models import PageViews
from tests.experts.factories import NationalFactory, signed_in

pytestmark = pytest.mark.django_db


def test_views_add_up_over_a_week_and_a_month():
    today = timezone.localdate()
    for days in (0, 0, 10, 40):
        PageViews.objects.add_one("who_can_help theme-recrutement", on=today - timedelta(days=days))

    page = signed_in(NationalFactory()).get("/frequentation/")

    [row] = page.context["rows"]
    assert (row.label, row.week, row.month) == ("Qui peut aider\u00a0?, theme recrutement", 2, 3)


def test_page_is_for_staff(client):
    assert client.get("/frequentation/").status_code == 302
