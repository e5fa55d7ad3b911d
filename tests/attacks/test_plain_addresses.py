"""Addresses that name no object, as one table: who opens each. A new address must have its line.

Those of the workspace, of the directory and of the API have tests of their own; those that name an object,
``test_rights`` and ``test_links``.
"""

import pytest
from django.test import Client

from experts.models import Seat
from solicitations.models import Match
from territories.models import Region
from tests.attacks.addresses import every_address
from tests.attacks.sample_data import SampleData
from tests.experts.factories import NationalFactory, PersonFactory, RegionalFactory, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

# Their answer says nothing of the account: public pages, health, what the settings turn on.
SAME_FOR_ALL = {
    *("home", "search", "who_can_help", "who_can_help_offices", "legal_notice", "privacy", "accessibility"),
    *("sitemap", "contact", "my_data", "health", "metrics", "roles", "robots", "deployed", "None"),
    *("owners:start", "owners:lost", "owners:None"),
    *("mailing:brevo", "mailing:mailgun", "mailing:postmark", "mailing:brevo_tracking"),
    *("mailing:mailgun_tracking", "mailing:mailjet_tracking", "mailing:postmark_tracking"),
    *("directory:own_record_link", "account_inactive"),
    *("proconnect", "proconnect_callback", "account_confirm_login_code", "confirm_mailbox"),
    *("mfa_authenticate", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_add_webauthn"),
    *("mfa_reauthenticate_webauthn", "mfa_generate_recovery_codes"),
}
# 302: sent to sign in, or to another page of the account; 403: said that it is the staff's; 405: a post only.
TABLE = """
                             visitor expert manager region national
account_login                200     302    302     302    302
account_request_login_code   200     302    302     302    302
account_logout               302     200    200     200    200
ask_mailbox                  302     200    200     200    200
mfa_index                    302     200    200     200    200
mfa_reauthenticate           302     200    200     200    200
mfa_list_webauthn            302     200    200     200    200
mfa_view_recovery_codes      302     404    404     404    404
mfa_download_recovery_codes  302     404    404     404    404
own_access                   302     200    200     200    200
close_other_sessions         302     405    405     405    405
team                         302     404    302     200    200
region_teams                 302     404    404     404    200
access_log                   302     404    404     404    200
directory:account_mails      302     200    404     404    404
oversight:list               302     403    403     200    200
oversight:export_csv         302     403    403     200    200
oversight:export_xlsx        302     403    403     200    200
oversight:upcoming           302     403    403     200    200
oversight:canned_answers     302     403    403     200    200
oversight:outbox             302     403    403     200    200
oversight:incoming           302     403    403     200    200
indicators:page_views        302     403    403     200    200
indicators:figures           302     403    200     200    200
indicators:figures_xlsx      302     403    200     200    200
indicators:figures_needs     302     403    404     404    404
"""
HEADING, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
PLAIN = {
    address.name: f"/{address.route}"
    for address in every_address()
    if not (address.parameters or address.is_admin or address.route.startswith("annuaire/"))
    and not address.name.startswith(("workspace:", "api-"))
}


def test_every_address_that_names_nothing_has_a_line():
    listed = {name for name, *_ in ROWS} | SAME_FOR_ALL

    assert set(PLAIN) <= listed, "write here who may open the new address, and who may not"
    assert {name for name, *_ in ROWS} <= set(PLAIN)


def test_each_answers_each_person_as_the_table_says(sample_data: SampleData, now):
    match = Match.objects.select_related("expert__office").earliest("pk")
    manager = PersonFactory()
    Seat.objects.create(user=manager, office=match.expert.office, given_at=now)
    people = {
        "expert": PersonFactory(email=match.expert.email),
        "manager": manager,
        "region": RegionalFactory(region=Region.objects.get(pk="27")),
        "national": NationalFactory(),
    }
    clients = {"visitor": Client()} | {name: signed_in(user) for name, user in people.items()}
    wrong = []
    for name, *expected in ROWS:
        for person, code in zip(HEADING, expected, strict=True):
            answer = clients[person].get(PLAIN[name])
            if answer.streaming:
                list(answer.streaming_content)  # which closes its file
            if str(answer.status_code) != code:
                wrong.append(f"{name}, {person}: {answer.status_code} instead of {code}")

    assert not wrong
