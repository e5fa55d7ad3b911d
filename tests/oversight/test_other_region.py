"""A held duplicate of another region's request: nothing is written there, its staff are alerted."""

import pytest

from experts.models import Office, User
from mailing.models import OutgoingEmail
from solicitations.actions import company_requests, staff_actions
from solicitations.dispatch import holding, routing
from solicitations.lifecycle import AlertCause, ClosedReason, EventKind, RequestState
from solicitations.models import Solicitation
from territories.models import Region
from tests.attacks.sample_data import database_digest
from tests.experts.factories import signed_in
from tests.solicitations.factories import TEXT, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

WORDS = "Je précise : un plaquiste aussi, et vite."


@pytest.fixture
def duplicate(commit, sent, today) -> Solicitation:
    """A request of Corsica, held because the same company has one in Bourgogne."""
    second = commit(send, now=today, commune="2A004", text=WORDS)
    commit(routing.route_safely, second.pk, now=today)
    commit(holding.report_held, second.pk, now=today)
    second.refresh_from_db()
    assert (second.state, second.duplicate_of, second.region_id) == (RequestState.HELD, sent, "94")
    return second


@pytest.fixture
def press(django_capture_on_commit_callbacks):
    """Press the button of the merge, and return the text of the page that follows."""

    def pressed(client, solicitation) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(f"/demandes/{solicitation.reference}/reunir/", follow=True)
        solicitation.refresh_from_db()
        return answer.content.decode().replace("&#x27;", "'")

    return pressed


def page_of(client, solicitation) -> str:
    return client.get(f"/demandes/{solicitation.reference}/").content.decode().replace("&#x27;", "'")


def test_nothing_is_written_into_the_request_that_staff_may_not_see(
    as_other_regional, sent, duplicate, press
):
    events, mails = sent.events.count(), OutgoingEmail.objects.about(f"request:{sent.pk}")
    before = set(mails.exclude(template__endswith="/alert").values_list("pk", flat=True))

    text = press(as_other_regional, duplicate)

    assert "relève d'une autre région : rien n'y a été écrit" in text
    assert not sent.additions.exists()
    assert sent.events.count() == events
    assert set(mails.exclude(template__endswith="/alert").values_list("pk", flat=True)) == before
    assert duplicate.state == RequestState.HELD


def test_its_region_is_alerted_in_its_list_and_by_mail_without_a_word_of_the_company(
    as_other_regional, as_regional, regional, sent, duplicate, press
):
    press(as_other_regional, duplicate)

    alert = sent.alerts.open().get()
    assert (alert.cause, alert.details) == (AlertCause.SIMILAR, f"{duplicate.reference} (Corse)")
    [mail] = OutgoingEmail.objects.filter(key__startswith=f"alert:{sent.pk}:similar")
    assert mail.to == regional.email
    assert WORDS not in mail.rendered().text
    page = page_of(as_regional, sent)
    assert "Une demande semblable attend dans une autre région" in page
    assert WORDS not in page


def test_is_reported_in_the_history_of_the_held_one_and_once(
    as_other_regional, other_regional, sent, duplicate, press
):
    press(as_other_regional, duplicate)
    sent.alerts.open().update(settled_at=sent.submitted_at)
    before = database_digest()

    press(as_other_regional, duplicate)

    assert duplicate.events.get(kind=EventKind.OTHER_REGION_TOLD).by_user == other_regional
    assert before == database_digest()


def test_the_page_offers_to_tell_the_other_region_and_not_to_merge(as_other_regional, as_national, duplicate):
    assert "Prévenir l'autre région" in page_of(as_other_regional, duplicate)
    assert "Réunir à la première demande" not in page_of(as_other_regional, duplicate)
    assert "Réunir à la première demande" in page_of(as_national, duplicate)


def test_the_national_team_merges_over_regions(as_national, sent, duplicate, press):
    press(as_national, duplicate)

    assert sent.additions.get().body == WORDS
    assert duplicate.closed_reason == ClosedReason.DUPLICATE


def test_a_first_request_without_region_is_the_national_team_s(
    commit, as_other_regional, sent, duplicate, press
):
    """A request of some collectivities overseas."""
    team = User.objects.create_user("nationale@equipe.example.org", role=User.Role.NATIONAL)
    Office.objects.filter(is_fallback=True).update(is_fallback=False)
    Solicitation.objects.filter(pk=sent.pk).update(region=None)

    press(as_other_regional, duplicate)

    [mail] = OutgoingEmail.objects.filter(key__startswith=f"alert:{sent.pk}:similar")
    assert mail.to == team.email
    assert not sent.additions.exists()


@pytest.mark.parametrize(
    ("first_in", "second_in", "named"),
    [
        ("2A004", "21317", "Bourgogne-Franche-Comté"),
        ("21317", "97411", "La Réunion"),
        ("75056", "21317", "Bourgogne-Franche-Comté"),
        ("97701", "2A004", "Corse"),
    ],
    ids=["Corsica first", "overseas second", "Paris first", "a first one without region"],
)
def test_staff_write_into_what_they_see_alone_whatever_the_order(
    commit, today, press, first_in, second_in, named
):
    first, second = [
        commit(send, now=today, commune=code, text=text)
        for code, text in ((first_in, TEXT), (second_in, WORDS))
    ]
    assert (second.state, second.duplicate_of) == (RequestState.HELD, first)
    here, there = [
        signed_in(
            User.objects.create_user(
                f"r{code}@equipe.example.org", role="region", region=Region.objects.get(pk=code)
            )
        )
        for code in (second.region_id, first.region_id or "53")
    ]
    before = database_digest()

    assert here.post(f"/demandes/{first.reference}/reunir/").status_code == 404
    assert there.post(f"/demandes/{second.reference}/reunir/").status_code == 404
    assert before == database_digest()
    press(here, second)

    alert = first.alerts.open().get()
    assert (alert.cause, alert.details) == (AlertCause.SIMILAR, f"{second.reference} ({named})")
    assert not first.additions.exists()
    assert second.state == RequestState.HELD


@pytest.mark.parametrize("ended", ["first", "second", "first, by staff"])
def test_nothing_is_merged_once_one_of_the_two_is_over(
    commit, as_other_regional, as_national, duplicate, press, ended
):
    now, first = duplicate.submitted_at, duplicate.duplicate_of
    if ended == "first, by staff":
        national = User.objects.get(role=User.Role.NATIONAL)
        commit(staff_actions.close, first, message="Déjà vue.", by=national, now=now)
    else:
        commit(company_requests.cancel, first if ended == "first" else duplicate, now=now)
    before = database_digest()

    for client in (as_other_regional, as_national):
        assert "Rien n'a été fait" in press(client, duplicate)
    assert before == database_digest()


def test_a_merge_within_the_region_is_as_before(as_regional, commit, sent, today, press):
    second = commit(send, now=today, text=WORDS)

    assert f"ajouté à la demande {sent.reference}" in press(as_regional, second)
    assert TEXT in page_of(as_regional, sent)
    assert sent.additions.get().body == WORDS
