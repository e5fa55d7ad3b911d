"""The public API of the catalogue: keys, order, errors, caches, limits, documentation."""

import json

import pytest
from django.core.cache import cache
from django.core.management import call_command

from experts.api.views import CatalogueThrottle
from experts.models import Institution, Subject, Theme

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture(autouse=True)
def no_limit_reached():
    cache.clear()


def read(client, path: str, **query: str):
    return client.get(f"/api/v1/{path}", query)


def test_themes_in_the_order_of_the_home_page(client):
    themes = read(client, "themes/").json()

    assert len(themes) == 12
    assert themes[0].keys() >= {"slug", "title"}
    assert themes[0]["slug"] == "recrutement"


def test_subjects_with_their_theme_and_institutions(client):
    subjects = {subject["slug"]: subject for subject in read(client, "subjects/").json()}

    assert len(subjects) == 81
    assert (
        subjects["recruter-handicap"].items()
        >= {
            "title": "Recruter une personne en situation de handicap",
            "theme": "recrutement",
            "institutions": ["CAPE", "AGEFIPH"],
        }.items()
    )
    assert subjects["autre"].items() >= {"theme": None, "institutions": []}.items()


def test_groups_are_opened_and_relays_left_out(client):
    subjects = {subject["slug"]: subject for subject in read(client, "subjects/").json()}
    members = list(
        Institution.objects.filter(group__code="OPCO").order_by("position").values_list("code", flat=True)
    )

    institutions = subjects["definir-besoin"]["institutions"]
    assert institutions == ["PE", *members, "ARACT", "MDE"]
    assert "CFA" not in subjects["recruter-apprenti"]["institutions"]


def test_institutions(client):
    institutions = read(client, "institutions/").json()

    assert institutions[0].keys() >= {"code", "name", "summary"}
    assert len(institutions) == Institution.objects.count()


def test_what_left_the_catalogue_is_not_listed(client, now):
    for table in (Theme, Subject, Institution):
        table.objects.update(dropped_at=now)

    assert [read(client, path).json() for path in ("themes/", "subjects/", "institutions/")] == [[], [], []]


@pytest.mark.parametrize("path", ["themes/", "subjects/", "institutions/"])
def test_number_of_queries_is_fixed(client, path, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):  # the limit's cache lies in the database
        read(client, path)


def test_who_would_answer_names_institutions_only(client):
    answer = read(client, "answers/", subject="recruter-handicap", commune="21231").json()

    assert answer["fallback"] is False
    assert answer["institutions"][0] == "CAPE"
    assert "@" not in json.dumps(answer)


def test_who_would_answer_when_nobody_covers_the_subject(client):
    assert read(client, "answers/", subject="autre", commune="21231").json() == {
        "institutions": ["UR"],
        "fallback": True,
    }


def test_former_commune_leads_to_the_current_one(client):
    assert read(client, "answers/", subject="autre", commune="75101").status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "fields"),
    [
        ({}, 400, {"subject", "commune"}),
        ({"subject": "", "commune": ""}, 400, {"subject", "commune"}),
        ({"subject": "autre", "commune": "Dijon"}, 400, {"commune"}),
        ({"subject": "autre", "commune": "2123"}, 400, {"commune"}),
        ({"subject": "x" * 61, "commune": "21231"}, 400, {"subject"}),
        ({"subject": "a\x00", "commune": "21231"}, 400, {"subject"}),
        ({"subject": "inconnu", "commune": "21231"}, 404, {"subject"}),
        ({"subject": "autre", "commune": "99999"}, 404, {"commune"}),
        ({"subject": "inconnu", "commune": "99999"}, 404, {"subject", "commune"}),
    ],
    ids=[
        "nothing",
        "empty",
        "name",
        "short code",
        "long",
        "null",
        "unknown subject",
        "unknown commune",
        "both",
    ],
)
def test_error_is_a_french_sentence_per_field(client, query, status, fields):
    response = read(client, "answers/", **query)

    assert response.status_code == status
    assert response.json().keys() == fields
    assert all(
        sentence[0].isupper() and sentence.endswith((".", "»")) for (sentence,) in response.json().values()
    )


@pytest.mark.parametrize(
    "path", ["themes/", "subjects/", "institutions/", "answers/?subject=autre&commune=21231"]
)
def test_answers_may_be_kept_by_caches_and_set_no_cookie(client, path):
    response = read(client, path)

    assert "public" in response["Cache-Control"]
    assert "max-age=" in response["Cache-Control"]
    assert not response.cookies


def test_error_is_not_kept_by_caches(client):
    assert "Cache-Control" not in read(client, "answers/")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(client, method):
    assert getattr(client, method)("/api/v1/themes/").status_code == 405


def test_too_many_requests_are_told_when_to_come_back(client, monkeypatch):
    monkeypatch.setattr(CatalogueThrottle, "rate", "1/min")
    read(client, "themes/")

    response = read(client, "themes/")

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_schema_is_complete_and_valid(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_schema_is_json(client):
    schema = json.loads(read(client, "schema/").content)

    assert {"/api/v1/answers/", "/api/v1/communes/", "/api/v1/themes/"} <= schema["paths"].keys()


def test_documentation_holds_nothing_inline(client):
    page = read(client, "docs/").content.decode()

    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count("<script src=") == 3
    assert "https://" not in page
