"""Mails to experts that may wait for the day's digest, and the line that each becomes there."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from experts.models import MailPreference
from experts.models.mail_preferences import MailChoice
from mailing.models import OutgoingEmail
from solicitations.models import Mailbox

LineWriter = Callable[[Mapping[str, Any]], tuple[str, str]]


def _message(context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{context['author']} ({context['office']}) écrit aux experts", context["body"]


def _internal(context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{context['author']} écrit à votre institution, à elle seule", context["body"]


def _added(context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{context['contact_name']} a complété sa demande", context["body"]


def _taken(context: Mapping[str, Any]) -> tuple[str, str]:
    subjects = ", ".join(context["taken_subjects"])
    return f"{context['person']} ({context['office']}) prend en charge : {subjects}", ""


def _corrected(context: Mapping[str, Any]) -> tuple[str, str]:
    changes = ", ".join(filter(None, [context["phone"], context["callback"], context.get("way")]))
    return f"{context['contact_name']} a corrigé ses coordonnées : {changes}", ""


def _stopped(context: Mapping[str, Any]) -> tuple[str, str]:
    return f"Cette demande s'arrête pour vous. {context['why']}", ""


def _survey(context: Mapping[str, Any]) -> tuple[str, str]:
    answers = " ; ".join(f"{question.lower()} : {answer.lower()}" for question, answer in context["answers"])
    return f"L'avis de l'entreprise : {answers}", ""


# All other mails are sent immediately: new needs, reminders, what is asked of a person or by a person.
LINES: Mapping[str, LineWriter] = {
    "message": _message,
    "internal_message": _internal,
    "added": _added,
    "taken_for_others": _taken,
    "contact_corrected": _corrected,
    "stopped": _stopped,
    "survey_answered": _survey,
}
MAX_QUOTE_LENGTH = 400


def apply_choice(email: OutgoingEmail, mailbox: Mailbox, *, occasion: str, now: datetime) -> None:
    """Have an unsaved mail wait for the digest, or cancel it, as its recipient has chosen."""
    if occasion not in LINES:
        return
    preference = MailPreference.objects.of(mailbox.email)
    if preference is None or preference.choice == MailChoice.ALL:
        return
    if preference.choice == MailChoice.NEEDS:
        email.cancelled_at = now
        return
    email.is_for_digest = True
    email.not_before = email.next_try_at = preference.next_digest_at(now=now)


def digest_lines(rows: Iterable[OutgoingEmail]) -> list[dict[str, Any]]:
    """The requests of these mails, each with its news, oldest first."""
    requests: dict[str, dict[str, Any]] = {}
    for row in rows:
        context = row.context
        line = requests.setdefault(
            context["reference"],
            {
                "about": [],
                "reference": context["reference"],
                "headline": "" if context["is_confidential"] else context["headline"],
                "url": context["url"],
                "news": [],
            },
        )
        line["about"] += [name for name in row.about if name not in line["about"]]
        sentence, quote = LINES[row.template.rpartition("/")[2]](context)
        is_long = len(quote) > MAX_QUOTE_LENGTH
        shortened = quote[:MAX_QUOTE_LENGTH].rstrip() + "…" if is_long else quote
        files = list(filter(None, (context.get("files"), context.get("held_back"))))
        shown = (
            {"quote": "", "files": []} if context["is_confidential"] else {"quote": shortened, "files": files}
        )
        line["news"].append({"sentence": sentence, **shown, "about": list(row.about)})
    return list(requests.values())
