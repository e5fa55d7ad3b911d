"""Webhooks of incoming mails, at the addresses given in Anymail's documentation."""

from django.urls import URLPattern, path, re_path

from mailing import webhooks

app_name = "mailing"
urlpatterns: list[URLPattern] = [
    path("brevo/inbound/", webhooks.Brevo.as_view(), name="brevo"),
    re_path(r"^mailgun/inbound(?:_mime)?/$", webhooks.Mailgun.as_view(), name="mailgun"),
    path("postmark/inbound/", webhooks.Postmark.as_view(), name="postmark"),
]
