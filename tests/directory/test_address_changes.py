"""Another address for a person: posts, absences, deputies and open requests follow."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from directory import address_changes
from directory.address_changes import AddressTaken, ChangeRefused
from directory.importing import check, import_file, plan_import
from directory.revision_undo import NotUndone, undo
from experts.changes.row_plans import RowOutcome
from experts.models import Expert, MailPreference
from experts.models.mail_preferences import MailChoice
from mailing.models import OutgoingEmail
from solicitations import links
from solicitations.models import Mailbox
from territories.models import Region
from tests.directory.files import SMALL
from tests.experts.factories import ExpertFactory, NationalFactory, PersonFactory, RegionalFactory
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
FORMER = "recrutement@france-travail-dijon.example.org"
NEW = "Nouvelle@france-travail-dijon.example.org"
DAY = timedelta(days=1)


@pytest.fixture
def request_sent(commit, now):
    return commit(send, now=now)


def change(commit, now, former=FORMER, email=NEW, by=None):
    return commit(address_changes.change_address, former, email, by=by or NationalFactory(), now=now)


def test_open_mailboxes_follow_and_old_links_are_revoked(commit, now, client, request_sent):
    mailbox = Mailbox.objects.at(FORMER).get()
    old = links.answer_url(mailbox)

    change(commit, now)

    mailbox.refresh_from_db()
    assert mailbox.email == NEW
    assert client.get(urlsplit(old).path).status_code in {404, 410}
    assert client.get(urlsplit(links.answer_url(mailbox)).path).status_code == 200


def test_both_addresses_are_told_once_and_the_new_one_gets_the_links(commit, now, request_sent):
    change(commit, now)

    new = OutgoingEmail.objects.get(template="directory/emails/address_is_new")
    assert new.context["own_record_url"]
    old = OutgoingEmail.objects.get(template="directory/emails/address_was_left")
    assert (new.to, old.to) == (NEW, FORMER)
    assert [each["url"] for each in new.context["requests"]] == [
        links.answer_url(Mailbox.objects.at(NEW).get())
    ]
    assert old.context["requests"] == []


def test_deputies_are_named_by_the_new_address(commit, now):
    change(commit, now)

    absent = Expert.objects.get(email="formation@france-travail-dijon.example.org")
    assert absent.absences.get().deputy.email == NEW


def test_every_post_follows(commit, now):
    other = ExpertFactory(email=FORMER.upper())

    change(commit, now)

    other.refresh_from_db()
    assert other.email == NEW


def test_file_that_names_the_former_address_brings_nobody_back(commit, now):
    change(commit, now, "formation@france-travail-dijon.example.org", "f@pe-test.example.org")
    office = Expert.objects.get(email="f@pe-test.example.org").office
    office.code = "PE-TEST"
    office.save()
    text = SMALL.replace("formation@pe-test.example.org", "formation@france-travail-dijon.example.org")

    plan = plan_import(check(text.encode()), now=now)

    [row] = [row for row in plan.experts if row.key == ("PE-TEST", "f@pe-test.example.org")]
    assert "email" in {kept.fact for kept in row.kept}
    created = {row.key for row in plan.experts if row.outcome is RowOutcome.CREATED}
    assert ("PE-TEST", "formation@france-travail-dijon.example.org") not in created


def test_address_of_a_colleague_is_refused(commit, now):
    with pytest.raises(AddressTaken, match="France Travail Dijon"):
        change(commit, now, email="formation@france-travail-dijon.example.org")


def test_region_does_not_change_the_posts_of_another(commit, now):
    paris = RegionalFactory(region=Region.objects.get(code="11"))

    with pytest.raises(ChangeRefused):
        change(commit, now, by=paris)

    assert Expert.objects.filter(email=FORMER).exists()


def test_mailbox_of_the_new_address_takes_over_the_matches(commit, now, request_sent):
    mailbox = Mailbox.objects.at(FORMER).get()
    other = Mailbox.objects.create(solicitation=mailbox.solicitation, email=NEW, created_at=now)
    matches = set(mailbox.matches.values_list("pk", flat=True))

    change(commit, now)

    assert set(other.matches.values_list("pk", flat=True)) == matches
    mailbox.refresh_from_db()
    assert mailbox.revoked_at == now


def test_unsent_mails_to_the_former_address_never_leave(commit, now, request_sent):
    mailbox = Mailbox.objects.at(FORMER).get()
    OutgoingEmail.objects.filter(to=FORMER).update(sent_at=None)

    change(commit, now)

    mails = OutgoingEmail.objects.filter(to=FORMER, about__contains=[f"mailbox:{mailbox.pk}"])
    assert not mails.filter(cancelled_at=None, template__startswith="solicitations").exists()


class TestUndo:
    """Undoing a change of address is one too: what followed goes back."""

    @pytest.fixture
    def account(self, now):
        MailPreference.objects.create(address=FORMER, choice=MailChoice.NEEDS, changed_at=now)
        return PersonFactory(email=FORMER)

    @pytest.fixture
    def undone(self, commit, now, request_sent, account):
        revision = change(commit, now)
        return commit(undo, revision, by=NationalFactory(), now=now + DAY)

    def test_open_mailboxes_return_and_the_other_links_are_revoked(self, undone, client):
        mailbox = Mailbox.objects.at(FORMER).get()

        assert mailbox.serial == 3
        assert not Mailbox.objects.at(NEW).exists()
        assert client.get(urlsplit(links.answer_url(mailbox)).path).status_code == 200

    def test_both_addresses_are_told(self, undone):
        sent = OutgoingEmail.objects.filter(about__contains=[f"revision:{undone.pk}"])
        mails = {mail.template.rpartition("/")[2]: mail for mail in sent}

        assert (mails["address_is_new"].to, mails["address_was_left"].to) == (FORMER, NEW)
        assert len(mails["address_is_new"].context["requests"]) == 1

    def test_preferences_and_account_return(self, undone, account):
        account.refresh_from_db()

        assert account.email == FORMER
        assert MailPreference.objects.at(FORMER).exists()
        assert not MailPreference.objects.at(NEW).exists()


def test_undo_says_that_somebody_else_has_the_address(commit, now):
    revision = change(commit, now)
    ExpertFactory(email=FORMER, office=Expert.objects.get(email=NEW).office)

    with pytest.raises(NotUndone, match=FORMER):
        commit(undo, revision, by=NationalFactory(), now=now + DAY)


def test_file_that_gives_the_former_address_again_is_a_change_of_address(commit, now, request_sent):
    change(commit, now)
    Expert.objects.filter(email=NEW).update(edited_fields=[])  # « reprendre les valeurs du fichier »

    file = check(Path("experts/data/directory-demo.yaml").read_bytes())
    commit(import_file, file, name="fichier", now=now + DAY)

    assert Expert.objects.filter(email=FORMER).exists()
    assert Mailbox.objects.at(FORMER).get().serial == 3
    mails = OutgoingEmail.objects.filter(template="directory/emails/address_is_new", to=FORMER)
    assert len(mails.get().context["requests"]) == 1
