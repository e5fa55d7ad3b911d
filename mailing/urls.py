"""Webhooks of incoming mails and of delivery reports, at the addresses given in Anymail's documentation."""

from django.urls import URLPattern, path, re_path

from mailing import tracking_webhooks, webhooks

app_name = "mailing"
urlpatterns: list[URLPattern] = [
    path("brevo/inbound/", webhooks.Brevo.as_view(), name="brevo"),
    re_path(r"^mailgun/inbound(?:_mime)?/$", webhooks.Mailgun.as_view(), name="mailgun"),
    path("postmark/inbound/", webhooks.Postmark.as_view(), name="postmark"),
    path("brevo/tracking/", tracking_webhooks.BrevoTracking.as_view(), name="brevo_tracking"),
    path("mailgun/tracking/", tracking_webhooks.MailgunTracking.as_view(), name="mailgun_tracking"),
    path("mailjet/tracking/", tracking_webhooks.MailjetTracking.as_view(), name="mailjet_tracking"),
    path("postmark/tracking/", tracking_webhooks.PostmarkTracking.as_view(), name="postmark_tracking"),
]
