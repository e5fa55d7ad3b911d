"""Erasure: drafts after a week, the content of a request after two years."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Field, Model
from django.test import Client

from experts.models import Institution, Office, User
from indicators import need_facts
from mailing.models import Channel, IncomingEmail, IncomingState, NoContent, OutgoingEmail, OutgoingState
from oversight import filters
from solicitations import links, tasks
from solicitations.actions import (
    company_address,
    company_requests,
    expert_answers,
    expert_messages,
    feedback,
    handling,
    staff_letters,
    submission,
)
from solicitations.actions.feedback import Opinion
from solicitations.clock import erasure
from solicitations.dispatch import holding
from solicitations.lifecycle import ClosedReason, EventKind, Labelled, MatchState, NeedState, RequestState
from solicitations.models import (
    Addition,
    AttachedFile,
    Draft,
    Event,
    Match,
    Message,
    Need,
    PlannedCall,
    Solicitation,
    StaffMessage,
    Survey,
)
from solicitations.models.surveys import Outcome, Usefulness
from tests.experts.factories import signed_in
from tests.solicitations.factories import TEXT, blank, expire, part, send
from workspace import record_changes
from workspace.models import PutOff, ReadMark, RecruitmentOutcome

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

# Short enough for the smallest column, and found nowhere else.
NAME = "Ñzé"
# What the request was made with.
OWN = ("Peintures Vannier", "00010037000014", "La gérante", "353020001", "@peintures", TEXT)
YEARS = timedelta(days=731)

# Columns that name nobody and stay; all the others must be found empty of the planted name.
KEPT = {
    "Solicitation.reference": "drawn at random; staff's page is found by it",
    "Solicitation.naf": "a code of the figures",
    "Solicitation.legal_form": "a code of the figures",
    "Solicitation.consent_version": "which wording was accepted",
    "Event.from_state": "a code",
    "Event.to_state": "a code",
    "OutgoingEmail.template": "which mail it was",
    "OutgoingEmail.about": "numbers of rows: by them it is found",
    "OutgoingEmail.thread": "the number of the request",
    "OutgoingEmail.message_id": "drawn at random, by us",
    "IncomingEmail.reason": "a code",
    "IncomingEmail.about": "numbers of rows: by them it is found",
}
TEXTUAL = (models.CharField, models.TextField, models.JSONField, models.BinaryField, ArrayField)
PLAIN = (
    models.AutoField,
    models.BooleanField,
    models.DateField,
    models.DateTimeField,
    models.ForeignKey,
    models.IntegerField,
)


def leading_models() -> list[Any]:
    """The tables related to a request: by foreign keys, and the mails by their ``about``."""
    found: set[Any] = {Solicitation}
    everything = apps.get_models(include_auto_created=True)
    while True:
        more = {
            model
            for model in everything
            for field in model._meta.concrete_fields
            if field.remote_field and field.related_model in found
        }
        if more <= found:
            return sorted(found | {OutgoingEmail, IncomingEmail}, key=lambda model: model._meta.label)
        found |= more


def columns(model: Any) -> Iterator[Field]:
    """The columns that could contain a name: all but numbers, dates, codes and keys."""
    for field in model._meta.concrete_fields:
        if not isinstance(field, TEXTUAL):
            assert isinstance(field, PLAIN), f"{field}: can it hold a name?"
        elif not field.choices and f"{model.__name__}.{field.name}" not in KEPT:
            yield field


def planted(field: Field, row: Model) -> Any:
    """Return a value of the column that contains the name."""
    if isinstance(field, models.JSONField):
        return {**(getattr(row, field.name) or {}), "planted": {"deep": [NAME]}}
    if isinstance(field, ArrayField):
        return [NAME]
    if isinstance(field, models.BinaryField):
        return f"From: {NAME}".encode()
    return f"{NAME}{row.pk}"[: field.max_length]


def dump() -> str:
    """The whole database, row by row."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')  # noqa: S608 (a name of ours)
            rows += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def traces(*words: str) -> list[str]:
    """The rows of the database that hold one of these words, as text or as bytes."""
    sought = [form for word in words for form in (word, word.encode().hex())]
    return [line[:300] for line in dump().splitlines() if any(word in line for word in sought)]


def came(solicitation: Solicitation, now, **columns) -> IncomingEmail:
    return IncomingEmail.objects.create(
        channel=Channel.PIPE,
        received_at=now,
        next_try_at=now,
        raw=b"From: contact@peintures.example.org\r\n\r\nOui, La g\xc3\xa9rante",
        sender="contact@peintures.example.org",
        **{"about": [f"request:{solicitation.pk}"], "state": IncomingState.ACCEPTED, "settled_at": now}
        | columns,
    )


def lived_through(commit, now) -> Solicitation:
    """A closed request with a row in every table that may lead to it."""
    draft = Draft.objects.create(answers={"need": {}}, email="contact@peintures.example.org",
                                 created_at=now, updated_at=now)  # fmt: skip
    commit(company_requests.send_resume_link, draft, email=draft.email, now=now)
    unticked = Institution.objects.order_by("pk").last()
    sent = commit(
        submission.submit,
        blank(now=now, fact_sources={"naf": {"source": "owner", "on": "2026-12-01"}}, callback_days=["mon"]),
        parts=[part("contrat-travail", "premier-salarie")],
        draft=draft,
        unticked=[unticked],
        now=now,
    )
    request = Solicitation.objects.get(pk=sent[0].pk)
    taker = Match.objects.with_people().filter(need__solicitation=request).in_order().first()
    commit(expert_messages.ask, taker.mailbox, body="La gérante est-elle joignable ?", now=now)
    commit(expert_messages.post_message, taker.mailbox, body="J'appelle Peintures Vannier.", now=now)
    internal = commit(
        expert_messages.post_internal_message, taker.mailbox, body="La gérante est pressée.", now=now
    )
    AttachedFile.objects.create(
        solicitation=request, internal_message=internal, name="gérante.pdf", kind="application/pdf", size=9,
        key="0" * 32, at=now,
    )  # fmt: skip
    commit(company_requests.add_information, request, body="C'est pour la SARL Peintures Vannier.", now=now)
    Message.objects.update(incoming=came(request, now, message_id="<a@vannier>"))
    Addition.objects.update(incoming=came(request, now, message_id="<b@vannier>", about=[]))
    came(request, now, message_id="<c@vannier>", state=IncomingState.RECEIVED, settled_at=None)
    commit(expert_answers.move, taker, MatchState.TAKEN, by=taker.mailbox, now=now)
    commit(feedback.report_not_called, request, now=now)
    commit(company_requests.send_lost_links, request.email, now=now)
    commit(company_address.ask, request, email="gerante@peintures.example.org", now=now)
    fresh = Match.objects.with_people().get(pk=taker.pk)
    commit(expert_answers.move, fresh, MatchState.HELPED, by=taker.mailbox, answer="Par écrit.", now=now)
    opinion = Opinion(
        was_called=True, usefulness=Usefulness.YES, outcome=Outcome.SOLVED, comment="La gérante"
    )
    commit(feedback.answer_survey, request, opinion, now=now)
    region = User.objects.create_user("nadia@region.example.org", role="region", region=request.region)
    commit(handling.write_note, request, body="La gérante rappelle mardi.", by=region, now=now)
    commit(handling.handle, request, by=region, now=now)
    word = commit(
        staff_letters.write_to_expert, taker.mailbox, body="Appelez La gérante.", by=region, now=now
    )
    StaffMessage.objects.create(
        solicitation=request, mailbox=taker.mailbox, author=region, addressee="x", body="La gérante dit oui.",
        at=now, answers=word, incoming=came(request, now, message_id="<d@vannier>"),
    )  # fmt: skip
    PutOff.objects.create(match=taker, until=now.date(), by=region, at=now)
    ReadMark.objects.create(mailbox=taker.mailbox, user=region, read_at=now)
    PlannedCall.objects.create(mailbox=taker.mailbox, starts_at=now, changed_at=now)
    RecruitmentOutcome.objects.create(match=taker, qualification="skilled", offers=1, posts=2, filled=1)
    for pk in Match.objects.active().values_list("pk", flat=True):
        commit(expire, pk, now=now)
    need_facts.refresh(now=now)
    request.refresh_from_db()
    assert request.state == RequestState.CLOSED
    return request


@pytest.fixture(scope="class")
def history(undone, commit, now) -> Iterator[int]:
    """The number of a request that lived through everything: one for all tests of a class."""
    with undone():
        yield lived_through(commit, now).pk


@pytest.fixture
def full_history(history) -> Solicitation:
    return Solicitation.objects.get(pk=history)


def plant_everywhere() -> None:
    for model in leading_models():
        rows = list(model.objects.all())
        assert rows, f"no row of {model.__name__}: nothing would be proven of it"
        for row in rows:
            values = {field.attname: planted(field, row) for field in columns(model)}
            # The one column whose form the database holds is searched by its own value.
            values.pop("siret", None)
            model.objects.filter(pk=row.pk).update(**values)


def figures(now) -> dict[str, Any]:
    """The figures and lists of staff, and every state."""
    shown: list[Labelled] = [RequestState.HELD, *NeedState, *ClosedReason]
    requests = Solicitation.objects.all()
    return {
        "counters": [filters.with_problem(requests, code, now=now).count() for code in filters.PROBLEMS],
        "shown": [requests.displayed_as(label).count() for label in shown],
        "counted": requests.counted().count(),
        "list": list(requests.newest_first().values_list("pk", "submitted_at", "ended_at", "progress")),
        "facts": list(requests.values_list("pk", "commune", "naf", "headcount_min", "company_created_on")),
        "needs": list(Need.objects.order_by("pk").values_list("subject", "state", "is_fallback")),
        "matches": list(
            Match.objects.order_by("pk").values_list(
                "expert",
                "state",
                "origin",
                "sent_at",
                "taken_at",
                "answered_at",
                "ended_at",
                "decline_reason",
            )
        ),
        "survey": list(Survey.objects.values_list("was_called", "usefulness", "outcome", "answered_at")),
        "events": list(
            Event.objects.exclude(kind=EventKind.ANONYMISED).order_by("pk").values_list("kind", "at", "match")
        ),
        "mails": list(OutgoingEmail.objects.order_by("pk").values_list("template", "created_at", "sent_at")),
        "obstacles": [
            [refused["obstacles"] for refused in need.decision["refused"]]
            for need in Need.objects.order_by("pk")
        ],
    }


def held(commit, now) -> Solicitation:
    """A similar second request, held as a duplicate: only staff may release it."""
    commit(send, now=now)
    second = commit(send, now=now)
    commit(holding.report_held, second.pk, now=now)
    return second


def uncovered(commit, now) -> Solicitation:
    """A request that reaches nobody, with its alert, and that the clock fails to end."""
    sent = commit(send, "clause-insertion", commune="21166", now=now)
    expert = Match.objects.with_people().get(need__solicitation=sent)
    Office.objects.exclude(pk=expert.expert.office_id).update(closed_on=now.date())
    commit(record_changes.report_departure, expert.expert, by=expert.mailbox, successor="", now=now)
    Solicitation.objects.update(clock_error="OperationalError", clock_retry_at=now + 2 * YEARS)
    return Solicitation.objects.get(pk=sent.pk)


class TestAnonymise:
    def test_no_name_is_left_anywhere_and_figures_stay(self, commit, full_history, now):
        plant_everywhere()
        assert traces(NAME)
        assert traces(*OWN)
        before = figures(now + YEARS)

        commit(erasure.anonymise, full_history.pk, now=now + YEARS)

        assert traces(NAME, *OWN) == []
        assert figures(now + YEARS) == before
        full_history.refresh_from_db()
        assert full_history.state == RequestState.ANONYMISED

    def test_the_stored_decision_keeps_directory_codes_only(self, commit, full_history, now):
        commit(erasure.anonymise, full_history.pk, now=now + YEARS)

        reasons = [
            *full_history.needs.values_list("decision", flat=True),
            *Match.objects.values_list("reason", flat=True),
        ]
        assert "@" not in str(reasons)
        assert all(reasons)

    def test_every_table_related_to_a_request_is_checked(self):
        names = {model.__name__ for model in leading_models()}

        assert names >= {
            "Addition", "Alert", "Draft", "Event", "IncomingEmail", "Mailbox", "Match", "Message", "Need",
            "OutgoingEmail", "Question", "Solicitation", "StaffMessage", "StaffNote", "Survey",
        }  # fmt: skip

    def test_kept_columns_exist(self):
        known = {
            f"{model.__name__}.{field.name}"
            for model in leading_models()
            for field in model._meta.concrete_fields
        }

        assert KEPT.keys() <= known

    def test_it_is_recorded_once_and_harmless_twice(self, commit, full_history, now):
        commit(erasure.anonymise, full_history.pk, now=now + YEARS)
        after = dump()

        commit(erasure.anonymise, full_history.pk, now=now + YEARS + timedelta(days=1))

        assert dump() == after
        assert full_history.events.filter(kind=EventKind.ANONYMISED).count() == 1

    def test_unsent_mails_are_never_sent(self, commit, full_history, now):
        waiting = OutgoingEmail.objects.about(f"request:{full_history.pk}").pending()
        pks = list(waiting.values_list("pk", flat=True))
        assert pks

        commit(erasure.anonymise, full_history.pk, now=now + YEARS)

        assert {row.state for row in OutgoingEmail.objects.filter(pk__in=pks)} == {OutgoingState.CANCELLED}
        assert not OutgoingEmail.objects.due(now=now + 2 * YEARS).exists()

    def test_a_request_that_ended_lately_is_kept(self, commit, full_history, now, settings):
        before = dump()

        commit(erasure.anonymise, full_history.pk, now=now + settings.ANONYMISE_AFTER - timedelta(seconds=1))

        assert dump() == before

    def test_only_requests_that_ended_long_ago_are_selected(self, commit, full_history, now):
        commit(send, now=now, email="autre@example.org", siret="")

        assert list(Solicitation.objects.to_anonymise(now=now + YEARS)) == [full_history]
        commit(erasure.anonymise, full_history.pk, now=now + YEARS)
        assert not Solicitation.objects.to_anonymise(now=now + YEARS).exists()

    def test_an_open_duplicate_keeps_its_content(self, commit, full_history, now):
        later = now + timedelta(days=1)
        like = commit(send, "contrat-travail", now=later)
        assert like.duplicate_of == full_history
        duplicate_rows = chain(
            Solicitation.objects.filter(pk=like.pk).values(),
            OutgoingEmail.objects.filter(about=[f"request:{like.pk}"]).order_by("pk").values(),
        )
        before = list(duplicate_rows)

        commit(erasure.anonymise, full_history.pk, now=now + YEARS)

        after = chain(
            Solicitation.objects.filter(pk=like.pk).values(),
            OutgoingEmail.objects.filter(about=[f"request:{like.pk}"]).order_by("pk").values(),
        )
        assert list(after) == before

    def test_a_sent_draft_is_erased_and_its_request_kept(self, commit, full_history, now):
        [draft] = Draft.objects.filter(solicitation=full_history)

        commit(erasure.erase_draft, draft.pk, now=now + timedelta(days=7))

        assert not Draft.objects.exists()
        assert OutgoingEmail.objects.about(f"draft:{draft.pk}").get().is_erased
        assert Solicitation.objects.get(pk=full_history.pk).description == TEXT


class TestWhichRequests:
    def test_an_open_request_is_kept_however_old(self, commit, now):
        sent = commit(send, now=now)
        commit(company_requests.add_information, sent, body="Toujours personne ?", now=now + 2 * YEARS)

        commit(erasure.anonymise, sent.pk, now=now + 3 * YEARS - timedelta(days=2))

        assert Solicitation.objects.get(pk=sent.pk).description == TEXT

    def test_a_cancelled_request_is_anonymised_too(self, commit, now):
        sent = commit(send, now=now)
        commit(company_requests.cancel, sent, now=now)

        commit(erasure.anonymise, sent.pk, now=now + YEARS)

        assert traces(*OWN) == []
        assert Solicitation.objects.get(pk=sent.pk).progress == NeedState.CANCELLED

    @pytest.mark.parametrize("wait", ["held", "uncovered"])
    def test_an_abandoned_request_is_closed_and_anonymised(self, commit, now, wait):
        waiting = held(commit, now) if wait == "held" else uncovered(commit, now)
        assert waiting.alerts.open().exists()

        commit(tasks.run_clock, now=now + YEARS)

        waiting.refresh_from_db()
        assert (waiting.state, waiting.closed_reason) == (RequestState.ANONYMISED, ClosedReason.UNANSWERED)
        assert waiting.description == ""
        assert list(waiting.events.in_order().values_list("kind", "reason"))[-2:] == [
            (EventKind.CLOSED, "Rien ne s'y est passé depuis 730 jours"),
            (EventKind.ANONYMISED, ""),
        ]
        assert not waiting.alerts.open().exists()

    @pytest.mark.parametrize(
        ("kind", "is_kept"),
        [(EventKind.CORRECTED, True), (EventKind.OPENED, False), (EventKind.ROUTING_FAILED, False)],
        ids=["done", "looked at", "failed at"],
    )
    def test_only_work_on_a_request_delays_its_erasure(self, commit, now, kind, is_kept):
        waiting = uncovered(commit, now)
        Event.objects.create(solicitation=waiting, kind=kind, at=now + timedelta(days=300))

        commit(tasks.run_clock, now=now + YEARS)

        assert (Solicitation.objects.get(pk=waiting.pk).description == TEXT) == is_kept

    def test_a_message_delays_the_erasure(self, commit, now):
        waiting = uncovered(commit, now)
        expert = Match.objects.select_related("mailbox").filter(need__solicitation=waiting).first()
        Message.objects.create(
            solicitation=waiting, mailbox=expert.mailbox, body="Je cherche.", at=now + timedelta(days=300)
        )

        commit(tasks.run_clock, now=now + YEARS)

        assert Solicitation.objects.get(pk=waiting.pk).description == TEXT

    def test_a_mail_listing_several_requests_loses_one_line_then_is_erased_with_the_last(self, commit, now):
        first = commit(send, now=now)
        other = commit(send, "saisonniers", now=now)
        commit(company_requests.send_lost_links, first.email, now=now)
        mail = OutgoingEmail.objects.get(template__endswith="lost_links")
        for row in (first, other):
            commit(company_requests.cancel, row, now=now + (timedelta(0) if row == first else YEARS))

        commit(erasure.anonymise, first.pk, now=now + YEARS)

        mail.refresh_from_db()
        assert [line["reference"] for line in mail.context["requests"]] == [other.reference]
        assert mail.to == other.email
        commit(erasure.anonymise, other.pk, now=now + 2 * YEARS)
        mail.refresh_from_db()
        assert mail.is_erased
        assert traces(*OWN) == []


class TestDrafts:
    @pytest.fixture
    def draft(self, commit, now) -> Draft:
        answers = {"subject": "saisonniers", "contact": {"contact_name": ["La gérante"]}}
        row = Draft.objects.create(answers=answers, created_at=now, updated_at=now)
        commit(company_requests.send_resume_link, row, email="contact@peintures.example.org", now=now)
        return row

    def test_after_seven_days_a_draft_and_its_mails_are_erased(self, commit, draft, now):
        week = now + timedelta(days=7)
        assert list(Draft.objects.to_erase(now=week)) == [draft]

        commit(erasure.erase_draft, draft.pk, now=week)

        assert traces(*OWN) == []
        assert not Draft.objects.exists()

    def test_a_younger_one_is_kept(self, commit, draft, now):
        commit(erasure.erase_draft, draft.pk, now=now + timedelta(days=6))

        assert Draft.objects.filter(pk=draft.pk).exists()

    def test_erasing_twice_is_harmless(self, commit, draft, now):
        for days in (7, 8):
            commit(erasure.erase_draft, draft.pk, now=now + timedelta(days=days))

        assert not Draft.objects.exists()


class TestLateReplies:
    """Mails received after their request was anonymised."""

    @pytest.fixture
    def late(self, commit, full_history, now) -> IncomingEmail:
        """A mail received after the request was anonymised."""
        commit(erasure.anonymise, full_history.pk, now=now + YEARS)
        return came(full_history, now + YEARS, message_id="<d@vannier>", state=IncomingState.REFUSED)

    def test_a_reply_received_after_anonymisation_is_erased_after_two_years(self, commit, late, now):
        assert traces(*OWN)

        commit(erasure.erase_stray_mails, now=now + 2 * YEARS)

        assert traces(*OWN) == []

    def test_a_younger_one_is_kept(self, commit, late, now):
        commit(erasure.erase_stray_mails, now=now + YEARS + timedelta(days=700))

        assert traces(*OWN)


class TestStrayMails:
    """Mails that are not erased with a request."""

    def test_a_mail_of_a_stranger_is_erased(self, commit, now):
        sent = commit(send, now=now)
        stray = came(sent, now, message_id="<e@vannier>", about=[], state=IncomingState.REFUSED)
        own = came(sent, now, message_id="<f@vannier>")

        commit(erasure.erase_stray_mails, now=now + YEARS)

        stray.refresh_from_db()
        own.refresh_from_db()
        assert (bytes(stray.raw), stray.sender) == (b"", "")
        assert own.sender == "contact@peintures.example.org"

    def test_mails_of_a_request_that_is_kept_are_kept(self, commit, now):
        commit(send, now=now)
        before = dump()

        commit(erasure.erase_stray_mails, now=now + 2 * YEARS)

        assert dump() == before


class TestAfterwards:
    @pytest.fixture
    def erased(self, commit, full_history, now) -> Solicitation:
        commit(erasure.anonymise, full_history.pk, now=now + YEARS)
        return Solicitation.objects.get(pk=full_history.pk)

    @pytest.fixture
    def as_national(self) -> Client:
        return signed_in(User.objects.create_user("national@equipe.example.org", role="national"))

    def test_links_lead_to_a_page_that_says_it_was_erased(self, client, full_history, erased):
        urls = [links.follow_url, links.survey_url, links.call_check_url]
        pages = [client.get(urlsplit(url(full_history)).path) for url in urls]
        pages += [client.get(urlsplit(links.answer_url(box)).path) for box in full_history.mailboxes.all()]

        for page in pages:
            assert page.status_code == 410
            assert "Cette demande a été effacée" in page.content.decode()

    def test_no_new_link_is_sent(self, client, full_history, erased):
        before = OutgoingEmail.objects.count()

        client.post(f"{urlsplit(links.follow_url(full_history)).path}nouveau-lien/")
        client.post(f"{urlsplit(links.answer_url(full_history.mailboxes.first())).path}nouveau-lien/")

        assert OutgoingEmail.objects.count() == before

    def test_staff_s_page_opens_with_what_remains(self, as_national, erased):
        text = as_national.get(f"/demandes/{erased.reference}/").content.decode()

        assert "ont été effacés" in text
        assert "Is-sur-Tille" in text
        assert "mailto:" not in text.split("<main")[1].split("</main")[0]
        assert "efface-" not in text

    def test_outbox_shows_that_mails_were_erased_and_sends_none_again(self, as_national, erased):
        mail = OutgoingEmail.objects.about(f"request:{erased.pk}").order_by("pk").first()
        OutgoingEmail.objects.filter(pk=mail.pk).update(cancelled_at=None, sent_at=mail.created_at)

        assert as_national.get("/courrier/").status_code == 200
        page = as_national.get(f"/courrier/{mail.pk}/")
        assert "Ce courriel a été effacé" in page.content.decode()
        assert as_national.get(f"/courrier/{mail.pk}/html/").status_code == 404
        assert as_national.post(f"/courrier/{mail.pk}/renvoyer/").status_code == 403

    def test_no_erased_mail_can_be_rendered(self, erased):
        for row in OutgoingEmail.objects.all():
            with pytest.raises(NoContent):
                row.rendered()
