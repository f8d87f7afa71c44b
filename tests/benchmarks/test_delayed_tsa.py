"""The authority some way off answers truly, late, and many at once."""

from __future__ import annotations

import hashlib
import http.client
import time
from datetime import timedelta
from pathlib import Path

import pytest
from benchmarks.tsa import DelayedTsa

from tachiai import clock
from tachiai.crypto.authority import create_authority, load_authority
from tachiai.crypto.timestampers import HttpTimestamper

DELAY = 0.2


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house") / "authority"
    create_authority(folder, operator="架空電子契約株式会社", at=clock.now() - timedelta(hours=1), rsa_bits=2048)
    return folder


def test_answers_late_and_many_at_once(authority: Path) -> None:
    with DelayedTsa(authority, delay=DELAY) as tsa:
        assert tsa.environment["TACHIAI_TSA_URL"] == tsa.url
        stamper = HttpTimestamper(tsa.url, roots=load_authority(authority).roots, accredited=False)
        digests = [hashlib.sha256(bytes([n])).digest() for n in range(100)]
        start = time.monotonic()
        under_way = [stamper.submit(digest, at=clock.now()) for digest in digests]
        tokens = [future.result() for future in under_way]
        took = time.monotonic() - start
        assert [token.imprint for token in tokens] == digests
        assert len({token.serial for token in tokens}) == 100
        assert DELAY <= took < 100 * DELAY / 4
        assert tsa.cpu() > 0


def test_what_is_no_request_is_turned_away(authority: Path) -> None:
    with DelayedTsa(authority, delay=0) as tsa:
        connection = http.client.HTTPConnection(tsa.url.removeprefix("http://").rstrip("/"), timeout=5)
        connection.request("GET", "/")
        assert connection.getresponse().status == 400
        connection.close()
