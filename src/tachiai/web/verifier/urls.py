"""The public's addresses: is this file genuine (/v), is this certificate number known (/v/<code>), and the result to take along."""

from __future__ import annotations

from django.urls import path

from tachiai.web.verifier import certificates, files, reports

app_name = "verifier"
urlpatterns = [
    path("", files.verify, name="verify"),
    path("/report.json", reports.as_json, name="report_json"),
    path("/report.pdf", reports.as_pdf, name="report_pdf"),
    path("/<str:code>", certificates.certificate, name="certificate"),
]
