"""Every address of the portal."""

from django.urls import URLPattern, URLResolver, path

from portal.views import about, catalogue

urlpatterns: list[URLPattern | URLResolver] = [
    path("", catalogue.home, name="home"),
    path("recherche/", catalogue.search, name="search"),
    path("questions/<int:position>/", catalogue.question, name="question"),
    path("themes/<slug:slug>/", catalogue.theme, name="theme"),
    path("sujets/<slug:slug>/", catalogue.subject, name="subject"),
    path("mentions-legales/", about.legal_notice, name="legal_notice"),
    path("donnees-personnelles/", about.privacy, name="privacy"),
    path("accessibilite/", about.accessibility, name="accessibility"),
    path("plan-du-site/", about.sitemap, name="sitemap"),
    path("contact/", about.contact, name="contact"),
]
