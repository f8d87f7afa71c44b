"""Where a request came from: only what a configured proxy says is believed."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Address = IPv4Address | IPv6Address


class AddressMiddleware:
    """Sets ``request.META["TACHIAI_ADDRESS"]`` once, so that evidence and limits agree on it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        peer, forwarded = request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")
        request.META["TACHIAI_ADDRESS"] = believed_address(peer, forwarded)
        known = _parsed(peer)
        if known is not None and _is_proxy(known) and request.META.get("HTTP_X_FORWARDED_PROTO") == "https":
            request.META["wsgi.url_scheme"] = "https"
            request.environ["wsgi.url_scheme"] = "https"  # type: ignore[attr-defined]  # a WSGI request has it
        return self._get_response(request)


def address_of(request: HttpRequest) -> str:
    return str(request.META.get("TACHIAI_ADDRESS", ""))


def agent_of(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_USER_AGENT", ""))[:300]


def believed_address(peer: str, forwarded: str) -> str:
    """The right-most address that is not one of our own proxies; the peer itself unless it is a proxy.

    A client may write anything into X-Forwarded-For; each proxy appends whom it saw, so reading from the right and
    stopping at the first stranger gives the address that a proxy of ours saw with its own eyes.
    """
    seen = _parsed(peer)
    if seen is None:
        return ""
    for hop in reversed([part.strip() for part in forwarded.split(",")] if forwarded else []):
        if not _is_proxy(seen):
            break
        nearer = _parsed(hop)
        if nearer is None:
            break
        seen = nearer
    return str(seen)


def _parsed(text: str) -> Address | None:
    try:
        # A zone (fe80::1%eth0) means something on one machine only, and no database takes it for an address.
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _is_proxy(address: Address) -> bool:
    return any(address in network for network in settings.TACHIAI.trusted_proxies if network.version == address.version)
