"""``manage.py receive_mail``: stores one raw message from a mail server's pipe."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from mailing import reception
from mailing.models import Channel

CHUNK = 64 * 1024


class Command(BaseCommand):
    help = "Garde le message lu sur l'entrée standard : sortie 0 s'il est gardé, 75 pour qu'on le représente."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--recipient", default="", help="adresse à laquelle il a été remis")

    def handle(self, *args: Any, **options: Any) -> None:
        """Store the message. Any exception becomes the exit code 75: see ``manage.py``."""
        raw = sys.stdin.buffer.read(reception.MAX_BYTES + 1)
        while sys.stdin.buffer.read(CHUNK):
            pass  # a mail server treats a pipe that closes early as a failure
        reception.store(raw, channel=Channel.PIPE, recipient=options["recipient"], now=timezone.now())
