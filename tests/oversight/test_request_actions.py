"""Actions of staff on the request page; posted from a stale page, they change nothing."""

from datetime import timedelta

import pytest

from experts.models import Institution, Subject
from mailing.models import OutgoingEmail
from solicitations.actions import expert_answers
from solicitations.lifecycle import AlertCause, ClosedReason, EventKind, MatchState, RequestState
from solicitations.models import Alert, Match
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

BAD = {"empty": "", "blank": " \n ", "too long": "x" * 2001}


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def do(django_capture_on_commit_callbacks):
    """Post an action, reload the request, and return the text of the page that follows."""

    def posted(client, solicitation, act: str, **posted):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(f"/demandes/{solicitation.reference}/{act}/", posted, follow=True)
        solicitation.refresh_from_db()
        return answer.content.decode().replace("&#x27;", "'")

    return posted


def correction(client, solicitation, **changed) -> dict[str, str]:
    """Values of the correction form as shown by the page, with these changes."""
    form = client.get(f"/demandes/{solicitation.reference}/").context["forms"]["correct"]
    values = {field.name: field.value() for field in form}
    return {name: "" if value is None else value for name, value in values.items()} | changed


def test_release_sends_to_the_experts(as_regional, held, regional, do):
    text = do(as_regional, held, "liberer")

    assert "La demande est libérée" in text
    assert held.state == RequestState.SUBMITTED
    assert held.events.get(kind=EventKind.RELEASED).by_user == regional
    assert Match.objects.sent().filter(need__solicitation=held).exists()


def test_release_twice_says_what_happened_meanwhile(as_regional, as_national, held, do):
    do(as_national, held, "liberer")
    mails = OutgoingEmail.objects.count()

    text = do(as_regional, held, "liberer")

    assert "Rien n'a été fait" in text
    assert "Demande libérée" in text or "Référents désignés" in text
    assert OutgoingEmail.objects.count() == mails


def test_close_needs_a_message_that_goes_to_the_company(as_regional, sent, do):
    text = do(as_regional, sent, "clore", words="Votre dossier est traité par téléphone.")

    assert "La demande est close" in text
    assert sent.closed_reason == ClosedReason.STAFF
    mail = OutgoingEmail.objects.get(template__endswith="closed_by_staff")
    assert mail.to == sent.email
    assert mail.context["words"] == "Votre dossier est traité par téléphone."


@pytest.mark.parametrize("words", BAD.values(), ids=BAD)
def test_close_without_a_good_message_closes_nothing(as_regional, sent, do, words):
    text = do(as_regional, sent, "clore", words=words)

    assert sent.state == RequestState.SUBMITTED
    assert "fr-message--error" in text


def test_refused_form_keeps_what_was_typed_and_opens(as_regional, sent, do):
    text = do(as_regional, sent, "retirer", match="", reason="Ce n'est pas le bon bureau.")

    assert "Ce n'est pas le bon bureau." in text
    assert "Choisissez un référent." in text
    assert '<details class="rl-details" open>' in text


@pytest.mark.parametrize(
    ("mark", "reason"), [("indesirable", ClosedReason.SPAM), ("essai", ClosedReason.TEST)]
)
def test_mark_stops_everything(as_regional, sent, do, mark, reason):
    do(as_regional, sent, "classer", marque=mark)

    assert sent.closed_reason == reason
    assert not OutgoingEmail.objects.about(f"request:{sent.pk}").pending().exists()


def test_unknown_mark_is_not_found(as_regional, sent, do):
    do(as_regional, sent, "classer", marque="autre")

    assert sent.state == RequestState.SUBMITTED


def test_stale_close_says_who_ended_it(as_regional, as_national, sent, do):
    do(as_national, sent, "classer", marque="essai")

    text = do(as_regional, sent, "clore", words="Merci.")

    assert "Rien n'a été fait" in text
    assert sent.closed_reason == ClosedReason.TEST
    assert not OutgoingEmail.objects.filter(template__endswith="closed_by_staff").exists()


def test_merge_adds_the_words_to_the_first(as_regional, sent, commit, today, do):
    second = commit(send, now=today, text="Je précise : un plaquiste aussi.")

    text = do(as_regional, second, "reunir")

    assert f"ajouté à la demande {sent.reference}" in text
    assert second.closed_reason == ClosedReason.DUPLICATE
    assert sent.additions.get().body == "Je précise : un plaquiste aussi."


def test_merge_of_what_is_no_duplicate_changes_nothing(as_regional, held, do):
    assert "Rien n'a été fait" in do(as_regional, held, "reunir")
    assert held.state == RequestState.HELD


class TestCorrect:
    def test_commune_subject_and_facts_are_corrected_and_routed_again(self, as_regional, sent, do):
        before = set(Match.objects.filter(need__solicitation=sent).values_list("expert", flat=True))
        need = sent.needs.get()
        posted = correction(as_regional, sent, commune="Dijon", headcount_min="12", headcount_max="12")
        posted[f"subject_{need.pk}"] = "metier-tension"

        text = do(as_regional, sent, "corriger", **posted)

        assert "C'est corrigé" in text
        assert sent.commune_id == "21231"
        assert (sent.headcount_min, sent.headcount_max) == (12, 12)
        assert sent.fact_sources["headcount"]["source"] == "staff"
        assert sent.needs.get().subject == Subject.objects.get(slug="metier-tension")
        assert before < set(Match.objects.filter(need__solicitation=sent).values_list("expert", flat=True))
        assert "commune" in sent.events.get(kind=EventKind.CORRECTED).reason

    def test_form_sent_as_it_was_corrects_no_fact(self, as_regional, sent, do):
        before = sent.facts

        do(as_regional, sent, "corriger", **correction(as_regional, sent))

        assert sent.facts == before
        assert "staff" not in str(sent.fact_sources.get("headcount", ""))

    def test_homonyms_are_offered(self, as_regional, sent, do):
        posted = correction(as_regional, sent, commune="Saint-Apollinaire", commune_code="")

        text = do(as_regional, sent, "corriger", **posted)
        assert "Saint-Apollinaire (Hautes-Alpes)" in text
        assert sent.commune_id == "21317"

        do(as_regional, sent, "corriger", **(posted | {"commune_code": "21540"}))
        assert sent.commune_id == "21540"

    BAD_VALUES = (
            {"commune": ""}, {"commune": "Nulle-Part"}, {"commune": "x" * 5000}, {"commune": "99999"},
            {"siret": "123"}, {"siret": "00010037000015"}, {"naf": "99.99Z"}, {"naf": "boulanger"},
            {"headcount_min": "-1"}, {"headcount_min": "douze"}, {"headcount_max": "9" * 30},
            {"headcount_min": "20", "headcount_max": "10"}, {"headcount_min": "", "headcount_max": "10"},
            {"craft": "peut-être"}, {"legal_form": "zz"}, {"company_created_on": "hier"},
            {"phone": ""}, {"phone": "123"}, {"phone": "\0"}, {"company_name": "x" * 300},
    )  # fmt: skip

    def test_bad_value_gets_a_sentence_and_changes_nothing(self, as_regional, sent, do):
        shown = correction(as_regional, sent)

        for changed in self.BAD_VALUES:
            assert "fr-message--error" in do(as_regional, sent, "corriger", **(shown | changed)), changed
        assert not sent.events.filter(kind=EventKind.CORRECTED).exists()

    def test_same_subject_twice_is_refused(self, as_regional, commit, today, do):
        two = commit(send, "trouver-candidats", "saisonniers", now=today)
        posted = correction(as_regional, two)
        first, second = [name for name in posted if name.startswith("subject_")]

        assert "choisi deux fois" in do(as_regional, two, "corriger", **(posted | {second: posted[first]}))

    def test_confidential_subject_is_not_offered_for_another(self, as_regional, sent, do):
        need = sent.needs.get()

        text = do(
            as_regional,
            sent,
            "corriger",
            **correction(as_regional, sent, **{f"subject_{need.pk}": "licenciement"}),
        )

        assert "fr-message--error" in text
        assert sent.needs.get().subject == need.subject

    def test_request_that_moves_to_another_region_leaves_the_page(self, as_regional, sent, do):
        text = do(
            as_regional, sent, "corriger", **correction(as_regional, sent, commune="Ajaccio", commune_code="")
        )

        assert "relève désormais d'une autre région" in text
        assert sent.region_id == "94"

    def test_project_has_no_facts_of_a_company(self, as_regional, commit, today, do):
        project = commit(
            send, "reprendre", now=today, is_project_holder=True, siret="", company_name="",
            headcount_min=None, headcount_max=None,
        )  # fmt: skip
        posted = correction(as_regional, project, commune="Dijon")
        assert "siret" not in posted

        do(as_regional, project, "corriger", **posted)

        assert project.commune_id == "21231"


class TestInstitutions:
    def test_added_institution_receives_the_request(self, as_regional, sent, regional, do):
        geiq = Institution.objects.get(code="GEIQ")

        text = do(
            as_regional,
            sent,
            "ajouter",
            need=sent.needs.get().pk,
            institution=geiq.pk,
            reason="Parcours utile.",
        )

        assert "reçoit la demande" in text
        added = Match.objects.get(need__solicitation=sent, expert__office__institution=geiq)
        assert added.origin == "staff"
        event = sent.events.get(kind=EventKind.ADDED_INSTITUTION)
        assert event.by_user == regional
        assert "Parcours utile." in event.reason

    def test_institution_that_has_it_already_is_reported(self, as_regional, sent, do):
        pole = Institution.objects.get(offices__experts__matches=match(sent, "recrutement@france-travail"))

        text = do(
            as_regional, sent, "ajouter", need=sent.needs.get().pk, institution=pole.pk, reason="Encore."
        )

        assert "a déjà reçu la demande" in text

    @pytest.mark.parametrize(
        "changed", [{"institution": ""}, {"institution": "0"}, {"reason": ""}, {"need": "0"}], ids=str
    )
    def test_bad_value_adds_nobody(self, as_regional, sent, do, changed):
        geiq = Institution.objects.get(code="GEIQ")
        posted = {"need": sent.needs.get().pk, "institution": geiq.pk, "reason": "Utile."} | changed

        assert "fr-message--error" in do(as_regional, sent, "ajouter", **posted)
        assert not sent.events.filter(kind=EventKind.ADDED_INSTITUTION).exists()

    def test_withdrawn_expert_loses_the_request_with_a_reason(self, as_regional, sent, do):
        expert_match = match(sent, "entreprises@mission")

        text = do(as_regional, sent, "retirer", match=expert_match.pk, reason="Erreur d'aiguillage.")

        expert_match.refresh_from_db()
        assert "n'a plus cette demande" in text
        assert (expert_match.state, expert_match.comment) == (MatchState.WITHDRAWN, "Erreur d'aiguillage.")

    def test_expert_who_has_answered_meanwhile_cannot_be_withdrawn(
        self, as_regional, commit, sent, today, do
    ):
        expert_match = match(sent, "entreprises@mission")
        commit(
            expert_answers.move,
            expert_match,
            MatchState.DECLINED,
            by=expert_match.mailbox,
            now=today,
            decline_reason="no_capacity",
        )

        text = do(as_regional, sent, "retirer", match=expert_match.pk, reason="Erreur.")

        expert_match.refresh_from_db()
        assert "n'a plus ce besoin" in text
        assert expert_match.state == MatchState.DECLINED

    def test_expert_of_another_request_cannot_be_withdrawn_through_this_one(
        self, as_regional, sent, confidential, do
    ):
        other = Match.objects.active().filter(need__solicitation=confidential).first()

        do(as_regional, sent, "retirer", match=other.pk, reason="Erreur.")

        other.refresh_from_db()
        assert other.state == MatchState.SENT


def test_alert_is_settled(as_regional, sent, today, do):
    alert = Alert.objects.create(
        solicitation=sent, cause=AlertCause.NOT_CALLED, raised_at=today - timedelta(hours=1)
    )

    text = do(as_regional, sent, f"alertes/{alert.pk}")

    assert "L'alerte est réglée" in text
    assert not sent.alerts.open().exists()
