"""Subject and département that the database keeps on each match, whoever writes."""

import pytest

from solicitations.actions import staff_actions
from solicitations.models import Match, Need, Solicitation
from territories.models import Commune
from tests.experts.factories import NationalFactory
from tests.solicitations.factories import send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
HIRING, TRAINING = "trouver-candidats", "financer-formation"


@pytest.fixture
def of_two_needs(commit, now) -> Solicitation:
    return commit(send, HIRING, TRAINING, now=now)


def kept(matches) -> set[tuple[str, str]]:
    """Subjects and départements on these matches."""
    return set(matches.values_list("subject__slug", "department_id"))


def matches_of(request: Solicitation):
    return Match.objects.filter(need__solicitation=request)


def test_matches_bear_the_subject_of_their_need_and_the_department_of_its_request(of_two_needs):
    assert kept(matches_of(of_two_needs)) == {(HIRING, "21"), (TRAINING, "21")}


def test_subjects_that_staff_swap_are_swapped_on_the_matches(of_two_needs, commit, now):
    first, second = of_two_needs.needs.select_related("subject").order_by("position")
    before = set(Match.objects.filter(need=first).values_list("pk", flat=True))
    swapped = {first.pk: second.subject, second.pk: first.subject}

    commit(staff_actions.correct, of_two_needs, columns={}, subjects=swapped, by=NationalFactory(), now=now)

    assert kept(Match.objects.filter(pk__in=before)) == {(TRAINING, "21")}


def test_commune_that_staff_correct_moves_the_matches(of_two_needs, commit, now):
    before = set(matches_of(of_two_needs).values_list("pk", flat=True))
    marseille = {"commune": Commune.objects.resolve("13055")}

    commit(staff_actions.correct, of_two_needs, columns=marseille, subjects={}, by=NationalFactory(), now=now)

    assert kept(Match.objects.filter(pk__in=before)) == {(HIRING, "13"), (TRAINING, "13")}
    assert kept(matches_of(of_two_needs)) == {(HIRING, "13"), (TRAINING, "13")}


def test_match_read_before_a_correction_does_not_bring_the_old_subject_back(of_two_needs):
    need = of_two_needs.needs.select_related("subject").get(subject__slug=HIRING)
    row = need.matches.order_by("pk")[0]
    other = of_two_needs.needs.get(subject__slug=TRAINING).subject_id
    of_two_needs.needs.exclude(pk=need.pk).delete()
    Need.objects.filter(pk=need.pk).update(subject=other)

    row.department_id = None
    row.save()

    row.refresh_from_db()
    assert (row.subject_id, row.department_id) == (other, "21")
