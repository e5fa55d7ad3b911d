"""Choices of the lists of subjects: grouped by theme, in the catalogue's order."""

from experts.models import Subject

GroupedChoices = list[tuple[str, list[tuple[str, str]]]]


def subjects_by_theme() -> GroupedChoices:
    """Slugs and labels of the listed subjects, under the name of their theme. One query."""
    found: dict[str, list[tuple[str, str]]] = {}
    listed = Subject.objects.listed().select_related("theme")
    for subject in listed.order_by("theme__position", "position", "pk"):
        theme = str(subject.theme) if subject.theme else "Sans thème"
        found.setdefault(theme, []).append((subject.slug, subject.label))
    return list(found.items())
