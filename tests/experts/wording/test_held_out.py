"""Subjects found for messages that were never learnt."""

import pytest

from experts.models import SubjectExamples
from experts.wording import loading
from experts.wording.features import words
from tests.experts.wording import held_out

pytestmark = [pytest.mark.django_db, pytest.mark.reference]


def answered(name: str) -> list[tuple]:
    return [(message, loading.suggest(message.text)) for message in held_out.read(name)]


def test_right_subject_of_a_message_is_among_the_first():
    messages = answered("single.jsonl")

    assert held_out.share_found(messages, among=1) >= 0.50
    assert held_out.share_found(messages, among=3) >= 0.70
    assert held_out.share_found(messages, among=5) >= 0.78
    assert sum(not suggestions.subjects for _, suggestions in messages) <= 0.02 * len(messages)


def test_subjects_of_a_message_with_several_needs_are_among_five():
    assert held_out.share_of_needs(answered("several.jsonl"), among=5) >= 0.65


def test_no_message_is_learnt():
    learnt = {
        tuple(word.plain for word in words(text))
        for texts in SubjectExamples.objects.values_list("texts", flat=True)
        for text in texts
    }

    held = {
        tuple(word.plain for word in words(message.text))
        for name in ("single.jsonl", "several.jsonl")
        for message in held_out.read(name)
    }
    assert not {text for text in held if len(text) > 3} & learnt
