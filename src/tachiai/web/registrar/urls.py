"""The addresses by which a registered person confirms their mail address: /r/<token>."""

from __future__ import annotations

from django.urls import path

from tachiai.web.registrar import confirming

app_name = "registrar"
urlpatterns = [
    path("<str:token>", confirming.entry, name="entry"),
    path("<str:token>/code", confirming.code, name="code"),
    path("<str:token>/again", confirming.again, name="again"),
    path("<str:token>/correct", confirming.correct, name="correct"),
    path("<str:token>/done", confirming.done, name="done"),
]
