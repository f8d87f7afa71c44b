"""Where a request came from: only what a configured proxy says is believed, from the right, up to the first stranger."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from django.http import HttpResponse
from django.test import RequestFactory

from tachiai.web.addresses import AddressMiddleware, address_of, agent_of, believed_address

PROXIES = ("10.0.0.0/8", "192.0.2.1", "2001:db8:0:1::/64")
FIFTY = ", ".join(f"203.0.113.{number}" for number in range(1, 51))


@pytest.fixture(autouse=True)
def _behind(settings: Any) -> None:
    settings.TACHIAI = replace(settings.TACHIAI, trusted_proxies=tuple(ip_network(one) for one in PROXIES))


@pytest.mark.parametrize(
    ("peer", "forwarded", "believed"),
    [
        # Nobody of ours: whatever it writes is its own story.
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "10.0.0.1", "198.51.100.7"),
        ("198.51.100.7", FIFTY, "198.51.100.7"),
        ("2001:db8:9::1", "127.0.0.1", "2001:db8:9::1"),
        # One proxy: whom it saw, and not what that one wrote before it.
        ("10.1.2.3", "198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", FIFTY, "203.0.113.50"),
        ("10.1.2.3", f"{FIFTY}, 198.51.100.7", "198.51.100.7"),
        # Two proxies in a row.
        ("10.1.2.3", "198.51.100.7, 192.0.2.1", "198.51.100.7"),
        ("192.0.2.1", "6.6.6.6, 198.51.100.7, 10.9.9.9, 10.8.8.8", "198.51.100.7"),
        # A client in our own network, or a proxy that says nothing.
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "10.0.0.5", "10.0.0.5"),
        # IPv6, with and without brackets, mapped, with a zone.
        ("2001:db8:0:1::5", "2001:db8:7::9", "2001:db8:7::9"),
        ("2001:db8:0:1::5", "[2001:db8:7::9]", "2001:db8:7::9"),
        ("::ffff:10.1.2.3", "198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "10.0.0.1", "198.51.100.7"),
        ("fe80::1%eth0", "", "fe80::1"),
        # What is no address ends the reading there.
        ("10.1.2.3", "198.51.100.7, garbage", "10.1.2.3"),
        ("10.1.2.3", "garbage, 198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", ", ,", "10.1.2.3"),
        ("10.1.2.3", "198.51.100.7:1234", "10.1.2.3"),
        ("10.1.2.3", "999.1.1.1", "10.1.2.3"),
        ("10.1.2.3", "<script>, 198.51.100.7\r\nX: y", "10.1.2.3"),
        ("10.1.2.3", "x" * 100_000, "10.1.2.3"),
        ("", "198.51.100.7", ""),
        ("unix:", "198.51.100.7", ""),
    ],
)
def test_believed(peer: str, forwarded: str, believed: str) -> None:
    assert believed_address(peer, forwarded) == believed


def test_without_proxies_nothing_is_believed(settings: Any) -> None:
    settings.TACHIAI = replace(settings.TACHIAI, trusted_proxies=())
    assert believed_address("127.0.0.1", "198.51.100.7") == "127.0.0.1"


@pytest.mark.parametrize(("peer", "scheme"), [("10.1.2.3", "https"), ("198.51.100.7", "http")])
def test_the_scheme_too_is_a_proxys_word_alone(peer: str, scheme: str) -> None:
    seen: list[tuple[str, str, str]] = []

    def view(request: Any) -> HttpResponse:
        seen.append((request.scheme, address_of(request), agent_of(request)))
        return HttpResponse()

    request = RequestFactory().get(
        "/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_FOR="203.0.113.9", HTTP_USER_AGENT="a" * 1000
    )
    AddressMiddleware(view)(request)
    assert seen == [(scheme, "203.0.113.9" if scheme == "https" else peer, "a" * 300)]


def test_the_evidence_names_the_believed_address(settings: Any) -> None:
    """Any client may send the header; it changes nothing unless it comes through a proxy of ours."""
    request = RequestFactory().get("/", REMOTE_ADDR="198.51.100.7", HTTP_X_FORWARDED_FOR="10.0.0.1")
    AddressMiddleware(lambda _: HttpResponse())(request)
    assert address_of(request) == "198.51.100.7"
    assert settings.TACHIAI.trusted_proxies


def test_limits_of_logins_count_the_believed_address() -> None:
    """Behind a proxy everybody comes from its address: one guesser would keep a whole town out."""
    seen = []
    for peer, forwarded in (("10.1.2.3", "6.6.6.6, 203.0.113.9"), ("10.1.2.3", "203.0.113.10"), ("198.51.100.7", "203.0.113.9")):
        request = RequestFactory().post("/login", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
        AddressMiddleware(lambda _: HttpResponse())(request)
        seen.append(get_adapter().get_client_ip(request))
    assert seen == ["203.0.113.9", "203.0.113.10", "198.51.100.7"]
