"""The public's addresses: is this file genuine (/v), is this certificate number known (/v/<code>)."""

from __future__ import annotations

from django.urls import path

from tachiai.web.verifier import certificates, files

app_name = "verifier"
urlpatterns = [
    path("", files.verify, name="verify"),
    path("/<str:code>", certificates.certificate, name="certificate"),
]
