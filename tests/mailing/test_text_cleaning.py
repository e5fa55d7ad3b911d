import pytest
from django.core.exceptions import ValidationError

from mailing.addresses import clean_address
from mailing.form_fields import AddressField, LineField, TypedTextField
from mailing.text_cleaning import clean_line, clean_text

INVISIBLE = [
    "\u200b",
    "\u00ad",
    "\u2060",
    "\ufeff",
    "\u200d",
    "\u202e",
    "\u2066",
    "\u3164",
    "\u2800",
    "\U0001bca0",
    "\U0001d159",
    "\U0001d173",
    "\x00",
    "\x7f",
]


@pytest.mark.parametrize("character", INVISIBLE, ids=ascii)
def test_invisible_characters_go(character):
    assert clean_text(f"{character}bou{character}langer{character}") == "boulanger"
    assert clean_line(f"bou{character}langer") == "boulanger"
    assert clean_address(f"nom{character}@exemple.fr{character}") == "nom@exemple.fr"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("e\u0301te\u0301", "été"),
        ("deux\r\nlignes\ret\u2028une", "deux\nlignes\net\nune"),
        ("👨\u200d👩\u200d👧 et ❤\ufe0f", "👨\u200d👩\u200d👧 et ❤\ufe0f"),
        ("50\u00a0%", "50\u00a0%"),
    ],
)
def test_text_keeps_what_shows(typed, read):
    assert clean_text(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (" nom@exemple.fr\u200b ", "nom@exemple.fr"),
        ("nom @exemple.fr", "nom@exemple.fr"),
        ("mailto:nom@exemple.fr?subject=Devis", "nom@exemple.fr"),
        ("Hélène Nom <nom@exemple.fr>", "nom@exemple.fr"),
        ("<mailto:nom@exemple.fr>;", "nom@exemple.fr"),
        ("«\xa0nom@exemple.fr\xa0».", "nom@exemple.fr"),
        ("nom@cafe\u0301.fr", "nom@café.fr"),
        ("Nom.Prenom+devis@Exemple.fr", "Nom.Prenom+devis@Exemple.fr"),
    ],
)
def test_address_is_read_as_it_was_meant(typed, read):
    assert AddressField().clean(typed) == read


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("nom@ex\u2011emple.fr", "« \u2011 » y est un tiret"),
        ("nom@ex\u2013emple.fr", "« \u2013 » y est un tiret"),
        ("n\u043em@exemple.fr", "« \u043e » y est une lettre cyrillique"),
        ("nom@exempl\u03bf.fr", "« \u03bf » y est une lettre grecque"),
        ("nom\uff20exemple.fr", "« \uff20 » y est un caractère pleine chasse"),
        ("nom@exemple\u3002fr", "« \u3002 » y est un signe"),
        ("nom@ex\u0131mple.fr", "« \u0131 » y est une lettre"),
        ("hélène@exemple.fr", "« é » y est une lettre"),
        ("nom😀@exemple.fr", "« 😀 » y est un caractère"),
    ],
)
def test_look_alike_in_an_address_is_refused_by_name(typed, named):
    with pytest.raises(ValidationError) as refused:
        AddressField().clean(typed)
    assert named in refused.value.messages[0]


@pytest.mark.parametrize(
    "typed",
    [
        "nom",
        "nom@",
        "a@b@c.fr",
        "nom@exemple",
        "nom@exemple,fr",
        "@exemple.fr",
        "n@localhost",
        "n@[127.0.0.1]",
        "n" * 300,
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(ValidationError):
        AddressField(max_length=254).clean(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "ne-pas-repondre@relais-entreprises.example.org",
        "Relais Entreprises <Demandes@Relais-Entreprises.Example.Org>",
        "mailto:demandes+x@relais-entreprises.example.org",
        "reponse+c2-0123456789abcdef0123@reponses.relais-entreprises.example.org",
        "moi@REPONSES.relais-entreprises.example.org.",
    ],
)
def test_address_copied_from_a_mail_of_ours_is_refused_by_name(typed):
    """Addresses of the portal are refused: a lost link, a code or a mail sent there would reach no reader."""
    with pytest.raises(ValidationError, match="une adresse de notre service"):
        AddressField().clean(typed)


@pytest.mark.parametrize(
    "typed", ["equipe@relais-entreprises.example.org", "x@relais.example.org", "demandes@exemple.fr"]
)
def test_address_near_ours_is_accepted(typed):
    assert AddressField().clean(typed) == typed


def test_fields_clean_what_they_read():
    assert LineField().clean("SARL\u200b \t du  Port\n") == "SARL du Port"
    assert TypedTextField().clean("Bonjour,\u200b\n\n\n\n\n\nun devis") == "Bonjour,\n\n\nun devis"
