"""The command ``create_staff``."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from experts.models import User
from tests.territories.factories import RegionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def region():
    return RegionFactory(code="27", name="Bourgogne-Franche-Comté")


def create(*arguments: str) -> str:
    stdout = StringIO()
    call_command("create_staff", *arguments, stdout=stdout)
    return stdout.getvalue()


def test_national_account():
    output = create("Equipe@Example.org", "--role", "national")

    user = User.objects.get()
    assert (user.email, user.role, user.region, user.is_staff) == (
        "equipe@example.org",
        "national",
        None,
        True,
    )
    assert not user.has_usable_password()
    assert output.startswith("Compte créé pour equipe@example.org : équipe nationale.\n")


def test_regional_account():
    output = create("bfc@example.org", "--role", "region", "--region", "27")

    assert User.objects.get().region_id == "27"
    assert "Bourgogne-Franche-Comté" in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["equipe", "--role", "national"], "n'est pas une adresse"),
        (["a@ex\u2011ample.org", "--role", "national"], "est un tiret"),
        (["\u0430@example.org", "--role", "national"], "cyrillique"),
        (["a@example.org", "--role", "region"], "Indiquez la région"),
        (["a@example.org", "--role", "region", "--region", "99"], "Aucune région n'a le code « 99 »"),
        (["a@example.org", "--role", "national", "--region", "27"], "retirez --region"),
        (["a@example.org", "--role", "king"], "king"),
        (["a@example.org"], "--role"),
    ],
    ids=[
        "address",
        "dash",
        "Cyrillic",
        "no region",
        "unknown region",
        "useless region",
        "unknown role",
        "no role",
    ],
)
def test_bad_input_is_a_sentence(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        create(*arguments)

    assert not User.objects.exists()


@pytest.mark.parametrize(
    "typed", ["a@example.org\u200b", "\ufeffa@exam\u00adple.org", "a\u2060@example.org "]
)
def test_invisible_characters_of_an_address_go(typed):
    create(typed, "--role", "national")

    assert User.objects.get().email == "a@example.org"


def test_second_account_with_one_address_is_refused():
    create("a@example.org", "--role", "national")

    with pytest.raises(CommandError, match="existe déjà"):
        create("A@example.org", "--role", "national")
