"""Pages about this installation. They say what the program does; what an operator promises beyond it, the operator says."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import tachiai


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this is, who operates it, and on whose clock it stamps."""
    tsa = settings.TACHIAI.tsa
    context = {
        "heading": _("このサービスについて"),
        "version": tachiai.__version__,
        "demo_key": settings.TACHIAI.seal_key_file is None,
        "accredited": bool(tsa and tsa.accredited),
    }
    return render(request, "public/about.html", context)


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "public/terms.html", {"heading": _("利用規約")})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "public/privacy.html", {"heading": _("プライバシー")})


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "public/accessibility.html", {"heading": _("アクセシビリティ方針")})
