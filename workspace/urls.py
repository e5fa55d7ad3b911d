"""Addresses of the expert's page, opened by the link of a mail."""

from django.urls import URLPattern, path

from workspace.views import answer, expert_record, link_access, need_actions, thread

app_name = "workspace"
urlpatterns: list[URLPattern] = [
    path("reponse/<str:token>/", answer.answer, name="answer"),
    path("reponse/<str:token>/reponse/", answer.legal_answer, name="answer_print"),
    path("reponse/<str:token>/tout-prendre/", need_actions.take_all, name="take_all"),
    path("reponse/<str:token>/besoins/<int:pk>/prendre/", need_actions.take, name="take"),
    path("reponse/<str:token>/besoins/<int:pk>/decliner/", need_actions.decline, name="decline"),
    path("reponse/<str:token>/besoins/<int:pk>/orienter/", need_actions.introduce, name="introduce"),
    path("reponse/<str:token>/besoins/<int:pk>/conclure/", need_actions.conclude, name="conclude"),
    path("reponse/<str:token>/besoins/<int:pk>/annuler/", need_actions.undo, name="undo"),
    path("reponse/<str:token>/message/", thread.message, name="message"),
    path("reponse/<str:token>/originaux/<int:pk>/", thread.original, name="message_original"),
    path("reponse/<str:token>/question/", thread.question, name="question"),
    path("reponse/<str:token>/postes/<int:pk>/numero/", expert_record.phone, name="correct_phone"),
    path("reponse/<str:token>/postes/<int:pk>/depart/", expert_record.departure, name="departure"),
    path("fiche/<str:signed>/retour/", expert_record.undo_change, name="undo_record_change"),
    path("reponse/<str:token>/nouveau-lien/", link_access.renew, name="renew_answer"),
    path("reponse/<str:token>/<path:rest>", link_access.elsewhere),
    path("reponse/", link_access.without_token),
]
