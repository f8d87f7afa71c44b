"""Bundles of envelopes with input fields: both verifiers hold what was filled in against the consents."""

from __future__ import annotations

from typing import Any

import pytest

import fielded
from cast import Cast
from offline.accepting import accepted, bundle_of
from offline.bench import Bench
from offline.test_html_verifier import answer_on, comparable, opened
from offline.twins import AT
from tachiai.offline.tachiai_verify import Reader, verify_bundle


@pytest.mark.browser
def test_both_verifiers_read_what_was_filled_in(cast: Cast) -> None:
    whole = bundle_of(fielded.concluded(cast))
    accepted(whole)
    bench = Bench(whole)
    (path,) = [name for name in bench.files if name.startswith("documents/")]
    words = fielded.ADDRESS.encode("utf-16-be").hex().encode()
    changed = words.replace("2番".encode("utf-16-be").hex().encode(), "9番".encode("utf-16-be").hex().encode())
    pdf = bench.files[path]
    written = words if words in pdf else words.upper()
    bench.replace(path, written, changed if written == words else changed.upper())
    twin = bench.packed()
    codes = [one["code"] for one in verify_bundle(twin)["problems"]]
    assert "consent.values" in codes
    with opened() as desk:
        page: Any = desk.open()
        for content in (whole, twin):
            assert comparable(answer_on(page, content, Reader(at=AT))) == comparable(verify_bundle(content, Reader(at=AT)))
