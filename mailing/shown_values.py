"""Values that a bound form shows in the place of those posted."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.http import QueryDict


def show_news(form: forms.BaseForm, names: Iterable[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Show these values of the fields that the person left as they were; return them.

    The form is bound, with what its page showed as initial values: somebody else has changed these since.
    """
    untouched = [name for name in names if name in form.fields and _is_untouched(form, name)]
    posted: QueryDict = form.data.copy()  # type: ignore[attr-defined]
    form.data = posted
    for name in untouched:
        posted.setlist(form.add_prefix(name), _posted(form.fields[name].prepare_value(values[name])))
    return {name: values[name] for name in untouched}


def _is_untouched(form: forms.BaseForm, name: str) -> bool:
    field = form.fields[name]
    if isinstance(field, forms.BooleanField):
        return bool(form.data.get(form.add_prefix(name))) is bool(form.initial.get(name))
    shown = _posted(field.prepare_value(form.initial.get(name)))
    posted: QueryDict = form.data  # type: ignore[assignment]
    return _compared(posted.getlist(form.add_prefix(name))) == _compared(shown)


def _compared(values: Iterable[str]) -> list[str]:
    lines = (value.replace("\r\n", "\n").strip() for value in values)
    return sorted(line for line in lines if line)


def _posted(value: Any) -> list[str]:
    """The value as a browser posts it."""
    if value is None or value is False:
        return []
    if value is True:
        return ["on"]
    is_list = isinstance(value, list | tuple | set | frozenset)
    return [str(one) for one in value] if is_list else [str(value)]
