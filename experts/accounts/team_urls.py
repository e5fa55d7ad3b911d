"""Addresses of the pages of a team."""

from django.urls import path

from experts.accounts import access_views, team_views

urlpatterns = [
    path("", team_views.team, name="team"),
    path("antennes/<int:pk>/", team_views.office_team, name="office_team"),
    path("regions/", team_views.region_teams, name="region_teams"),
    path("invitations/<int:pk>/envoyer/", team_views.send_again, name="send_invitation_again"),
    path("invitations/<int:pk>/reprendre/", team_views.withdraw, name="withdraw_invitation"),
    path("journal/", access_views.whole_log, name="access_log"),
    path("comptes/<int:pk>/second-facteur/", access_views.reset_factor, name="reset_second_factor"),
    path("places/<int:pk>/retirer/", team_views.end_seat, name="end_seat"),
]
