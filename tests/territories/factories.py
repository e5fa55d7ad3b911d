"""Invented territories, for tests that do not need the real ones."""

import factory

from territories.models import Area, Commune, Department, Epci, FormerCommune, Region
from territories.names import normalise


class RegionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Region

    code = factory.Sequence("R{:02}".format)
    name = factory.Sequence("Région {}".format)


class DepartmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Department

    code = factory.Sequence("D{:02}".format)
    name = factory.Sequence("Département {}".format)
    region = factory.SubFactory(RegionFactory)


class EpciFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Epci

    siren = factory.Sequence("2{:08}".format)
    name = factory.Sequence("CC numéro {}".format)


class CommuneFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Commune

    code = factory.Sequence("{:05}".format)
    name = factory.Sequence("Ville {}".format)
    department = factory.SubFactory(DepartmentFactory)
    population = 1000
    search_name = factory.LazyAttribute(lambda commune: normalise(commune.name))
    search_postcodes = factory.LazyAttribute(
        lambda commune: "".join(f" {code}" for code in commune.postcodes)
    )
    postcodes = []


class FormerCommuneFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = FormerCommune

    code = factory.Sequence("9{:04}".format)
    kind = FormerCommune.Kind.DELEGATED
    name = factory.Sequence("Ancienne {}".format)
    current = factory.SubFactory(CommuneFactory)
    search_name = factory.LazyAttribute(lambda former: normalise(former.name))


class AreaFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Area

    kind = Area.Kind.ZONE
    code = factory.Sequence("zone-{}".format)
    current_code = factory.SelfAttribute("code")
    name = factory.Sequence("Pays {}".format)
