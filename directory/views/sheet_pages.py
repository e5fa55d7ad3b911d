"""Pages of the directory's spreadsheet: files to download, a file to send, its result to read."""

import io
from collections.abc import Callable, Iterator
from tempfile import TemporaryFile

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from directory import plan_effects, tasks
from directory.offered_lines import offered_page, ticked_codes, with_choices
from directory.sheet_form import SheetForm
from directory.sheet_upload import SheetUpload
from directory.sheets import uploads
from directory.sheets.holes import hole_lines
from directory.sheets.sheet_lines import SheetLine, directory_lines
from directory.sheets.sheet_writing import ChoiceLists, write_csv, write_workbook
from directory.sheets.tables import MAX_BYTES
from directory.sheets.upload_report import read_preview
from experts.accounts import access_log
from experts.accounts.staff_access import staff_page, staff_user
from experts.changes import snapshot
from experts.models import AccessRecord, User
from territories.models import Region

PART = 64 * 1024  # bytes
SHOWN = 10
STEP = "etape"  # the button that keeps the choices of a page of an offer
ROOM_FOR_FIELDS = 64 * 1024  # bytes of a form beside its file
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def sheets(request: HttpRequest) -> HttpResponse:
    """Offer the files, and take one in."""
    user = staff_user(request)
    form = SheetForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        upload = uploads.send(
            form.content,
            form.cleaned_data["file"].name,
            author=user,
            region=form.region,
            whole=form.cleaned_data["whole"],
            replaces_declared=form.cleaned_data["replaces_declared"],
            now=timezone.now(),
        )
        _order(upload.pk)
        return redirect("directory:sheet", upload.pk)
    recent = SheetUpload.objects.visible_to(user).newest_first().defer("content", "report")
    context = {
        "form": form,
        "menu": "sheets",
        "regions": Region.objects.order_by("name") if user.is_national else [],
        "recent": recent.select_related("author", "region")[:SHOWN],
    }
    return render(request, "directory/sheets/sheets.html", context)


sheets.max_body_bytes = MAX_BYTES + ROOM_FOR_FIELDS  # type: ignore[attr-defined]


@require_safe
@staff_page
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far the reading of a file is, or its result."""
    upload = _visible(request, pk)
    context = {
        "upload": upload,
        "report": upload.report,
        "counts": upload.report.get("counts", {}),
        "losses": plan_effects.read_losses(upload.report),
    }
    if upload.is_offer:
        context["offered"] = offered_page(upload.report, request.GET)
    user = staff_user(request)
    if user.is_national or user == upload.author:
        context["preview"] = read_preview(upload.report)
        context["dependents"] = upload.report.get("dependents")
    return render(request, "directory/sheets/upload.html", context)


@require_POST
@staff_page
def apply_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the import of what was shown."""
    upload, chosen = _visible(request, pk), list[str]()
    if upload.is_offer and upload.state == SheetUpload.State.READY:
        page = offered_page(upload.report, request.POST)
        upload.report = with_choices(upload.report, page, request.POST.getlist("ligne"))
        uploads.keep_choices(upload)
        if STEP in request.POST:
            following = page.next or page.query
            return redirect(f"{reverse('directory:sheet', args=[pk])}?{following}")
        chosen = ticked_codes(upload.report)
    if upload.is_offer and not chosen:
        messages.error(request, "Cochez au moins un guichet, ou abandonnez ce fichier.")
    elif upload.must_be_confirmed and not request.POST.get("confirmed"):
        messages.error(request, "Cochez la case : le fichier ferme plus d'un dixième de ce qu'il remplace.")
    elif uploads.accept(upload, by=staff_user(request), chosen=chosen):
        _order(pk)
    else:
        messages.info(request, "Ce fichier n'attend plus d'être enregistré : voici où il en est.")
    return redirect("directory:sheet", pk)


@require_POST
@staff_page
def cancel_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a file up."""
    if uploads.cancel(_visible(request, pk)):
        messages.success(request, "Le fichier est abandonné : rien n'a changé dans l'annuaire.")
    else:
        messages.info(request, "Trop tard pour abandonner ce fichier : voici où il en est.")
    return redirect("directory:sheet", pk)


@require_safe
@staff_page
def export_sheet(request: HttpRequest, name: str, extension: str) -> HttpResponseBase:
    """Send the template, the region's part of the directory, or what is missing there."""
    user, now = staff_user(request), timezone.now()
    region = _chosen_region(request, user)
    details = f"{name}.{extension}" + (f", région {region}" if region else "")
    access_log.record(AccessRecord.Kind.EXPORTED, user, details=details, now=now, request=request)
    make_lines = FILES[name]
    lines = make_lines(region)
    if extension == "csv":
        response = StreamingHttpResponse(_csv_parts(lines), content_type="text/csv; charset=utf-8")
    else:
        response = StreamingHttpResponse(_workbook_parts(lines, region), content_type=XLSX_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.{extension}"'
    return response


def _template(region: str | None) -> Iterator[SheetLine]:
    return iter(())


def _directory(region: str | None) -> Iterator[SheetLine]:
    return directory_lines(snapshot.load(), region, today=timezone.localdate())


def _holes(region: str | None) -> Iterator[SheetLine]:
    return hole_lines(snapshot.load(), region, now=timezone.now())


DOWNLOADS = (
    ("modele", "xlsx"),
    ("annuaire", "xlsx"),
    ("annuaire", "csv"),
    ("trous", "xlsx"),
    ("trous", "csv"),
)
FILES: dict[str, Callable[[str | None], Iterator[SheetLine]]] = {
    "modele": _template,
    "annuaire": _directory,
    "trous": _holes,
}


def _csv_parts(lines: Iterator[SheetLine]) -> Iterator[str]:
    file = io.StringIO(newline="")
    write_csv(file, lines)
    yield file.getvalue()


def _workbook_parts(lines: Iterator[SheetLine], region: str | None) -> Iterator[bytes]:
    with TemporaryFile() as file:
        write_workbook(file, lines, ChoiceLists.load(region))
        file.seek(0)
        yield from iter(lambda: file.read(PART), b"")


def _chosen_region(request: HttpRequest, user: User) -> str | None:
    """The user's region; for the national team, the one asked, else the whole country."""
    if not user.is_national:
        return user.region_id
    code = request.GET.get("region", "")
    return code if Region.objects.filter(code=code).exists() else None


def _visible(request: HttpRequest, pk: int) -> SheetUpload:
    visible = SheetUpload.objects.visible_to(staff_user(request)).defer("content")
    return get_object_or_404(visible.select_related("author", "region"), pk=pk)


def _order(pk: int) -> None:
    """Have a worker take the file; without broker, the sweep does."""
    transaction.on_commit(lambda: tasks.work_on_sheet.delay(pk))
