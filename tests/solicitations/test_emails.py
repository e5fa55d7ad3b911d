"""The mails as people read them, rendered from the rows that actions write."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project

from experts.models import Institution, Seat, User
from mailing.models import OutgoingEmail
from mailing.rendering import Rendered, render
from solicitations import reply_addresses, tasks
from solicitations.actions import (
    company_address,
    company_requests,
    expert_answers,
    expert_messages,
    feedback,
    handling,
    staff_actions,
    staff_letters,
    undoing,
)
from solicitations.dispatch import fallback, holding
from solicitations.lifecycle import MatchState
from solicitations.models import AddressChange, Draft, Mailbox, Match, PlannedCall
from tests.solicitations.factories import TEXT, mailbox, match, send
from tests.solicitations.incoming import answer
from workspace import call_planning, call_reminders, record_changes

reference = [pytest.mark.demo_directory, pytest.mark.django_db]
EMAILS = Path(project.BASE_DIR) / "templates/solicitations/emails"
OCCASIONS = sorted(path.name.split(".")[0] for path in EMAILS.glob("*.subject.txt"))
MISSING = "⚠ %s ⚠"
PREHEADER = re.compile(r"<div style=\"display:none[^>]*>(.*?)</div>", re.DOTALL)


def mail(occasion: str, **filters) -> Rendered:
    return OutgoingEmail.objects.filter(template__endswith=f"/{occasion}", **filters).first().rendered()


def sample(occasion: str) -> Rendered:
    context = json.loads((EMAILS / f"{occasion}.sample.json").read_text())
    return render(f"solicitations/emails/{occasion}", context)


def in_order(text: str, *private: str) -> bool:
    """Return ``True`` when these words come in this order."""
    return re.search(".*".join(map(re.escape, private)), text, re.DOTALL) is not None


@pytest.fixture
def sent(commit, now):
    return commit(send, now=now, phone="03 53 02 00 01")


@pytest.mark.parametrize("occasion", OCCASIONS)
def test_every_mail_says_why_one_receives_it_after_a_preheader_and_a_short_subject(occasion):
    found = sample(occasion)

    assert "Vous recevez ce courriel parce que" in found.text
    assert "Vous recevez ce courriel parce que" in found.html
    assert PREHEADER.search(found.html)[1].strip()
    assert len(found.subject) < 100


class TestNotified:
    pytestmark = reference

    @pytest.fixture
    def notified(self, sent) -> Rendered:
        return mail("notified", to__startswith="recrutement@france-travail")

    def test_the_subject_line_has_the_subject_company_place_and_headcount(self, notified):
        assert notified.subject == (
            "Diffuser une offre et trouver des candidats — Peintures Vannier SARL, Is-sur-Tille (6 salariés)"
        )

    def test_the_parts_of_the_mail_come_in_order(self, notified):
        parts = (
            TEXT,
            "03 53 02 00 01",
            "À rappeler : à tout moment",
            "Pourquoi vous",
            "Qui d'autre l'a reçue",
            "Mission locale",
            "Je prends en charge",
            "?choix=prendre",
            "Je ne peux pas",
            "?choix=decliner",
            "vous n'êtes plus en poste",
        )

        assert in_order(notified.text, *parts)

    def test_the_html_has_the_same_content_and_a_phone_link(self, notified):
        assert in_order(
            notified.html, "je n&#x27;ai reçu", "tel:+33353020001", "Pourquoi vous", "?choix=prendre"
        )

    def test_the_preheader_is_the_beginning_of_the_text(self, notified):
        assert "Je cherche quelqu" in PREHEADER.search(notified.html)[1]

    def test_the_introducer_and_their_message_come_before_the_text(self, commit, sent, now):
        expert_match = match(sent, "recrutement@france-travail")
        target = Institution.objects.get(code="GEIQ")
        commit(
            expert_answers.hand_over,
            expert_match,
            target,
            comment="Plutôt pour vous.",
            by=expert_match.mailbox,
            now=now,
        )

        made = expert_match.introduces.get()
        found = mail("notified", to=made.mailbox.email)

        assert in_order(
            found.text, expert_match.expert.name, "vous passe cette demande", "> Plutôt pour vous.", TEXT
        )

    def test_a_labour_law_question_has_its_deadline(self, commit, now):
        commit(send, "contrat-travail", now=now, siret="")

        assert "Réponse attendue avant le mardi 15\u00a0décembre." in mail("notified").text

    def test_an_expert_asked_later_reads_the_additions_too(self, commit, sent, now):
        commit(company_requests.add_information, sent, body="Le chantier commence en février.", now=now)
        expert_match = match(sent, "recrutement@france-travail")
        target = Institution.objects.get(code="GEIQ")
        commit(expert_answers.bring_in, expert_match, target, comment="", by=expert_match.mailbox, now=now)

        found = mail("notified", to=expert_match.introduces.get().mailbox.email)

        assert in_order(found.text, "vous demande votre aide.", TEXT, "Puis a ajouté", "Le chantier commence")


class TestConfidential:
    pytestmark = reference
    SECRET = "Deux trimestres de TVA en retard."

    @pytest.fixture
    def confidential(self, commit, now):
        return commit(send, "dettes-fiscales", now=now, siret="", text=self.SECRET)

    def test_subject_and_preheader_contain_nothing_of_the_owners_text(self, confidential):
        found = mail("notified")

        assert found.subject == "Étaler mes dettes fiscales — demande confidentielle, Is-sur-Tille"
        assert "TVA" not in PREHEADER.search(found.html)[1]
        assert confidential.company_name not in PREHEADER.search(found.html)[1]

    def test_the_first_line_contains_nothing_of_the_owners_text(self, confidential):
        assert not re.search(r"\bTVA\b", mail("notified").text[:220])  # a reference may hold these letters

    def test_later_mails_contain_nothing_of_the_owners_text(self, commit, confidential, now):
        commit(company_requests.add_information, confidential, body="TVA de juin aussi.", now=now)

        found = mail("added")

        assert "TVA" in found.text
        assert "TVA" not in found.subject + PREHEADER.search(found.html)[1]

    def test_staff_alerts_name_neither_the_company_nor_the_subject(self, commit, confidential, now):
        User.objects.create_user("region@equipe.example.org", role="region", region=confidential.region)
        expert_match = Match.objects.with_people().filter(need__solicitation=confidential).first()
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        commit(feedback.report_not_called, confidential, now=now)

        found = mail("alert")

        assert f"Demande confidentielle {confidential.reference}\n" in found.text
        for named in (confidential.company_name, "dettes", expert_match.expert.office.name):
            assert named not in found.text
            assert named not in found.html

    def test_subject_lines_of_the_companys_mails_name_nobody(self, commit, confidential, now):
        expert_match = Match.objects.with_people().filter(need__solicitation=confidential).first()
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)

        found = mail("taken_for_company")

        assert expert_match.expert.office.name in found.text
        assert expert_match.expert.office.name not in found.subject + PREHEADER.search(found.html)[1]


class TestAcknowledgement:
    pytestmark = reference

    def test_it_has_the_reference_the_subjects_and_the_regions_phone(self, sent):
        found = mail("received", to=sent.email)

        assert sent.reference in found.subject
        assert "Diffuser une offre et trouver des candidats" in found.text
        assert "Et maintenant ?" in found.text
        assert re.search(r"Une question\s\? .*\s: 0\d", found.text)

    def test_it_quotes_no_text_and_names_nobody(self, sent):
        found = mail("received", to=sent.email)

        names = [match.expert.office.name for match in Match.objects.with_people()]
        for private in (TEXT, sent.contact_name, sent.company_name, sent.phone, *names):
            assert private not in found.text + found.html

    def test_a_held_duplicate_gets_the_same_text(self, commit, sent, now):
        second = commit(send, now=now, email="autre@peintures.example.org")
        first_mail, second_mail = mail("received", to=sent.email), mail("received", to=second.email)

        def plain(found: Rendered, row) -> str:
            return re.sub(r"https?://\S+", "", found.text).replace(row.reference, "")

        assert plain(first_mail, sent) == plain(second_mail, second)


def test_one_subject_line_makes_a_request_one_conversation_for_its_experts():
    first = sample("notified").subject
    later = {
        "added", "call_reminder", "contact_corrected", "link_reissued", "message", "not_called",
        "staff_reminder", "staff_word", "stopped", "taken_for_others", "undone_for_experts",
    }  # fmt: skip

    assert {sample(occasion).subject for occasion in later} == {f"Re: {first}"}


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_the_subject_line_stays_that_of_the_first_mail(commit, sent, now):
    author = mailbox(sent, "recrutement@france-travail")
    commit(expert_messages.post_message, author, body="Qui appelle ?", now=now)

    notified = mailbox(sent, "entreprises@mission-locale").email

    assert mail("message", to=notified).subject == f"Re: {mail('notified', to=notified).subject}"


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_what_people_type_is_quoted_without_a_link_and_never_markup(commit, now):
    request = commit(send, now=now, text="Voir www.example.org\n<b>gras & \x0b plus 🎉")

    found = mail("notified", about__contains=[f"request:{request.pk}"])

    assert "> Voir www" in found.text
    assert "www.example.org" not in found.text + found.html
    assert "&lt;b&gt;gras &amp;" in found.html
    assert "<b>gras &" in found.text


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_no_variable_is_missing_from_any_mail_that_actions_write(
    commit, sent, now, settings, django_user_model
):
    play_everything(commit, sent, now, django_user_model)
    let_time_pass(commit, now)
    options = {**settings.TEMPLATES[0]["OPTIONS"], "string_if_invalid": MISSING}
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": options}]

    for row in OutgoingEmail.objects.order_by("pk"):
        found = row.rendered()
        assert "⚠" not in found.subject + found.text + found.html, row.template

    written = {row.template.rsplit("/")[-1] for row in OutgoingEmail.objects.all()}
    assert set(OCCASIONS) - written <= {
        "contacted",
        "call_instead",
        "digest",
        "reassigned",
        "request_deleted",
        "survey_answered",
    }


def play_everything(commit, sent, now, users) -> None:
    """Write a mail of every occasion, except a late routing, by its action."""
    admin = users.objects.create_user("nationale@equipe.example.org", role="national")
    france_travail, mission = (
        match(sent, "recrutement@france-travail"),
        match(sent, "entreprises@mission-locale"),
    )
    later = now + timedelta(minutes=5)

    def leave(at):
        OutgoingEmail.objects.pending().filter(not_before__lte=at).update(sent_at=at)

    leave(now)
    second = commit(send, now=now, email="autre@peintures.example.org")
    commit(holding.report_held, second.pk, now=now)
    commit(expert_answers.move, france_travail, MatchState.TAKEN, by=france_travail.mailbox, now=now)
    leave(later)
    commit(undoing.undo, france_travail, by=france_travail.mailbox, now=later)
    commit(expert_answers.move, mission, MatchState.TAKEN, by=mission.mailbox, now=later)
    commit(expert_answers.move, mission, MatchState.UNREACHABLE, by=mission.mailbox, now=later)
    commit(expert_messages.post_message, mission.mailbox, body="Qui appelle ?", now=later)
    commit(expert_messages.ask, france_travail.mailbox, body="Temps plein ?", now=later)
    commit(company_requests.add_information, sent, body="Oui.", now=later)
    office = mission.expert.office
    Seat.objects.create(user=admin, office=office, given_at=now)
    commit(expert_messages.post_internal_message, mission.mailbox, body="Entre nous.", now=later)
    colleague = "agent@france-travail-dijon.example.org"
    commit(answer, france_travail.mailbox, "Je prends en charge.", sender=colleague, now=later)
    commit(answer, france_travail.mailbox, "", message_id="<vide@poste.example.org>", now=later)
    commit(company_requests.correct_contact, sent, phone="06 39 98 00 01", days=["mon"], hours=[], now=later)
    commit(call_planning.plan, france_travail.mailbox, starts_at=now + timedelta(days=2), now=later)
    call = PlannedCall.objects.get().pk
    commit(call_reminders.remind, call, now=now + timedelta(days=2, minutes=-5))
    commit(feedback.report_not_called, sent, now=later)
    commit(expert_messages.reissue_link, mission.mailbox, now=later)
    commit(company_requests.send_lost_links, sent.email, now=later)
    draft = Draft.objects.create(created_at=now, updated_at=now)
    commit(company_requests.send_resume_link, draft, email="plus-tard@example.org", now=now)
    commit(expert_answers.move, france_travail, MatchState.TAKEN, by=france_travail.mailbox, now=later)
    commit(
        record_changes.report_departure,
        france_travail.expert,
        by=france_travail.mailbox,
        successor="",
        now=later,
    )
    commit(staff_letters.remind_now, sent, by=admin, now=later)
    second_admin = users.objects.create_user("adjointe@equipe.example.org", role="national")
    commit(handling.handle, sent, by=second_admin, now=later)
    commit(handling.handle, sent, by=admin, message="Tu pars en congé.", now=later)
    word = commit(staff_letters.write_to_expert, mission.mailbox, body="Appelez-la.", by=admin, now=later)
    to_staff = reply_addresses.make(Mailbox.objects.get(pk=mission.mailbox_id), staff_message=word)
    commit(answer, mission.mailbox, "C'est fait.", to=to_staff, message_id="<mot@poste.fr>", now=later)
    commit(company_address.ask, sent, email="gerante@peintures.example.org", now=later)
    commit(company_address.confirm, AddressChange.objects.get(), now=later)
    leave(later)
    commit(staff_actions.close, sent, message="Réponse donnée par téléphone.", by=admin, now=later)
    exhaust(commit, now)


def let_time_pass(commit, now) -> None:
    """Run the clock for months on a request that nobody answers and on one taken without an answer."""
    commit(send, "clause-insertion", commune="21166", siret="", email="silence@example.org", now=now)
    taken = commit(send, "dettes-fiscales", siret="", email="dettes@example.org", now=now)
    expert_match = Match.objects.with_people().get(need__solicitation=taken)
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    commit(tasks.run_clock, now=now + timedelta(days=1))
    Draft.objects.update(updated_at=now + timedelta(days=184))  # else its mails are erased with it
    for day in (3, 7, 10, 13, 14, 21, 45, 48, 55, 58, 65, 68, 90, 184):
        commit(tasks.run_clock, now=now + timedelta(days=day))


def exhaust(commit, now) -> None:
    """Have everybody decline another request, then its fallback, then the national office."""
    request = commit(send, now=now, siret="", email="autre@example.org")
    for minutes in (2, 4, 6):
        at = now + timedelta(minutes=minutes)
        for row in Match.objects.sent().with_people().filter(need__solicitation=request):
            commit(
                expert_answers.move,
                row,
                MatchState.DECLINED,
                by=row.mailbox,
                decline_reason="no_capacity",
                now=at,
            )
        commit(fallback.offer_fallback, request.needs.get().pk, now=at + timedelta(minutes=1))
