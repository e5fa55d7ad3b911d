"""Every URL of the portal."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from portal.views import (
    about,
    api,
    catalogue,
    errors,
    health,
    metrics,
    my_data,
    roles,
    shortcuts,
    who_can_help,
)

# allauth: staff sign in on its pages, second factor included.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Accounts have no password: Django's pages to change it have no address.
PASSWORD_PAGES = {"password_change", "password_change_done"}
admin_urls = [
    pattern for pattern in admin.site.get_urls() if getattr(pattern, "name", None) not in PASSWORD_PAGES
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", catalogue.home, name="home"),
    path("recherche/", catalogue.search, name="search"),
    path("questions/<int:position>/", catalogue.question, name="question"),
    path("themes/<slug:slug>/", catalogue.theme, name="theme"),
    path("sujets/<slug:slug>/", catalogue.subject, name="subject"),
    path("qui-peut-aider/", who_can_help.who_can_help, name="who_can_help"),
    path("qui-peut-aider/antennes.csv", who_can_help.offices, name="who_can_help_offices"),
    path("qui-peut-aider/departements/<str:code>/", who_can_help.department, name="who_can_help_department"),
    path("accueil/", shortcuts.to_page("home")),
    path("questions/", shortcuts.to_page("home", fragment="#questions")),
    path("questions/<str:anything>/", shortcuts.to_page_of_questions),
    path("themes/", shortcuts.to_page("home", fragment="#themes")),
    path("sujets/", shortcuts.to_page("sitemap")),
    path("mentions-legales/", about.legal_notice, name="legal_notice"),
    path("donnees-personnelles/", about.privacy, name="privacy"),
    path("accessibilite/", about.accessibility, name="accessibility"),
    path("plan-du-site/", about.sitemap, name="sitemap"),
    path("contact/", about.contact, name="contact"),
    path("mes-donnees/", my_data.ask, name="my_data"),
    path("mes-donnees/suppression/<str:token>/", my_data.delete, name="my_data_deletion"),
    path("mes-donnees/<str:token>/", my_data.copy, name="my_data_copy"),
    path("mes-donnees/<str:token>/copie.json", my_data.download, name="my_data_download"),
    path("mes-donnees/<str:token>/copie.zip", my_data.archive, name="my_data_archive"),
    path("mes-donnees/<str:token>/supprimer/", my_data.ask_deletion, name="my_data_ask_deletion"),
    path("sante/", health.health, name="health"),
    path("metrics", metrics.metrics, name="metrics"),
    path("demo/", roles.roles, name="roles"),
    path("connexion/", include("experts.accounts.urls")),
    path("equipe/", include("experts.accounts.team_urls")),
    path("admin/", (admin_urls, "admin", admin.site.name)),
    path("api/", shortcuts.to_page("api-root")),
    path("api/v1/", api.Root.as_view(), name="api-root"),
    path("api/v1/", include("territories.api.urls")),
    path("api/v1/", include("experts.api.urls")),
    re_path(r"^api/v1/.*$", errors.api_not_found),
    path("anymail/", include("mailing.urls")),
    path("", include("owners.urls")),
    path("", include("workspace.urls")),
    path("", include("oversight.urls")),
    path("", include("indicators.urls")),
    path("", include("directory.urls")),
]
