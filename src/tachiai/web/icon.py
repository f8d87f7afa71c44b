"""The mark for what has no page to name it: a browser showing a bare PDF or JSON asks the root for ``/favicon.ico``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static


def icon(request: HttpRequest) -> HttpResponse:  # Django's signature
    """Lead to the mark. Not a page of ours, "unknown" with its forms: asked for beside a visitor's first page, that page's
    cookie against forged posts would replace the one that the visitor's form goes with."""
    return redirect(static("tachiai/mark.svg"))
