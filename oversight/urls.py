"""Addresses of the staff's pages: requests, mails sent and received."""

from django.urls import URLPattern, path

from oversight.views import (
    canned_answer_pages,
    colleague_actions,
    incoming_pages,
    outbox_pages,
    request_actions,
    request_detail,
    request_list,
    upcoming_steps,
)

app_name = "oversight"
urlpatterns: list[URLPattern] = [
    path("demandes/", request_list.request_list, name="list"),
    path("demandes/export.csv", request_list.export_csv, name="export_csv"),
    path("demandes/export.xlsx", request_list.export_xlsx, name="export_xlsx"),
    path("demandes/a-venir/", upcoming_steps.upcoming_steps, name="upcoming"),
    path("demandes/reponses-pretes/", canned_answer_pages.list_answers, name="canned_answers"),
    path("demandes/reponses-pretes/<int:pk>/", canned_answer_pages.edit_answer, name="canned_answer"),
    path(
        "demandes/reponses-pretes/<int:pk>/retirer/", canned_answer_pages.remove, name="remove_canned_answer"
    ),
    path("demandes/<slug:reference>/", request_detail.request_page, name="request"),
    path("demandes/<slug:reference>/liberer/", request_actions.release, name="release"),
    path("demandes/<slug:reference>/clore/", request_actions.close, name="close"),
    path("demandes/<slug:reference>/classer/", request_actions.mark, name="mark"),
    path("demandes/<slug:reference>/reunir/", request_actions.merge, name="merge"),
    path("demandes/<slug:reference>/corriger/", request_actions.correct, name="correct"),
    path("demandes/<slug:reference>/ajouter/", request_actions.add_institution, name="add_institution"),
    path("demandes/<slug:reference>/retirer/", request_actions.withdraw, name="withdraw"),
    path("demandes/<slug:reference>/noter/", colleague_actions.write_note, name="note"),
    path("demandes/<slug:reference>/s-en-occuper/", colleague_actions.handle, name="handle"),
    path(
        "demandes/<slug:reference>/ne-plus-s-en-occuper/",
        colleague_actions.stop_handling,
        name="stop_handling",
    ),
    path("demandes/<slug:reference>/relancer/", colleague_actions.remind_now, name="remind"),
    path("demandes/<slug:reference>/ecrire/", colleague_actions.write_to_expert, name="write"),
    path("demandes/<slug:reference>/alertes/<int:pk>/", request_actions.resolve_alert, name="resolve_alert"),
    path("courrier/", outbox_pages.outbox, name="outbox"),
    path("courrier/recu/", incoming_pages.incoming, name="incoming"),
    path("courrier/recu/<int:pk>/", incoming_pages.incoming_mail, name="incoming_mail"),
    path("courrier/recu/<int:pk>/publier/", incoming_pages.publish, name="incoming_publish"),
    path("courrier/recu/<int:pk>/ecarter/", incoming_pages.set_aside, name="incoming_set_aside"),
    path("courrier/<int:pk>/", outbox_pages.outbox_mail, name="outbox_mail"),
    path("courrier/<int:pk>/html/", outbox_pages.outbox_html, name="outbox_html"),
    path("courrier/<int:pk>/renvoyer/", outbox_pages.resend, name="outbox_resend"),
]
