"""« Ma fiche »: an expert's own record, opened by a link that is only ever sent to their address."""

import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from directory.coverage_loss import losses, losses_of_departure
from directory.own_record import record_actions, record_links
from directory.own_record.record_forms import (
    AbsenceForm,
    BookingForm,
    DepartureForm,
    MailChoiceForm,
    PhoneForm,
    RecordAddressForm,
    RemarkForm,
)
from experts.accounts import limits
from experts.models import Expert, MailPreference
from experts.models.mail_preferences import USUAL_HOUR, MailChoice
from experts.tokens import ForgedLink
from solicitations import links
from solicitations.views.token_pages import secret

ANSWERS_AFTER = timedelta(milliseconds=400)  # more than the mail's row takes to write
ANYWAY = "malgre_tout"  # pressed once the page has said who would be left without anybody
FORMS = ("phone", "booking", "absence", "departure")
RecordView = Callable[..., HttpResponse]


def record_page(view: RecordView) -> RecordView:
    """Decorate a view that an expert's link opens; an invalid or expired link gets a page that says so."""

    @wraps(view)
    def answered(request: HttpRequest, token: str, **named: int | str) -> HttpResponse:
        try:
            expert = record_links.expert_of(token, today=timezone.localdate())
        except (ForgedLink, record_links.ExpiredRecordLink):
            return _dead(request)
        return view(request, expert, token=token, **named)

    return secret(answered)


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "directory/own_record_dead.html", status=410)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """Ask for an address; a known one is mailed the link, and the page does not tell."""
    form = RecordAddressForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "is_done": "envoye" in request.GET}
        return render(request, "directory/own_record_link.html", context)
    started = time.monotonic()
    response = _send(request, form.cleaned_data["email"])
    time.sleep(max(0.0, ANSWERS_AFTER.total_seconds() - (time.monotonic() - started)))
    return response


@secret
@require_http_methods(["GET", "HEAD", "POST"])
def send_from_mail(request: HttpRequest, token: str) -> HttpResponse:
    """The same, from a mail about a request: the link goes to the address that the mail was sent to."""
    try:
        mailbox = links.mailbox_of(token, now=timezone.now(), purpose=links.RECORD_LINK)
    except (ForgedLink, links.RevokedLink, links.ErasedLink, links.ExpiredLink):
        return _dead(request)
    if request.method == "POST":
        return _send(request, mailbox.email)
    return render(request, "directory/own_record_link.html", {"masked": _masked(mailbox.email)})


def _send(request: HttpRequest, email: str) -> HttpResponse:
    now = timezone.now()
    if limits.LINKS_PER_ADDRESS.is_over(limits.address_of(request), now=now):
        return limits.too_many(request, back=request.path)
    if not limits.LINKS_PER_EMAIL.is_over(limits.normalise_email(email), now=now):
        record_actions.send_link(email, now=now)
    response = redirect("directory:own_record_link")
    response["Location"] += "?envoye"
    return response


def _masked(email: str) -> str:
    """The address as its owner recognises it: « r…@antenne.example.org »."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"


@record_page
@require_http_methods(["GET", "HEAD"])
def own_record(request: HttpRequest, expert: Expert, token: str) -> HttpResponse:
    """The posts of the address, and what can be corrected immediately."""
    return show_record(request, expert, token)


def show_record(
    request: HttpRequest, expert: Expert, token: str, refused: dict[tuple[str, int], object] | None = None
) -> HttpResponse:
    """The page, with an invalid form when one was posted."""
    today = timezone.localdate()
    found = record_actions.posts_of(expert)
    posts = [_post_content(post, today=today, refused=refused or {}) for post in found]
    context = {
        "token": token,
        "expert": expert,
        "posts": posts,
        "remark_form": (refused or {}).get(("remark", 0)) or RemarkForm(),
        "mails_form": (refused or {}).get(("mails", 0)) or MailChoiceForm(initial=chosen_by(expert.email)),
        "is_verified": all(post.left_at or post.verified_on == today for post in found),
    }
    return render(request, "directory/own_record.html", context, status=422 if refused else 200)


def chosen_by(address: str) -> dict[str, object]:
    """The choice of mails of an address, as initial values of its form."""
    known = MailPreference.objects.of(address)
    if known is None:
        return {"choice": MailChoice.ALL, "hour": USUAL_HOUR}
    return {"choice": known.choice, "hour": known.hour}


def _post_content(post: Expert, *, today: date, refused: dict[tuple[str, int], object]) -> dict[str, object]:
    pk = post.pk
    phone = PhoneForm(initial={"phone": post.phone}, auto_id=f"phone{pk}_%s")
    absence = AbsenceForm(expert=post, today=today, auto_id=f"absence{pk}_%s")
    areas = post.areas.all() if post.areas.exists() else post.office.areas.all()
    return {
        "expert": post,
        "subjects": list(post.subjects.order_by("label").values_list("label", flat=True)),
        "areas": list(areas.order_by("name").values_list("name", flat=True)),
        "absences": post.absences.filter(to_on__gte=today).select_related("deputy").order_by("from_on", "pk"),
        "phone_form": refused.get(("phone", pk), phone),
        "booking_form": refused.get(("booking", pk))
        or BookingForm(initial={"booking_url": post.booking_url}, auto_id=f"booking{pk}_%s"),
        "absence_form": refused.get(("absence", pk), absence),
        "departure_form": refused.get(("departure", pk), DepartureForm(auto_id=f"departure{pk}_%s")),
        "losses": refused.get(("losses", pk), ()),
        "is_refused": {name: (name, pk) in refused for name in FORMS},
    }


@record_page
@require_POST
def confirm(request: HttpRequest, expert: Expert, token: str) -> HttpResponse:
    """« Tout est juste »."""
    record_actions.confirm(expert, now=timezone.now())
    return _done(request, token, "Merci, votre fiche est vérifiée pour un an.")


@record_page
@require_POST
def phone(request: HttpRequest, expert: Expert, token: str, pk: int) -> HttpResponse:
    """« Corriger mon numéro »."""
    form = PhoneForm(request.POST, auto_id=f"phone{pk}_%s")
    return _corrected(request, expert, token, pk, "phone", form)


@record_page
@require_POST
def booking(request: HttpRequest, expert: Expert, token: str, pk: int) -> HttpResponse:
    """« Ma page de prise de rendez-vous »; an empty address removes it."""
    form = BookingForm(request.POST, auto_id=f"booking{pk}_%s")
    return _corrected(request, expert, token, pk, "booking", form)


def _corrected(
    request: HttpRequest, expert: Expert, token: str, pk: int, name: str, form: PhoneForm | BookingForm
) -> HttpResponse:
    """Save the facts of a form about one post, or show its errors in the page."""
    post = _post(expert, pk)
    if not form.is_valid():
        return show_record(request, expert, token, {(name, pk): form})
    record_actions.correct(post, form.cleaned_data, now=timezone.now())
    return _done(request, token, form.done)


@record_page
@require_POST
def absence(request: HttpRequest, expert: Expert, token: str, pk: int) -> HttpResponse:
    """« Annoncer une absence »."""
    post, now = _post(expert, pk), timezone.now()
    form = AbsenceForm(request.POST, expert=post, today=timezone.localdate(now), auto_id=f"absence{pk}_%s")
    if not form.is_valid():
        return show_record(request, expert, token, {("absence", pk): form})
    found = losses(record_actions.absence_plan(post, form.entry()), now=now)
    if found and ANYWAY not in request.POST:
        return show_record(request, expert, token, {("absence", pk): form, ("losses", pk): found})
    record_actions.add_absence(post, form.entry(), now=now)
    return _done(request, token, "Votre absence est notée : vos collègues répondront ces jours-là.")


@record_page
@require_POST
def remove_absence(request: HttpRequest, expert: Expert, token: str, pk: int, day: str) -> HttpResponse:
    """« Je serai là finalement »."""
    try:
        from_on = date.fromisoformat(day)
    except ValueError as error:
        raise Http404 from error
    record_actions.remove_absence(_post(expert, pk), from_on=from_on, now=timezone.now())
    return _done(request, token, "Cette absence est retirée.")


@record_page
@require_POST
def departure(request: HttpRequest, expert: Expert, token: str, pk: int) -> HttpResponse:
    """« Je ne suis plus là »."""
    post = _post(expert, pk)
    form = DepartureForm(request.POST, auto_id=f"departure{pk}_%s")
    if not form.is_valid():
        return show_record(request, expert, token, {("departure", pk): form})
    now = timezone.now()
    found = losses_of_departure(post, now=now)
    if found and ANYWAY not in request.POST:
        return show_record(request, expert, token, {("departure", pk): form, ("losses", pk): found})
    record_actions.leave(post, successor=form.cleaned_data["successor"], now=now)
    return _done(request, token, "C'est noté : plus rien ne vous sera envoyé pour ce poste.")


@record_page
@require_POST
def come_back(request: HttpRequest, expert: Expert, token: str, pk: int) -> HttpResponse:
    """« Je suis toujours là »."""
    record_actions.come_back(_post(expert, pk), now=timezone.now())
    return _done(request, token, "Vous recevez de nouveau des demandes.")


@record_page
@require_POST
def remark(request: HttpRequest, expert: Expert, token: str) -> HttpResponse:
    """« Autre chose à corriger »: the region reads it."""
    form = RemarkForm(request.POST)
    if not form.is_valid():
        return show_record(request, expert, token, {("remark", 0): form})
    record_actions.remark(expert, form.cleaned_data["body"], now=timezone.now())
    return _done(request, token, "Merci : votre région le corrige.")


def _post(expert: Expert, pk: int) -> Expert:
    for post in record_actions.posts_of(expert):
        if post.pk == pk:
            return post
    raise Http404


def _done(request: HttpRequest, token: str, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("directory:own_record", token=token)
