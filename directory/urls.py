"""Addresses of the directory's pages, for staff."""

from django.urls import URLPattern, path, register_converter

from directory import coverage_urls
from directory.office_code_converter import OfficeCodeConverter
from directory.views import (
    catalogue_pages,
    directory_lists,
    expert_edits,
    expert_presence,
    journal_pages,
    mail_preferences,
    merging_pages,
    office_edits,
    office_record,
    own_record,
    public_offices_page,
    record_pages,
    region_pages,
    sheet_pages,
    simulator,
    skills_pages,
    successor_page,
    verification,
    zone_pages,
)

register_converter(OfficeCodeConverter, "office")

OWN_POST = "ma-fiche/<str:token>/postes/<int:pk>"

OFFICE_SECTIONS = (
    ("coordonnees", "contact", "office_contact"),
    ("territoires", "areas", "office_areas"),
    ("entreprises", "criteria", "office_criteria"),
    ("role", "role", "office_role"),
    ("convention", "agreement", "office_agreement"),
    ("fermer", "close", "close_office"),
)

app_name = "directory"
urlpatterns: list[URLPattern] = [
    path("annuaire/", directory_lists.offices, name="offices"),
    path("annuaire/referents/", directory_lists.experts, name="experts"),
    path("annuaire/simulateur/", simulator.simulator, name="simulator"),
    path("annuaire/antennes/nouvelle/", office_edits.new, name="new_office"),
    *coverage_urls.urlpatterns,
    path("annuaire/antennes/<office:code>/", record_pages.office_page, name="office"),
    *(
        path(
            f"annuaire/antennes/<office:code>/{segment}/",
            office_edits.section,
            {"section": section},
            name=name,
        )
        for segment, section, name in OFFICE_SECTIONS
    ),
    path("annuaire/antennes/<office:code>/rouvrir/", office_edits.reopen, name="reopen_office"),
    path("annuaire/antennes/<office:code>/fichier/", office_edits.accept_file, name="accept_file"),
    path("annuaire/antennes/<office:code>/reunir/", merging_pages.offices, name="merge_offices"),
    path("annuaire/antennes/<office:code>/verifier/", office_edits.verify, name="verify_office"),
    path("annuaire/antennes/<office:code>/nouveau-referent/", expert_edits.new, name="new_expert"),
    path("annuaire/referents/<int:pk>/", record_pages.expert_page, name="expert"),
    path("annuaire/a-verifier/", verification.verification, name="verification"),
    path("annuaire/a-verifier/<int:pk>/fait/", verification.resolve, name="resolve_remark"),
    path("ma-fiche/", own_record.ask_for_link, name="own_record_link"),
    path("ma-fiche/envoyer/<str:token>/", own_record.send_from_mail, name="own_record_send"),
    path("ma-fiche/antenne/<str:token>/", office_record.office_record, name="office_record"),
    path("ma-fiche/<str:token>/", own_record.own_record, name="own_record"),
    path("ma-fiche/<str:token>/juste/", own_record.confirm, name="own_record_confirm"),
    path("ma-fiche/<str:token>/remarque/", own_record.remark, name="own_record_remark"),
    path("ma-fiche/<str:token>/courriels/", mail_preferences.choose, name="own_record_mails"),
    path("mes-courriels/", mail_preferences.of_account, name="account_mails"),
    path("desinscription/<str:token>/", mail_preferences.unsubscribe, name="unsubscribe"),
    path(f"{OWN_POST}/numero/", own_record.phone, name="own_record_phone"),
    path(f"{OWN_POST}/rendez-vous/", own_record.booking, name="own_record_booking"),
    path(f"{OWN_POST}/absence/", own_record.absence, name="own_record_absence"),
    path(f"{OWN_POST}/absence/<str:day>/retirer/", own_record.remove_absence, name="own_record_present"),
    path(f"{OWN_POST}/depart/", own_record.departure, name="own_record_departure"),
    path(f"{OWN_POST}/retour/", own_record.come_back, name="own_record_back"),
    path("annuaire/region/", region_pages.regions, name="regions"),
    path("annuaire/region/<str:code>/", region_pages.region_page, name="region"),
    path("annuaire/region/<str:code>/coordonnees/", region_pages.contact, name="region_contact"),
    path("annuaire/region/<str:code>/liens/", region_pages.links, name="region_links"),
    path("annuaire/region/<str:code>/ouverture/", region_pages.opening, name="region_opening"),
    path(
        "annuaire/region/<str:code>/ouverture/<slug:slug>/",
        region_pages.opening,
        name="region_theme_opening",
    ),
    path("annuaire/region/<str:code>/annuler/<int:pk>/", region_pages.undo, name="region_undo"),
    path("annuaire/catalogue/", catalogue_pages.catalogue, name="catalogue"),
    path("annuaire/catalogue/historique/", catalogue_pages.journal, name="catalogue_journal"),
    path("annuaire/catalogue/historique/<int:pk>/annuler/", catalogue_pages.undo, name="catalogue_undo"),
    path("annuaire/catalogue/ajouter/<slug:kind>/", catalogue_pages.add, name="catalogue_add"),
    path("annuaire/catalogue/<slug:kind>/<path:key>/", catalogue_pages.edit, name="catalogue_row"),
    path("annuaire/referents/<int:pk>/fiche/", expert_edits.record, name="expert_record"),
    path("annuaire/referents/<int:pk>/sujets/", expert_edits.subjects, name="expert_subjects"),
    path("annuaire/referents/<int:pk>/territoires/", expert_edits.areas, name="expert_areas"),
    path("annuaire/referents/<int:pk>/absence/", expert_presence.absence, name="expert_absence"),
    path(
        "annuaire/referents/<int:pk>/absence/<str:day>/retirer/",
        expert_presence.remove_absence,
        name="remove_absence",
    ),
    path("annuaire/referents/<int:pk>/depart/", expert_presence.leave, name="expert_departure"),
    path("annuaire/referents/<int:pk>/successeur/", successor_page.successor, name="expert_successor"),
    path(
        "annuaire/referents/<int:pk>/successeur/creer/", successor_page.make_successor, name="make_successor"
    ),
    path("annuaire/referents/<int:pk>/retour/", expert_presence.come_back, name="expert_return"),
    path("annuaire/referents/<int:pk>/pause/", expert_presence.pause, name="expert_pause"),
    path("annuaire/referents/<int:pk>/antenne/", expert_edits.move, name="expert_move"),
    path(
        "annuaire/referents/<int:pk>/adresse-bonne/",
        expert_presence.address_works,
        name="expert_address_works",
    ),
    path("annuaire/referents/<int:pk>/verifier/", expert_edits.verify, name="verify_expert"),
    path("annuaire/referents/<int:pk>/adresse/", expert_edits.address, name="expert_address"),
    path("annuaire/referents/<int:pk>/reunir/", merging_pages.experts, name="merge_experts"),
    path("annuaire/qui-fait-quoi/", skills_pages.skills, name="skills"),
    path("annuaire/qui-fait-quoi/case/", skills_pages.cell, name="skills_cell"),
    path("annuaire/zones/", zone_pages.zones, name="zones"),
    path("annuaire/zones/nouvelle/", zone_pages.new, name="new_zone"),
    path("annuaire/zones/<slug:slug>/", zone_pages.zone, name="zone"),
    path("annuaire/zones/<slug:slug>/changer/", zone_pages.change, name="zone_change"),
    path("annuaire/zones/<slug:slug>/fichier/", zone_pages.accept_file, name="accept_zone_file"),
    path("annuaire/journal/", journal_pages.revisions, name="journal"),
    path("annuaire/journal/<int:pk>/", journal_pages.revision, name="revision"),
    path("annuaire/tableur/", sheet_pages.sheets, name="sheets"),
    path("annuaire/guichets/", public_offices_page.public_offices, name="public_offices"),
    path("annuaire/tableur/<int:pk>/", sheet_pages.sheet, name="sheet"),
    path("annuaire/tableur/<int:pk>/enregistrer/", sheet_pages.apply_sheet, name="apply_sheet"),
    path("annuaire/tableur/<int:pk>/abandonner/", sheet_pages.cancel_sheet, name="cancel_sheet"),
    *(
        path(
            f"annuaire/tableur/{name}.{extension}",
            sheet_pages.export_sheet,
            {"name": name, "extension": extension},
            name=f"{name}_{extension}",
        )
        for name, extension in sheet_pages.DOWNLOADS
    ),
]
