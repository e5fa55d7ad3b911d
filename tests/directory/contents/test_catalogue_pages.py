"""The catalogue's editor: shown before it is saved, kept in a journal, and stronger than the next import."""

import pytest
from django.core.management import call_command

from directory.models import ContentRevision
from experts.models import EntryQuestion, Institution, Subject, SubjectExamples, SubjectInstitution, Theme

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

LIST = "/annuaire/catalogue/"
JOURNAL = "/annuaire/catalogue/historique/"
SUBJECT = "/annuaire/catalogue/subject/licenciement/"
PAGES = [LIST, JOURNAL, SUBJECT, "/annuaire/catalogue/ajouter/theme/"]


def typed(client, path: str, **changes: object) -> dict[str, object]:
    """The values of the form of a page, some of them changed; ``None`` unticks a box."""
    form = client.get(path).context["form"]
    values = {field.name: field.value() for field in form} | changes
    return {name: value for name, value in values.items() if value not in {None, False}}


def save(client, path: str, **changes: object):
    return client.post(path, {**typed(client, path, **changes), "action": "save"})


def codes(slug: str, *, is_relay: bool = False) -> list[str]:
    answers = SubjectInstitution.objects.filter(subject__slug=slug, is_relay=is_relay).order_by("position")
    return [(answer.institution or answer.group).code for answer in answers]


class TestRights:
    @pytest.mark.parametrize("path", PAGES)
    def test_only_the_national_team_edits(self, client, as_national, as_regional, path):
        assert as_national.get(path).status_code == 200
        assert as_regional.get(path).status_code == 404
        assert client.get(path).status_code == 302

    def test_region_writes_nothing(self, as_national, as_regional):
        posted = {**typed(as_national, SUBJECT, label="Autre nom"), "action": "save"}

        assert as_regional.post(SUBJECT, posted).status_code == 404
        assert not ContentRevision.objects.exists()

    @pytest.mark.parametrize(
        "path", ["region/27/", "nothing/x/", "subject/inconnu/", "question/x/", "question/99/"]
    )
    def test_unknown_content_is_not_found(self, as_national, path):
        assert as_national.get(LIST + path).status_code == 404


class TestEditing:
    def test_change_is_shown_before_it_is_saved(self, as_national):
        posted = {**typed(as_national, SUBJECT, label="Rompre un contrat"), "action": "preview"}

        page = as_national.post(SUBJECT, posted)

        [change] = page.context["changes"]
        assert change.after == "Rompre un contrat"
        assert not Subject.objects.filter(label="Rompre un contrat").exists()

    def test_saved_change_is_public_and_in_the_journal(self, as_national, client):
        save(as_national, SUBJECT, label="Rompre un contrat", guidance="Dites pourquoi.")

        page = client.get("/sujets/licenciement/").content.decode()
        assert "Rompre un contrat" in page
        assert "Dites pourquoi." in page
        assert "Rompre un contrat" in as_national.get(JOURNAL).content.decode()

    def test_nothing_typed_changes_nothing(self, as_national):
        for path in (
            "subject/licenciement/",
            "theme/recrutement/",
            "institution/PE/",
            "group/OPCO/",
            "question/1/",
        ):
            save(as_national, LIST + path)

        assert not ContentRevision.objects.exists()

    def test_institutions_are_typed_by_name_or_code_in_their_order(self, as_national):
        save(as_national, SUBJECT, institutions="OPCO\nfrance travail\nAgefiph (AGEFIPH)", relays="")

        assert codes("licenciement") == ["OPCO", "PE", "AGEFIPH"]

    def test_effect_of_another_institution_is_reported(self, as_national):
        posted = {**typed(as_national, SUBJECT, institutions="AGEFIPH"), "action": "preview"}

        text = " ".join(as_national.post(SUBJECT, posted).context["effects"])

        assert "Agefiph recevra ces demandes" in text
        assert "ne recevra plus" in text

    @pytest.mark.parametrize(
        ("path", "field", "value", "sentence"),
        [
            (
                "subject/licenciement/",
                "institutions",
                "Frence Travail",
                "Vouliez-vous dire « France Travail »",
            ),
            ("subject/licenciement/", "label", "", "Écrivez un nom."),
            ("subject/licenciement/", "relays", "SRE", "choisissez, répond ou relais"),
            ("subject/autre/", "is_listed", None, "Ce sujet reste"),
            ("theme/recrutement/", "is_listed", None, "Ce thème a des sujets"),
            ("theme/recrutement/", "position", "0", "supérieure ou égale à 1"),
            ("question/1/", "theme", "", "l'un des deux"),
        ],
    )
    def test_mistake_is_told(self, as_national, path, field, value, sentence):
        page = save(as_national, LIST + path, **{field: value})

        assert sentence in page.content.decode().replace("\u00a0", " ").replace("&#x27;", "'")
        assert not ContentRevision.objects.exists()

    def test_colleague_who_was_faster_is_not_overwritten(self, as_national):
        first = {**typed(as_national, SUBJECT, label="Un"), "seen": as_national.get(SUBJECT).context["seen"]}
        save(as_national, SUBJECT, label="Deux")

        page = as_national.post(SUBJECT, {**first, "action": "save"})

        assert Subject.objects.get(slug="licenciement").label == "Deux"
        assert [(change.before, change.after) for change in page.context["changes"]] == [("Deux", "Un")]

    def test_what_a_colleague_changed_elsewhere_in_the_row_is_kept_and_shown(self, as_national):
        first = {**typed(as_national, SUBJECT, label="Un"), "seen": as_national.get(SUBJECT).context["seen"]}
        save(as_national, SUBJECT, position="77")

        page = as_national.post(SUBJECT, {**first, "action": "save"})
        assert [change.after for change in page.context["meanwhile"]] == ["77"]
        assert [change.after for change in page.context["changes"]] == ["Un"]
        as_national.post(SUBJECT, {**first, "seen": page.context["seen"], "action": "save"})

        subject = Subject.objects.get(slug="licenciement")
        assert (subject.label, subject.position) == ("Un", 77)

    def test_a_mistake_shows_what_a_colleague_changed_elsewhere(self, as_national):
        first = {**typed(as_national, SUBJECT, label=""), "seen": as_national.get(SUBJECT).context["seen"]}
        save(as_national, SUBJECT, position="77", institutions="France Travail", is_confidential="on")

        page = as_national.post(SUBJECT, {**first, "action": "save"})

        form = page.context["form"]
        assert form["label"].errors
        assert (form["position"].value(), form["is_confidential"].value()) == ("77", True)
        assert form["institutions"].value() == "France Travail (PE)"

    def test_new_subject_has_an_address_and_a_place(self, as_national, client):
        path = "/annuaire/catalogue/ajouter/subject/"
        save(
            as_national, path, label="Congés payés", theme="droit-travail", institutions="SRE", position="90"
        )

        assert client.get("/sujets/conges-payes/").status_code == 200
        assert Subject.objects.get(slug="conges-payes").is_added_here

    def test_new_institution_and_group_share_no_code(self, as_national):
        save(as_national, "/annuaire/catalogue/ajouter/group/", label="Réseau", position="9")
        save(
            as_national,
            "/annuaire/catalogue/ajouter/institution/",
            name="Réseau",
            kind="state",
            usual_level="region",
            notified="never",
            position="99",
        )

        assert Institution.objects.get(name="Réseau").code == "RESEAU-2"


class TestUndo:
    def test_undo_gives_back_every_fact(self, as_national):
        before = Subject.objects.values().get(slug="licenciement"), codes("licenciement")
        save(as_national, SUBJECT, label="Autre", institutions="AGEFIPH", is_confidential=True)
        revision = ContentRevision.objects.get()

        as_national.post(f"{JOURNAL}{revision.pk}/annuler/")

        after = Subject.objects.values().get(slug="licenciement"), codes("licenciement")
        before[0].pop("edited_fields"), after[0].pop("edited_fields")
        assert after == before
        assert as_national.post(f"{JOURNAL}{revision.pk}/annuler/").status_code == 302
        assert ContentRevision.objects.count() == 2

    def test_what_changed_since_is_left(self, as_national):
        save(as_national, SUBJECT, label="Un", guidance="Un")
        first = ContentRevision.objects.get()
        save(as_national, SUBJECT, label="Deux")

        as_national.post(f"{JOURNAL}{first.pk}/annuler/")

        subject = Subject.objects.get(slug="licenciement")
        assert (subject.label, subject.guidance != "Un") == ("Deux", True)

    def test_undo_of_an_addition_retires_it(self, as_national):
        save(as_national, "/annuaire/catalogue/ajouter/theme/", label="Nouveau", position="40")

        as_national.post(f"{JOURNAL}{ContentRevision.objects.get().pk}/annuler/")

        assert not Theme.objects.listed().filter(slug="nouveau").exists()


class TestImport:
    def test_what_is_edited_here_wins_over_the_next_import(self, as_national, capsys):
        save(
            as_national,
            SUBJECT,
            label="Rompre",
            institutions="AGEFIPH",
            examples="Je licencie",
            is_listed=None,
        )
        save(as_national, "/annuaire/catalogue/question/1/", question="Autre question ?")
        save(as_national, "/annuaire/catalogue/ajouter/theme/", label="Nouveau", position="40")
        save(as_national, "/annuaire/catalogue/institution/PE/", name="France Emploi")

        call_command("import_catalogue")

        subject = Subject.objects.get(slug="licenciement")
        assert (subject.label, subject.dropped_at is None) == ("Rompre", False)
        assert codes("licenciement") == ["AGEFIPH"]
        assert SubjectExamples.objects.get(subject=subject).texts == ["Je licencie"]
        assert EntryQuestion.objects.get(position=1).question == "Autre question ?"
        assert Theme.objects.listed().filter(slug="nouveau").exists()
        assert Institution.objects.get(code="PE").name == "France Emploi"
        assert "Gardé comme corrigé dans le portail : Rompre : label" in capsys.readouterr().out

    def test_rest_of_an_edited_row_still_follows_the_files(self, as_national):
        summary = Subject.objects.get(slug="licenciement").summary
        save(as_national, SUBJECT, label="Rompre")
        Subject.objects.filter(slug="licenciement").update(summary="perdu")

        call_command("import_catalogue")

        assert Subject.objects.get(slug="licenciement").summary == summary

    def test_files_are_followed_again_on_demand(self, as_national):
        before = Subject.objects.get(slug="licenciement").label
        save(as_national, SUBJECT, label="Rompre", institutions="AGEFIPH")

        as_national.post(SUBJECT, {"action": "follow_files"})
        call_command("import_catalogue")

        assert Subject.objects.get(slug="licenciement").label == before
        assert codes("licenciement") != ["AGEFIPH"]
