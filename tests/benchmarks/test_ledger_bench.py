"""The benchmark of the log gives places, proves and checks real entries, whatever it says about time."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import ledger as bench
from place import Place


def test_every_stage_is_told(house: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "settle", lambda *_: None)  # the test's own house
    monkeypatch.setattr(bench, "compare_appends", lambda *_: 0)
    bench.compare(300, Path(house.home), "")
    told = capsys.readouterr().out
    for stage in ("append 300", "give 300", "sweep", "checkpoint", "inclusion", "consistency", "check the whole"):
        assert stage in told
