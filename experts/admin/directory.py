"""Admin of offices, experts and absences; a field changed here is no longer overwritten by the file."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from experts.admin.permissions import FORM_FIELDS, RegionalAdmin, is_staff
from experts.models import Absence, Expert, Office, User
from experts.models.directory import DirectorySource
from experts.regions import areas_beyond, region_of, update_regions
from territories.models import Area

IMPORT_FIELDS = ("source", "dropped_at", "edited_fields")


# Fields that widen who receives, in all the areas of an office.
WIDENING = frozenset(
    {
        "institution", "headcount_min", "headcount_max", "age_min_years", "age_max_years", "naf",
        "naf_excluded", "legal_forms", "legal_forms_excluded", "craft", "project_holders",
        "exclusive_subjects", "is_fallback",
    }
)  # fmt: skip


class OfficeForm(forms.ModelForm):
    """Keeps what ``editor`` widens inside their region, but for what is there already."""

    editor: User

    def clean_areas(self) -> QuerySet[Area]:
        areas: QuerySet[Area] = self.cleaned_data["areas"]
        if not self.editor.is_national and region_of(areas) != self.editor.region_id:
            raise forms.ValidationError("Choisissez des territoires de votre région.")
        _refuse_beyond(areas, self.editor, known=_areas_of(self.instance))
        return areas

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        beyond = _beyond(_areas_of(self.instance), self.editor)
        for name in WIDENING.intersection(self.changed_data) if beyond else ():
            self.add_error(
                name,
                f"L'antenne couvre aussi {_listed(beyond)} : demandez ce changement à l'équipe nationale.",
            )
        return cleaned


class ExpertForm(forms.ModelForm):
    """Keeps the own areas that ``editor`` adds inside their region.

    The email of an expert from the file cannot change: the next import identifies experts by it.
    """

    editor: User

    def clean_areas(self) -> QuerySet[Area]:
        """Without own areas, those of the office count: emptying them may widen too."""
        areas: QuerySet[Area] = self.cleaned_data["areas"]
        of_office = _areas_of(self.instance.office if self.instance.office_id else None)
        _refuse_beyond(areas or of_office, self.editor, known=_areas_of(self.instance) or of_office)
        return areas

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.source == DirectorySource.FILE:
            self.fields["email"].disabled = True


def _areas_of(row: Office | Expert | None) -> list[Area]:
    return list(row.areas.all()) if row and row.pk else []


def _received(expert: Expert) -> list[Area]:
    """The areas that an expert receives requests of."""
    return _areas_of(expert) or _areas_of(expert.office)


def _beyond(areas: Iterable[Area], editor: User) -> list[Area]:
    """The areas that the editor alone may not add; none for the national team."""
    return [] if editor.is_national else areas_beyond(areas, editor.region_id)


def _refuse_beyond(areas: Iterable[Area], editor: User, *, known: Iterable[Area]) -> None:
    added = [area for area in areas if area not in set(known)]
    if beyond := _beyond(added, editor):
        raise forms.ValidationError(
            f"{_listed(beyond)} : seule l'équipe nationale ajoute un territoire qui dépasse votre région."
        )


def _listed(areas: Iterable[Area]) -> str:
    return ", ".join(f"«\u00a0{area.name}\u00a0»" for area in areas)


class ExpertInline(admin.StackedInline):
    formfield_overrides = FORM_FIELDS
    model = Expert
    form = ExpertForm
    fields = (
        ("name", "job"),
        ("email", "phone", "shows_phone"),
        ("has_all_subjects", "subjects"),
        "areas",
        ("is_paused", "is_bouncing"),
        ("left_at", "successor"),
        IMPORT_FIELDS,
    )
    readonly_fields = IMPORT_FIELDS
    autocomplete_fields = ("subjects", "areas")
    ordering = ("name", "pk")
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_staff(request)

    has_add_permission = has_change_permission = has_view_permission

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = type("ExpertFormOfEditor", (self.form,), {"editor": request.user})
        return super().get_formset(request, obj, **kwargs | {"form": form})


@admin.register(Office)
class OfficeAdmin(RegionalAdmin):
    form = OfficeForm
    fieldsets = (
        (None, {"fields": ("code", "institution", "name", "phone", "email", "areas", "region")}),
        (
            "Entreprises acceptées",
            {
                "fields": (
                    ("headcount_min", "headcount_max"),
                    ("age_min_years", "age_max_years"),
                    ("naf", "naf_excluded"),
                    ("legal_forms", "legal_forms_excluded"),
                    ("craft", "project_holders"),
                )
            },
        ),
        ("Rôle", {"fields": ("exclusive_subjects", "is_fallback", "closed_on", "agreement_ends_on")}),
        ("État", {"fields": IMPORT_FIELDS}),
    )
    readonly_fields = ("region", *IMPORT_FIELDS)
    autocomplete_fields = ("institution", "areas", "exclusive_subjects")
    list_display = (
        "name",
        "code",
        "institution",
        "region",
        "is_fallback",
        "closed_on",
        "source",
        "dropped_at",
    )
    list_filter = ("region", "institution", "source", "is_fallback")
    list_select_related = ("institution", "region")
    search_fields = ("name", "code", "email")
    ordering = ("name", "pk")
    inlines = (ExpertInline,)
    actions = ("accept_file",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type("OfficeFormOfEditor", (form,), {"editor": request.user})

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return (*self.readonly_fields, "code") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Office, form: Any, change: bool) -> None:
        obj.mark_edited(*form.changed_data)
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        for expert, fields in formset.changed_objects:
            expert.mark_edited(*fields)
            expert.save(update_fields=["edited_fields"])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        update_regions([form.instance])

    @admin.action(description="Reprendre les valeurs du fichier au prochain import")
    def accept_file(self, request: HttpRequest, queryset: QuerySet[Office]) -> None:
        """Let the next file overwrite the fields edited here, in these offices and their experts."""
        reaching = [office for office in queryset if _beyond(_areas_of(office), cast(User, request.user))]
        if reaching:
            names = ", ".join(office.name for office in reaching)
            messages.error(request, f"Rien n'a changé : {names} couvre aussi une autre région.")
            return
        Expert.objects.filter(office__in=queryset).update(edited_fields=[])
        queryset.update(edited_fields=[])


@admin.register(Expert)
class ExpertAdmin(RegionalAdmin):
    """Read-only list, for autocompletion of absences; experts are edited with their office."""

    fields = readonly_fields = ("office", "name", "job", "email", "phone", "left_at", "successor")
    list_display = ("name", "email", "office", "is_paused", "is_bouncing", "left_at", "source")
    list_select_related = ("office",)
    search_fields = ("name", "email", "office__name")
    ordering = ("name", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AbsenceForm(forms.ModelForm):
    """Keeps a deputy in the office, and what ``editor`` has them receive in their region."""

    editor: User

    def clean_deputy(self) -> Expert | None:
        deputy: Expert | None = self.cleaned_data["deputy"]
        expert: Expert | None = self.cleaned_data.get("expert")
        if deputy and expert and deputy.office_id != expert.office_id:
            raise forms.ValidationError("Choisissez une personne de la même antenne.")
        if deputy and expert:
            _refuse_beyond(_received(expert), self.editor, known=_received(deputy))
        return deputy


@admin.register(Absence)
class AbsenceAdmin(RegionalAdmin):
    form = AbsenceForm
    fields = ("expert", "from_on", "to_on", "deputy", "source")
    readonly_fields = ("source",)
    autocomplete_fields = ("expert", "deputy")
    list_display = ("expert", "from_on", "to_on", "deputy", "source")
    list_select_related = ("expert", "deputy")
    ordering = ("-from_on", "pk")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type("AbsenceFormOfEditor", (form,), {"editor": request.user})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Accept only experts that the user may see."""
        return super().formfield_for_foreignkey(
            db_field, request, **options | {"queryset": Expert.objects.visible_to(cast(User, request.user))}
        )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: HttpRequest, obj: Absence, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            _mark_absences_edited([obj])

    def delete_model(self, request: HttpRequest, obj: Absence) -> None:
        _mark_absences_edited([obj])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Absence]) -> None:
        _mark_absences_edited(queryset.select_related("expert"))
        super().delete_queryset(request, queryset)


def _mark_absences_edited(absences: Any) -> None:
    """Mark absences from the file as edited, so that the next file does not restore them."""
    for absence in absences:
        if absence.source == DirectorySource.FILE:
            absence.expert.mark_edited("absences")
            absence.expert.save(update_fields=["edited_fields"])
