"""Addresses of the room: the owner's form and page."""

from django.urls import URLPattern, path

from owners.views import address, company, contact, follow_up, later, lost, need, opinion, planned_calls

app_name = "owners"
urlpatterns: list[URLPattern] = [
    path("demande/", need.start, name="start"),
    path("demande/<slug:slug>/", need.need, name="need"),
    path("demande/<slug:slug>/entreprise/", company.company, name="company"),
    path("demande/<slug:slug>/contact/", contact.contact, name="contact"),
    path("demande/<slug:slug>/plus-tard/", later.later, name="later"),
    path("reprise/<str:token>/", later.resume, name="resume"),
    path("demande/<slug:slug>/<path:rest>", need.elsewhere),
    path("reprise/", later.without_token),
    path("adresse/", later.without_token),
    path("suivi/", lost.lost, name="lost"),
    path("suivi/<str:token>/", follow_up.follow, name="follow"),
    path("suivi/<str:token>/completer/", follow_up.add, name="add"),
    path("suivi/<str:token>/retirer/<int:pk>/", follow_up.withdraw, name="withdraw_addition"),
    path("suivi/<str:token>/fichiers/<int:pk>/", follow_up.download, name="company_file"),
    path("suivi/<str:token>/originaux/<int:pk>/", follow_up.original, name="addition_original"),
    path("suivi/<str:token>/corriger/", follow_up.correct, name="correct"),
    path(
        "suivi/<str:token>/appels/<int:pk>/rendez-vous.ics",
        planned_calls.calendar_file,
        name="planned_call_file",
    ),
    path("suivi/<str:token>/adresse/", address.ask, name="change_address"),
    path("adresse/<str:token>/", address.confirm, name="address"),
    path("suivi/<str:token>/insister/", follow_up.insist, name="insist"),
    path("suivi/<str:token>/annuler/", follow_up.cancel, name="cancel"),
    path("suivi/<str:token>/nouveau-lien/", follow_up.renew, name="renew"),
    path("suivi/<str:token>/reponse/", follow_up.legal_answer, name="follow_answer"),
    path("suivi/<str:token>/avis/", opinion.survey, name="survey"),
    path("suivi/<str:token>/rappel/", opinion.call_check, name="call_check"),
    path("suivi/<str:token>/<path:rest>", follow_up.elsewhere),
]
