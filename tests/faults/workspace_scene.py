"""Scene of the workspace in a portal's database: needs of an expert, her session; run with ``python -m``.

It writes what a test needs to act on it: keys, paths, the session's cookie.
"""

import json

import django

django.setup()

from django.conf import settings  # noqa: E402 (the settings come first)
from django.utils import timezone  # noqa: E402

from experts.models import Seat  # noqa: E402
from experts.models.mail_preferences import MailChoice  # noqa: E402
from solicitations.actions import expert_messages, mail_choice  # noqa: E402
from tests.experts.factories import ExpertFactory, PersonFactory, signed_in  # noqa: E402
from tests.solicitations.factories import mailbox, match, send  # noqa: E402
from tests.workspace.conftest import answer_path  # noqa: E402

EXPERT, OTHER = "recrutement@france-travail", "entreprises@mission-locale"


def main() -> None:
    now = timezone.now()
    requests = [send(now=now, email=f"{number}@x.fr", siret="") for number in range(3)]
    needs = [match(request, EXPERT) for request in requests]
    person = PersonFactory(email=needs[0].mailbox.email)
    Seat.objects.create(user=person, office=needs[0].expert.office, given_at=now)
    colleague = ExpertFactory(office=needs[0].expert.office)
    author = mailbox(requests[0], OTHER)
    mail_choice.choose(needs[0].mailbox.email, MailChoice.DIGEST, hour=16, now=now)
    expert_messages.post_message(author, body="Je l'appelle lundi.", now=now)
    scene = {
        "requests": [request.pk for request in requests],
        "needs": [need.pk for need in needs],
        "expert": needs[0].expert_id,
        "address": needs[0].mailbox.email,
        "colleague": colleague.pk,
        "colleague_address": colleague.email,
        "message_path": f"{answer_path(author)}message/",
        "session": signed_in(person).cookies[settings.SESSION_COOKIE_NAME].value,
    }
    print(json.dumps(scene), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
