"""Search of subjects by words: accents and endings are ignored, and one typo is accepted."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from math import log

from django.db.models import Prefetch

from experts.models import Institution, Subject, SubjectInstitution
from territories.names import is_one_typo

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a ai au aux avec bonjour c ce ces cet cette comme comment d dans de des du elle en est et etre
        faire fais il ils j je l la le les leur leurs lui ma me mes moi mon n ne nos notre nous on ont ou par
        pas peut peux pour puis qu que quel quelle quelles quels qui quoi s sa se ses si son sont souhaite
        sur t ta te tes toi ton tu un une va vais veut veux vos votre voudrais vous y""",
    )
)
STEM = re.compile(
    r"(.{4,}?)(?:issements?|ements?|ations?|itions?|euses?|eures?|eurs?|ures?|rices?|ages?|antes?|ants?|ees?"
    r"|ent|iers?|ies?|er|es|ez|e|s|x)"
)
# Stems of synonyms, of which the catalogue uses one or the other.
SYNONYMS = {"embauch": "recrut", "recrut": "embauch"}
MIN_STEM = 4
MIN_TYPO = 5  # short words often differ by one letter only: CDD, CDI
PHRASE_BONUS = 12.0
EXACT_MATCH, PREFIX_MATCH, TYPO_MATCH = 1.0, 0.7, 0.8
# Subjects below this share of the best score are left out.
MIN_SHARE_OF_BEST = 0.35
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})


def search_subjects(text: str, limit: int = 10) -> list[Subject]:
    """Subjects that match these words, the likeliest first."""
    typed = plain_words(text[:200])
    wanted = [word for word in dict.fromkeys(typed) if word not in STOP_WORDS]
    if not wanted:
        return []
    index = _Index.of(_subjects())
    scores: dict[int, float] = defaultdict(float)
    understood = 0
    for word in wanted:
        found = index.look_up(word)
        understood += bool(found)
        for position, score in found.items():
            scores[position] += score
    phrase = f" {' '.join(typed)} "
    for position in scores if len(typed) > 1 else ():
        if any(phrase in known or known in phrase for known in index.phrases[position]):
            scores[position] += PHRASE_BONUS
    if not scores or understood * 2 < len(wanted):
        return []
    best = max(scores.values())
    ranked = sorted(scores, key=lambda position: (-scores[position], position))
    return [index.subjects[position] for position in ranked if scores[position] >= best * MIN_SHARE_OF_BEST][
        :limit
    ]


@lru_cache(maxsize=4096)
def plain_words(text: str) -> tuple[str, ...]:
    """Lower-case words without accents: "L'été, j'embauche" → l, ete, j, embauche."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES).lower())
    return tuple(re.findall(r"[a-z0-9]+", "".join(c for c in decomposed if not unicodedata.combining(c))))


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Stem shared by the forms of a word: recruter, recrutement, recrutons → recrut."""
    match = STEM.fullmatch(word)
    return match[1] if match else word


def _subjects() -> list[Subject]:
    """All the subjects with their institutions, in catalogue order. Two queries."""
    answers = SubjectInstitution.objects.select_related("institution", "group").order_by("position", "pk")
    subjects = Subject.objects.listed().select_related("theme").order_by("position", "pk")
    return list(subjects.prefetch_related(Prefetch("answers", answers)))


@dataclass
class _Index:
    """Index of words: ``weights`` gives, by stem, the weight in each subject (index in ``subjects``)."""

    subjects: list[Subject]
    weights: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    forms: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    joined: set[str] = field(default_factory=set)  # two words written as one, which no prefix matches
    phrases: list[list[str]] = field(default_factory=list)

    @classmethod
    def of(cls, subjects: list[Subject]) -> "_Index":
        """Index these subjects; words of a label or keyword have the highest weight."""
        index = cls(subjects)
        for position, subject in enumerate(subjects):
            index.phrases.append([f" {' '.join(plain_words(known))} " for known in subject.keywords])
            index.add(position, [subject.label, *subject.keywords], 3.0)
            index.add(position, [subject.theme.label] if subject.theme else [], 1.5)
            index.add(position, _names(subject), 1.0)
            index.add(position, [subject.summary], 0.5)
        return index

    def add(self, position: int, texts: Iterable[str], weight: float) -> None:
        """Add the words of these texts to the index."""
        for text in texts:
            words = plain_words(text)
            joined = ["".join(words)] if len(words) == 2 else []  # burn-out, e-commerce
            for word in (*words, *joined):
                if word in STOP_WORDS:
                    continue
                root = stem(word)
                self.forms[root].add(word)
                self.joined.update([root] if word in joined else [])
                self.weights[root][position] = max(weight, self.weights[root].get(position, 0))

    def look_up(self, word: str) -> dict[int, float]:
        """Scores of the subjects that contain this word, a word that begins with it, or one within a typo."""
        found: dict[int, float] = {}
        for root, quality in self._roots(word).items():
            holders = self.weights[root]
            rarity = log(1 + len(self.subjects) / len(holders))
            for position, weight in holders.items():
                found[position] = max(found.get(position, 0), quality * rarity * weight)
        return found

    def _roots(self, word: str) -> dict[str, float]:
        """Stems of the index that match this word, and the quality of each match."""
        root = stem(word)
        prefixes = (root, SYNONYMS.get(root, root))
        whole = self.forms.keys() - self.joined
        roots = {
            other: PREFIX_MATCH for other in whole if len(word) >= MIN_STEM and other.startswith(prefixes)
        }
        if root in self.forms:
            roots[root] = EXACT_MATCH
        if roots or len(word) < MIN_TYPO:
            return roots
        return {
            other: TYPO_MATCH
            for other, forms in self.forms.items()
            if any(_is_typo(word, form) for form in forms)
        }


def _is_typo(typed: str, word: str) -> bool:
    """Return whether two words of ``MIN_TYPO`` letters or more differ by one typo."""
    return len(word) >= MIN_TYPO and abs(len(typed) - len(word)) <= 1 and is_one_typo(typed, word)


def _names(subject: Subject) -> list[str]:
    """Current and former names of the institutions that answer a subject."""
    names: list[str] = []
    for answer in subject.answers.all():
        if isinstance(answer.institution, Institution):
            names += [answer.institution.name, *answer.institution.former_names]
        elif answer.group:
            names.append(answer.group.label)
    return names
