"""Steps of a change: typed, compared with what is there now, shown with its effects, confirmed, applied."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from directory import plan_warnings, shown_facts
from directory.area_effects import area_effects
from directory.change_texts import ChangedFact, FactTexts, plan_changes
from directory.coverage_loss import losses
from directory.foresight.preview import foresee
from directory.foresight.preview_content import preview_content
from directory.forms.facts_form import RowFactsForm
from directory.reach_notices import apply_and_tell
from experts.changes import rights
from experts.changes.applying import StalePlan
from experts.changes.directory_facts import Facts
from experts.changes.row_plans import Plan
from experts.models import Revision, User
from mailing.shown_values import show_news

# Changes of these facts alone change nothing to who receives what: they are saved immediately.
HARMLESS = {
    "name", "phone", "site", "job", "shows_phone", "booking_url", "is_public", "verified_on",
    "agreement_signed_on", "agreement_link", "edited_fields", "successor", "source",
}  # fmt: skip
SHOWN, STEP, CHOICE, THEIRS = "vu", "etape", "choix-", "leur"
CONFIRM, CORRECT = "confirmer", "corriger"
NOT_CARRIED = {"csrfmiddlewaretoken", SHOWN, STEP}
NOTHING = "Rien n'a changé : les valeurs sont les mêmes."


class EditRefused(Exception):
    """A plan that cannot be made of these facts: ``field`` of the form, empty for the whole, and why."""

    def __init__(self, sentence: str, *, field: str = "") -> None:
        self.field = field
        super().__init__(sentence)


@dataclass(frozen=True)
class Edit:
    """A change that a page proposes.

    ``found`` returns the current facts of the form, default values for a new row; ``plan`` makes a plan of
    the facts that change.
    """

    title: str
    back: str
    found: Callable[[], Facts]
    form: Callable[[Any, Facts], RowFactsForm]
    plan: Callable[[Facts], Plan]
    done: str
    template: str = "directory/form.html"
    context: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = False
    intro: str = ""
    land: Callable[[Plan], str] | None = None  # the page after a plan that succeeded, ``back`` by default
    # The parts of the plan that the person may not write.
    refused: Callable[[Plan, User], list[rights.Refusal]] = rights.refusals
    # Sentences about what a plan does to open requests, in the place of those that depend on it.
    consequences: Callable[[Plan], Sequence[str]] | None = None
    # Values that the form proposes in the place of those found, and the sentence that says why.
    proposed: Facts = field(default_factory=dict)
    proposal: str = ""
    # Writes the plan otherwise than ``apply_and_tell``, from the facts. Raises ``EditRefused``.
    write: Callable[[Facts, User], None] | None = None


def edit_of(
    form: type[RowFactsForm], *, name: str, back: tuple[str, str], given: Mapping[str, Any], **others: Any
) -> Edit:
    """A change of the row ``name``, with the form's title and sentences; ``given``: arguments of the form.

    ``back``: the page to go back to and its name; ``others``: other fields of ``Edit``.
    """
    texts = {"title": form.title, "intro": form.intro, "done": form.done} | others
    return Edit(
        **texts | {"title": f"{texts['title']} — {name}"},
        back=back[0],
        form=lambda data, shown: form(data, shown=shown, **given),
        context={"back_label": back[1]},
    )


def serve(request: HttpRequest, edit: Edit) -> HttpResponse:
    """Show the form of a change, then its effects; apply it when they are confirmed."""
    found = edit.found()
    if request.method != "POST":
        flow = _Flow(request, edit, edit.form(None, {**found, **edit.proposed}), found)
        return flow.form_page() if flow.form.fields else flow.propose_at_once()
    try:
        shown = shown_facts.unpack(request.POST.get(SHOWN, ""))
    except shown_facts.UnreadableForm:
        messages.error(request, "Cette page était trop ancienne : voici les valeurs d'aujourd'hui.")
        return redirect(request.get_full_path())
    flow = _Flow(request, edit, edit.form(request.POST, shown), shown)
    if not flow.form.is_valid() or request.POST.get(STEP) == CORRECT:
        return flow.form_page()
    return flow.propose(found)


def is_harmless(plan: Plan) -> bool:
    """Return whether a plan changes nothing to who receives what."""
    rows = plan.only_changes().rows()
    return all(row.instance is not None and set(row.written_facts) <= HARMLESS for row in rows)


def _last_author(plan: Plan) -> User | None:
    """Return the person who last changed the row of this plan.

    ``None`` when it was a command or an expert, and for a plan of several rows.
    """
    rows = [("office", one.instance.pk) for one in plan.offices if one.instance]
    rows += [("expert", one.instance.pk) for one in plan.experts if one.instance]
    if len(rows) != 1:
        return None
    last = Revision.objects.of_row(*rows[0]).select_related("author").order_by("-made_at", "-pk").first()
    return last.author if last else None


@dataclass(frozen=True)
class _Flow:
    """One request of an editor: the change, its form, the facts that the page showed."""

    request: HttpRequest
    edit: Edit
    form: RowFactsForm
    shown: Facts

    @property
    def user(self) -> User:
        if not isinstance(self.request.user, User):
            raise PermissionDenied
        return self.request.user

    def propose(self, found: Facts) -> HttpResponse:
        """Compare what is typed with what is there now; show the effects, or save when they are confirmed."""
        facts = self._facts(found)
        if not self.edit.is_new and (met := shown_facts.clashes(self.shown, facts, found)):
            return self._clash_page(met, facts)
        try:
            plan = self.edit.plan(facts)
            if not plan.changes_something:
                return self._say_unchanged()
            if self._is_refused(plan):
                return self.form_page()
            if self.request.POST.get(STEP) != CONFIRM and not is_harmless(plan):
                others = self._changed_meanwhile(found)
                return self._confirmation_page(plan, self.request.POST[SHOWN], meanwhile=others)
            return self._save(plan, facts)
        except EditRefused as error:
            self.form.add_error(error.field or None, str(error))
            return self.form_page()

    def propose_at_once(self) -> HttpResponse:
        """Show the effects of a change without anything to type."""
        try:
            plan = self.edit.plan(self.form.facts())
        except EditRefused as error:
            messages.error(self.request, str(error))
            return redirect(self.edit.back)
        return (
            self._confirmation_page(plan, self._packed(self.shown))
            if plan.changes_something
            else self._say_unchanged()
        )

    def _facts(self, found: Facts) -> Facts:
        """The facts that the editor changed, without those for which a colleague's value is kept."""
        typed = self.form.facts()
        if self.edit.is_new:
            return typed
        facts = shown_facts.edited(self.shown, typed, found)
        return {
            name: value for name, value in facts.items() if self.request.POST.get(f"{CHOICE}{name}") != THEIRS
        }

    def _say_unchanged(self) -> HttpResponse:
        messages.info(self.request, NOTHING)
        return redirect(self.edit.back)

    def _save(self, plan: Plan, facts: Facts) -> HttpResponse:
        try:
            if self.edit.write:
                self.edit.write(facts, self.user)
            else:
                apply_and_tell(plan, author=self.user, now=timezone.now())
        except StalePlan:
            messages.warning(
                self.request, "Quelqu'un vient de changer la même chose : relisez avant d'enregistrer."
            )
            return redirect(self.request.get_full_path())
        messages.success(self.request, self.edit.done)
        return redirect(self.edit.land(plan) if self.edit.land else self.edit.back)

    def _is_refused(self, plan: Plan) -> bool:
        """Add the refusals of the editor's rights to the form; return whether there are any."""
        refused = self.edit.refused(plan, self.user)
        for refusal in refused:
            self.form.add_error(refusal.fact if refusal.fact in self.form.fields else None, refusal.sentence)
        return bool(refused)

    def _packed(self, shown: Facts) -> str:
        return shown_facts.pack(shown, [name for name in self.form.fact_names() if name in shown])

    def form_page(self) -> HttpResponse:
        """Show the form, with its errors, and others' values where the person changed nothing."""
        shown = dict(self.shown)
        if self.form.is_bound and not self.edit.is_new:
            found = self.edit.found()
            shown |= show_news(self.form, shown_facts.changed_meanwhile(self.shown, found), found)
        context = {"edit": self.edit, "form": self.form, "shown": self._packed(shown), **self.edit.context}
        return render(self.request, self.edit.template, context)

    def _changed_meanwhile(self, found: Facts) -> list[ChangedFact]:
        """The facts that somebody else has changed since the page was shown, in words."""
        names = [] if self.edit.is_new else shown_facts.changed_meanwhile(self.shown, found)
        texts = FactTexts([{name: value} for name in names for value in (self.shown[name], found[name])])
        return [
            replace(texts.change(name, self.shown[name], found[name]), label=self.form.fact_label(name))
            for name in names
        ]

    def _confirmation_page(
        self, plan: Plan, shown: str, *, meanwhile: Collection[ChangedFact] = ()
    ) -> HttpResponse:
        """Show what a plan changes before it is applied, and what somebody else changed ``meanwhile``."""
        now = timezone.now()
        context = {
            "edit": self.edit,
            "changes": plan_changes(plan),
            "meanwhile": meanwhile,
            "warned": plan_warnings.never_asked_after(plan),
            "used_addresses": plan_warnings.used_addresses(plan),
            "losses": losses(plan, now=now),
            "effects": area_effects(plan, on=timezone.localdate(now)),
            "consequences": self.edit.consequences(plan) if self.edit.consequences else (),
            "dependents": plan_warnings.dependents(plan, user=self.user),
            "preview": preview_content(foresee(plan, now=now), user=self.user),
            "carried": self._carried(),
            "shown": shown,
            "has_form": SHOWN in self.request.POST,
        }
        return render(self.request, "directory/confirmation.html", context)

    def _clash_page(self, met: list[shown_facts.Clash], facts: Facts) -> HttpResponse:
        """Show, field by field, what somebody else changed meanwhile, and ask which value to keep."""
        try:
            author = _last_author(self.edit.plan(facts))
        except EditRefused:
            author = None
        values = [{clash.fact: value} for clash in met for value in (clash.shown, clash.found, clash.typed)]
        texts = FactTexts(values)
        rows = [
            {
                "fact": clash.fact,
                "label": texts.change(clash.fact, clash.shown, clash.found).label,
                "shown": texts.value(clash.fact, clash.shown),
                "found": texts.value(clash.fact, clash.found),
                "typed": texts.value(clash.fact, clash.typed),
            }
            for clash in met
        ]
        shown = self.shown | {clash.fact: clash.found for clash in met}
        context = {
            "edit": self.edit,
            "author": author,
            "rows": rows,
            "carried": self._carried(without={f"{CHOICE}{clash.fact}" for clash in met}),
            "shown": shown_facts.pack(shown, list(shown)),
        }
        return render(self.request, "directory/clash.html", context)

    def _carried(self, *, without: Collection[str] = ()) -> list[tuple[str, str]]:
        """The values typed, to be posted again by the next page."""
        return [
            (name, value)
            for name, values in self.request.POST.lists()
            if name not in NOT_CARRIED and name not in without
            for value in values
        ]
