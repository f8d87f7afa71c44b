"""A held house may be read and not written to: whatever would be done there might have to be done again elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse

from tachiai.accounts import identity
from tachiai.web.problems import problem_page

_READING = ("GET", "HEAD", "OPTIONS")
# Coming in to read, and asking what changes nothing here.
_OPEN = frozenset(("account_login", "account_logout", "account_reauthenticate", "mfa_authenticate", "mfa_reauthenticate", "language"))


class HoldingMiddleware:
    """Refuses (503) whatever is more than reading: ``house.held`` while it is held or its keys are another's, ``demo.telling`` while
    a demonstration's data is told.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _READING:
            if identity.standing().rests and not _open(request.path_info):
                return problem_page(request, "house.held", {}, status=503)
            if _is_being_told() and request.path_info != reverse("language"):
                return problem_page(request, "demo.telling", {}, status=503)
        return self._get_response(request)


def _is_being_told() -> bool:
    """Whether a demonstration's past is being lived through: whoever acted now would stand before it on record."""
    return settings.TACHIAI.mode == "demo" and settings.TACHIAI.telling.exists()


def _open(path: str) -> bool:
    try:
        found = resolve(path)
    except Resolver404:
        return False
    return found.url_name in _OPEN or found.namespace == "verifier"
