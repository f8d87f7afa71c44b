"""Which language a page speaks: ``?lang=``, then the reader's choice, then the house's Japanese."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

CODES = {code for code, _ in settings.LANGUAGES}
A_YEAR = 365 * 24 * 3600


class LanguageMiddleware:
    """Activates the language for the length of one request and says it in ``Content-Language``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("lang", "")
        chosen = asked if asked in CODES else request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in CODES else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self._get_response(request)
        response.headers.setdefault("Content-Language", language)
        if asked in CODES and asked != request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME):
            _remember(response, asked)
        return response


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remember the reader's language and go back to the page it was chosen on."""
    language = request.POST.get("language", "")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}) or not back.startswith("/"):
        back = "/"
    response = HttpResponseRedirect(back)
    if language in CODES:
        _remember(response, language)
    return response


def _remember(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=A_YEAR,
        samesite="Lax",
        httponly=True,
        secure=bool(settings.SESSION_COOKIE_SECURE),
    )


@contextmanager
def speaking_to(request: HttpRequest, language: str) -> Iterator[None]:
    """For the time of one page, the language a person is written to in, unless the reader has chosen one."""
    asked, chosen = request.GET.get("lang", ""), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if asked in CODES or chosen in CODES or language not in CODES:
        yield
        return
    with translation.override(language):
        request.LANGUAGE_CODE = language
        yield
