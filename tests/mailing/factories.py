"""Rows of the outbox."""

from datetime import UTC, datetime

import factory

from mailing.models import OutgoingEmail

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
CONTEXT = {
    "company": "Martin & Fils",
    "words": "Bonjour,\nvoir www.example.org",
    "url": "https://example.org/?a=1&b=2",
}


class OutgoingEmailFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OutgoingEmail

    key = factory.Sequence(lambda n: f"notice:{n}")
    to = factory.Sequence(lambda n: f"contact{n}@example.org")
    template = "examples/emails/notice"
    context = CONTEXT
    about = ["play:1"]
    created_at = NOW
    not_before = factory.SelfAttribute("created_at")
    next_try_at = factory.SelfAttribute("not_before")
