"""The embedded timestamp authority as a responder of its own (RFC 3161 over HTTP, 3.4): for trials and tests of other programs.

It is plainly not accredited, and says so in the policy of every token and in the name of its certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tachiai import clock
from tachiai.crypto.authority import load_authority
from tachiai.crypto.timestampers import QUERY, REPLY, EmbeddedTimestamper
from tachiai.house import House, Misconfigured, read

# A request for SHA-512 with everything optional in it takes some 120 bytes.
LARGEST_REQUEST = 4096
_ABOUT = "An RFC 3161 timestamp authority for demonstration, not accredited. POST application/timestamp-query.\n"

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Responder:
    """A WSGI application (PEP 3333). Whatever is not a query is answered by its HTTP status; whatever is none to grant, by failInfo."""

    def __init__(self, stamper: EmbeddedTimestamper) -> None:
        self._stamper = stamper

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        status = _objection(environ)
        if status:
            said = _ABOUT.encode()
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(said))), ("Allow", "POST")]
            start_response(status, headers)
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else said]
        asked = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        reply = self._stamper.respond(asked, at=clock.now())
        start_response("200 OK", [("Content-Type", REPLY), ("Content-Length", str(len(reply))), ("Cache-Control", "no-store")])
        return [reply]


def _objection(environ: dict[str, Any]) -> str:
    """The status that refuses a request before its body is read; empty when there is nothing to object to."""
    length = environ.get("CONTENT_LENGTH") or ""
    if environ["REQUEST_METHOD"] != "POST":
        return "405 Method Not Allowed"
    if (environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower() != QUERY:
        return "415 Unsupported Media Type"
    if not (length.isascii() and length.isdigit()):
        return "411 Length Required"
    if len(length) > 10 or int(length) > LARGEST_REQUEST:
        return "413 Content Too Large"
    return ""


def responder() -> Responder:
    """The responder of the house that the environment describes; what the server is told to run."""
    return Responder(embedded_stamper(read()))


def embedded_stamper(house: House) -> EmbeddedTimestamper:
    """Raises ``Misconfigured`` where the embedded authority has no place, or does not exist yet."""
    if house.mode == "production" and not house.accept_embedded_authority:
        meant = "TACHIAI_ACCEPT_EMBEDDED_AUTHORITY=yes if it is meant"
        raise Misconfigured(f"the embedded authority is for demonstration: say TACHIAI_MODE=demo, or {meant}")
    folder = house.keys / "authority"
    if not folder.is_dir():
        raise Misconfigured(f"there is no embedded authority in {house.keys}: run `tachiai init`")
    return load_authority(folder).timestamper
