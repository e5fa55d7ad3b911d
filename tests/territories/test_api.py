import pytest
from django.core.cache import cache
from django.test import RequestFactory

from territories.api.views import CommuneSearch, CommuneThrottle

pytestmark = [pytest.mark.django_db, pytest.mark.territories]


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def search(**query):
    response = CommuneSearch.as_view()(RequestFactory().get("/api/v1/communes/", query))
    return response.render()


def test_anyone_finds_homonyms_with_their_departments():
    response = search(q="saint-apollinaire")

    assert response.status_code == 200
    assert response.data[:2] == [
        {
            "code": "21540",
            "name": "Saint-Apollinaire",
            "department": "Côte-d'Or",
            "department_code": "21",
            "postcodes": ["21850"],
            "former_name": "",
        },
        {
            "code": "05130",
            "name": "Saint-Apollinaire",
            "department": "Hautes-Alpes",
            "department_code": "05",
            "postcodes": ["05160"],
            "former_name": "",
        },
    ]


def test_answer_may_be_kept_by_anyone_for_an_hour():
    assert search(q="dijon")["Cache-Control"] == "public, max-age=3600"


def test_former_name_is_told():
    assert search(q="lyon 3e").data[0]["former_name"] == "Lyon 3e Arrondissement"


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "   "}, {"q": "a" * 101}, {"q": "\x00"}])
def test_search_without_words_is_refused_in_french(query):
    response = search(**query)

    assert response.status_code == 400
    assert list(response.data) == ["q"]
    assert response.data["q"][0].endswith(".")
    assert "Cache-Control" not in response


def test_too_many_searches_are_told_when_to_come_back(monkeypatch):
    monkeypatch.setattr(CommuneThrottle, "rate", "2/min")

    statuses = [search(q="dijon").status_code for _ in range(2)]
    refused = search(q="dijon")

    assert statuses == [200, 200]
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_communes_are_read_only():
    response = CommuneSearch.as_view()(RequestFactory().post("/api/v1/communes/", {"q": "dijon"}))

    assert response.status_code == 405
