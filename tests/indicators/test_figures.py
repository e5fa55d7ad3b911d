"""« Chiffres »: facts of needs, their figures by place and period, and who reads which."""

import io
from datetime import timedelta

import openpyxl
import pytest
import time_machine

from experts.models import AccessRecord, Seat, Subject
from indicators import need_facts
from indicators.figure_counts import median_of
from indicators.models import FactsState, InstitutionNeed, OfficeNeed, WholeNeed
from solicitations.actions import expert_answers, undoing
from solicitations.lifecycle import ClosedReason, MatchState, RequestState
from solicitations.models import Need, Solicitation, Survey
from territories.models import Region
from tests.experts.factories import NationalFactory, PersonFactory, RegionalFactory, signed_in
from tests.solicitations.factories import blank, match, send
from tests.workspace.conftest import page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
FIRST = "recrutement@france-travail"


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def fill(count, *, now, subject="trouver-candidats", commune="21317", region_code="27", **columns):
    """Write requests of one need each that nobody has answered, without their experts."""
    requests = Solicitation.objects.bulk_create(
        blank(
            commune=commune, now=now, submitted_at=now, region=Region.objects.get(pk=region_code), **columns
        )
        for _ in range(count)
    )
    found = Subject.objects.get(slug=subject)
    Need.objects.bulk_create(Need(solicitation=one, subject=found, position=0) for one in requests)


def facts():
    """Hours of answer and of taking, helped, waiting, useful."""
    [found] = WholeNeed.objects.values_list(
        "answer_hours", "taking_hours", "is_helped", "is_waiting", "was_useful"
    )
    return found


def test_nothing_is_shown_before_the_first_count_and_no_empty_chart_after(now):
    client = signed_in(NationalFactory())
    before = client.get("/chiffres/")
    assert "pas encore comptés" in page_text(before)
    assert "Reçus" not in page_text(before)

    need_facts.refresh(now=now)

    after = client.get("/chiffres/")
    assert "Reçus" in page_text(after)
    assert "<svg" not in after.content.decode()


class TestFacts:
    def test_follow_what_happens_to_a_need(self, commit, now):
        sent = commit(send, now=now)
        need_facts.refresh(now=now)
        assert facts() == (None, None, False, True, None)

        expert_match = match(sent, FIRST)
        expert_answers.move(
            expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + timedelta(minutes=290)
        )
        expert_answers.move(
            expert_match, MatchState.HELPED, by=expert_match.mailbox, now=now + timedelta(days=4)
        )
        Survey.objects.create(
            solicitation=sent, asked_at=now, answered_at=now, was_called=True, usefulness="partly",
            outcome="solved",
        )  # fmt: skip
        need_facts.refresh(now=now)

        assert facts() == (5, 5, True, False, True)
        office = OfficeNeed.objects.get(office=expert_match.expert.office)
        institution = InstitutionNeed.objects.get(institution=expert_match.expert.office.institution)
        assert office.taking_hours == institution.taking_hours == 5
        others = OfficeNeed.objects.exclude(pk=office.pk)
        assert not others.exclude(taking_hours=None).exists()

    def test_an_undone_answer_never_was(self, commit, now):
        sent = commit(send, now=now)
        expert_match = match(sent, FIRST)
        expert_answers.move(
            expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + timedelta(hours=1)
        )
        undoing.undo(expert_match, by=expert_match.mailbox, now=now + timedelta(hours=2))
        expert_answers.move(
            expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + timedelta(hours=9)
        )

        need_facts.refresh(now=now)

        assert facts()[1] == 9

    def test_an_anonymised_request_stays_and_spam_goes(self, now):
        fill(2, now=now)
        kept, spam = Solicitation.objects.order_by("pk")
        need_facts.refresh(now=now)

        Solicitation.objects.filter(pk=spam.pk).update(
            state=RequestState.CLOSED, closed_reason=ClosedReason.SPAM, ended_at=now
        )
        Solicitation.objects.filter(pk=kept.pk).update(state=RequestState.ANONYMISED, ended_at=now)
        for one in (kept, spam):
            one.events.create(kind="closed", at=now)
        need_facts.refresh(now=now)

        assert WholeNeed.objects.get().need.solicitation_id == kept.pk


class TestPages:
    def test_beyond_an_office_numbers_are_rounded_on_the_page_and_in_the_workbook(self, now):
        fill(9, now=now)
        fill(3, now=now, subject="financer-formation")
        fill(44, now=now, subject="recrutement-developpement", commune="25056")
        need_facts.refresh(now=now)
        client = signed_in(NationalFactory())

        page = page_text(client.get("/chiffres/"))
        book = openpyxl.load_workbook(io.BytesIO(client.get("/chiffres/tableaux.xlsx").content))

        assert "Chiffres — France entière, 2026" in page
        assert "Reçus 60" in page
        assert "arrondi à la dizaine" in page
        by_subject = {row[0]: row[1] for row in book["Par sujet"].iter_rows(min_row=2, values_only=True)}
        labels = {one.slug: one.label for one in Subject.objects.all()}
        assert by_subject[labels["recrutement-developpement"]] == 40
        assert labels["financer-formation"] in by_subject
        assert by_subject[labels["financer-formation"]] is None  # among those that are not detailed
        assert by_subject[labels["trouver-candidats"]] == 10
        assert AccessRecord.objects.get(kind=AccessRecord.Kind.EXPORTED).details.startswith(
            "Chiffres, France"
        )

    def test_a_share_of_a_small_rounded_number_is_not_told(self, now):
        fill(94, now=now)
        need_facts.refresh(now=now)
        client = signed_in(NationalFactory())

        def shares():
            return {
                one.measure: one.share for one in client.get("/chiffres/").context["report"].total.figures
            }

        assert shares()["attente"] == ""

        fill(1, now=now)
        need_facts.refresh(now=now)
        FactsState.objects.all().delete()
        need_facts.refresh(now=now)

        assert shares()["attente"] == "100\u00a0%"

    def test_the_list_behind_a_number_does_not_count_confidential_subjects(self, now):
        fill(20, now=now, is_confidential=True)
        Subject.objects.filter(slug="trouver-candidats").update(is_confidential=True)
        need_facts.refresh(now=now)
        client = signed_in(NationalFactory())
        subject = Subject.objects.get(slug="trouver-candidats")

        page = client.get("/chiffres/").content.decode()
        behind = client.get("/chiffres/besoins/", {"chiffre": "recus"}).content.decode()

        assert f"valeur={subject.pk}&" not in page
        assert (
            client.get(f"/chiffres/besoins/?chiffre=recus&par=sujet&valeur={subject.pk}").status_code == 404
        )
        assert "Sujet confidentiel" in behind
        assert subject.label not in behind

    def test_an_office_reads_exact_figures_by_month_and_opens_the_needs(self, commit, now):
        sent = commit(send, now=now)
        expert_match = match(sent, FIRST)
        need_facts.refresh(now=now)
        person = PersonFactory()
        Seat.objects.create(user=person, office=expert_match.expert.office, given_at=now)
        client = signed_in(person)

        page = page_text(client.get("/chiffres/"))
        listed = client.get("/chiffres/besoins/", {"chiffre": "recus"})

        assert f"{expert_match.expert.office.name}, 2026" in page
        assert "Reçus 1 " in page
        assert "Décembre 2026 1" in page
        assert f"/besoins/{expert_match.mailbox_id}/" in listed.content.decode()

    def test_a_hidden_figure_lists_nothing(self, now):
        fill(3, now=now)
        need_facts.refresh(now=now)

        assert signed_in(NationalFactory()).get("/chiffres/besoins/?chiffre=recus").status_code == 404

    def test_each_reads_their_own_places_only(self, client, now):
        region = signed_in(RegionalFactory(region=Region.objects.get(pk="27")))

        assert client.get("/chiffres/").status_code == 302
        assert signed_in(PersonFactory()).get("/chiffres/").status_code in {302, 403}
        assert region.get("/chiffres/?lieu=region-27").status_code == 200
        for other in ("france", "region-84", "antenne-1", "x"):
            assert region.get(f"/chiffres/?lieu={other}").status_code == 404


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param({5: 2, 30: 1}, "5 heures", id="half of them"),
        pytest.param({5: 1, 72: 3}, "3 jours", id="in days from two days on"),
        pytest.param({5: 1, 72: 1, None: 2}, "3 jours", id="exactly half taken"),
        pytest.param({5: 1, 72: 1, None: 3}, "plus de 3 jours", id="more than half waits"),
        pytest.param({None: 3}, "aucune prise en charge", id="nobody took any"),
        pytest.param({}, "", id="none received"),
    ],
)
def test_needs_that_nobody_took_are_the_longest(hours, expected):
    assert median_of(hours).replace("\u00a0", " ") == expected
