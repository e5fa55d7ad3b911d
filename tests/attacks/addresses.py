"""All the addresses (URL routes) of the portal, read from its URLconf: new pages are attacked too."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLResolver, get_resolver

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
ADMIN = "admin/"


@dataclass(frozen=True)
class Address:
    """A URL, its ``route`` as in the URLconf: ``reponse/<str:token>/besoins/<int:pk>/prendre/``."""

    name: str
    route: str

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(PARAMETER.findall(self.route))

    @property
    def is_admin(self) -> bool:
        return self.route.startswith(ADMIN)

    def __str__(self) -> str:
        return self.route or "/"


def every_address() -> list[Address]:
    """All the addresses except the two catch-all ones."""
    return [address for address in _walk(get_resolver(), "", "") if "*" not in address.route]


def _walk(resolver: URLResolver, route: str, namespace: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        # Removed from regular expressions: anchors, the optional end of Mailgun's webhook, and the list of
        # applications that the admin allows as ``app_label``.
        full = (route + str(pattern.pattern)).replace("^", "").replace("$", "")
        full = re.sub(r"\(\?:[^)]*\)\?", "", full)
        full = re.sub(r"\(\?P<app_label>\w+[^)]*\)", "<app_label>", full)
        if isinstance(pattern, URLResolver):
            yield from _walk(
                pattern, full, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            )
        else:
            yield Address(f"{namespace}{pattern.name}", full)
