"""How often one address may ask, and how often everybody together. Judging a file costs seconds of work, an attested report a seal
and a timestamp, and certificate numbers must not be tried out."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.web.addresses import address_of

WINDOW_SECONDS = 600
FILES = 20
NUMBERS = 60
REPORTS = 6
# However many addresses ask: what the house is ready to seal for strangers in a window, a tenth of what one worker seals meanwhile.
ALL_REPORTS = 120


def spend(request: HttpRequest, what: str, *, limit: int) -> bool:
    """Count one question of this address; False when it has asked ``limit`` times in this window already."""
    address = hashlib.sha256(b"tachiai-verifier-v1" + address_of(request).encode()).hexdigest()
    return _count(f"verifier:{what}:{address}", limit=limit)


def spend_from_all(what: str, *, limit: int) -> bool:
    """Count one question against what everybody may ask together; False when ``limit`` have been asked in this window."""
    return _count(f"verifier:{what}:everybody", limit=limit)


def _count(key: str, *, limit: int) -> bool:
    """One more under ``key``, unless there are ``limit``. A refused question is not counted, so that a window ends for whoever waits.

    Two at the same instant are two: the second waits for the first one's row, or on SQLite for its transaction.
    """
    now = clock.now().timestamp()
    with transaction.atomic():
        if cache.add(key, (1, now + WINDOW_SECONDS), WINDOW_SECONDS):
            return True
        cache.touch(key, WINDOW_SECONDS)  # takes the row, so that nobody else reads it until this is written
        count, ends = cache.get(key, (0, 0.0))
        if now >= ends:
            count, ends = 0, now + WINDOW_SECONDS
        if count >= limit:
            return False
        cache.set(key, (count + 1, ends), WINDOW_SECONDS)
        return True


def busy_page(request: HttpRequest) -> HttpResponse:
    """429, and when to come back."""
    words = _("操作が続いています。{minutes}分ほどおいて、もう一度お試しください。").format(minutes=WINDOW_SECONDS // 60)
    context = {"heading": _("しばらくお待ちください"), "words": words}
    response = render(request, "verifier/busy.html", context, status=429)
    response.headers["Retry-After"] = str(WINDOW_SECONDS)
    return response
