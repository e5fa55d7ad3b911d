"""Subjects suggested for messages that are not among the examples which the engine learns from."""

import pytest

from experts.models import SubjectExamples
from experts.wording import loading
from experts.wording.features import words
from tests.experts.wording import held_out

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def with_suggestions(name: str) -> list[tuple]:
    """The messages of a file, each with the suggestions made for its text."""
    return [(message, loading.suggest(message.text)) for message in held_out.read(name)]


def test_right_subject_of_a_message_is_among_the_first():
    messages = with_suggestions("single.jsonl")

    assert held_out.share_found(messages, among=1) >= 0.50
    assert held_out.share_found(messages, among=3) >= 0.70
    assert held_out.share_found(messages, among=5) >= 0.78


def test_nearly_every_message_gets_a_subject():
    messages = with_suggestions("single.jsonl")

    assert sum(not suggestions.subjects for _, suggestions in messages) <= 0.02 * len(messages)


def test_subjects_of_a_message_with_several_needs_are_among_five():
    assert held_out.share_of_needs(with_suggestions("several.jsonl"), among=5) >= 0.65


def test_no_message_is_among_the_examples():
    examples = {
        tuple(word.plain for word in words(text))
        for texts in SubjectExamples.objects.values_list("texts", flat=True)
        for text in texts
    }

    messages = {
        tuple(word.plain for word in words(message.text))
        for name in ("single.jsonl", "several.jsonl")
        for message in held_out.read(name)
    }
    # Texts of three words or fewer may be the same by chance.
    assert not {tokens for tokens in messages if len(tokens) > 3} & examples
