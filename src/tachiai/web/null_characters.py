"""The one character that no text of PostgreSQL can hold: nobody's keyboard has it, and a request that carries it was made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.http import urlencode

NULL = "\x00"


class NullCharacterMiddleware:
    """Keeps U+0000 from whatever is looked up in rows, so that the house answers alike on every database.

    A cookie with one is taken as not sent (an unknown session, an unknown device), a query loses the character and keeps the rest, and
    an address with one leads nowhere (404). Forms refuse it themselves, in words, beside the field that has it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(NULL in value for value in request.COOKIES.values()):
            request.COOKIES = {name: value for name, value in request.COOKIES.items() if NULL not in value}
        if any(NULL in name or any(NULL in value for value in values) for name, values in request.GET.lists()):
            _clean_query(request)
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Refuses with 404 what an address names by a word that cannot be one."""
        if any(isinstance(value, str) and NULL in value for value in (*args, *kwargs.values())):
            raise Http404


def _clean_query(request: HttpRequest) -> None:
    given = ((name, value) for name, values in request.GET.lists() for value in values)
    words = urlencode([(name.replace(NULL, ""), value.replace(NULL, "")) for name, value in given])
    request.META["QUERY_STRING"] = words
    request.GET = QueryDict(words)
