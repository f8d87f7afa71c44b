"""The benchmark of evidence records makes, renews and checks real ones, whatever it says about time."""

from __future__ import annotations

import pytest

from benchmarks import evidence
from pki import hierarchy


def test_every_stage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    of = hierarchy(kind="p384")
    evidence.compare(5, of.timestamper(since=evidence.START, until=evidence.START.replace(year=2035)), (of.root_der,))
    told = capsys.readouterr().out
    assert [told.count(word) for word in ("make:", "renewal:", "check:", "bytes")] == [1, 2, 3, 3]
