"""Preview of a plan as a member of staff may read it: counts of all requests, lines of those they may see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from directory.foresight.preview import Preview, PreviewedRequest
from directory.foresight.preview_map import PreviewMap, PreviewPlaces, preview_map
from experts.models import Subject, User
from experts.routing.decision import Decision

MAX_LINES = 50
# One request, several.
EFFECTS = {
    "uncovered": ("ne serait plus couverte", "ne seraient plus couvertes"),
    "held": ("serait retenue : plus de 8 référents", "seraient retenues : plus de 8 référents"),
    "lost": ("perdrait un destinataire", "perdraient un destinataire"),
    "gained": ("gagnerait un destinataire", "gagneraient un destinataire"),
}
LINE_EFFECTS = {"uncovered": "plus couverte", "held": "retenue : plus de 8 référents"}


@dataclass(frozen=True)
class PreviewCount:
    """Number of requests with one effect, in words."""

    effect: str
    count: int
    label: str


@dataclass(frozen=True)
class PreviewLine:
    """A request that would be sent otherwise; ``lost`` and ``gained``: names of offices."""

    reference: str
    on: date
    commune: str
    subjects: tuple[str, ...]
    effects: tuple[str, ...]
    lost: tuple[str, ...]
    gained: tuple[str, ...]


@dataclass(frozen=True)
class PreviewContent:
    """Content of the part ``directory/foresight/_preview.html``.

    ``unlisted``: changed requests without a line: confidential, of another region, or beyond the first ones.
    ``map`` is drawn from ``places``.
    """

    total: int
    same: int
    counts: tuple[PreviewCount, ...]
    lines: tuple[PreviewLine, ...]
    unlisted: int
    places: PreviewPlaces
    map: PreviewMap | None = None


def preview_content(preview: Preview, *, user: User) -> PreviewContent:
    """Prepare a preview for the page; four queries."""
    labels = dict(Subject.objects.values_list("slug", "label"))
    listed = [line for line in preview.changed if _is_listed(line, user)]
    visible, places = listed[:MAX_LINES], PreviewPlaces.of(listed)
    counts = (
        PreviewCount(effect, preview.counts[effect], labels_of[preview.counts[effect] > 1])
        for effect, labels_of in EFFECTS.items()
    )
    return PreviewContent(
        total=preview.total,
        same=preview.same,
        counts=tuple(count for count in counts if count.count),
        lines=tuple(_line(line, labels, preview.names) for line in visible),
        unlisted=len(preview.changed) - len(visible),
        places=places,
        map=preview_map(places),
    )


def _is_listed(line: PreviewedRequest, user: User) -> bool:
    request = line.request
    is_ours = user.is_national or (request.region is not None and request.region == user.region_id)
    return is_ours and not request.is_confidential


def _line(line: PreviewedRequest, labels: dict[str, str], names: dict[str, str]) -> PreviewLine:
    return PreviewLine(
        reference=line.request.reference,
        on=line.on,
        commune=line.request.commune,
        subjects=tuple(labels[subject.slug] for subject in line.request.asked),
        effects=tuple(word for effect, word in LINE_EFFECTS.items() if getattr(line, f"is_{effect}")),
        lost=tuple(_losing_offices(line.before, line.after, names)),
        gained=tuple(_losing_offices(line.after, line.before, names)),
    )


def _losing_offices(first: Decision, second: Decision, names: dict[str, str]) -> Iterator[str]:
    """Names of the offices whose experts of the first decision are not all in the second."""
    kept = _people(second)
    for code, emails in _people(first).items():
        gone = emails - kept.get(code, set())
        if gone and code not in kept:
            yield names.get(code, code)
        elif gone:
            count = "un référent" if len(gone) == 1 else f"{len(gone)} référents"
            yield f"{names.get(code, code)} ({count})"


def _people(decision: Decision) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for need in decision.needs:
        for chosen in need.chosen:
            found.setdefault(chosen.office, set()).add(chosen.expert.lower())
    return found
