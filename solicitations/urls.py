"""Addresses of the room: the owner's form and page, the expert's page, the staff's pages."""

from django.urls import URLPattern, path

from solicitations.views import outbox
from solicitations.views.company import company, contact, follow_up, later, lost, need, opinion
from solicitations.views.expert import answer, moves, talk
from solicitations.views.staff import acts, incoming, listing, page, upcoming

app_name = "solicitations"
urlpatterns: list[URLPattern] = [
    path("demande/<slug:slug>/", need.need, name="need"),
    path("demande/<slug:slug>/entreprise/", company.company, name="company"),
    path("demande/<slug:slug>/contact/", contact.contact, name="contact"),
    path("demande/<slug:slug>/plus-tard/", later.later, name="later"),
    path("reprise/<str:token>/", later.resume, name="resume"),
    path("suivi/", lost.lost, name="lost"),
    path("suivi/<str:token>/", follow_up.follow, name="follow"),
    path("suivi/<str:token>/completer/", follow_up.add, name="add"),
    path("suivi/<str:token>/originaux/<int:pk>/", follow_up.original, name="addition_original"),
    path("suivi/<str:token>/corriger/", follow_up.correct, name="correct"),
    path("suivi/<str:token>/insister/", follow_up.insist, name="insist"),
    path("suivi/<str:token>/annuler/", follow_up.cancel, name="cancel"),
    path("suivi/<str:token>/nouveau-lien/", follow_up.renew, name="renew"),
    path("suivi/<str:token>/reponse/", follow_up.legal_answer, name="follow_answer"),
    path("suivi/<str:token>/avis/", opinion.survey, name="survey"),
    path("suivi/<str:token>/rappel/", opinion.call_check, name="call_check"),
    path("reponse/<str:token>/", answer.answer, name="answer"),
    path("reponse/<str:token>/reponse/", answer.legal_answer, name="answer_print"),
    path("reponse/<str:token>/tout-prendre/", moves.take_all, name="take_all"),
    path("reponse/<str:token>/besoins/<int:pk>/prendre/", moves.take, name="take"),
    path("reponse/<str:token>/besoins/<int:pk>/decliner/", moves.decline, name="decline"),
    path("reponse/<str:token>/besoins/<int:pk>/orienter/", moves.introduce, name="introduce"),
    path("reponse/<str:token>/besoins/<int:pk>/conclure/", moves.conclude, name="conclude"),
    path("reponse/<str:token>/besoins/<int:pk>/annuler/", moves.undo, name="undo"),
    path("reponse/<str:token>/message/", talk.message, name="message"),
    path("reponse/<str:token>/originaux/<int:pk>/", talk.original, name="message_original"),
    path("reponse/<str:token>/question/", talk.question, name="question"),
    path("reponse/<str:token>/postes/<int:pk>/numero/", talk.phone, name="correct_phone"),
    path("reponse/<str:token>/postes/<int:pk>/depart/", talk.departure, name="departure"),
    path("reponse/<str:token>/nouveau-lien/", talk.renew, name="renew_answer"),
    path("demandes/", listing.staff_list, name="staff_list"),
    path("demandes/a-venir/", upcoming.staff_upcoming, name="staff_upcoming"),
    path("demandes/<slug:reference>/", page.staff_request, name="staff_request"),
    path("demandes/<slug:reference>/liberer/", acts.release, name="staff_release"),
    path("demandes/<slug:reference>/clore/", acts.close, name="staff_close"),
    path("demandes/<slug:reference>/classer/", acts.mark, name="staff_mark"),
    path("demandes/<slug:reference>/reunir/", acts.merge, name="staff_merge"),
    path("demandes/<slug:reference>/corriger/", acts.correct, name="staff_correct"),
    path("demandes/<slug:reference>/ajouter/", acts.add_institution, name="staff_add"),
    path("demandes/<slug:reference>/retirer/", acts.withdraw, name="staff_withdraw"),
    path("demandes/<slug:reference>/alertes/<int:pk>/", acts.settle, name="staff_settle"),
    path("courrier/", outbox.outbox, name="outbox"),
    path("courrier/recu/", incoming.incoming, name="incoming"),
    path("courrier/recu/<int:pk>/", incoming.incoming_mail, name="incoming_mail"),
    path("courrier/recu/<int:pk>/publier/", incoming.publish, name="incoming_publish"),
    path("courrier/recu/<int:pk>/ecarter/", incoming.set_aside, name="incoming_set_aside"),
    path("courrier/<int:pk>/", outbox.outbox_mail, name="outbox_mail"),
    path("courrier/<int:pk>/html/", outbox.outbox_html, name="outbox_html"),
    path("courrier/<int:pk>/renvoyer/", outbox.resend, name="outbox_resend"),
]
