"""Admin of areas: all can be searched, only zones can be created and changed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from experts.admin.permissions import NationalAdmin, NationalInline, SharedAdmin, is_national
from experts.models import Office
from experts.regions import update_regions
from territories.models import Area, AreaMember, Region


@admin.register(Region)
class RegionAdmin(NationalAdmin):
    fields = readonly_fields = ("code", "name")
    search_fields = ("name",)
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class ZoneMemberInline(NationalInline):
    model = AreaMember
    fk_name = "zone"
    autocomplete_fields = ("member",)
    extra = 1


class ZoneForm(forms.ModelForm):
    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if Area.objects.of_kind("zone").filter(code=code).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Une zone a déjà cet identifiant.")
        return code


@admin.register(Area)
class AreaAdmin(SharedAdmin):
    """All the areas, for autocompletion; only zones are created and changed by hand."""

    form = ZoneForm
    fields = ("code", "name", "kind", "commune_count", "source", "dropped_at")
    readonly_fields = ("kind", "commune_count", "source", "dropped_at")
    list_display = ("name", "kind", "code", "commune_count", "source", "dropped_at")
    list_filter = ("kind", "source")
    search_fields = ("name", "code")
    ordering = ("name", "pk")
    inlines = (ZoneMemberInline,)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        is_zone = not isinstance(obj, Area) or obj.kind == Area.Kind.ZONE
        return is_zone and is_national(request)

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        return self.inlines if self.has_change_permission(request, obj) else ()

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return (*self.readonly_fields, "code") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Area, form: Any, change: bool) -> None:
        obj.kind, obj.current_code, obj.source = Area.Kind.ZONE, obj.code, Area.Source.HAND
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.count_communes(form.instance.members.all())
        form.instance.save(update_fields=["commune_count"])
        update_regions(Office.objects.filter(areas=form.instance))
