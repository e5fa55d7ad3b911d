"""Sign-in by a mailed code: an account that its address may have is made by the right code, never before."""

from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import Login
from allauth.account.stages import LoginByCodeStage, LoginStageController
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from experts.accounts import access_log, mailbox_proof, seat_invitations, seats
from experts.models import AccessRecord, Invitation, User


def begin(request: HttpRequest, email: str) -> None:
    """Mail a code to an address, if it has an account or may have one; the page after it is the same."""
    SignInProcess.initiate(
        request=request, user=User.objects.filter(email__iexact=email).first(), email=email
    )


def may_sign_in(request: HttpRequest, email: str, user: User | None, *, now: datetime) -> bool:
    """Return whether an address gets a code: for its account, its posts, or what it is invited to.

    Every question is asked, of an unknown address too: the time of the answer must not say what is known.
    """
    account = user or User(pk=0, email=email)
    opens = (
        account.is_staff,
        seats.has_work(account, now=now),
        seats.posts_at(email, now=now).exists(),
        seat_invitations.invites(email, now=now),
        mailbox_proof.proves_for(request, email, now=now),
    )
    return account.is_active and any(opens)


class SignInProcess(LoginCodeVerificationProcess):
    """allauth's process, which knows accounts only, for addresses that may have one too."""

    @classmethod
    def initiate(
        cls,
        *,
        request: HttpRequest,
        user: User | None,
        email: str | None = None,
        phone: str | None = None,
        stage: LoginByCodeStage | None = None,
    ) -> "SignInProcess":
        """Begin a sign-in; an account that opens nothing is dealt with as an unknown address."""
        opens = may_sign_in(request, email or "", user, now=timezone.now())
        known = user if opens else None
        login = Login(user=known, email=email)
        login.state["stages"] = {"current": LoginByCodeStage.key}
        stage = LoginByCodeStage(LoginStageController(request, login), request, login)
        stage.state.update(cls.initial_state(user=known, email=email))
        stage.state.update({"initiated_by_user": True, "opens": opens})
        process = cls(stage=stage)
        process.send()
        process.persist()
        return process

    @classmethod
    def resume(cls, stage: LoginByCodeStage) -> "SignInProcess | None":
        """Return the process of this session, or ``None`` when its code is too old."""
        process: SignInProcess | None = cls(stage=stage).abort_if_invalid()
        return process

    def send_by_email(self, email: str, skip_enumeration_mails: bool = False) -> None:
        """Mail the code; no mail is sent to an address that may not sign in."""
        if self.state["opens"]:
            # allauth's own method takes an account as the proof that the address may.
            code = self.generate_code()
            get_adapter().send_mail(
                "account/email/login_code", email, {"request": self.request, "code": code}
            )

    def record_invalid_attempt(self) -> bool:
        """Count a wrong code, and write it in the access log of its account."""
        user = User.objects.filter(email__iexact=self.state["email"]).first()
        if user:
            kind = AccessRecord.Kind.CODE_REFUSED
            access_log.record(kind, user, now=timezone.now(), request=self.request)
        return bool(super().record_invalid_attempt())

    def finish(self, redirect_url: str | None) -> HttpResponse:
        """Sign in with the right code, once the account is made. What opened it may have ended since."""
        email, now = self.state["email"], timezone.now()
        user = User.objects.filter(email__iexact=email).first()
        if not may_sign_in(self.request, email, user, now=now):
            self.abort()
            return redirect("account_login")
        self._user = user or open_account(email, now=now)
        response: HttpResponse = super().finish(redirect_url)
        return response


def open_account(email: str, *, now: datetime) -> User:
    """Make the account of an address, named as the invitation or the first post is.

    When another window makes it at the same instant, there is one account.
    """
    named = (
        Invitation.objects.open(now=now).to(email).order_by("-sent_at", "-pk").first()
        or seats.posts_at(email, now=now).order_by("pk").first()
    )
    try:
        with transaction.atomic():
            return User.objects.create_user(email, name=named.name[:200] if named else "")
    except IntegrityError:
        return User.objects.get(email__iexact=email)
