"""The error pages: our layout, in French, and without a database."""

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import include, path


@login_not_required
def refuse(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


@login_not_required
def suspect(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


@login_not_required
def post(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("refuse/", refuse),
    path("suspect/", suspect),
    path("post/", post),
    path("", include("portal.urls")),
]


def assert_is_ours(response: HttpResponse, status: int, sentence: str) -> None:
    page = response.content.decode()
    assert response.status_code == status
    assert sentence in page
    assert "fr-logo" in page
    assert page.count("<h1") == 1


@pytest.mark.urls(__name__)
def test_bad_request(client):
    assert_is_ours(client.get("/suspect/"), 400, "pas compris")


@pytest.mark.urls(__name__)
def test_forbidden(client):
    assert_is_ours(client.get("/refuse/"), 403, "Cette page ne vous est pas ouverte")


@pytest.mark.urls(__name__)
def test_form_without_its_token(client):
    response = Client(enforce_csrf_checks=True).post("/post/")

    assert_is_ours(response, 403, "Cette page est restée ouverte trop longtemps")


def test_unknown_page(client):
    assert_is_ours(client.get("/nulle-part/"), 404, "Cette page n'existe pas")


def test_too_many_attempts(rf):
    page = render_to_string("429.html", request=rf.get("/"))

    assert "attendez quelques minutes" in page


def test_incident_page_needs_no_database(client):
    """Without the database marker any query raises: the home page fails, its error page does not."""
    client.raise_request_exception = False

    response = client.get("/")

    assert_is_ours(response, 500, "Le service rencontre un incident")


@pytest.mark.parametrize(
    "path_", ["/contact/", "/mentions-legales/", "/donnees-personnelles/", "/accessibilite/"]
)
def test_page_about_the_service_needs_no_database(client, path_):
    assert client.get(path_).status_code == 200


def test_unknown_address_of_the_api_answers_in_json(client):
    response = client.get("/api/v1/rien/")

    assert response.status_code == 404
    assert response.json() == {"detail": "Cette adresse n'existe pas."}
