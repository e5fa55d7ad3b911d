"""Files of the list: what is filtered and nothing else, no text of a company, no formula."""

import csv
import io
import zipfile
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from oversight import exports
from solicitations.lifecycle import AlertCause
from solicitations.models import Alert, Solicitation
from tests.experts.factories import ExpertFactory, signed_in
from tests.solicitations.factories import TEXT, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

CSV, XLSX = "/demandes/export.csv", "/demandes/export.xlsx"
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULAS = ["=1+1", "+33 1", "-2", "@SUM(A1)", '=HYPERLINK("https://evil.example")', "\uff1d1+1", " =1+1"]


@pytest.fixture
def sent(sent_once):
    return sent_once


def raw(client, path, **query) -> bytes:
    return b"".join(client.get(path, query).streaming_content)


def of_csv(client, **query) -> list[list[str]]:
    """Lines below the headings."""
    text = raw(client, CSV, **query).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))[1:]


def of_xlsx(client, **query) -> list[list[str]]:
    """Lines below the headings; a date is its number."""
    with zipfile.ZipFile(io.BytesIO(raw(client, XLSX, **query))) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 (our own file)
    assert not list(sheet.iter(f"{SPACE}f"))
    rows = [["".join(cell.itertext()) for cell in row.iter(f"{SPACE}c")] for row in sheet.iter(f"{SPACE}row")]
    return rows[1:]


@pytest.fixture(params=[of_csv, of_xlsx], ids=["csv", "xlsx"])
def lines(request):
    return request.param


@pytest.fixture
def other(commit, sent, today) -> Solicitation:
    """A request of another theme and département, an hour later."""
    return commit(
        send, "digitaliser", now=today + timedelta(hours=1), siret="", company_name="Alpha",
        email="x@example.org", commune="71076",
    )  # fmt: skip


def references(found) -> list[str]:
    return [line[0] for line in found]


def test_a_line_says_what_the_list_shows(as_regional, sent, lines):
    [line] = lines(as_regional)

    for cell in (sent.reference, "Peintures Vannier SARL", "000 100 370 00014", "Is-sur-Tille", "Côte-d'Or"):
        assert cell in line
    assert "En attente de réponse" in line
    assert "France Travail" in "".join(line)
    assert len(line) == len(exports.HEADINGS) or "" in line


def test_csv_is_what_a_french_excel_opens(as_regional, sent):
    answer = as_regional.get(CSV)
    content = b"".join(answer.streaming_content)

    assert content.startswith(b"\xef\xbb\xbfR\xc3\xa9f\xc3\xa9rence;Envoy\xc3\xa9e le;")
    assert b"\r\n" in content
    assert "01/12/2026 10:00" in content.decode()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="demandes-2026-12-01.csv"'
    assert "no-store" in answer["Cache-Control"]


def test_dates_of_the_workbook_are_dates(as_regional, sent):
    [line] = of_xlsx(as_regional)

    assert float(line[1]) == pytest.approx(46357 + 10 / 24)


def test_holds_what_the_filters_leave_in_their_order_over_all_pages(
    as_regional, sent, other, lines, monkeypatch
):
    monkeypatch.setattr(exports, "CHUNK", 1)

    assert references(lines(as_regional)) == [other.reference, sent.reference]
    assert references(lines(as_regional, page="2")) == [other.reference, sent.reference]
    assert references(lines(as_regional, tri="anciennes")) == [sent.reference, other.reference]
    assert references(lines(as_regional, q="vannier")) == [sent.reference]
    assert references(lines(as_regional, departement="71")) == [other.reference]
    assert references(lines(as_regional, q="zzz")) == []


def test_a_region_gets_its_own_alone(as_regional, as_other_regional, as_national, sent, commit, lines):
    corsican = commit(send, now=sent.submitted_at, commune="2A004", siret="00010074300012")

    assert references(lines(as_regional)) == [sent.reference]
    assert references(lines(as_other_regional, region="27")) == [corsican.reference]
    assert references(lines(as_national, region="27")) == [sent.reference]


def test_visitor_is_sent_to_sign_in_and_somebody_without_a_role_is_refused(client, sent, django_user_model):
    for path in (CSV, XLSX):
        assert client.get(path).url.startswith("/connexion/")
        expert = ExpertFactory(email=f"{path.rpartition('.')[2]}@example.org")
        nobody = signed_in(django_user_model.objects.create_user(expert.email))
        assert nobody.get(path).status_code == 403


def test_never_a_text_nor_a_contact_nor_the_company_of_a_confidential_request(
    as_regional, confidential, sent, held, lines, today
):
    Alert.objects.create(
        solicitation=confidential, cause=AlertCause.NOT_CALLED, details=confidential.phone, raised_at=today
    )

    found = lines(as_regional)
    everything = str(found)

    for text in (TEXT, "Mon serveur", "a.example.org", confidential.phone, confidential.email, "La gérante"):
        assert text not in everything
    [secret] = [line for line in found if line[0] == confidential.reference]
    assert "Demande confidentielle" in secret
    assert "Vannier" not in str(secret)
    assert "00014" not in str(secret)


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_is_a_formula(as_regional, sent, lines, name):
    Solicitation.objects.filter(pk=sent.pk).update(company_name=name)

    [line] = lines(as_regional)

    assert line[2] == f"'{name}"


@pytest.mark.parametrize(
    "name", ["L'Atelier", "1+1", "a=b", "Dupont; fils", 'Le "Bon" pain', "é\u0301", "'=x"]
)
def test_other_names_stay_as_they_are(as_regional, sent, lines, name):
    Solicitation.objects.filter(pk=sent.pk).update(company_name=name)

    assert lines(as_regional)[0][2] == name


@pytest.mark.parametrize(
    "query", [{"du": "hier"}, {"tri": "x"}, {"du": "2026-12-02", "au": "2026-12-01"}, {"region": "0"}]
)
def test_a_wrong_filter_exports_nothing_and_leads_to_the_list_that_says_so(as_national, sent, query):
    answer = as_national.get(CSV, query, follow=True)

    assert answer.redirect_chain[0][0].startswith("/demandes/?")
    assert "fr-message--error" in answer.content.decode()


def test_a_file_too_long_says_that_it_is_cut(as_regional, sent, other, lines, monkeypatch):
    monkeypatch.setattr(exports, "MAX_IN_CSV", 1)
    monkeypatch.setattr(exports, "MAX_IN_WORKBOOK", 1)

    first, last = lines(as_regional)

    assert first[0] == other.reference
    assert last[0].startswith("Fichier coupé à")


def test_queries_grow_by_the_part_and_not_by_the_line(
    as_regional, commit, sent, today, django_assert_max_num_queries
):
    with django_assert_max_num_queries(20) as few:
        of_csv(as_regional)
    for number in range(4):
        commit(send, "digitaliser", now=today, siret="", email=f"n{number}@example.org")

    with django_assert_max_num_queries(len(few.captured_queries)):
        assert len(of_csv(as_regional)) == 5
