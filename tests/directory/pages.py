"""Forms of the directory as a browser posts them: values shown, values typed, then the confirmation."""

from html import unescape


def shown_values(page) -> dict[str, object]:
    """The values that a browser would post from a form's page, unchanged."""
    form = page.context["form"]
    values = {"vu": page.context["shown"]}
    for field in form:
        value = field.value()
        if isinstance(value, list | tuple | set | frozenset):
            values[field.html_name] = [str(one) for one in value]
        elif value not in {None, "", False}:
            values[field.html_name] = value
    return values


def type_in(client, path: str, **typed):
    """Type in a form and send it; the answer is the form again, the page to confirm, or a redirection."""
    return client.post(path, shown_values(client.get(path)) | typed)


def confirm(client, path: str, page):
    """Confirm what a page shows."""
    assert "carried" in page.context, text(page)[:3000]
    values: dict[str, list[str]] = {}
    for name, value in page.context["carried"]:
        values.setdefault(name, []).append(value)
    return client.post(path, values | {"vu": page.context["shown"], "etape": "confirmer"})


def save(client, path: str, **typed):
    """Type, confirm when asked to, and return the last answer."""
    page = type_in(client, path, **typed)
    return page if page.status_code == 302 else confirm(client, path, page)


def text(page) -> str:
    return " ".join(unescape(page.content.decode()).split())
