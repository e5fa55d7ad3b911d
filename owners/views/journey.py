"""A visitor's progress through the form: the answers, stored in a draft, and the forms that read them.

Answers are stored as typed, step by step, and validated again by the same forms at every step: what was valid
at the first step (a subject, an open region) is checked again before sending.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self, cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from experts.models import Institution, Subject
from experts.routing import loading
from experts.routing.engine import ApplicantFacts, Decision
from mailing.form_fields import TypedTextField
from mailing.prepared_queries import PreparedQuery
from owners.forms.company import FactsForm
from owners.forms.identity import Identity
from owners.forms.need import NeedForm
from solicitations.models import Draft, Opening
from territories.models import Commune

SESSION_KEY = "drafts"  # of the session: the draft's id by first subject
# What pages read beside their forms' fields: institutions shown and kept, the question on crafts, a card.
BESIDE_FIELDS: dict[str, forms.Field] = {
    "shown": forms.MultipleChoiceField(),
    "kept": forms.MultipleChoiceField(),
    "craft_asked": forms.CharField(),
    "siret": forms.CharField(),
}
_SUBJECT = PreparedQuery(lambda slug: Subject.objects.listed().select_related("theme").filter(slug=slug))
_DRAFT = PreparedQuery(lambda pk: Draft.objects.filter(pk=pk))
# More than any answer that is accepted: what is too long is refused, and shown again.
MAX_VALUES, MAX_LINE_LENGTH, MAX_TEXT_LENGTH = 100, 1_000, 60_000
MAX_STEP_BYTES = 120_000  # of all the values of a step: each confidential subject brings a text of its own


@dataclass
class Journey:
    """One subject's form, as far as its visitor has come; ``draft`` is ``None`` before the first answer."""

    subject: Subject
    draft: Draft | None

    @classmethod
    def of(cls, request: HttpRequest, slug: str) -> Self:
        """The journey of this visitor; a subject that is not in the catalogue is a 404."""
        subject = _SUBJECT.first(slug=slug)
        if subject is None:
            raise Http404
        pk = request.session.get(SESSION_KEY, {}).get(slug)
        draft = _DRAFT.first(pk=pk) if pk else None
        return cls(subject, draft if draft and draft.is_alive(now=timezone.now()) else None)

    def answers(self, step: str) -> MultiValueDict | None:
        """Return the values typed at a step; ``None`` when it was never sent."""
        stored = self.draft.answers.get(step) if self.draft else None
        return MultiValueDict(stored) if stored is not None else None

    @cached_property
    def need(self) -> NeedForm:
        return NeedForm(self.answers("need"), subject=self.subject)

    @cached_property
    def identity(self) -> Identity | None:
        """The applicant, once chosen."""
        stored = self.draft.answers.get("identity") if self.draft else None
        return Identity.from_json(stored) if stored else None

    @cached_property
    def facts(self) -> FactsForm:
        """The form with the company's facts, once it is chosen."""
        if self.identity is None:
            raise LookupError
        return FactsForm(self.answers("facts"), identity=self.identity, on=self.today)

    @property
    def commune(self) -> Commune:
        """The chosen commune. For a valid first step."""
        commune: Commune = self.need.cleaned_data["place"]
        return commune

    @property
    def today(self) -> date:
        """The date where the company is."""
        time_zone = self.commune.time_zone if self.need.is_valid() else None
        return timezone.localdate(timezone=time_zone)

    @property
    def slugs(self) -> list[str]:
        return [subject.slug for subject in self.need.all_subjects()]

    def decide(self, facts: ApplicantFacts, *, without: Iterable[Institution] = ()) -> Decision:
        """Return the routing decision for the request as it is now."""
        return loading.decide(
            subjects=self.slugs,
            commune=self.commune,
            facts=facts,
            on=self.today,
            without_institutions=frozenset(institution.code for institution in without),
        )

    def closings(self, *, now: datetime) -> list[tuple[Subject, Opening]]:
        """The asked subjects that are closed there, each with what closes it. For a valid first step."""
        closed = Opening.objects.closed_in(self.commune.region, now=now)
        rows = [
            (subject, closed.get(None) or closed.get(subject.theme_id))
            for subject in self.need.all_subjects()
        ]
        return [(subject, opening) for subject, opening in rows if opening]

    def refused_to_projects(self) -> list[Subject]:
        """The asked subjects that are for companies only."""
        return [subject for subject in self.need.all_subjects() if not subject.is_open_to_project_holders]

    def is_project_refused(self) -> bool:
        """True when a person without a company asks about a subject for companies only."""
        return bool(self.identity and self.identity.is_project and self.refused_to_projects())

    def is_company_known(self) -> bool:
        """Return ``True`` when the second step is done, and still valid for the subjects asked."""
        return self.identity is not None and self.facts.is_valid() and not self.is_project_refused()

    def step_reached(self) -> str:
        """The first step that is not done: the name of its page."""
        if not self.need.is_valid():
            return "need"
        return "contact" if self.is_company_known() else "company"

    def go_to(self, step: str) -> HttpResponseRedirect:
        return redirect(f"owners:{step}", self.subject.slug)

    def save_answers(self, request: HttpRequest, **answers: Any) -> None:
        """Save these answers in the draft; create it, and store its id in the session, when there is none."""
        now = timezone.now()
        if self.draft is None or self.draft.solicitation_id:
            first = {"subject": self.subject.slug, **answers}
            self.remember(request, Draft.objects.create(answers=first, created_at=now, updated_at=now))
            return
        self.draft.answers |= answers
        # Not in a draft that was sent meanwhile: its answers were erased.
        Draft.objects.filter(pk=self.draft.pk, solicitation=None).update(
            answers=self.draft.answers, updated_at=now
        )

    def remember(self, request: HttpRequest, draft: Draft) -> None:
        """Store the draft's id in the visitor's session."""
        self.draft = draft
        drafts = request.session.get(SESSION_KEY, {})
        request.session[SESSION_KEY] = {**drafts, self.subject.slug: draft.pk}


def typed_values(form: forms.Form) -> dict[str, list[str]]:
    """The posted values of the form's own fields as typed, limited in number and length."""
    left = MAX_STEP_BYTES
    kept: dict[str, list[str]] = {}
    for name, field in (*form.fields.items(), *BESIDE_FIELDS.items()):
        if name not in form.data:
            continue
        kept[name] = []
        for typed in _posted(form, name, field):
            value = typed[: _longest(field)].replace("\0", "").encode(errors="replace")[:left]
            left -= len(value)
            kept[name].append(value.decode(errors="ignore"))
    return kept


def _posted(form: forms.Form, name: str, field: forms.Field) -> list[str]:
    values = cast("QueryDict", form.data).getlist(name)
    return values[:MAX_VALUES] if isinstance(field, forms.MultipleChoiceField) else values[-1:]


def _longest(field: forms.Field) -> int:
    return MAX_TEXT_LENGTH if isinstance(field, TypedTextField) else MAX_LINE_LENGTH
