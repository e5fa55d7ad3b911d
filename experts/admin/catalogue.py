"""Admin of the catalogue; the next import of its files overwrites what is changed here."""

from django.contrib import admin

from experts.admin.permissions import NationalAdmin, NationalInline, SharedAdmin
from experts.models import EntryQuestion, Institution, InstitutionGroup, Subject, SubjectInstitution, Theme


@admin.register(InstitutionGroup)
class InstitutionGroupAdmin(NationalAdmin):
    list_display = ("label", "code", "position")
    search_fields = ("label", "code")
    ordering = ("position", "pk")


@admin.register(Institution)
class InstitutionAdmin(SharedAdmin):
    list_display = ("name", "code", "kind", "notified", "is_legal_information", "dropped_at")
    list_filter = ("kind", "notified")
    readonly_fields = ("dropped_at",)
    search_fields = ("name", "code", "former_names")
    ordering = ("position", "pk")


@admin.register(Theme)
class ThemeAdmin(NationalAdmin):
    list_display = ("label", "slug", "position", "dropped_at")
    readonly_fields = ("dropped_at",)
    ordering = ("position", "pk")


class AnswerInline(NationalInline):
    model = SubjectInstitution
    autocomplete_fields = ("institution", "group")
    ordering = ("is_relay", "position", "pk")
    extra = 0


@admin.register(Subject)
class SubjectAdmin(SharedAdmin):
    list_display = ("label", "slug", "theme", "is_confidential", "is_labour_law", "dropped_at")
    list_filter = ("theme",)
    readonly_fields = ("dropped_at",)
    search_fields = ("label", "slug", "keywords")
    ordering = ("position", "pk")
    inlines = (AnswerInline,)


@admin.register(EntryQuestion)
class EntryQuestionAdmin(NationalAdmin):
    list_display = ("position", "question", "theme")
    autocomplete_fields = ("subjects",)
    ordering = ("position",)
