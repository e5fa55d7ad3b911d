"""« Une autre institution, un collègue »: only those who can receive the need are offered."""

from datetime import timedelta

import pytest

from experts.models import Absence, Expert, Institution
from experts.routing import loading
from mailing.models import OutgoingEmail
from solicitations.actions import expert_answers, receivers
from solicitations.lifecycle import MatchState
from tests.solicitations.factories import match
from tests.workspace.conftest import answer_path, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert_match(sent):
    return match(sent, "recrutement@france-travail")


@pytest.fixture
def colleague(expert_match) -> Expert:
    return Expert.objects.create(
        office=expert_match.expert.office,
        name="Karim Dubois",
        email="karim.dubois@france-travail.example.org",
        phone="03 80 12 34 56",
        source="hand",
    )


def action_path(row, act: str = "orienter") -> str:
    return f"besoins/{row.pk}/{act}/"


def offered(page) -> str:
    return page.content.decode().partition("<select")[2].partition("</select>")[0]


def folded(page) -> str:
    return page_text(page).partition("sans personne pour ce besoin")[2].partition("L'une d'elles devrait")[0]


class TestInstitutions:
    def test_each_one_offered_receives_the_need(self, client, commit, expert_match, sent, now):
        able = receivers.of_subjects(sent, ["trouver-candidats"], now=now)["trouver-candidats"].able
        page = offered(client.get(answer_path(expert_match.mailbox)))
        shown = [row for row in able if f'value="{row.institution.pk}"' in page]
        assert shown

        for row in shown:
            commit(
                expert_answers.bring_in,
                expert_match,
                row.institution,
                comment="",
                by=expert_match.mailbox,
                now=now,
            )

        assert expert_match.introduces.count() >= len(shown)

    def test_each_one_comes_with_its_office_and_expert(self, client, expert_match, sent, now):
        able = receivers.of_subjects(sent, ["trouver-candidats"], now=now)["trouver-candidats"].able
        geiq = next(row for row in able if row.institution.code == "GEIQ")

        page = client.get(answer_path(expert_match.mailbox))

        assert geiq.offices[0] in geiq.label
        assert geiq.people[0] in geiq.label
        assert geiq.label.replace("'", "&#x27;") in offered(page)

    def test_the_others_are_folded_away_with_the_reason(self, client, expert_match, sent, now):
        others = receivers.of_subjects(sent, ["trouver-candidats"], now=now)["trouver-candidats"].others
        page = client.get(answer_path(expert_match.mailbox))

        assert others
        for institution, _ in others:
            assert f'value="{institution.pk}"' not in offered(page)
            assert institution.name in folded(page)
        assert "ne traite pas ce sujet" in folded(page)

    def test_one_without_anybody_today_is_not_offered(self, client, expert_match, now):
        target = Institution.objects.get(code="GEIQ")
        Expert.objects.filter(office__institution=target).update(is_paused=True)

        page = client.get(answer_path(expert_match.mailbox))

        assert f'value="{target.pk}"' not in offered(page)
        assert target.name in folded(page)

    def test_chosen_from_an_older_page_it_is_refused_and_nothing_changes(self, client, submit, expert_match):
        target = Institution.objects.get(code="GEIQ")
        page = client.get(answer_path(expert_match.mailbox))
        Expert.objects.filter(office__institution=target).update(is_paused=True)

        again = submit(
            expert_match.mailbox,
            action_path(expert_match),
            page=page,
            institution=str(target.pk),
            way="hand_over",
            word="Là ?",
        )

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT
        assert "Choisissez une institution dans la liste." in page_text(again)
        assert "Là ?" in page_text(again)

    def test_they_are_found_in_a_fixed_number_of_queries(self, sent, django_assert_num_queries, now):
        institutions = list(Institution.objects.values_list("code", flat=True))
        commune, today = sent.commune, sent.today(now)

        with django_assert_num_queries(4):
            loading.decide_for_each_institution(
                institutions,
                subjects=["trouver-candidats", "licenciement"],
                commune=commune,
                facts=sent.facts,
                on=today,
            )


class TestColleagues:
    def test_a_colleague_of_the_office_is_offered_and_gets_the_need(
        self, client, submit, expert_match, colleague
    ):
        assert "Karim Dubois" in offered(client.get(answer_path(expert_match.mailbox)))

        page = submit(
            expert_match.mailbox,
            action_path(expert_match),
            institution=f"collegue-{colleague.pk}",
            way="hand_over",
            word="À toi.",
        )

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.REPLACED
        assert "Vous avez passé ce besoin à : Karim Dubois" in page_text(page)
        assert expert_match.introduces.get().expert == colleague

    def test_the_colleague_reads_who_passed_it_on(self, submit, expert_match, colleague):
        typed = {"institution": f"collegue-{colleague.pk}", "way": "bring_in", "word": "Avec moi ?"}
        submit(expert_match.mailbox, action_path(expert_match), **typed)

        mail = OutgoingEmail.objects.get(to=colleague.email)
        assert mail.context["why"] == [f"{expert_match.expert.name} demande votre renfort."]
        assert mail.context["word"] == "Avec moi ?"

    def test_undoing_withdraws_it_from_them(self, submit, expert_match, colleague):
        page = submit(
            expert_match.mailbox,
            action_path(expert_match),
            institution=f"collegue-{colleague.pk}",
            way="hand_over",
        )

        submit(expert_match.mailbox, action_path(expert_match, "annuler"), page=page)

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT
        assert expert_match.introduces.get().state == MatchState.WITHDRAWN

    @pytest.mark.parametrize("away", ["paused", "bouncing", "left", "absent", "dropped", "same mailbox"])
    def test_one_who_would_not_read_it_is_not_offered(
        self, client, submit, expert_match, colleague, away, now
    ):
        if away == "absent":
            on = now.date()
            Absence.objects.create(expert=colleague, from_on=on, to_on=on + timedelta(days=3))
        changes = {
            "paused": {"is_paused": True},
            "bouncing": {"is_bouncing": True},
            "left": {"left_at": now},
            "absent": {},
            "dropped": {"dropped_at": now, "source": "file"},
            "same mailbox": {"office": expert_match.expert.office},
        }
        Expert.objects.filter(pk=colleague.pk).update(**changes[away])
        if away == "same mailbox":
            expert_match.mailbox.email = colleague.email
            expert_match.mailbox.save()

        page = client.get(answer_path(expert_match.mailbox))
        assert "Karim Dubois" not in offered(page)

        submit(
            expert_match.mailbox,
            action_path(expert_match),
            institution=f"collegue-{colleague.pk}",
            way="hand_over",
        )
        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT

    def test_one_of_another_office_is_not(self, submit, expert_match, sent):
        stranger = match(sent, "entreprises@mission-locale").expert

        submit(
            expert_match.mailbox,
            action_path(expert_match),
            institution=f"collegue-{stranger.pk}",
            way="bring_in",
        )

        assert not expert_match.introduces.exists()
