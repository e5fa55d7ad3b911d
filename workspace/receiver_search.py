"""Search of a person to hand a need over to, by name, subject or place; the rule says who is relevant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.db.models import Q

from experts.models import Expert, Subject
from experts.models.directory_words import plain_text
from experts.models.experts import ExpertQuerySet
from experts.routing import explanations, loading
from experts.routing.decision import NeedDecision
from experts.routing.engine import AskedSubject
from experts.word_search import plain, search_experts, words_of
from mailing.form_fields import LineField
from solicitations.actions import receivers
from solicitations.models import Match
from territories.models import Area, Commune
from territories.names import normalise
from workspace.forms import WAYS, text_field

MAX_FOUND = 20
MAX_COMMUNES = 3  # of one name: the largest
READ = 60  # those of them that the rule chooses come first
CHOSEN = "la règle désigne cette personne"
# Each institution that answers the subject was asked when the request left: another one may help still.
CHOSEN_ELSEWHERE = "la règle la désigne dans son institution, que ce sujet n'appelle pas de lui-même"
REASON_ASKED = "Cette personne n'est pas celle que la règle désigne : dites pourquoi elle."


@dataclass(frozen=True)
class Candidate:
    """A person who could receive the need: whether the rule chooses them, and why."""

    expert: Expert
    is_relevant: bool
    why: str


class PersonSearchForm(forms.Form):
    """Words of a name, an institution, a subject or a place."""

    q = LineField(
        label="Nom, institution, sujet ou lieu",
        max_length=100,
        help_text="Par exemple « pôle emploi beaune », ou « apprentissage dijon ».",
        widget=forms.TextInput(attrs={"type": "search"}),
        error_messages={
            "required": "Écrivez un nom, une institution, un sujet ou un lieu.",
            "max_length": "Raccourcissez votre recherche : 100 caractères au plus.",
        },
    )


class HandToPersonForm(forms.Form):
    """Form to involve a person; the comment is required when the rule would not choose that person."""

    def __init__(self, *args: object, candidate: Candidate, ways: tuple[str, ...], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        asked = "Dites si vous passez la main ou demandez de l'aide."
        self.fields["way"] = forms.ChoiceField(
            label="De quelle façon ?",
            choices=[(way, WAYS[way]) for way in ways],
            initial=ways[0] if len(ways) == 1 else None,
            widget=forms.RadioSelect,
            error_messages={"required": asked, "invalid_choice": asked},
        )
        self.fields["word"] = text_field(
            "Un mot pour elle" if candidate.is_relevant else "Pourquoi cette personne ?",
            required="" if candidate.is_relevant else REASON_ASKED,
            rows=2,
        )


def search(match: Match, text: str, *, now: datetime) -> tuple[list[Candidate], bool]:
    """The people found, the rule's choices first, and whether there are more."""
    reachable, words = receivers.reachable(match, now=now), words_of(text)
    found = Q(pk__in=_with_words(reachable, words).values("pk"))
    for start, areas in _around(words):
        there = Q(areas__in=areas) | Q(areas=None, office__areas__in=areas)
        found |= Q(pk__in=_with_words(reachable, words[:start]).filter(there).values("pk"))
    rows = (
        reachable.filter(found).select_related("office__institution").order_by("office__name", "name", "pk")
    )
    people = list(rows.distinct()[: READ + 1])
    candidates = sorted(_judged(match, people, now=now), key=lambda one: not one.is_relevant)
    return candidates[:MAX_FOUND], len(candidates) > MAX_FOUND


def candidate(match: Match, pk: int, *, now: datetime) -> Candidate | None:
    """One person who could receive the need; ``None`` for anybody else."""
    rows = receivers.reachable(match, now=now).select_related("office__institution").filter(pk=pk)
    return next(iter(_judged(match, list(rows), now=now)), None)


def _with_words(people: ExpertQuerySet, words: Sequence[str]) -> ExpertQuerySet:
    for word in words:
        people = people.filter(_named_by(word, people))
    return people


def _around(words: Sequence[str]) -> Iterator[tuple[int, list[int]]]:
    """The commune that the last words name: where they begin, and the local areas that contain it."""
    named = {normalise(" ".join(words[start:])): start for start in reversed(range(len(words)))}
    rows = Commune.objects.current().filter(search_name__in=named).with_place().order_by("-population", "pk")
    for commune in rows[:MAX_COMMUNES]:
        local = Area.objects.containing(commune).exclude(kind="national")
        yield named[commune.search_name], list(local.values_list("pk", flat=True))


def _named_by(word: str, people: ExpertQuerySet) -> Q:
    """People that a word names: by their name, office or institution, a subject of theirs, a place."""
    subjects = [row.pk for row in Subject.objects.listed() if word in plain(row.label)]
    areas = Area.objects.alias(found=plain_text("name"))
    places = list(areas.filter(found__contains=word).values_list("pk", flat=True))
    named = Q(pk__in=search_experts(people, word).values("pk")) | Q(subjects__in=subjects)
    return named | Q(areas__in=places) | Q(areas=None, office__areas__in=places)


def _judged(match: Match, people: list[Expert], *, now: datetime) -> list[Candidate]:
    solicitation, slug = match.mailbox.solicitation, match.need.subject.slug
    codes = sorted({person.office.institution.code for person in people})
    if not codes:
        return []
    decisions = loading.decide_for_each_institution(
        codes,
        subjects=[slug],
        commune=solicitation.commune,
        facts=solicitation.facts,
        on=solicitation.today(now),
    )[slug]
    [asked] = loading.asked_subjects([slug])
    place, nobody = solicitation.commune.name, NeedDecision(slug, ())
    return [
        _candidate(person, decisions.get(person.office.institution.code, nobody), asked, place)
        for person in people
    ]


def _candidate(person: Expert, decision: NeedDecision, asked: AskedSubject, place: str) -> Candidate:
    for choice in decision.chosen:
        if choice.expert_pk == person.pk:
            answers = person.office.institution.code in asked.institutions
            reasons = [CHOSEN if answers else CHOSEN_ELSEWHERE, *explanations.reasons(choice)]
            return Candidate(person, is_relevant=True, why=", ".join(reasons))
    about = [row for row in decision.refused if row.office == person.office.code]
    own = [row for row in about if row.expert is None or row.expert.lower() == person.email.lower()]
    obstacles = [reason for row in own for reason in explanations.obstacles(row)]
    why = ", ".join(dict.fromkeys(obstacles)) or f"n'intervient pas à {place}"
    return Candidate(person, is_relevant=False, why=why)
