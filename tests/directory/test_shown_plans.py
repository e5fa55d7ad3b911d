"""A plan shown yesterday and confirmed today: twice, or by an admin who has lost the region meanwhile."""

import pytest
from django.conf import settings

from experts.models import Cause, Expert, Office, Revision
from tests.directory.pages import confirm, text, type_in

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

OFFICE = "/annuaire/antennes/PE-DIJON/"
PERSON = "recrutement@france-travail-dijon.example.org"
NEW_OFFICE = {
    "name": "France Travail Montbard",
    "institution": "PE",
    "phone": "03 80 12 34 56",
    "email": "contact@montbard.example.org",
    "added": "Montbard",
}
NEW_EXPERT = {
    "name": "Conseil",
    "email": "conseil@example.org",
    "phone": "03 80 12 34 56",
    "extent": "some",
    "subjects": ["saisonniers"],
}
FORMS = {
    "criteria": (f"{OFFICE}entreprises/", {"headcount_max": "10"}),
    "areas": (f"{OFFICE}territoires/", {"added": "Beaune"}),
    "closing": (f"{OFFICE}fermer/", {"closed_on": "2027-03-01"}),
    "an expert": (f"{OFFICE}nouveau-referent/", NEW_EXPERT),
    "an office": ("/annuaire/antennes/nouvelle/", NEW_OFFICE),
    "subjects": ("/annuaire/referents/{pk}/sujets/", {"subjects": ["trouver-candidats"]}),
}


def shown(client, form):
    """The address of a form, and the page that shows the effects of what was typed there."""
    path, typed = FORMS[form]
    path = path.format(pk=Expert.objects.get(email=PERSON).pk)
    return path, type_in(client, path, **typed)


def revisions():
    return Revision.objects.filter(cause=Cause.PAGE)


@pytest.mark.parametrize("form", FORMS)
def test_confirmed_twice_it_is_one_revision_and_a_sentence(as_regional, form):
    path, page = shown(as_regional, form)
    assert confirm(as_regional, path, page).status_code == 302
    rows = Office.objects.count(), Expert.objects.count()

    again = confirm(as_regional, path, page)

    assert revisions().count() == 1
    assert (Office.objects.count(), Expert.objects.count()) == rows
    shown_text = text(as_regional.get(again["Location"]) if again.status_code == 302 else again)
    assert any(
        sentence in shown_text for sentence in ("Rien n'a changé", "s'appelle déjà", "déjà cette adresse")
    )


@pytest.mark.parametrize("form", FORMS)
def test_an_admin_who_lost_the_region_changes_nothing(as_regional, regional, undone, form):
    path, page = shown(as_regional, form)
    session = as_regional.cookies[settings.SESSION_COOKIE_NAME].value

    for region, is_active in (("94", True), ("27", False)):
        with undone():
            assert as_regional.cookies[settings.SESSION_COOKIE_NAME].value == session
            regional.region_id, regional.is_active = region, is_active
            regional.save(update_fields=["region", "is_active"])

            answer = confirm(as_regional, path, page)

            assert not revisions()
            is_form = answer.status_code == 200 and answer.context["form"].errors
            is_kept = answer.status_code == 403 and "Rien n'a été envoyé" in text(answer)
            assert (
                is_form or is_kept or answer.status_code == 404 or "connexion" in answer.get("Location", "")
            )
