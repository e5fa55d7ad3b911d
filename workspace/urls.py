"""Addresses of the inbox, and of the expert's page: by the link of a mail, and by account."""

from django.urls import URLPattern, path

from workspace.views import (
    answer,
    bulk_actions,
    call_plan,
    expert_record,
    hand_to_person,
    inbox,
    inbox_polling,
    link_access,
    manager_request,
    need_actions,
    open_inbox,
    putting_off,
    saved_searches,
    team,
    team_canned_answers,
    thread,
)
from workspace.views.link_access import by_account

app_name = "workspace"
urlpatterns: list[URLPattern] = [
    path("besoins/", inbox.inbox, name="inbox"),
    path("besoins/export.csv", bulk_actions.export, {"kind": "csv"}, name="export_csv"),
    path("besoins/export.xlsx", bulk_actions.export, {"kind": "xlsx"}, name="export_xlsx"),
    path("besoins/suite/", inbox_polling.inbox_news, name="inbox_news"),
    path("besoins/<int:mailbox>/suite/", inbox_polling.request_news, name="request_news"),
    path("besoins/lot/", bulk_actions.act, name="bulk"),
    path("besoins/lot/annuler/", bulk_actions.undo, name="bulk_undo"),
    path("besoins/recherches/", saved_searches.save, name="save_search"),
    path("besoins/recherches/<int:pk>/retirer/", saved_searches.remove, name="remove_search"),
    path("besoins/<int:mailbox>/", manager_request.request_page, name="request"),
    path("besoins/<int:mailbox>/reponse/", by_account(answer.legal_answer), name="request_print"),
    path("besoins/<int:mailbox>/tout-prendre/", by_account(need_actions.take_all), name="request_take_all"),
    path(
        "besoins/<int:mailbox>/besoins/<int:pk>/prendre/", by_account(need_actions.take), name="request_take"
    ),
    path(
        "besoins/<int:mailbox>/besoins/<int:pk>/decliner/",
        by_account(need_actions.decline),
        name="request_decline",
    ),
    path(
        "besoins/<int:mailbox>/besoins/<int:pk>/orienter/",
        by_account(need_actions.introduce),
        name="request_introduce",
    ),
    path(
        "besoins/<int:mailbox>/besoins/<int:pk>/chercher/",
        by_account(hand_to_person.search_person),
        name="request_search_person",
    ),
    path(
        "besoins/<int:mailbox>/besoins/<int:pk>/confier/",
        by_account(hand_to_person.hand_to_person),
        name="request_hand_to_person",
    ),
    path(
        "besoins/<int:mailbox>/besoins/<int:pk>/conclure/",
        by_account(need_actions.conclude),
        name="request_conclude",
    ),
    path(
        "besoins/<int:mailbox>/besoins/<int:pk>/annuler/", by_account(need_actions.undo), name="request_undo"
    ),
    path("besoins/<int:mailbox>/interne/", manager_request.internal, name="request_internal"),
    path("besoins/<int:mailbox>/fichiers/<int:pk>/", manager_request.download, name="request_file"),
    path(
        "besoins/<int:mailbox>/retirer/<slug:kind>/<int:pk>/",
        manager_request.withdraw,
        name="request_withdraw",
    ),
    path(
        "besoins/<int:mailbox>/besoins/<int:pk>/remettre/",
        by_account(putting_off.put_off_need),
        name="request_put_off",
    ),
    path("besoins/<int:mailbox>/message/", by_account(thread.message), name="request_message"),
    path(
        "besoins/<int:mailbox>/originaux/<int:pk>/",
        by_account(thread.original),
        name="request_message_original",
    ),
    path("besoins/<int:mailbox>/appel/", by_account(call_plan.plan_call), name="request_call"),
    path("besoins/<int:mailbox>/appel/retirer/", by_account(call_plan.cancel_call), name="request_call_off"),
    path("besoins/<int:mailbox>/appel/annuler/", by_account(call_plan.undo_call), name="request_call_undo"),
    path(
        "besoins/<int:mailbox>/appel/rendez-vous.ics",
        by_account(call_plan.calendar_file),
        name="request_call_file",
    ),
    path("besoins/<int:mailbox>/question/", by_account(thread.question), name="request_question"),
    path(
        "besoins/<int:mailbox>/postes/<int:pk>/numero/", by_account(expert_record.phone), name="request_phone"
    ),
    path(
        "besoins/<int:mailbox>/postes/<int:pk>/depart/",
        by_account(expert_record.departure),
        name="request_departure",
    ),
    path("mes-antennes/", team.team, name="team"),
    path("mes-antennes/reponses/", team_canned_answers.list_answers, name="canned_answers"),
    path("mes-antennes/reponses/<int:pk>/", team_canned_answers.edit_answer, name="canned_answer"),
    path("mes-antennes/reponses/<int:pk>/retirer/", team_canned_answers.remove, name="remove_canned_answer"),
    path("mes-antennes/<int:office>/nouveau/", team.new, name="team_new"),
    path("mes-antennes/personnes/<int:pk>/fiche/", team.record, name="team_record"),
    path("mes-antennes/personnes/<int:pk>/sujets/", team.subjects, name="team_subjects"),
    path("mes-antennes/personnes/<int:pk>/absence/", team.absence, name="team_absence"),
    path(
        "mes-antennes/personnes/<int:pk>/absence/<str:day>/retirer/",
        team.remove_absence,
        name="team_remove_absence",
    ),
    path("mes-antennes/personnes/<int:pk>/pause/", team.pause, name="team_pause"),
    path("mes-antennes/personnes/<int:pk>/depart/", team.leave, name="team_leave"),
    path("mes-antennes/personnes/<int:pk>/confier/", team.reassign, name="team_reassign"),
    path("reponse/<str:token>/", answer.answer, name="answer"),
    path("reponse/<str:token>/reponse/", answer.legal_answer, name="answer_print"),
    path("reponse/<str:token>/tout-prendre/", need_actions.take_all, name="take_all"),
    path("reponse/<str:token>/besoins/<int:pk>/prendre/", need_actions.take, name="take"),
    path("reponse/<str:token>/besoins/<int:pk>/decliner/", need_actions.decline, name="decline"),
    path("reponse/<str:token>/besoins/<int:pk>/orienter/", need_actions.introduce, name="introduce"),
    path(
        "reponse/<str:token>/besoins/<int:pk>/chercher/", hand_to_person.search_person, name="search_person"
    ),
    path(
        "reponse/<str:token>/besoins/<int:pk>/confier/", hand_to_person.hand_to_person, name="hand_to_person"
    ),
    path("reponse/<str:token>/besoins/<int:pk>/conclure/", need_actions.conclude, name="conclude"),
    path("reponse/<str:token>/besoins/<int:pk>/annuler/", need_actions.undo, name="undo"),
    path("reponse/<str:token>/besoins/<int:pk>/remettre/", putting_off.put_off_need, name="put_off"),
    path("reponse/<str:token>/message/", thread.message, name="message"),
    path("reponse/<str:token>/originaux/<int:pk>/", thread.original, name="message_original"),
    path("reponse/<str:token>/fichiers/<int:pk>/", thread.download, name="file"),
    path("reponse/<str:token>/retirer/<slug:kind>/<int:pk>/", thread.withdraw, name="withdraw"),
    path("reponse/<str:token>/appel/", call_plan.plan_call, name="call"),
    path("reponse/<str:token>/appel/retirer/", call_plan.cancel_call, name="call_off"),
    path("reponse/<str:token>/appel/annuler/", call_plan.undo_call, name="call_undo"),
    path("reponse/<str:token>/appel/rendez-vous.ics", call_plan.calendar_file, name="call_file"),
    path("reponse/<str:token>/question/", thread.question, name="question"),
    path("reponse/<str:token>/postes/<int:pk>/numero/", expert_record.phone, name="correct_phone"),
    path("reponse/<str:token>/postes/<int:pk>/depart/", expert_record.departure, name="departure"),
    path("reponse/<str:token>/ouvrir/", open_inbox.open_inbox, name="open_inbox"),
    path("fiche/<str:signed>/retour/", expert_record.undo_change, name="undo_record_change"),
    path("reponse/<str:token>/nouveau-lien/", link_access.renew, name="renew_answer"),
    path("reponse/<str:token>/<path:rest>", link_access.elsewhere),
    path("reponse/", link_access.without_token),
]
