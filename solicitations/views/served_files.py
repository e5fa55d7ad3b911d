"""Files of messages, served as downloads to those who may read the text that they came with."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from experts import tokens
from solicitations.conversation import file_store
from solicitations.forms.files import MAX_BODY_BYTES
from solicitations.models import AttachedFile


def response(file: AttachedFile) -> HttpResponse:
    """The file as a download that no browser shows in the page; 404 when it is not stored any more."""
    try:
        content = file_store.path_of(file.key).read_bytes()
    except FileNotFoundError as error:
        raise Http404 from error
    served = HttpResponse(content, content_type=file.kind)
    served["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name)
    served["X-Content-Type-Options"] = "nosniff"
    served["Content-Security-Policy"] = "default-src 'none'; sandbox"
    served["Cache-Control"] = "private, no-store"
    return served


def takes_files(purpose: str) -> Callable[[Any], Any]:
    """Decorate a page opened by a token of that purpose, whose posts may be as large as their files.

    A token that nobody signed opens nothing: its body is refused before it is read.
    """

    def decorated(view: Any) -> Any:
        def is_known(request: HttpRequest, **named: Any) -> bool:
            try:
                tokens.read_token(str(named.get("token", "")), purpose)
            except tokens.ForgedLink:
                return False
            return True

        view.max_body_bytes, view.is_known = MAX_BODY_BYTES, is_known
        return view

    return decorated
