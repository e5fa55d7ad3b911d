"""Access control: every address of an object, requested by everybody who has no right to it."""

import io
import zipfile
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from experts.accounts import limits
from solicitations.models import Event
from tests.attacks.addresses import Address, every_address
from tests.attacks.sample_data import SampleData, database_digest
from tests.experts.factories import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

# Names of the catalogue, which is public.
PUBLIC = {
    "theme",
    "subject",
    "question",
    "who_can_help_department",
    "owners:need",
    "owners:company",
    "owners:contact",
}
PUBLIC |= {"owners:later", "None", "owners:None"}
OF_ONE_REGION = {"directory:region_undo"}  # the two requests are of one region
ADDRESSES = every_address()
BY_LINK = [address for address in ADDRESSES if {"token", "pk"} <= set(address.parameters)]
OF_STAFF = [
    address
    for address in ADDRESSES
    if address.parameters
    and not {"token", "signed"} & set(address.parameters)
    and address.name not in PUBLIC
    and not address.is_admin
]
OF_OURS = ("experts", "territories", "directory", "solicitations")
POSTED = {
    "words": "Attaque",
    "reason": "Attaque",
    "body": "Attaque",
    "marque": "essai",
    "outcome": "helped",
    "phone": "03 80 12 34 56",
    "successor": "Attaque",
    "title": "Attaque",
}


def content_of(response: Any) -> str:
    """Text of a page, or of a file, unpacked when it is a workbook."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    return content.decode()


def responses_without_effect(client: Client, path: str) -> list[Any]:
    """Responses to GET, POST and htmx's POST, none of which may change anything."""
    before = database_digest()
    answers = [
        client.get(path),
        client.post(path, POSTED),
        client.post(path, POSTED, headers={"HX-Request": "true"}),
    ]
    assert database_digest() == before, path
    return answers


def test_the_addresses_of_the_table_are_all_there():
    """Fewer addresses would mean that the URLconf is not read correctly."""
    assert len(BY_LINK) >= 7
    assert len(OF_STAFF) >= 15


def test_an_experts_link_reaches_none_of_what_is_anothers(
    sample_data: SampleData, other: SampleData, monkeypatch
):
    """Needs and experts of another request, or of a colleague in the same one."""
    monkeypatch.setattr(limits, "ACTS_PER_MAILBOX", limits.Limit("acts", 1_000, limits.HOUR))
    colleague = (
        type(sample_data.match)
        .objects.filter(need__solicitation=sample_data.solicitation)
        .exclude(mailbox=sample_data.mailbox)
        .order_by("pk")[0]
    )
    for address in BY_LINK:
        if "originaux/" in address.route:
            continue
        is_post = "postes/" in address.route
        for match in (other.match, colleague):
            if is_post and match.expert_id == sample_data.match.expert_id:
                continue
            pk = match.expert_id if is_post else match.pk
            assert is_not_found(sample_data.path(address, pk=pk)), address
        for pk in (0, 10**15):
            assert is_not_found(sample_data.path(address, pk=pk)), address


def is_not_found(path: str) -> bool:
    """Return whether a page says 404: to a post, or to a reader where nothing can be posted."""
    read, *posted = [answer.status_code for answer in responses_without_effect(Client(), path)]
    return read == 404 if set(posted) == {405} else set(posted) == {404}


def test_an_original_opens_by_a_link_of_its_own_request_alone(sample_data: SampleData, other: SampleData):
    for address in BY_LINK:
        if "originaux/" in address.route:
            pk = other.value(address, "pk")
            assert Client().get(other.path(address)).status_code == 200, address
            assert Client().get(sample_data.path(address, pk=pk)).status_code == 404, address


def test_another_region_reaches_nothing(sample_data: SampleData, other_regional):
    client = signed_in(other_regional)
    for address in OF_STAFF:
        states = {
            answer.status_code for answer in responses_without_effect(client, sample_data.path(address))
        }
        assert 404 in states, address
        assert states <= {404, 405}, address


def test_a_visitor_is_sent_to_sign_in(sample_data: SampleData):
    for address in OF_STAFF:
        answers = [
            answer
            for answer in responses_without_effect(Client(), sample_data.path(address))
            if answer.status_code != 405
        ]
        assert answers, address
        for answer in answers:
            assert leads_to(answer, "/connexion/?next="), address


def test_staff_without_their_second_factor_reach_nothing(sample_data: SampleData, national):
    client = Client()
    client.force_login(national)
    for address in OF_STAFF:
        for answer in responses_without_effect(client, sample_data.path(address)):
            assert answer.status_code == 405 or leads_to(answer, "/connexion/securite/application/"), address


def leads_to(answer, path: str) -> bool:
    """Return whether an answer is a redirection to this path, or shows what was typed with a link to it."""
    if answer.status_code == 403:
        return f'href="{path}' in answer.content.decode() and "Rien n'a été envoyé" in answer.content.decode()
    return answer["Location"].startswith(path)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": ""}], ids=["left", "no role any more"])
def test_an_account_that_ended_reaches_nothing(sample_data: SampleData, national, change):
    """Sessions opened before are refused too."""
    client = signed_in(national)
    type(national).objects.filter(pk=national.pk).update(**change)

    for address in OF_STAFF:
        for answer in responses_without_effect(client, sample_data.path(address)):
            assert answer.status_code in {302, 403, 404, 405}, address
            assert "Location" not in answer or "/connexion/" in answer["Location"], address


def test_what_names_two_things_takes_no_other_pair(sample_data: SampleData, other: SampleData, national):
    """An alert of one request with the reference of another."""
    client = signed_in(national)
    for address in OF_STAFF:
        if len(address.parameters) > 1 and "pk" in address.parameters and address.name not in OF_ONE_REGION:
            path = sample_data.path(address, pk=other.path(address).rstrip("/").rpartition("/")[2])
            assert responses_without_effect(client, path)[1].status_code == 404, address


def test_a_region_finds_nothing_of_another_in_lists(sample_data: SampleData, other_regional):
    client = signed_in(other_regional)
    for path in (
        "/demandes/",
        "/demandes/export.csv",
        "/demandes/export.xlsx",
        "/demandes/reponses-pretes/",
        "/courrier/",
    ):
        for query in (
            "",
            f"?q={sample_data.solicitation.reference}",
            f"?q={sample_data.solicitation.email}",
            "?region=27",
        ):
            page = content_of(client.get(path + query))
            assert sample_data.solicitation.company_name not in page
            assert sample_data.staff_text.title not in page
            assert f"/demandes/{sample_data.solicitation.reference}" not in page
            assert f"/courrier/{sample_data.mail.pk}/" not in page


class TestAdmin:
    """Django's admin: each region sees its own directory."""

    def test_another_region_opens_no_office_nor_expert(self, sample_data: SampleData, other_regional):
        client = signed_in(other_regional)
        for address in ADDRESSES:
            if not address.is_admin or not address.parameters or address.name == "admin:app_list":
                continue
            for answer in responses_without_effect(client, sample_data.path(address)):
                shown = answer.content.decode()
                assert answer.status_code < 500, address
                for secret in (
                    sample_data.expert.email,
                    sample_data.expert.office.email,
                    sample_data.user.email,
                ):
                    assert secret not in shown, address

    def test_choosing_in_a_list_shows_one_region_only(self, sample_data: SampleData, other_regional):
        client = signed_in(other_regional)
        for model in admin.site._registry:  # noqa: SLF001 (there is no public list)
            for field in model._meta.get_fields():
                if not (field.many_to_one or field.many_to_many) or not field.concrete:
                    continue
                query = {
                    "app_label": model._meta.app_label,
                    "model_name": model._meta.model_name,
                    "field_name": field.name,
                    "term": sample_data.expert.name[:4],
                }
                answer = client.get("/admin/autocomplete/", query)
                assert answer.status_code in {200, 403, 404}
                assert str(sample_data.expert.name) not in answer.content.decode(), (model, field)

    def test_tables_of_others_are_closed_to_all_staff(self, national):
        """Second factors, groups and sign-in addresses cannot be read or edited there."""
        client = signed_in(national)
        for model in admin.site._registry:  # noqa: SLF001
            if model._meta.app_label not in OF_OURS:
                path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
                assert client.get(path).status_code == 403, path

    def test_a_region_makes_no_account(self, other_regional):
        client = signed_in(other_regional)
        for path in ("/admin/experts/user/", "/admin/experts/user/add/"):
            assert client.get(path).status_code == 403
            assert client.post(path, {"email": "a@example.org", "role": "national"}).status_code == 403


def test_each_opening_of_a_confidential_request_is_recorded_even_by_the_national_team(
    commit, national, today
):
    sample_data = SampleData.build(commit=commit, user=national, now=today, phone="03 53 02 00 01")
    sample_data.solicitation.is_confidential = True
    sample_data.solicitation.save()

    signed_in(national).get(f"/demandes/{sample_data.solicitation.reference}/")

    assert Event.objects.filter(solicitation=sample_data.solicitation, by_user=national).exists()


def test_addresses_know_their_parameters():
    assert Address("x", "a/<str:token>/b/<int:pk>/").parameters == ("token", "pk")
