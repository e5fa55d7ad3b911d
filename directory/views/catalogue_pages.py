"""Pages of the catalogue's editor, for the national team."""

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.contents import content_changes, content_editing, content_effects, content_facts, content_texts
from directory.contents.content_changes import AlreadyUndone, ContentChange, StaleContent
from directory.contents.content_editing import SeenContent
from directory.contents.content_facts import EditedContent
from directory.contents.content_forms import FORMS, CatalogueForm, institution_names
from directory.models import ContentKind, ContentRevision
from experts.accounts.pagination import page_of
from experts.accounts.staff_access import staff_page, staff_user
from experts.models import EntryQuestion, Institution, InstitutionGroup, Subject, Theme, User

SAVED = "C'est enregistré et visible du public."
SAME = "Rien n'a changé."
STALE = "Quelqu'un a changé cette page pendant que vous écriviez : relisez, puis enregistrez."
PAGE = 25
NEW_TITLES = {
    ContentKind.THEME: "Ajouter un thème",
    ContentKind.SUBJECT: "Ajouter un sujet",
    ContentKind.INSTITUTION: "Ajouter une institution",
    ContentKind.GROUP: "Ajouter un groupe d'institutions",
    ContentKind.QUESTION: "Ajouter une question",
}


@require_safe
@staff_page
def catalogue(request: HttpRequest) -> HttpResponse:
    """List everything that can be edited."""
    _national(request)
    subjects = Subject.objects.order_by("position", "pk")
    context = {
        "themes": Theme.objects.prefetch_related(Prefetch("subjects", subjects)).order_by("position", "pk"),
        "standalone": subjects.filter(theme=None),
        "institutions": Institution.objects.select_related("group").order_by("position", "pk"),
        "groups": InstitutionGroup.objects.order_by("position", "pk"),
        "questions": EntryQuestion.objects.order_by("position"),
        "menu": "catalogue",
    }
    return render(request, "directory/catalogue/list.html", context)


@staff_page
def edit(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Edit one row: typed, then shown before and after, then saved."""
    _national(request)
    content = content_facts.read(_kind(kind), key)
    if content is None:
        raise Http404
    if request.method == "POST" and request.POST.get("action") == "follow_files":
        content_changes.follow_files(content.kind, content.key)
        messages.success(request, "Le prochain import du catalogue reprendra les valeurs de ses fichiers.")
        return redirect("directory:catalogue_row", kind, key)
    return _edited(request, content.kind, content)


@staff_page
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """Add a row, in the same two steps."""
    _national(request)
    return _edited(request, _kind(kind), None)


@require_safe
@staff_page
def journal(request: HttpRequest) -> HttpResponse:
    """The changes of the catalogue, newest first."""
    _national(request)
    revisions = ContentRevision.objects.of_catalogue().select_related("author", "undone_by", "undoes")
    if kind := request.GET.get("genre"):
        revisions = revisions.of(kind, request.GET.get("cle", ""))
    page = page_of(revisions.newest_first(), request.GET, size=PAGE)
    context = {"page": page, "entries": journal_entries(page.rows), "menu": "catalogue"}
    return render(request, "directory/catalogue/journal.html", context)


@require_POST
@staff_page
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a change of the catalogue; what was changed since is left as it is."""
    user = _national(request)
    revision = get_object_or_404(ContentRevision.objects.of_catalogue(), pk=pk)
    undo_revision(request, revision, user=user)
    return redirect("directory:catalogue_journal")


def undo_revision(request: HttpRequest, revision: ContentRevision, *, user: User) -> None:
    """Undo a change, and tell the person what was done."""
    plan = content_changes.plan_undo(revision)
    if plan is None or not plan.change.changed:
        messages.warning(request, "Rien à annuler : tout a changé depuis.")
        return
    try:
        content_changes.apply(plan.change, author=user, now=timezone.now(), undoes=revision)
    except (AlreadyUndone, StaleContent):
        messages.warning(request, "Ce changement vient d'être annulé, ou corrigé, par quelqu'un d'autre.")
        return
    if plan.left:
        wording = content_texts.Wording(plan.change.kind)
        labels = [change.label for change in wording.changes(None, revision.after, plan.left)]
        messages.warning(request, f"Annulé, sauf ce qui a changé depuis : {', '.join(labels)}.")
    else:
        messages.success(request, "Le changement est annulé.")


def journal_entries(revisions: Any) -> list[dict[str, Any]]:
    """Each revision with what it changed, in words."""
    wordings: dict[str, content_texts.Wording] = {}
    entries = []
    for revision in revisions:
        if revision.kind not in wordings:
            wordings[revision.kind] = content_texts.Wording(ContentKind(revision.kind))
        changes = content_texts.changes_of_revision(revision, wordings[revision.kind])
        entries.append(
            {"revision": revision, "changes": changes, "is_undone": hasattr(revision, "undone_by")}
        )
    return entries


def _edited(request: HttpRequest, kind: ContentKind, content: EditedContent | None) -> HttpResponse:
    """The form, then what it changes, then the row saved."""
    key, facts = (content.key, content.facts) if content else ("", None)
    if request.method != "POST":
        return _form_page(request, FORMS[kind](initial=facts, key=key), kind, content)
    seen = SeenContent.of(request.POST, facts)
    form = FORMS[kind](request.POST, initial=seen.facts, key=key)
    if not form.is_valid() or request.POST.get("action") == "edit":
        return _form_page(request, form, kind, content)
    typed = seen.edited(form.facts()) if content else form.facts()
    change = content_editing.change_from(content, kind, typed)
    is_stale = seen.known != content_editing.mark(facts)
    if is_stale:
        messages.warning(request, STALE)
    elif not change.changed:
        messages.info(request, SAME)
        return redirect("directory:catalogue_row", kind.value, change.key)
    if is_stale or request.POST.get("action") != "save":
        return _preview_page(request, form, change, content)
    return _saved(request, change, user=staff_user(request))


def _saved(request: HttpRequest, change: ContentChange, *, user: User) -> HttpResponse:
    """Save a change, unless somebody changed the row a moment ago."""
    try:
        content_changes.apply(change, author=user, now=timezone.now())
    except StaleContent:
        messages.warning(request, STALE)
    else:
        messages.success(request, SAVED)
    return redirect("directory:catalogue_row", change.kind.value, change.key)


def _form_page(
    request: HttpRequest, form: CatalogueForm, kind: ContentKind, content: EditedContent | None
) -> HttpResponse:
    revisions = ContentRevision.objects.of(kind, content.key) if content else ContentRevision.objects.none()
    facts = content.facts if content else None
    context = {
        "form": form,
        "kind": kind,
        "content": content,
        "title": content.label if content else NEW_TITLES[kind],
        "names": institution_names() if kind is ContentKind.SUBJECT else {},
        "seen": SeenContent.of(request.POST, facts).shown_by(form, facts).packed(facts),
        "latest": journal_entries(revisions.select_related("author", "undone_by").newest_first()[:3]),
        "menu": "catalogue",
    }
    return render(request, "directory/catalogue/form.html", context)


def _preview_page(
    request: HttpRequest, form: CatalogueForm, change: ContentChange, content: EditedContent | None
) -> HttpResponse:
    """Before, after and effects, and what somebody else changed meanwhile; the form travels hidden."""
    seen = SeenContent.of(request.POST, change.before)
    context = {
        "form": form,
        "kind": change.kind,
        "content": content,
        "title": content.label if content else NEW_TITLES[change.kind],
        "changes": content_texts.changes_of(change),
        "effects": content_effects.effects(change, now=timezone.now()),
        "seen": seen.packed(change.before),
        "meanwhile": content_texts.meanwhile(
            change.kind, seen.facts, change.before, seen.changed_meanwhile(change.before)
        ),
        "menu": "catalogue",
    }
    return render(request, "directory/catalogue/preview.html", context)


def _kind(kind: str) -> ContentKind:
    """The kind of this code. Raises ``Http404`` for one that the catalogue's editor does not have."""
    if kind not in FORMS:
        raise Http404
    return ContentKind(kind)


def _national(request: HttpRequest) -> User:
    """The user, of the national team. Raises ``Http404`` for anybody else."""
    user = staff_user(request)
    if not user.is_national:
        raise Http404
    return user
