"""How often one address may ask. Judging a file costs seconds of work, and certificate numbers must not be tried out."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tachiai.web.addresses import address_of

WINDOW_SECONDS = 600
FILES = 20
NUMBERS = 60


def spend(request: HttpRequest, what: str, *, limit: int) -> bool:
    """Count one question of this address; False when it has asked ``limit`` times in this window already.

    Two at the same instant may be counted as one: the limit slows a crowd down, it guards no secret.
    """
    address = hashlib.sha256(b"tachiai-verifier-v1" + address_of(request).encode()).hexdigest()
    key = f"verifier:{what}:{address}"
    if cache.add(key, 1, WINDOW_SECONDS):
        return True
    try:
        return cache.incr(key) <= limit
    except ValueError:
        return cache.add(key, 1, WINDOW_SECONDS)  # the window ended between the two lines above


def busy_page(request: HttpRequest) -> HttpResponse:
    """429, and when to come back."""
    words = _("操作が続いています。{minutes}分ほどおいて、もう一度お試しください。").format(minutes=WINDOW_SECONDS // 60)
    context = {"heading": _("しばらくお待ちください"), "words": words}
    response = render(request, "verifier/busy.html", context, status=429)
    response.headers["Retry-After"] = str(WINDOW_SECONDS)
    return response
