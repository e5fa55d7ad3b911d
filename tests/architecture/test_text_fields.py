"""Each form reads what people type through the fields that clean it."""

import importlib
import pkgutil
from collections.abc import Iterator

from django import forms

from mailing.form_fields import AddressField, LineField, TypedTextField
from owners.forms.traps import TrapField

ROOMS = ("portal", "indicators", "workspace", "oversight", "owners", "directory", "solicitations")
ROOMS += ("experts", "companies", "territories", "mailing")
CLEANED = (LineField, TypedTextField, AddressField, TrapField)
NOT_TYPED = {
    ("BulkForm", "query"),  # the address of the list
    ("SavedSearchForm", "query"),
    *((form, "credential") for form in ("KeyEnrolmentForm", "KeyForm", "KeyReauthenticationForm")),
    ("LoginEmailForm", "email"),  # replaced when the form is made
    ("CountedTries", "code"),
}


def every_form() -> Iterator[type[forms.BaseForm]]:
    for room in ROOMS:
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if not {"settings", "migrations", "wsgi", "asgi"} & set(module.name.split(".")):
                importlib.import_module(module.name)
    found = [forms.BaseForm]
    while found:
        children = found.pop().__subclasses__()
        found += children
        yield from (child for child in children if child.__module__.partition(".")[0] in ROOMS)


def test_every_text_field_cleans_what_is_typed():
    plain = {
        (form.__name__, name)
        for form in every_form()
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, forms.CharField) and not isinstance(field, CLEANED)
    }

    assert plain == NOT_TYPED
