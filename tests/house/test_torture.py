"""The quick form of ``make torture``: kills, races and faults at the places where most was ever at stake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_quick_torture_finds_nothing() -> None:
    command = [sys.executable, "-m", "torture", "--quick", "--processes", "1"]
    told = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=880, check=False)
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]
    assert "13 kills" in told.stdout
    assert "3 races" in told.stdout
    assert "4 faults" in told.stdout
    assert "13 killed" in told.stdout, "a step that nobody comes to any more proves nothing"
