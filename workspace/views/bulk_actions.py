"""Gestures on many needs of the inbox, and files of its lists."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from experts.accounts import access_log
from experts.models import AccessRecord, Expert
from solicitations.lifecycle import DeclineReason
from workspace.forms import text_field
from workspace.inbox import bulk, inbox_exports
from workspace.inbox.bulk import BulkReport, Ending
from workspace.inbox.inbox_filters import InboxFilterForm
from workspace.inbox.readers import Reader
from workspace.views.inbox import REFUSED, found_needs, reader_of, shown_list

HAND_OVER, CLOSE = "confier", "clore"
NOT_IN_LISTS = "Ces besoins ne sont plus dans vos listes\u00a0: rien n'a été changé."
KINDS = {
    "csv": ("text/csv; charset=utf-8", inbox_exports.csv_chunks),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", inbox_exports.xlsx_chunks),
}


class BulkForm(forms.Form):
    """Needs and what to do with them: hand over to a colleague, or close with one reason."""

    geste = forms.ChoiceField(choices=[(HAND_OVER, ""), (CLOSE, "")])
    seen = forms.IntegerField(min_value=0)
    query = forms.CharField(required=False, max_length=1000)
    tout = forms.BooleanField(required=False)
    issue = forms.ChoiceField(
        required=False,
        choices=[("", "Choisir"), *((code, label) for code, (label, _) in bulk.ENDINGS.items())],
    )
    words = text_field("Un mot", rows=2)

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        near = Expert.objects.filter(pk__in=sorted(reader.everybody), left_at=None, is_paused=False)
        self.fields["collegue"] = forms.ModelChoiceField(
            queryset=near.select_related("office__institution").order_by("name", "pk"), required=False
        )

    def clean(self) -> dict[str, Any]:
        """Ask for the colleague, or for the reason."""
        cleaned = self.cleaned_data
        if cleaned.get("geste") == HAND_OVER and not cleaned.get("collegue"):
            raise forms.ValidationError("Choisissez à qui confier ces besoins.")
        if cleaned.get("geste") == CLOSE and not cleaned.get("issue"):
            raise forms.ValidationError("Choisissez comment clore ces besoins.")
        if cleaned.get("issue") == f"decline-{DeclineReason.OTHER}" and not cleaned.get("words"):
            raise forms.ValidationError("Précisez la raison en quelques mots.")
        return cleaned


@never_cache
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Act on the ticked needs, or on the whole list as filtered, and show what moved."""
    now, reader = timezone.now(), reader_of(request)
    form = BulkForm(request.POST, reader=reader)
    back = f"{reverse('workspace:inbox')}?{request.POST.get('query', '')}"
    if not form.is_valid():
        return _refuse(request, str(next(iter(form.errors.values()))[0]), back=back)
    typed = form.cleaned_data
    keys = set(_keys(request, reader, whole=typed["tout"]))
    needs = bulk.chosen_needs(reader, keys)
    if not needs:
        return _refuse(request, NOT_IN_LISTS if keys else "Cochez d'abord les besoins.", back=back)
    if typed["geste"] == HAND_OVER:
        report = bulk.hand_over_each(
            reader, needs, typed["collegue"], comment=typed["words"], seen=typed["seen"], now=now
        )
        done = f"Confié à {typed['collegue'].name}."
    else:
        done, ending = bulk.ENDINGS[typed["issue"]]
        ending = Ending(ending.state, ending.reason, typed["words"])
        report = bulk.close_each(reader, needs, ending, seen=typed["seen"], now=now)
    return _show(request, report, back=back, done=done, left_out=len(keys) - len(needs))


def _refuse(request: HttpRequest, sentence: str, *, back: str) -> HttpResponse:
    """The list again, with what was ticked and typed, and what is missing."""
    messages.error(request, sentence)
    typed: dict[str, Any] = {
        name: request.POST.get(name, "") for name in ("collegue", "issue", "words", "tout")
    }
    typed["besoins"] = [int(key) for key in _ticked(request)]
    request.session[REFUSED] = typed
    return HttpResponseRedirect(back)


def _ticked(request: HttpRequest) -> list[str]:
    typed = request.POST.getlist("besoins")[: bulk.MAX_NEEDS]
    return [key for key in typed if key.isascii() and key.isdigit() and len(key) < 19]


def _keys(request: HttpRequest, reader: Reader, *, whole: bool) -> list[int]:
    """Keys of the ticked needs, or of the list as its query string filters it."""
    if not whole:
        return [int(key) for key in _ticked(request)]
    query, now = QueryDict(request.POST.get("query", "")), timezone.now()
    shown = shown_list(reader, query)
    if shown is None:
        return []
    form = InboxFilterForm(query, reader=reader, shown=shown)
    found = found_needs(reader, shown, form, enough=bulk.MAX_NEEDS, now=now)
    return list(found.values_list("pk", flat=True)[: bulk.MAX_NEEDS])


@never_cache
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """« Annuler » one's answers on these needs."""
    reader = reader_of(request)
    needs = bulk.chosen_needs(reader, _keys(request, reader, whole=False))
    report = bulk.undo_each(reader, needs, now=timezone.now())
    return _show(request, report, back=reverse("workspace:inbox"), is_undone=True)


def _show(
    request: HttpRequest,
    report: BulkReport,
    *,
    back: str,
    done: str = "",
    is_undone: bool = False,
    left_out: int = 0,
) -> HttpResponse:
    """The report; ``done``: the gesture in words, when it is not undone; ``left_out``: no longer theirs."""
    context = {"report": report, "back": back, "done": done, "is_undone": is_undone, "left_out": left_out}
    return render(request, "workspace/inbox/bulk_report.html", context)


@never_cache
@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Download the list as filtered: what its lines show."""
    now, reader = timezone.now(), reader_of(request)
    shown = shown_list(reader, request.GET)
    if shown is None:
        raise Http404
    form = InboxFilterForm(request.GET, reader=reader, shown=shown)
    found = found_needs(reader, shown, form, enough=inbox_exports.MAX_LINES + 1, now=now)
    access_log.record(
        AccessRecord.Kind.EXPORTED,
        reader.user,
        now=now,
        details=f"Besoins, {shown.scope.label}, {shown.tab.label} ({kind})",
        request=request,
    )
    content_type, chunks = KINDS[kind]
    response = StreamingHttpResponse(
        chunks(inbox_exports.lines(found, reader, now=now)), content_type=content_type
    )
    name = f"besoins-{timezone.localdate(now)}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
