"""The three voices of the request page: what was said in each, and who reads what is written there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from experts.accounts import seats
from experts.models import Institution
from solicitations import links, wording
from solicitations.conversation import mentions, messages, reading_rights
from solicitations.conversation.mentions import Mentionable
from solicitations.models import (
    Addition,
    AttachedFile,
    InternalMessage,
    Mailbox,
    Match,
    Message,
    OfficeManager,
    Question,
    Solicitation,
    Text,
)
from solicitations.models.conversation import WITHDRAWAL_DELAY
from solicitations.models.matches import FOLLOWING, speaker_among
from solicitations.notifications import to_institution
from workspace import request_texts

MAX_NAMES = 4
# The table of a text, by its name in addresses: to withdraw it, or to open one of its files.
TEXTS: dict[str, type[Text]] = {
    "message": Message,
    "interne": InternalMessage,
    "question": Question,
    "ajout": Addition,
}


@dataclass(frozen=True)
class AskedQuestion:
    """A message to the company, and its answers; ``is_answer_hidden``: they are for other experts alone."""

    question: Question
    answers: tuple[Addition, ...]
    is_answer_hidden: bool


@dataclass(frozen=True)
class Audience:
    """The people who would read a message, as a phrase: other experts, colleagues; empty for nobody.

    ``institution``: its name; empty without internal voice, as by the link of a mail.
    """

    experts: str = ""
    institution: str = ""
    colleagues: str = ""


@dataclass(frozen=True)
class Voices:
    """Texts about the request, as far as its reader may see it.

    ``additions``: of the company, to all its experts. ``withdrawable``: what this reader wrote and may still
    withdraw.
    """

    additions: tuple[Addition, ...]
    questions: tuple[AskedQuestion, ...]
    messages: tuple[Message, ...]
    internal_messages: tuple[InternalMessage, ...]
    audience: Audience
    withdrawable: tuple[Text, ...]
    named: tuple[Mentionable, ...] = ()

    @property
    def files(self) -> list[AttachedFile]:
        """The files of all these texts, the oldest first."""
        answers = [answer for asked in self.questions for answer in asked.answers]
        questions = [asked.question for asked in self.questions]
        texts: tuple[Text, ...] = (*self.additions, *answers, *questions, *self.messages)
        texts += self.internal_messages
        return sorted((file for text in texts for file in text.files.all()), key=lambda file: file.pk)


def of_mailbox(mailbox: Mailbox, matches: Sequence[Match], *, now: datetime) -> Voices:
    """The voices of an expert's page. ``matches``: all those of the request, with their people."""
    voices = _read(mailbox.solicitation, reading_rights.of_mailbox(mailbox), by=mailbox, now=now)
    thread = tuple(request_texts.thread(mailbox.solicitation))
    own = tuple(text for text in thread if may_withdraw(text, by=mailbox, now=now))
    audience = _audience(mailbox, matches, now=now)
    return replace(
        voices,
        messages=thread,
        audience=audience,
        withdrawable=(*voices.withdrawable, *own),
        named=tuple(mentions.mentionable_in(matches)),
    )


def of_manager(manager: OfficeManager, matches: Sequence[Match], *, now: datetime) -> Voices:
    """The voices of a manager's page: her institution's and the company's; the thread is the experts' own."""
    offices = seats.managed_offices(manager.user, now=now)
    reader = reading_rights.of_manager(manager.solicitation, offices)
    to = to_institution.recipients(
        manager.solicitation, manager.institution, mailbox=None, user=manager.user, now=now
    )
    audience = Audience("", manager.institution.name, _colleague_names(to, manager.institution, matches))
    read = _read(manager.solicitation, reader, by=manager, now=now)
    return replace(read, audience=audience, named=tuple(mentions.mentionable_in(matches)))


def _read(
    solicitation: Solicitation,
    reader: reading_rights.ReadingRights,
    *,
    by: Mailbox | OfficeManager,
    now: datetime,
) -> Voices:
    """The voices of the company and of the reader's institution."""
    added = request_texts.additions(solicitation, reader)
    questions = tuple(request_texts.questions(solicitation))
    internal = tuple(request_texts.internal_messages(solicitation, reader))
    texts: tuple[Text, ...] = (*questions, *internal)
    return Voices(
        additions=tuple(row for row in added if row.question_id is None),
        questions=tuple(_asked(question, added, reader) for question in questions),
        messages=(),
        internal_messages=internal,
        audience=Audience(),
        withdrawable=tuple(text for text in texts if may_withdraw(text, by=by, now=now)),
    )


def _audience(mailbox: Mailbox, matches: Sequence[Match], *, now: datetime) -> Audience:
    followed = [match for match in matches if match.state in FOLLOWING and match.mailbox.left_at is None]
    others = [match for match in followed if match.mailbox_id != mailbox.pk]
    experts = _names(match.expert.office.institution.name for match in others)
    if len(others) == len(followed) or mailbox.used_by is None:
        return Audience(experts)
    own = [match for match in matches if match.mailbox_id == mailbox.pk]
    institution = speaker_among(own).office.institution
    to = to_institution.recipients(
        mailbox.solicitation, institution, mailbox=mailbox, user=mailbox.used_by, now=now
    )
    return Audience(experts, institution.name, _colleague_names(to, institution, matches))


def _colleague_names(
    to: to_institution.InternalRecipients, institution: Institution, matches: Iterable[Match]
) -> str:
    """The names of those who are mailed a message within an institution."""
    mailed = {mailbox.pk for mailbox in to.mailboxes}
    people = [
        match.person
        for match in matches
        if match.mailbox_id in mailed
        and match.state in FOLLOWING
        and match.expert.office.institution == institution
    ]
    return _names([*people, *(f"{user}, responsable" for user in to.managers)])


def _asked(
    question: Question, added: Iterable[Addition], reader: reading_rights.ReadingRights
) -> AskedQuestion:
    answers = tuple(row for row in added if row.question_id == question.pk)
    reads = reader.reads_answers or question.mailbox_id in reader.mailboxes
    is_hidden = not reads and question.answers.exists()
    return AskedQuestion(question, answers, is_hidden)


def may_withdraw(text: Text, *, by: links.Participant, now: datetime) -> bool:
    """Return whether this author may withdraw the text still."""
    is_recent = text.withdrawn_at is None and now - text.at <= WITHDRAWAL_DELAY
    return is_recent and messages.is_author(text, by)


def _names(names: Iterable[str]) -> str:
    """« France Travail et Mission locale »; beyond a few, their number."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) > MAX_NAMES:
        return f"{', '.join(distinct[:2])} et {len(distinct) - 2} autres"
    return wording.listed(distinct)
