"""Baselines of the inbox: the same templates with their context ready, and a bare 304 response."""

import threading
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template import Context, RequestContext, Template
from django.urls import path, resolve

_ready: dict[tuple[str, str], tuple[Template, dict[str, Any]]] = {}
_one_at_a_time = threading.Lock()


def unchanged(request: HttpRequest) -> HttpResponse:
    """Answer 304 as soon as session and account are read, which the middleware does."""
    return HttpResponseNotModified()


def ready(request: HttpRequest, page: str) -> HttpResponse:
    """Render the template of a page with the data of the first time that this account opened it."""
    key = (request.user.get_username(), request.get_full_path())
    if key not in _ready:
        with _one_at_a_time:
            _ready[key] = _opened(request, f"/{page}")
    template, data = _ready[key]
    return HttpResponse(template.render(RequestContext(request, data)))


def _opened(request: HttpRequest, page: str) -> tuple[Template, dict[str, Any]]:
    """Open the page itself; return its outermost template and the context given to it."""
    seen: list[tuple[Template, dict[Any, Any]]] = []
    found, usual = resolve(page), Template.render

    def keep(template: Template, context: Context) -> Any:
        seen.append((template, context.flatten()))
        return usual(template, context)

    Template.render = keep  # type: ignore[method-assign, assignment]
    try:
        answer = found.func(request, *found.args, **found.kwargs)
    finally:
        Template.render = usual  # type: ignore[method-assign]
    if answer.status_code != 200:
        raise RuntimeError(f"{page}: {answer.status_code}")
    template, data = seen[0]
    kept = {name: value for name, value in data.items() if name not in {"request", "user", "csrf_token"}}
    return template, kept


urlpatterns = [
    path("bench/unchanged/", unchanged),
    path("bench/ready/<path:page>", ready),
]
