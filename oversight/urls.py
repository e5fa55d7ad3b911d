"""Addresses of the staff's pages: requests, mails sent and received."""

from django.urls import URLPattern, path

from oversight.views import acts, detail, incoming, listing, outbox, upcoming

app_name = "oversight"
urlpatterns: list[URLPattern] = [
    path("demandes/", listing.request_list, name="list"),
    path("demandes/a-venir/", upcoming.upcoming_steps, name="upcoming"),
    path("demandes/<slug:reference>/", detail.request_page, name="request"),
    path("demandes/<slug:reference>/liberer/", acts.release, name="release"),
    path("demandes/<slug:reference>/clore/", acts.close, name="close"),
    path("demandes/<slug:reference>/classer/", acts.mark, name="mark"),
    path("demandes/<slug:reference>/reunir/", acts.merge, name="merge"),
    path("demandes/<slug:reference>/corriger/", acts.correct, name="correct"),
    path("demandes/<slug:reference>/ajouter/", acts.add_institution, name="add_institution"),
    path("demandes/<slug:reference>/retirer/", acts.withdraw, name="withdraw"),
    path("demandes/<slug:reference>/alertes/<int:pk>/", acts.settle, name="settle"),
    path("courrier/", outbox.outbox, name="outbox"),
    path("courrier/recu/", incoming.incoming, name="incoming"),
    path("courrier/recu/<int:pk>/", incoming.incoming_mail, name="incoming_mail"),
    path("courrier/recu/<int:pk>/publier/", incoming.publish, name="incoming_publish"),
    path("courrier/recu/<int:pk>/ecarter/", incoming.set_aside, name="incoming_set_aside"),
    path("courrier/<int:pk>/", outbox.outbox_mail, name="outbox_mail"),
    path("courrier/<int:pk>/html/", outbox.outbox_html, name="outbox_html"),
    path("courrier/<int:pk>/renvoyer/", outbox.resend, name="outbox_resend"),
]
