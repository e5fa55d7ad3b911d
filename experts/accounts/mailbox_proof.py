"""Proof, by a mailed code, that the visitor reads a shared mailbox: it gives their account its posts."""

import time
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.internal.cryptokit import compare_user_code
from django.db import transaction
from django.http import HttpRequest

from experts.accounts import limits, seats
from experts.models import Seat, User

IN_SESSION = "mailbox_proof"
CODE_LIFE = timedelta(minutes=15)


class NoProof(Exception):
    """No code is awaited in this session, or it is too old."""


class TooManyTries(Exception):
    """The code was tried too often."""


def begin(request: HttpRequest, mailbox: str, *, account: str, now: datetime) -> None:
    """Mail a code to a shared mailbox; ``account``: the address of whoever will work there.

    No mail is sent, and no code is right, for an address that no post bears.
    """
    code = get_adapter().generate_login_code() if seats.posts_at(mailbox, now=now).exists() else ""
    request.session[IN_SESSION] = {
        "mailbox": mailbox.lower(),
        "account": account.lower(),
        "code": code,
        "at": time.time(),
        "is_proved": False,
    }
    if code:
        get_adapter().send_mail("account/email/login_code", mailbox, {"request": request, "code": code})


def awaited(request: HttpRequest) -> dict[str, Any]:
    """The proof of this session, not yet given or given. Raises ``NoProof``."""
    proof = request.session.get(IN_SESSION)
    if not isinstance(proof, dict) or time.time() - proof["at"] > CODE_LIFE.total_seconds():
        raise NoProof
    return proof


def is_right(request: HttpRequest, code: str, *, now: datetime) -> bool:
    """Judge a code and, when it is right, keep the proof. Raises ``NoProof``, ``TooManyTries``."""
    proof = awaited(request)
    if limits.is_code_try_over(f"{request.session.session_key} {proof['at']}", proof["code"], now=now):
        del request.session[IN_SESSION]
        raise TooManyTries
    if not compare_user_code(actual=code, expected=proof["code"]):
        return False
    request.session[IN_SESSION] = {**proof, "code": "", "is_proved": True}
    return True


def proves_for(request: HttpRequest, email: str, *, now: datetime) -> bool:
    """Return whether this session has proved that the owner of ``email`` reads a mailbox with posts."""
    try:
        proof = awaited(request)
    except NoProof:
        return False
    is_theirs = proof["is_proved"] and proof["account"] == email.lower()
    return is_theirs and seats.posts_at(proof["mailbox"], now=now).exists()


@transaction.atomic
def take_posts(request: HttpRequest, user: User, *, now: datetime) -> list[Seat]:
    """Give the account the posts of the mailbox that this session has proved, once; return the new seats."""
    if not proves_for(request, user.email, now=now):
        return []
    proof = request.session.pop(IN_SESSION)
    posts = seats.posts_at(proof["mailbox"], now=now).order_by("pk")
    return seats.give_posts(user, posts, now=now)
