"""Addresses of the expert's page, opened by the link of a mail."""

from django.urls import URLPattern, path

from workspace.views import answer, moves, talk

app_name = "workspace"
urlpatterns: list[URLPattern] = [
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
]
