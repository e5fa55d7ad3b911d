"""Outcome of recruitments: offers, posts and posts filled, counted when a need is concluded."""

import io

import openpyxl
import pytest
from django.db import IntegrityError, transaction

from solicitations.lifecycle import MatchState
from tests.experts.factories import PersonFactory, signed_in
from tests.solicitations.factories import match, send
from tests.workspace.conftest import page_text
from workspace.models import RecruitmentOutcome
from workspace.recruitment import RecruitmentForm


@pytest.mark.parametrize(
    ("typed", "faulty"),
    [
        ({}, set()),
        ({"posts_skilled": "3", "offers_skilled": "1", "filled_skilled": "2"}, set()),
        ({"posts_skilled": "0"}, set()),
        ({"filled_skilled": "1"}, {"filled_skilled"}),
        ({"posts_skilled": "1", "filled_skilled": "2"}, {"filled_skilled"}),
        ({"posts_skilled": "1", "offers_skilled": "2"}, {"offers_skilled"}),
        ({"posts_skilled": "-1"}, {"posts_skilled"}),
        ({"posts_skilled": "1000"}, {"posts_skilled"}),
        ({"posts_skilled": "deux", "filled_skilled": "1"}, {"posts_skilled"}),
    ],
)
def test_numbers_that_are_refused(typed, faulty):
    form = RecruitmentForm(typed)

    assert set(form.errors) == faulty


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_the_outcome_is_kept_with_the_conclusion_and_corrected_with_the_next_one(submit, sent):
    expert_match = match(sent, "recrutement@france-travail")
    act = f"besoins/{expert_match.pk}/conclure/"
    counts = {"posts_skilled": "3", "offers_skilled": "1", "filled_skilled": "2"}
    submit(expert_match.mailbox, f"besoins/{expert_match.pk}/prendre/")

    wrong = submit(expert_match.mailbox, act, outcome="helped", **counts | {"filled_skilled": "4"})
    assert "pas plus de pourvus que de postes" in page_text(wrong)
    expert_match.refresh_from_db()
    assert expert_match.state == MatchState.TAKEN

    page = submit(expert_match.mailbox, act, outcome="helped", **counts)
    assert "Ouvriers et employés qualifiés : 1 offre, 3 postes, 2 pourvus" in page_text(page)

    submit(expert_match.mailbox, f"besoins/{expert_match.pk}/annuler/")
    page = submit(expert_match.mailbox, act, outcome="no_help")
    assert "3 postes" not in page_text(page)
    assert not RecruitmentOutcome.objects.exists()


@pytest.mark.demo_directory
@pytest.mark.django_db
@pytest.mark.parametrize(
    "counts",
    [
        {"offers": 0, "posts": 0, "filled": 0},
        {"offers": 2, "posts": 1, "filled": 0},
        {"offers": 0, "posts": 1, "filled": 2},
        {"offers": 0, "posts": 1, "filled": 1, "qualification": "chef"},
    ],
)
def test_the_database_refuses_nonsense(sent, counts):
    expert_match = match(sent, "recrutement@france-travail")

    with pytest.raises(IntegrityError, match="recruitment_outcome"), transaction.atomic():
        RecruitmentOutcome.objects.create(match=expert_match, **{"qualification": "skilled"} | counts)


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_other_subjects_are_not_asked(client, commit, submit, now):
    row = commit(send, "dettes-fiscales", siret="", now=now)
    expert_match = match(row, row.mailboxes.order_by("pk").first().email)

    assert "Compter les offres" not in page_text(
        submit(expert_match.mailbox, f"besoins/{expert_match.pk}/prendre/")
    )


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_the_export_of_the_inbox_counts_offers_posts_by_qualification_and_posts_filled(submit, sent):
    expert_match = match(sent, "recrutement@france-travail")
    submit(expert_match.mailbox, f"besoins/{expert_match.pk}/prendre/")
    counts = {"posts_skilled": "3", "offers_skilled": "1", "filled_skilled": "2", "posts_executive": "1"}
    submit(expert_match.mailbox, f"besoins/{expert_match.pk}/conclure/", outcome="helped", **counts)
    client = signed_in(PersonFactory(email=expert_match.expert.email))

    text = client.get("/besoins/export.csv?onglet=clos").getvalue().decode()
    heading, line = (row.rstrip("\r").split(";")[-7:] for row in text.strip().split("\n"))
    book = openpyxl.load_workbook(io.BytesIO(client.get("/besoins/export.xlsx?onglet=clos").getvalue()))

    assert dict(zip(heading, line, strict=True)) == {
        "Offres": "1",
        "Postes : ouvriers et employés non qualifiés": "0",
        "Postes : ouvriers et employés qualifiés": "3",
        "Postes : techniciens et agents de maîtrise": "0",
        "Postes : cadres et ingénieurs": "1",
        "Postes : apprentis et alternants": "0",
        "Postes pourvus": "2",
    }
    [cells] = book.active.iter_rows(min_row=2, values_only=True)
    assert cells[-7:] == (1, 0, 3, 0, 1, 0, 2)
