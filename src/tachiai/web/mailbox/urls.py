"""The demo's mailbox. These addresses exist only in a house that asked for them (TACHIAI_MAILBOX)."""

from __future__ import annotations

from django.urls import path

from tachiai.web.mailbox import views

app_name = "mailbox"

urlpatterns = [
    path("", views.letters, name="letters"),
    path("<str:name>", views.letter, name="letter"),
]
