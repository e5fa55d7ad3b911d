"""Accessibility of public and error pages on desktop and phone: no axe violation, no console message."""

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from tests.browser.conftest import AXE_URL, set_width

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "RGAAv4"],
    "resultTypes": ["violations"],
    "selectors": False,
    "preload": {"assets": ["media"]},  # not the style sheets, which none of these rules reads
    "iframes": False,  # no script runs in the frame of a mail: asked, it never answers
}
# axe reads the colours of each element and of all behind it: the few of a page are parsed once.
# What comes back are the header and the footer, with what decides how they look.
PREPARE = """() => {
    const {prototype} = axe.commons.color.Color, parse = prototype.parseString, parsed = new Map();
    prototype.parseString = function (text) {
        if (!parsed.has(text)) {
            parse.call(this, text);
            parsed.set(text, [this.r, this.g, this.b, this.alpha]);
        }
        [this.r, this.g, this.b, this.alpha] = parsed.get(text);
        return this;
    };
    const parts = document.querySelectorAll('link[rel=stylesheet], body > header, body > footer');
    const tags = [document.documentElement, document.body].map(element => element.cloneNode());
    return [...tags, ...parts].map(element => element.outerHTML).join('');
}"""
HEADER_AND_FOOTER = {"exclude": [["body > header"], ["body > footer"]]}
# Headers and footers without any error at both widths.
ACCESSIBLE: set[str] = set()
LOOK = """async ([context, options]) => ({
    violations: (await axe.run(context || document, options)).violations,
    isWider: document.documentElement.scrollWidth > document.documentElement.clientWidth,
})"""
WIDTHS = [1280, 360]
# Each room adds its pages here; a page that needs rows has a test of its own below.
PAGES = [
    "/",
    "/recherche/?q=licenciement",
    "/recherche/?q=zzzz",
    "/recherche/?q=",
    "/qui-peut-aider/",
    "/qui-peut-aider/?besoin=sujet-inconnu&commune=Saint-Apollinaire",
    "/qui-peut-aider/?besoin=theme-recrutement&commune_code=21231",
    "/qui-peut-aider/departements/21/",
    "/questions/7/",
    "/themes/recrutement/",
    "/sujets/licenciement/",
    "/sujets/recruter-apprenti/",
    "/sujets/autre/",
    "/mentions-legales/",
    "/donnees-personnelles/",
    "/accessibilite/",
    "/plan-du-site/",
    "/contact/",
    "/mes-donnees/",
]
ERROR_PAGES = ["/nulle-part/", "/themes/inconnu/", "/suivi/x/", "/reprise/x/", "/reponse/x/"]
INCIDENTS = ["400.html", "403.html", "403_csrf.html", "429.html", "500.html"]


def accessibility_errors(page) -> list[str]:
    """One line per axe violation and element, and per width at which the page is wider than its window.

    A header and a footer that were accessible around another page are not asked again.
    """
    lines = []
    page.add_script_tag(url=AXE_URL)
    around = page.evaluate(PREPARE)
    context = HEADER_AND_FOOTER if around in ACCESSIBLE else None
    for width in WIDTHS:
        set_width(page, width)
        found = page.evaluate(LOOK, [context, AXE])
        lines += [
            f"{width} {rule['id']}: {node['html'][:200]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
        if found["isWider"]:
            lines.append(f"{width}: wider than the window")
    if not lines:
        ACCESSIBLE.add(around)
    return lines


@pytest.mark.parametrize("path", PAGES)
def test_page_is_accessible_without_console_messages(open_page, console, path):
    page = open_page(path)

    assert accessibility_errors(page) == []
    assert console == []


@pytest.mark.parametrize("path", ERROR_PAGES)
def test_error_page_is_accessible(open_page, path):
    assert accessibility_errors(open_page(path)) == []


@pytest.mark.parametrize("template", INCIDENTS)
def test_page_of_an_incident_is_accessible_without_console_messages(open_page, page, console, template):
    page.route("**/incident/", lambda route: route.fulfill(body=render_to_string(template)))

    open_page("/incident/")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert accessibility_errors(page) == []
    assert console == []


def test_accessibility_errors_are_detected(open_page):
    page = open_page("/contact/")
    assert accessibility_errors(page) == []
    page.evaluate("""() => {
        document.querySelector('main').append(new Image(2000, 10));
        document.querySelector('h1').style.color = '#bbb';
    }""")

    assert {line.split(":")[0] for line in accessibility_errors(page)} >= {
        "1280 color-contrast",
        "1280 image-alt",
        "360 color-contrast",
        "360 image-alt",
        "360",
    }


def test_errors_of_a_header_and_a_footer_that_had_none_are_detected(open_page):
    page = open_page("/contact/")
    assert accessibility_errors(page) == []
    page.evaluate("""() => {
        document.querySelector('header p').append(new Image(10, 10));
        document.querySelector('footer p').style.color = '#bbb';
    }""")

    for _ in "12":
        assert {line.split(":")[0] for line in accessibility_errors(page)} == {
            "1280 color-contrast",
            "1280 image-alt",
            "360 color-contrast",
            "360 image-alt",
        }


def test_home_page_is_light(new_browser_page, live_server):
    """Requests with a cold cache; bytes are measured on the demo, whose server compresses."""
    requests: list[str] = []
    page = new_browser_page()
    page.on("request", lambda request: requests.append(request.url))

    page.goto(live_server.url, wait_until="networkidle")

    assert len(requests) <= 20
    assert all(url.startswith((live_server.url, "data:")) for url in requests)


@pytest.mark.parametrize("width", WIDTHS)
def test_home_page_without_javascript_shows_every_question(new_browser_page, live_server, width):
    page = new_browser_page(javascript=False, width=width)
    page.goto(live_server.url)

    page.get_by_text("Voir 9 autres questions").click()

    expect(page.get_by_role("link", name="Je ne sais pas à qui m'adresser")).to_be_visible()
    expect(page.get_by_role("link", name="Suivre ma demande").first).to_be_visible()
