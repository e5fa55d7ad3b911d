"""The form parts that every page includes: names, hints and errors tied to their field."""

import pytest
from django import forms
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.template.loader import render_to_string
from pytest_django.asserts import assertHTMLEqual

NUMBER_MISSING = {"required": "Indiquez un numéro."}


class Sample(forms.Form):
    phone = forms.CharField(
        label="Téléphone", help_text="10 chiffres", error_messages={"required": "Indiquez un numéro."}
    )
    job = forms.CharField(label="Fonction", required=False)
    words = forms.CharField(label="Votre besoin", widget=forms.Textarea)
    day = forms.ChoiceField(label="Jour", choices=[("1", "lundi"), ("2", "mardi")])
    hour = forms.ChoiceField(
        label="Heure", choices=[("am", "matin")], widget=forms.RadioSelect, help_text="Au choix"
    )
    consent = forms.BooleanField(label="J'accepte", error_messages={"required": "Cochez la case."})


def rendered(form: forms.Form, name: str) -> str:
    return render_to_string("forms/_field.html", {"field": form[name]})


@pytest.mark.parametrize("name", ["phone", "job", "words", "day", "consent"])
def test_label_names_its_field(name):
    html = rendered(Sample(), name)

    assert f'for="id_{name}"' in html
    assert f'id="id_{name}"' in html


def test_optional_field_says_so():
    assert "(facultatif)" in rendered(Sample(), "job")
    assert "(facultatif)" not in rendered(Sample(), "phone")


@pytest.mark.parametrize("name", ["phone", "consent"])
def test_error_is_read_with_its_field(name):
    html = rendered(Sample({}), name)

    assert f'id="id_{name}_error"' in html
    assert f"id_{name}_error" in html.split("aria-describedby=")[1].split(">")[0]
    assert 'aria-invalid="true"' in html


def test_hint_is_read_with_its_field():
    html = rendered(Sample(), "phone")

    assert 'aria-describedby="id_phone_helptext"' in html
    assert 'id="id_phone_helptext"' in html


def test_choices_stand_in_a_named_group():
    html = rendered(Sample({}), "hour")

    assert 'aria-labelledby="id_hour_legend id_hour_helptext id_hour_error"' in html
    assert html.count('type="radio"') == 1


@pytest.mark.parametrize("chosen", [None, "", 7, "b&<", ["7", "b&<"]])
def test_a_list_is_django_s(chosen):
    """Our template is only faster."""
    choices = [("", "Choisissez"), ("Premier « thème »", [(7, "l'un"), ("b&<", "<i>l'autre</i>")]), (8, "8")]
    widget = forms.SelectMultiple if isinstance(chosen, list) else forms.Select
    field = widget(attrs={"required": True, "class": "fr-select", "hidden": False}, choices=choices)

    ours, django_s = (
        field.render("subject", chosen, {"id": "s"}, renderer=renderer())
        for renderer in (TemplatesSetting, DjangoTemplates)
    )

    assert ours != django_s
    assertHTMLEqual(ours, django_s)


def test_summary_links_to_each_field_in_error():
    html = render_to_string("forms/_errors_summary.html", {"form": Sample({})})

    assert 'href="#id_phone"' in html
    assert 'href="#id_hour"' in html
    assert "Indiquez un numéro." in html


def test_summary_is_empty_without_error():
    assert render_to_string("forms/_errors_summary.html", {"form": Sample()}).strip() == ""


def test_typed_words_are_shown_again_and_escaped():
    html = rendered(Sample({"words": "<b>mes mots</b>"}), "words")

    assert "&lt;b&gt;mes mots&lt;/b&gt;" in html


def test_what_was_done_is_reported_on_top_and_focused(rf):
    request = rf.get("/")
    request._messages = CookieStorage(request)  # noqa: SLF001 - where the middleware puts it
    messages.success(request, "Votre demande est annulée.")

    page = render_to_string("base.html", request=request)

    text = page.split('role="status"')[1].split("</div>")[0]
    assert "autofocus" in text.split(">")[0]
    assert "Votre demande est annulée." in text
