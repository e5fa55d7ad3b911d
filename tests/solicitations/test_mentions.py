"""Mentions of people, institutions and the region in a message."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from experts.models import MailPreference
from experts.models.mail_preferences import MailChoice
from mailing.models import OutgoingEmail
from solicitations.actions import expert_messages
from solicitations.conversation import mentions
from solicitations.lifecycle import AlertCause, MatchState
from solicitations.models import Alert
from tests.solicitations.factories import mailbox, send
from workspace import typed_mentions


def follows(pk: int, person: str, institution: str, *former: str, state=MatchState.SENT):
    office = SimpleNamespace(institution=SimpleNamespace(name=institution, former_names=list(former)))
    box = SimpleNamespace(left_at=None)
    return SimpleNamespace(
        state=state, mailbox=box, mailbox_id=pk, person=person, expert=SimpleNamespace(office=office)
    )


NAMED = mentions.mentionable_in(
    [
        follows(1, "Nadia Leblanc", "France Travail", "Pôle emploi", "ANPE"),
        follows(2, "Karim Leblanc", "France Travail", "Pôle emploi", "ANPE"),
        follows(3, "Éloïse d'Arc", "Mission locale"),
        follows(4, "Partie Ailleurs", "DDETS", state=MatchState.DECLINED),
    ]
)


@pytest.mark.parametrize(
    ("text", "typed", "mentioned", "is_region"),
    [
        ("@Nadia Leblanc, qui appelle ?", ["@Nadia Leblanc"], {1}, False),
        ("Vu avec @nadia.", ["@nadia"], {1}, False),
        ("@NADIA leblanc appelle", ["@NADIA leblanc"], {1}, False),
        ("@eloise d'arc ou @Eloïse", ["@eloise d'arc", "@Eloïse"], {3}, False),
        ("(@Pôle emploi) et @pole emploi", ["@Pôle emploi", "@pole emploi"], {1, 2}, False),
        ("@France Travail", ["@France Travail"], {1, 2}, False),
        ("@mission", ["@mission"], {3}, False),
        ("@région, @DIRECCTE", ["@région", "@DIRECCTE"], set(), True),
        ("@Leblanc", ["@Leblanc"], set(), False),
        ("@Partie Ailleurs", ["@Partie"], set(), False),
        ("@Zoé Martin", ["@Zoé"], set(), False),
        ("contact@mission.example.org, a @ b, @@", [], set(), False),
        ("@Nadia\nLeblanc", ["@Nadia"], {1}, False),
        ("@en", ["@en"], set(), False),
    ],
)
def test_the_longest_words_that_name_somebody_without_accents(text, typed, mentioned, is_region):
    found = mentions.find(text, NAMED)

    assert [mention.typed for mention in found] == typed
    assert mentions.mentioned_mailboxes(found) == mentioned
    assert mentions.mentions_region(found) == is_region


def test_a_name_that_several_have_is_a_doubt_and_one_that_nobody_has_is_reported():
    assert "Nadia Leblanc ou Karim Leblanc" in typed_mentions.doubt(mentions.find("@leblanc", NAMED))
    assert typed_mentions.doubt(mentions.find("@Nadia et @Zoé", NAMED)) == ""
    assert typed_mentions.unknown(mentions.find("@Nadia et @Zoé", NAMED)) == ["@Zoé"]


def test_an_institution_of_the_request_is_meant_before_the_region_of_that_name():
    named = mentions.mentionable_in([follows(1, "Conseil", "DREETS")])

    found = mentions.find("@DREETS", named)

    assert mentions.mentioned_mailboxes(found) == {1}
    assert not mentions.mentions_region(found)


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_the_mentioned_are_mailed_at_once_and_nobody_else_reads_more(commit, now):
    request = commit(send, now=now)
    author, mentioned = (
        mailbox(request, "recrutement@france-travail"),
        mailbox(request, "entreprises@mission"),
    )
    for email in request.mailboxes.values_list("email", flat=True):
        MailPreference.objects.create(address=email, choice=MailChoice.DIGEST, changed_at=now)

    commit(expert_messages.post_message, author, body="@Mission locale et @région, qui appelle ?", now=now)

    mails = OutgoingEmail.objects.filter(template__endswith="/message")
    assert set(mails.filter(is_for_digest=False).values_list("to", flat=True)) == {mentioned.email}
    assert "Vous êtes cité dans ce message." in mails.get(to=mentioned.email).rendered().text
    assert mails.count() == request.mailboxes.count() - 1
    alert = Alert.objects.get(cause=AlertCause.MENTIONED)
    assert "qui appelle" not in alert.details


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_the_region_is_alerted_to_each_mention_and_mailed_once_for_those_of_an_hour(commit, now):
    request = commit(send, now=now)
    one, other = mailbox(request, "recrutement@france-travail"), mailbox(request, "entreprises@mission")

    def mention(by, minutes):
        at = now + timedelta(minutes=minutes)
        commit(expert_messages.post_message, by, body=f"@région, à {minutes} minutes ?", now=at)
        due = OutgoingEmail.objects.filter(not_before__lte=at, sent_at=None, cancelled_at=None)
        due.update(sent_at=at)

    def mails():
        rows = OutgoingEmail.objects.filter(template__endswith="/alert").order_by("not_before", "pk")
        return [((row.not_before - now) // timedelta(minutes=1), row.context["words"]) for row in rows]

    mention(one, 0)
    [(first, quote)] = mails()
    assert first == 0
    mention(one, 10)
    mention(other, 20)
    (_, waiting) = mails()
    assert waiting[0] == 60  # an hour after the first
    assert quote in waiting[1]
    assert other.speaker().name in waiting[1]
    mention(one, 61)
    assert [at for at, _ in mails()] == [0, 60, 120]
    mention(other, 300)
    assert [at for at, _ in mails()] == [0, 60, 120, 300]
