"""Factories of accounts, institutions, offices and experts; rows are entered by hand by default."""

from collections.abc import Iterable

import factory
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core import serializers
from django.db.models import Model
from django.test import Client

from experts.models import Absence, Expert, Institution, InstitutionKind, Office, Subject, Theme, User
from tests.territories.factories import RegionFactory


class NationalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence("nationale{}@example.org".format)
    name = "Équipe nationale"
    role = User.Role.NATIONAL


class RegionalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence("region{}@example.org".format)
    name = "Référente régionale"
    role = User.Role.REGION
    region = factory.SubFactory(RegionFactory)


class PersonFactory(factory.django.DjangoModelFactory):
    """An account without a role: it opens what its posts and seats open."""

    class Meta:
        model = User

    email = factory.Sequence("personne{}@example.org".format)


class InstitutionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Institution

    code = factory.Sequence("INST-{}".format)
    name = factory.Sequence("Institution {}".format)
    kind = InstitutionKind.STATE
    usual_level = Institution.UsualLevel.DEPARTMENT
    notified = Institution.Notified.AUTOMATIC
    position = 1


class ThemeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Theme

    slug = factory.Sequence("theme-{}".format)
    label = factory.Sequence("Thème {}".format)
    position = 1


class SubjectFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Subject

    slug = factory.Sequence("sujet-{}".format)
    theme = factory.SubFactory(ThemeFactory)
    label = factory.Sequence("Sujet {}".format)
    position = 1


class OfficeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Office
        skip_postgeneration_save = True

    code = factory.Sequence("ANTENNE-{}".format)
    institution = factory.SubFactory(InstitutionFactory)
    name = factory.Sequence("Antenne {}".format)
    phone = "03 53 01 00 01"
    email = factory.Sequence("antenne{}@example.org".format)

    @factory.post_generation
    def areas(self, create, areas, **kwargs):
        self.areas.set(areas or ())


class ExpertFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Expert

    office = factory.SubFactory(OfficeFactory)
    name = factory.Sequence("Conseil {}".format)
    email = factory.Sequence("conseil{}@example.org".format)
    phone = "03 53 01 00 02"
    has_all_subjects = True


class AbsenceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Absence

    expert = factory.SubFactory(ExpertFactory)
    from_on = "2026-12-01"
    to_on = "2026-12-15"


def signed_in(user: User) -> Client:
    """A client signed in as this user, with a second factor."""
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": ""})
    client = Client()
    client.force_login(user)
    return client


def stored_rows(tables: Iterable[type[Model]]) -> list[dict]:
    """Every row of these tables, what they are linked to included, to compare before and after."""
    found = []
    for table in tables:
        links = [field.name for field in table._meta.many_to_many]
        found += table.objects.order_by("pk").prefetch_related(*links)  # otherwise a query for each row
    rows = serializers.serialize("python", found)
    for row in rows:
        fields = row["fields"]
        links = {field.name for field in apps.get_model(row["model"])._meta.many_to_many}
        row["fields"] = {name: sorted(fields[name]) if name in links else fields[name] for name in fields}
    return rows
