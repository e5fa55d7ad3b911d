"""Django's admin: accounts, for the national team."""

import pytest
from django.contrib import admin
from django.urls import reverse

from experts.models import Absence, Expert, Institution, Office, Subject
from territories.models import Area, Region
from tests.experts.factories import NationalFactory, RegionalFactory, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture
def national():
    return signed_in(NationalFactory())


@pytest.fixture
def regional():
    return signed_in(RegionalFactory(region=Region.objects.get(code="27")))


PAGES = [
    f"admin:{model}_changelist"
    for model in (
        "experts_user", "directory_directoryimport",
    )
]  # fmt: skip


@pytest.mark.parametrize("view", PAGES)
def test_national_team_opens_every_list(national, view):
    assert national.get(reverse(view)).status_code == 200


@pytest.mark.parametrize(
    "view",
    [
        "admin:experts_user_changelist",
    ],
)
def test_regional_staff_do_not_see_the_tables_of_the_national_team(regional, view):
    assert regional.get(reverse(view)).status_code == 403


@pytest.mark.parametrize(
    "model",
    [Absence, Area, Expert, Institution, Office, Subject],
    ids=lambda model: str(model._meta.model_name),
)
def test_the_directory_and_the_catalogue_have_their_own_pages(model):
    """One editor: a change made elsewhere would be in no journal."""
    assert not admin.site.is_registered(model)
