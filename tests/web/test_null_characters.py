"""U+0000, which no text of PostgreSQL can hold, reaches no row: an unknown session, a search for the rest, a page that is not there."""

from __future__ import annotations

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from place import Place
from tachiai.web.null_characters import NullCharacterMiddleware


def passed(request: HttpRequest) -> HttpRequest:
    """The request as whatever lies behind is given it."""
    seen: list[HttpRequest] = []

    def behind(given: HttpRequest) -> HttpResponse:
        seen.append(given)
        return HttpResponse()

    NullCharacterMiddleware(behind)(request)
    return seen[0]


def test_a_cookie_is_taken_as_not_sent_and_a_query_loses_the_character() -> None:
    cookies = r'sessionid="\000"; tachiai_s="a\000b"; tachiai_language=en'
    request = passed(RequestFactory().get("/documents?words=a%00b&words=c&%00page=2&empty=&x=%25", headers={"Cookie": cookies}))
    assert request.COOKIES == {"tachiai_language": "en"}
    assert dict(request.GET.lists()) == {"words": ["ab", "c"], "page": ["2"], "empty": [""], "x": ["%"]}
    assert request.get_full_path() == "/documents?words=ab&words=c&page=2&empty=&x=%25"
    with pytest.raises(Http404):
        NullCharacterMiddleware(lambda _: HttpResponse()).process_view(request, None, (), {"code": "a\x00b"})


def test_what_carries_none_is_left_as_it_is() -> None:
    request = passed(RequestFactory().get("/documents?words=%E6%A1%9C&words=", headers={"Cookie": "sessionid=abc"}))
    assert (request.COOKIES, request.GET.getlist("words")) == ({"sessionid": "abc"}, ["桜", ""])
    assert request.META["QUERY_STRING"] == "words=%E6%A1%9C&words="
    NullCharacterMiddleware(lambda _: HttpResponse()).process_view(request, None, (), {"code": "TC-1", "pk": 1})


def test_the_doors_answer_as_to_a_stranger(house: Place) -> None:
    browser = Client(headers={"Cookie": r'sessionid="abcdefgh\000"; csrftoken="\000"'})
    assert browser.get("/").headers["Location"] == "/login?next=/"
    assert browser.get("/v?number=%00").status_code == 422
    for address in ("/v/%00", "/s/%00", "/r/a%00b", "/d/%00", "/i/%00", "/join/%00", "/%00"):
        assert browser.get(address).status_code == 404, address
