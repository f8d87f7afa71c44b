"""The addresses of the public form: /i/<organization>."""

from __future__ import annotations

from django.urls import path

from tachiai.web.registrar import copies, filling

app_name = "form"
urlpatterns = [
    path("<slug:slug>", filling.guide, name="guide"),
    path("<slug:slug>/form", filling.fill, name="fill"),
    path("<slug:slug>/copies", copies.copies, name="copies"),
    path("<slug:slug>/copies/<str:key>", copies.copies_code, name="copies_code"),
    path("<slug:slug>/copies/<str:key>/again", copies.copies_again, name="copies_again"),
    path("<slug:slug>/copies/<str:key>/done", copies.copies_done, name="copies_done"),
    path("<slug:slug>/<str:key>/form", filling.revise, name="revise"),
    path("<slug:slug>/<str:key>/check", filling.check, name="check"),
    path("<slug:slug>/<str:key>/code", filling.code, name="code"),
    path("<slug:slug>/<str:key>/again", filling.again, name="again"),
    path("<slug:slug>/<str:key>/done", filling.done, name="done"),
]
