"""Typed text in the three parts of a mail."""

import pytest
from django.template import TemplateDoesNotExist
from hypothesis import given
from hypothesis import strategies as st

from mailing.rendering import render
from mailing.replies import DELIMITER
from tests.mailing.factories import CONTEXT


def render_notice(**values):
    return render("examples/emails/notice", {**CONTEXT, **values})


def test_subject_is_one_line_and_not_escaped():
    assert (
        render_notice(company="Martin & Fils\r\nBcc: x@example.org").subject
        == "Martin & Fils Bcc: x@example.org l'été"
    )


def test_text_is_not_escaped_and_has_no_empty_edges():
    text = render_notice().text

    assert text.startswith("L'entreprise Martin & Fils écrit :\n> Bonjour,\n> voir www")
    assert not text.endswith("\n\n")
    assert "https://example.org/?a=1&b=2" in text
    assert "parce qu'on vous l'envoie" in text


def test_html_escapes_what_people_typed():
    html = render_notice(words="<script>1</script> </mj-text> & l'été", company="<b>x").html

    assert "<script" not in html
    assert "&lt;/mj-text&gt;" in html
    assert "<b>" not in html


def test_html_keeps_line_breaks_and_makes_links_inert():
    html = render_notice(words="un\ndeux http://example.org ou a@example.org").html

    assert "un<br" in html
    assert "example.org ou" not in html.replace("\u200c", "|")
    assert "http:\u200c//example\u200c.org" in html
    assert "a\u200c@example\u200c.org" in html


def test_html_fetches_nothing_and_says_its_language():
    html = render_notice().html

    assert 'lang="fr"' in html
    assert not [fetched for fetched in ("@import", "<link", "<img") if fetched in html]
    assert 'href="https://example.org/?a=1&amp;b=2"' in html


def test_buttons_are_tall_enough_for_a_thumb():
    html = render_notice().html

    assert html.count("padding:14px 24px;") >= 1
    assert html.count("line-height:20px") == 2


def test_a_missing_template_raises():
    with pytest.raises(TemplateDoesNotExist):
        render("examples/emails/nowhere", {})


def test_control_characters_pasted_from_a_word_processor_block_no_mail():
    rendered = render_notice(words="un\x0bdeux\x0c\x01\ufffe")

    assert "> un\n> deux" in rendered.text
    assert "un deux" in rendered.html


def test_a_mail_that_can_be_answered_says_where_to_type():
    answerable = render("examples/emails/notice", CONTEXT, is_answerable=True)

    assert answerable.text.startswith(f"{DELIMITER}\n\nL'entreprise")
    assert answerable.html.index(DELIMITER) < answerable.html.index("<h1>")
    assert DELIMITER not in render_notice().text + render_notice().html


@given(words=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_whatever_people_type_becomes_a_mail(words):
    rendered = render_notice(words=words, company=words)

    assert "\n" not in rendered.subject
    assert "Je prends en charge" in rendered.html


def test_a_masked_mail_has_no_link_left():
    masked = render_notice(url="https://example.org/reponse/secret:token/?choix=prendre").masked()

    assert "secret" not in masked.text + masked.html
    assert "Je prends en charge : https://example.org/…" in masked.text
    assert 'href="https://example.org/…"' in masked.html
