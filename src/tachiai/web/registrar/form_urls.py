"""The addresses of the public form: /i/<organization>."""

from __future__ import annotations

from django.urls import path

from tachiai.web.registrar import filling

app_name = "form"
urlpatterns = [
    path("<slug:slug>", filling.guide, name="guide"),
    path("<slug:slug>/form", filling.fill, name="fill"),
    path("<slug:slug>/<str:key>/form", filling.revise, name="revise"),
    path("<slug:slug>/<str:key>/check", filling.check, name="check"),
    path("<slug:slug>/<str:key>/code", filling.code, name="code"),
    path("<slug:slug>/<str:key>/again", filling.again, name="again"),
    path("<slug:slug>/<str:key>/done", filling.done, name="done"),
]
