"""The measurement itself: a real house, one user, two envelopes through HTTP and SMTP, on SQLite."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("house", "web", "web_children", "work", "work_children", "load_generator")
SPREADS = ("signing_request", "last_signature_to_concluded", "last_signature_to_completion_mail", "whole_envelope")


def run(*arguments: str) -> tuple[int, str, dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.envelopes", "--databases", "sqlite", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    lines = done.stdout.strip().splitlines()
    assert lines, done.stderr
    return done.returncode, done.stdout, json.loads(lines[-1])


@pytest.mark.slow
def test_small_measurement_has_every_figure_and_no_error() -> None:
    status, shown, told = run("--levels", "1:2")
    assert status == 0, shown
    found = told["databases"]["sqlite"]
    assert found["problems"] == []
    (level,) = found["levels"]
    assert (level["envelopes"], level["errors"], level["cut_short"]) == (2, 0, False)
    assert all(level["cpu_per_envelope"][part] > 0 for part in PARTS)
    assert all(0 < level[name]["p50"] <= level[name]["p95"] for name in SPREADS)
    assert level["last_signature_to_concluded"]["p50"] <= level["last_signature_to_completion_mail"]["p95"]
    # Three envelopes of 98 KB, one of them not counted, with their certificates, pages and rows.
    assert 100_000 < found["disk_per_envelope"] < 2_000_000
    assert 0 < found["resident_idle"] <= sum(level["resident_peak"].values())
    assert 20 <= found["mails"] <= 9 * 3  # the last ones may still be on their way when the house is stopped
    assert "Documenso 2.17.0" in shown


@pytest.mark.slow
def test_measurement_that_ran_out_of_time_is_not_called_done() -> None:
    status, shown, told = run("--levels", "1:2", "--limit", "0")
    assert status == 1
    assert told["databases"]["sqlite"]["problems"] == ["1 at once: the time ran out after 0 envelopes"]
    assert "PROBLEM" in shown
