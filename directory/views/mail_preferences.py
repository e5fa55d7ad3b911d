"""Choice of the mails that an address receives: on « Ma fiche », or by a mail program's button."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from directory.own_record import mail_place
from directory.own_record.record_forms import MailChoiceForm
from directory.views.own_record import chosen_by, record_page, show_record
from experts.accounts.seats import posts_of
from experts.models import Expert, User
from experts.models.mail_preferences import MailChoice
from experts.tokens import ForgedLink
from solicitations import links
from solicitations.actions import mail_choice
from solicitations.views.token_pages import secret


@record_page
@require_POST
def choose(request: HttpRequest, expert: Expert, token: str) -> HttpResponse:
    """« Mes courriels », on « Ma fiche »."""
    form = MailChoiceForm(request.POST)
    if not form.is_valid():
        return show_record(request, expert, token, {("mails", 0): form})
    mail_choice.choose(
        expert.email,
        MailChoice(form.cleaned_data["choice"]),
        hour=form.cleaned_data["hour"],
        place=mail_place.place_of(expert),
        now=timezone.now(),
    )
    messages.success(request, "C'est noté. Les nouvelles demandes arrivent toujours aussitôt.")
    return redirect("directory:own_record", token=token)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def of_account(request: HttpRequest) -> HttpResponse:
    """« Mes courriels », for the addresses of an account's posts: one choice for all of them."""
    now = timezone.now()
    user = request.user if isinstance(request.user, User) else None
    posts = posts_of(user, now=now).select_related("office").order_by("pk") if user else Expert.objects.none()
    people = {post.email.lower(): post for post in posts}
    if not people:
        raise Http404
    form = MailChoiceForm(request.POST or None, initial=chosen_by(next(iter(people))))
    if request.method != "POST" or not form.is_valid():
        return render(request, "directory/account_mails.html", {"form": form, "addresses": list(people)})
    for address, post in people.items():
        mail_choice.choose(
            address,
            MailChoice(form.cleaned_data["choice"]),
            hour=form.cleaned_data["hour"],
            place=mail_place.place_of(post),
            now=now,
        )
    messages.success(request, "C'est noté. Les nouvelles demandes arrivent toujours aussitôt.")
    return redirect("directory:account_mails")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop all mails but new needs: a POST alone does it, without session or form token (RFC 8058)."""
    try:
        mailbox = links.unsubscribed(token)
    except (ForgedLink, links.ErasedLink):
        return render(request, "directory/own_record_dead.html", status=410)
    if request.method == "POST":
        place = mailbox.solicitation.commune
        mail_choice.choose(mailbox.email, MailChoice.NEEDS, place=place, now=timezone.now())
    context = {"is_done": request.method == "POST", "record_url": links.record_url(mailbox)}
    return render(request, "directory/unsubscribe.html", context)


unsubscribe = csrf_exempt(secret(unsubscribe))
