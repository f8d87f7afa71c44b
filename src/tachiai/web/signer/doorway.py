"""Coming in by a link: whose it is, in which language, and whether the code was given in this browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language

from tachiai import clock
from tachiai.envelopes.holders import Holder
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.visiting import Visit, download_visit, stopped, visit
from tachiai.errors import Refusal
from tachiai.web.languages import speaking_to
from tachiai.web.sender import header_of
from tachiai.web.signer.stopping import STILL_OPEN, stop_page, unknown_page

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Door:
    """One of the two kinds of link. The cookie's name holds nothing of the token; its path is the link's own."""

    namespace: str
    cookie: str
    asks: str
    find: Callable[..., Visit]
    pages: tuple[str, ...]

    def url(self, name: str, token: str, **more: object) -> str:
        return reverse(f"{self.namespace}:{name}", kwargs={"token": token, **more})


SIGNING = Door(
    "signer", "tachiai_ceremony", "link", visit, ("entry", "one_time", "again", "review", "later", "confirm", "done", "decline", "forward")
)
DOWNLOADING = Door(
    "download", "tachiai_download", "download", download_visit, ("entry", "one_time", "again", "files", "bundle", "evidence")
)


@dataclass(frozen=True)
class Guest:
    """Somebody with a known link, at one moment."""

    door: Door
    token: str
    found: Visit
    at: datetime

    @property
    def recipient(self) -> Recipient:
        return self.found.recipient

    @property
    def holder(self) -> Holder:
        """Whose address and code stand at this link."""
        return self.found.holder

    @property
    def envelope(self) -> Envelope:
        return self.found.envelope

    @property
    def is_inside(self) -> bool:
        """Whether the code was accepted in this browser, not long ago."""
        return self.found.ceremony is not None

    def url(self, name: str, **more: object) -> str:
        return self.door.url(name, self.token, **more)

    def afresh(self, request: HttpRequest) -> Guest:
        """The same visit, read again."""
        return replace(self, found=self.door.find(self.token, key=request.COOKIES.get(self.door.cookie, ""), at=self.at))

    def page(self, **more: object) -> dict[str, object]:
        """What every page behind a link is given."""
        urls = {name: self.url(name) for name in self.door.pages}
        return {"urls": urls, "recipient": self.holder, "envelope": self.envelope, **header_of(self.recipient), **more}


def by_link(door: Door) -> Callable[[View], View]:
    """A view behind a link: it is called with a ``Guest``, or the visitor is told why there is none."""

    def opened(view: View) -> View:
        @wraps(view)
        def seen(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
            at = clock.now()
            try:
                found = door.find(token, key=request.COOKIES.get(door.cookie, ""), at=at)
            except Refusal as refusal:
                return _turned_away(request, door, token, refusal)
            with speaking_to(request, found.holder.language):
                response = view(request, Guest(door, token, found, at), **kwargs)
                response.headers["Content-Language"] = get_language() or settings.LANGUAGE_CODE
                return response

        return seen

    return opened


def _turned_away(request: HttpRequest, door: Door, token: str, refusal: Refusal) -> HttpResponse:
    recipient = refusal.facts.get("recipient")
    if not isinstance(recipient, Recipient):
        return unknown_page(request)
    with speaking_to(request, recipient.language):
        return stop_page(request, recipient, refusal.code, again_url=door.url("again", token), what=door.asks)


def inside(view: View) -> View:
    """A view of the ceremony itself: after the code, and only while there is something to sign.

    Whoever has lost the visit gives the code again; whoever has signed is shown how far things are.
    """

    @wraps(view)
    def seen(request: HttpRequest, guest: Guest, **kwargs: Any) -> HttpResponseBase:
        if not guest.is_inside:
            return HttpResponseRedirect(guest.url("entry") + "?again")
        reason = stopped(guest.found, at=guest.at)
        if reason == STILL_OPEN:
            return HttpResponseRedirect(guest.url("done"))
        if reason is not None:
            return stop_for(request, guest, reason)
        return view(request, guest, **kwargs)

    return seen


def stop_for(request: HttpRequest, guest: Guest, code: str) -> HttpResponse:
    return stop_page(request, guest.recipient, code, again_url=guest.url("again"), what=guest.door.asks)


def let_in(response: HttpResponse, guest: Guest, key: str) -> None:
    """Give the browser the key of the visit: for this link alone, out of reach of scripts, until the browser closes."""
    path = guest.url("entry")
    response.set_cookie(guest.door.cookie, key, path=path, httponly=True, samesite="Lax", secure=bool(settings.SESSION_COOKIE_SECURE))


def let_out(response: HttpResponse, guest: Guest) -> None:
    response.delete_cookie(guest.door.cookie, path=guest.url("entry"), samesite="Lax")
