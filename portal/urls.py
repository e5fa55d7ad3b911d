"""Every URL of the portal."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from portal.views import about, api, catalogue, errors, health, metrics, roles, shortcuts

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
    path("sante/", health.health, name="health"),
    path("metrics", metrics.metrics, name="metrics"),
    path("demo/", roles.roles, name="roles"),
    path("connexion/", include("experts.accounts.urls")),
    path("admin/", (admin_urls, "admin", admin.site.name)),
    path("api/", shortcuts.to_page("api-root")),
    path("api/v1/", api.Root.as_view(), name="api-root"),
    path("api/v1/", include("territories.api.urls")),
    path("api/v1/", include("experts.api.urls")),
    re_path(r"^api/v1/.*$", errors.api_not_found),
    path("anymail/", include("mailing.urls")),
    path("", include("solicitations.urls")),
    path("", include("workspace.urls")),
    path("", include("oversight.urls")),
]
