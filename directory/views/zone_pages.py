"""Zones: their list, the offices that use them, and their changes."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from directory.codes import new_zone_slug
from directory.forms.area_choice import ZoneForm
from directory.forms.facts_form import FixedFactsForm
from directory.views.change_flow import Edit, serve
from experts.accounts.pagination import page_of
from experts.accounts.staff_access import staff_page, staff_user
from experts.changes import editing, snapshot
from experts.changes.directory_facts import Facts
from experts.changes.row_plans import Plan
from experts.changes.stored import StoredRow
from experts.models import Expert, Office, RevisedRow, User
from territories.area_search import names_of
from territories.models import Area
from territories.models.areas import AreaQuerySet
from territories.vanished_areas import heir_of

PAGE = 50
BY_HAND: Facts = {"source": Area.Source.HAND}  # no file changes it any more
INTRO = "Une zone est une liste de communes, d'intercommunalités, de départements ou de régions."


@require_safe
@staff_page
def zones(request: HttpRequest) -> HttpResponse:
    """List the zones of the region, or all for the national team."""
    user = staff_user(request)
    page = page_of(_zones_of(user).order_by("name", "pk"), request.GET, size=PAGE)
    context = {"page": page, "rows": page.rows, "region": user.region, "menu": "zones"}
    return render(request, "directory/zones.html", context)


@require_safe
@staff_page
def zone(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the members of a zone and the offices that use it."""
    area = _zone_or_404(request, slug)
    user = staff_user(request)
    members = names_of([member.ref for member in area.members.all()])
    offices = Office.objects.listed().readable_by(user).filter(areas=area).order_by("name", "pk")
    experts = Expert.objects.listed().visible_to(user).filter(areas=area).select_related("office")
    context = {
        "zone": area,
        "members": sorted(members.values()),
        "offices": offices,
        "experts": experts.order_by("name", "pk"),
        "heir": heir_of(area),
        "is_of_file_too": _is_of_file_too(area),
    }
    return render(request, "directory/zone.html", context)


@staff_page
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the name and the members of a zone, after seeing which offices use it."""
    area = _zone_or_404(request, slug)
    used = Office.objects.listed().filter(areas=area).order_by("name", "pk")
    edit = Edit(
        title=f"{ZoneForm.title} — {area.name}",
        back=reverse("directory:zone", args=[slug]),
        found=lambda: _stored(area).facts,
        form=lambda data, shown: ZoneForm(data, shown=shown),
        plan=lambda facts: Plan(zones=(editing.change(slug, _stored(area), facts and facts | BY_HAND),)),
        done="La zone est enregistrée.",
        intro=INTRO,
        template="directory/zone_form.html",
        context={"back_label": area.name, "used": used},
    )
    return serve(request, edit)


@staff_page
def accept_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Let the next file overwrite a zone that an earlier one gave and that was changed here."""
    area = _zone_or_404(request, slug)
    if not _is_of_file_too(area):
        raise Http404
    edit = Edit(
        title=f"Reprendre les valeurs du fichier — {area.name}",
        back=reverse("directory:zone", args=[slug]),
        found=dict,
        form=lambda data, shown: FixedFactsForm(data, shown=shown, fixed={"source": Area.Source.FILE}),
        plan=lambda facts: Plan(zones=(editing.change(slug, _stored(area), facts),)),
        done="Le prochain fichier remplacera ce qui a été corrigé ici.",
        intro="Rien ne change aujourd'hui. Le prochain fichier remplacera ce qui a été corrigé ici.",
        context={"back_label": area.name},
        is_new=True,
    )
    return serve(request, edit)


def _is_of_file_too(area: Area) -> bool:
    """Return whether a file gave a zone that counts as entered by hand since it was changed here."""
    changed = RevisedRow.objects.filter(
        kind=RevisedRow.Kind.ZONE, row_pk=area.pk, before__source=Area.Source.FILE
    )
    return area.source == Area.Source.HAND and changed.exists()


@staff_page
def new(request: HttpRequest) -> HttpResponse:
    """Create a zone."""

    def plan(facts: Facts) -> Plan:
        return Plan(zones=(editing.new_zone(new_zone_slug(facts["name"]), facts | BY_HAND),))

    edit = Edit(
        title="Nouvelle zone",
        back=reverse("directory:zones"),
        found=dict,
        form=lambda data, shown: ZoneForm(data, shown=shown),
        plan=plan,
        done="La zone est créée : les antennes et les référents peuvent la choisir.",
        intro=INTRO,
        template="directory/zone_form.html",
        is_new=True,
    )
    return serve(request, edit)


def _zones_of(user: User) -> AreaQuerySet:
    """The zones in use: all for the national team, those with a commune of the region for others."""
    zones_in_use = Area.objects.of_kind("zone").filter(dropped_at=None)
    return zones_in_use if user.is_national else zones_in_use.reaching(user.region_id or "")


def _zone_or_404(request: HttpRequest, slug: str) -> Area:
    """The zone of this slug; 404 when it has no commune of the user's region."""
    return get_object_or_404(_zones_of(staff_user(request)), code=slug)


def _stored(area: Area) -> StoredRow[Area]:
    return snapshot.load(zones=[area.pk]).zones[area.code]
