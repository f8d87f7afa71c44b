"""The house's own pages, under /about."""

from __future__ import annotations

from django.urls import path

from tachiai.web.public import pages

app_name = "public"
urlpatterns = [
    path("", pages.about, name="about"),
    path("/terms", pages.terms, name="terms"),
    path("/privacy", pages.privacy, name="privacy"),
    path("/accessibility", pages.accessibility, name="accessibility"),
]
