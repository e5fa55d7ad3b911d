"""Canned answers: kept by managers for their institution, inserted without JavaScript, never another's."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from experts.models import CannedAnswer, Seat
from solicitations.models import Message, Question
from tests.experts.factories import PersonFactory, signed_in
from tests.solicitations.factories import mailbox, match
from tests.workspace.conftest import answer_path, hidden_fields, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert_match(sent):
    return match(sent, "recrutement@france-travail")


@pytest.fixture
def manager(expert_match, now):
    person = PersonFactory()
    Seat.objects.create(user=person, office=expert_match.expert.office, given_at=now)
    return signed_in(person)


@pytest.fixture
def own_text(expert_match, now):
    institution = expert_match.expert.office.institution
    return CannedAnswer.objects.create(
        institution=institution, title="Pièces", body="Préparez votre SIRET.", changed_at=now
    )


@pytest.fixture
def others_text(sent, now):
    institution = match(sent, "entreprises@mission-locale").expert.office.institution
    return CannedAnswer.objects.create(
        institution=institution, title="Secret", body="Mots des autres.", changed_at=now
    )


def test_a_manager_keeps_corrects_and_removes_the_texts_of_her_institution_alone(
    manager, expert_match, others_text
):
    page = manager.get(reverse("workspace:canned_answers"))
    assert others_text.title not in page_text(page)
    typed = {
        "institution": expert_match.expert.office.institution_id,
        "title": "Délai",
        "body": "Deux jours.",
    }

    answer = manager.post(reverse("workspace:canned_answers"), typed, follow=True)

    assert "Le texte est prêt" in page_text(answer)
    kept = CannedAnswer.objects.get(title="Délai")
    again = manager.post(reverse("workspace:canned_answers"), typed | {"title": "DÉLAI"})
    assert "Un autre texte porte déjà ce titre." in page_text(again)
    foreign = typed | {"institution": others_text.institution_id, "title": "Autre"}
    assert "Choisissez une de vos institutions" in page_text(
        manager.post(reverse("workspace:canned_answers"), foreign)
    )
    manager.post(reverse("workspace:canned_answer", args=[kept.pk]), typed | {"body": "Trois jours."})
    kept.refresh_from_db()
    assert kept.body == "Trois jours."
    manager.post(reverse("workspace:remove_canned_answer", args=[kept.pk]))
    assert not CannedAnswer.objects.filter(pk=kept.pk).exists()
    for name in ("canned_answer", "remove_canned_answer"):
        assert manager.post(reverse(f"workspace:{name}", args=[others_text.pk]), typed).status_code == 404


def test_who_manages_nothing_keeps_none(expert_match):
    person = signed_in(PersonFactory(email=expert_match.expert.email))

    assert person.get(reverse("workspace:canned_answers")).status_code == 403


@pytest.mark.parametrize(
    ("act", "field"), [("message/", "body"), ("question/", "body"), ("conclure", "words")]
)
def test_a_text_is_inserted_after_the_typed_words_and_nothing_is_sent(
    submit, expert_match, own_text, act, field
):
    if act == "conclure":
        submit(expert_match.mailbox, f"besoins/{expert_match.pk}/prendre/")
        act = f"besoins/{expert_match.pk}/conclure/"

    page = submit(expert_match.mailbox, act, **{field: "Bonjour,", "inserer": "1", "pret": str(own_text.pk)})

    assert page.status_code == 200
    assert "Bonjour,\n\nPréparez votre SIRET.</textarea>" in page.content.decode()
    assert "<title>\n  Erreur" not in page.content.decode()
    assert not Message.objects.exists()
    assert not Question.objects.exists()


def test_the_text_of_another_institution_is_neither_offered_nor_inserted(
    client, submit, expert_match, own_text, others_text
):
    assert others_text.title not in page_text(client.get(answer_path(expert_match.mailbox)))

    for wanted in (str(others_text.pk), "0", "x", "٣"):
        answer = submit(expert_match.mailbox, "message/", body="Bonjour,", inserer="1", pret=wanted)
        assert answer.status_code == 404
    unchosen = submit(expert_match.mailbox, "message/", body="Bonjour,", inserer="1", pret="")
    assert "Choisissez un texte dans la liste" in page_text(unchosen)
    assert "Bonjour,</textarea>" in unchosen.content.decode()


def test_a_manager_inserts_a_text_in_the_voice_of_her_institution(manager, sent, expert_match, own_text):
    box = mailbox(sent, "recrutement@france-travail")
    path = reverse("workspace:request", args=[box.pk])
    hidden = hidden_fields(manager.get(path))[f"{path}interne/"]

    page = manager.post(f"{path}interne/", hidden | {"body": "Vu.", "inserer": "1", "pret": own_text.pk})

    assert "Vu.\n\nPréparez votre SIRET.</textarea>" in page.content.decode()


def test_the_database_refuses_an_empty_text(expert_match, now):
    institution = expert_match.expert.office.institution

    with pytest.raises(IntegrityError, match="canned_answer_says_something"), transaction.atomic():
        CannedAnswer.objects.create(institution=institution, title="x", body=" \n", changed_at=now)
