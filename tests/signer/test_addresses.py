"""Whose address stands in the evidence: what a configured proxy saw, never what a client claims."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from cast import CODE, link_for
from stages import Scene
from tachiai import ledger

FORGED = "203.0.113.66, 10.0.0.1"


def opened_from(scene: Scene, **headers: str) -> str:
    """The address that the ledger keeps of somebody who gives the right code."""
    answer = Client().post(f"/s/{link_for(scene.vendor.pk)}", {"code": CODE}, headers=headers, REMOTE_ADDR="198.51.100.7")
    assert answer.status_code == 302
    entry = [told for told in ledger.entries(scene.envelope.stream) if told.event == "recipient.opened"][-1]
    return str(entry.personal["address"])


def test_a_forged_header_is_not_believed(scene: Scene) -> None:
    assert opened_from(scene, x_forwarded_for=FORGED) == "198.51.100.7"


@pytest.mark.parametrize(
    ("header", "believed"), [("192.0.2.33", "192.0.2.33"), (f"{FORGED}, 192.0.2.34", "192.0.2.34"), ("rubbish", "198.51.100.7")]
)
def test_a_configured_proxy_is(scene: Scene, settings: Any, header: str, believed: str) -> None:
    settings.TACHIAI = replace(settings.TACHIAI, trusted_proxies=(ip_network("198.51.100.0/24"),))
    assert opened_from(scene, x_forwarded_for=header) == believed
