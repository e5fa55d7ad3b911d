"""The post of a successor: read from the words of a departure, made in one click, asked what waited."""

import pytest
from django.utils import timezone

from directory import successors, tasks
from directory.own_record import record_actions
from experts.models import Expert
from solicitations.dispatch import reoffer
from solicitations.models import Match
from solicitations.tasks import reoffer_needs_of_gone
from tests.directory.pages import save, text
from tests.solicitations.factories import send

EMAIL = "recrutement@france-travail-dijon.example.org"


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        ("Jeanne Petit, jeanne.petit@exemple.fr", "Jeanne Petit", "jeanne.petit@exemple.fr"),
        ("Jeanne Petit <j.petit@exemple.fr>", "Jeanne Petit", "j.petit@exemple.fr"),
        ("jeanne-marie.petit@exemple.fr", "Jeanne Marie Petit", "jeanne-marie.petit@exemple.fr"),
        ("Son remplaçant : paul.roux@exemple.fr", "Paul Roux", "paul.roux@exemple.fr"),
        ("Le service recrutement", "Le service recrutement", ""),
        ("", "", ""),
    ],
)
def test_name_and_address_are_read_from_what_people_write(text, name, email):
    assert successors.read_successor(text) == successors.NamedSuccessor(name, email)


@pytest.mark.django_db
@pytest.mark.demo_directory
class TestPost:
    def leave(self, commit, now, successor):
        """Have the expert of a waiting need leave."""
        gone = Expert.objects.get(email=EMAIL)
        request = commit(send, now=now)
        record_actions.leave(gone, successor=successor, now=now)
        commit(reoffer.reoffer, request.pk, now=now)
        return gone, request

    def test_one_click_makes_it_and_its_needs_are_offered(self, as_regional, commit, now):
        gone, request = self.leave(commit, now, "Jeanne Petit, jeanne.petit@exemple.fr")
        path = f"/annuaire/referents/{gone.pk}/successeur/"
        listed = text(as_regional.get("/annuaire/a-verifier/"))
        assert "Ce bouton crée le poste de <strong>Jeanne Petit</strong> (jeanne.petit@exemple.fr)" in listed
        assert "Le besoin qui attendait là lui sera proposé" in listed

        old = as_regional.post(f"{path}creer/", {"adresse": "autre@exemple.fr"}, follow=True)
        assert "Ce départ a changé depuis" in text(old)
        pressed = as_regional.post(f"{path}creer/", {"adresse": "jeanne.petit@exemple.fr"}, follow=True)
        assert "Le poste est créé" in text(pressed)
        made = Expert.objects.get(email="jeanne.petit@exemple.fr")
        commit(tasks.offer_needs_to_successor, gone.pk, made.pk)
        commit(tasks.offer_needs_to_successor, gone.pk, made.pk)

        assert (made.office, made.name, made.phone) == (gone.office, "Jeanne Petit", gone.phone)
        assert set(made.subjects.all()) == set(gone.subjects.all())
        [match] = Match.objects.filter(expert=made)
        assert (match.state, match.need.solicitation) == ("sent", request)
        assert path not in text(pressed)
        again = as_regional.post(f"{path}creer/", {"adresse": "jeanne.petit@exemple.fr"}, follow=True)
        assert "Jeanne Petit a déjà un poste dans cette antenne" in text(again)
        assert as_regional.get(path)["Location"] == f"/annuaire/referents/{gone.pk}/"

    def test_a_successor_whose_task_was_lost_is_found_by_the_sweep(self, as_regional, commit, now):
        gone, request = self.leave(commit, now, "Jeanne Petit, jeanne.petit@exemple.fr")
        as_regional.post(
            f"/annuaire/referents/{gone.pk}/successeur/creer/", {"adresse": "jeanne.petit@exemple.fr"}
        )
        made = Expert.objects.get(email="jeanne.petit@exemple.fr")

        assert successors.offers_to_make(now=timezone.now()) == [(gone.pk, made.pk)]
        commit(tasks.offer_needs_to_successor, gone.pk, made.pk)
        assert Match.objects.filter(expert=made, need__solicitation=request).exists()

    def test_a_colleague_who_follows_needs_no_post(self, as_regional, commit, now):
        colleague = Expert.objects.get(email=EMAIL).office.experts.exclude(email=EMAIL).first()
        gone, _ = self.leave(commit, now, f"{colleague.name}, {colleague.email}")

        pressed = as_regional.post(
            f"/annuaire/referents/{gone.pk}/successeur/creer/", {"adresse": colleague.email}, follow=True
        )

        assert f"{colleague.name} a déjà un poste dans cette antenne" in text(pressed)
        assert "A quitté" not in text(as_regional.get("/annuaire/a-verifier/"))

    def test_who_follows_in_the_mailbox_of_a_team_has_the_same_post(self, as_regional, commit, now):
        gone, _ = self.leave(commit, now, f"Jeanne Petit, {EMAIL.upper()}")
        listed = text(as_regional.get("/annuaire/a-verifier/"))
        assert "Ce bouton rouvre le poste au nom de <strong>Jeanne Petit</strong>" in listed

        pressed = as_regional.post(
            f"/annuaire/referents/{gone.pk}/successeur/creer/", {"adresse": EMAIL.upper()}, follow=True
        )
        commit(reoffer_needs_of_gone)

        assert "Le poste est rouvert" in text(pressed)
        [post] = Expert.objects.filter(email__iexact=EMAIL)
        assert (post.pk, post.name, post.left_at, post.successor) == (gone.pk, "Jeanne Petit", None, "")
        assert Match.objects.get(expert=post).state == "sent"
        assert "A quitté" not in text(as_regional.get("/annuaire/a-verifier/"))

    def test_a_post_is_offered_once_whatever_its_person_wrote_before(self, as_regional, commit, now):
        gone = Expert.objects.get(email=EMAIL)
        record_actions.remark(gone, "L'antenne a déménagé.", now=now)

        self.leave(commit, now, "Jeanne Petit, jeanne.petit@exemple.fr")

        listed = text(as_regional.get("/annuaire/a-verifier/"))
        assert listed.count("Ce bouton crée le poste") == 1
        assert listed.index("a déménagé") < listed.index("A quitté") < listed.index("Ce bouton crée")

    def test_what_was_read_is_corrected_before_it_is_made(self, as_regional, commit, now):
        gone, _ = self.leave(commit, now, "Jeanne Petit, jeanne.petit@exemple.fr")
        path = f"/annuaire/referents/{gone.pk}/successeur/?corriger=oui"
        assert path in text(as_regional.get("/annuaire/a-verifier/"))

        save(as_regional, path, email="jeanne@exemple.fr")

        assert Expert.objects.get(email="jeanne@exemple.fr").name == "Jeanne Petit"

    def test_without_address_the_form_is_filled_with_the_rest(self, as_regional):
        gone = Expert.objects.get(email=EMAIL)
        gone.left_at, gone.successor = timezone.now(), "Le service recrutement"
        gone.save()

        form = as_regional.get(f"/annuaire/referents/{gone.pk}/successeur/").context["form"]

        assert form["name"].value() == "Le service recrutement"
        assert not form["email"].value()
        assert set(form["subjects"].value()) == {subject.slug for subject in gone.subjects.all()}
