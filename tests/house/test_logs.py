"""Logs open nothing: a link's token is masked wherever it stands."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from tachiai.config.logs import _MaskingFormatter, masked
from tachiai.crypto.tokens import fresh_token

TOKEN = fresh_token()


@pytest.mark.parametrize("door", ["s", "d", "r"])
@pytest.mark.parametrize(
    "text", ["GET /{door}/{token} HTTP/1.1", "https://x.jp/{door}/{token}/confirm?x=1", "/{door}/{token}\n/{door}/{token}"]
)
def test_tokens_are_masked(door: str, text: str) -> None:
    line = masked(text.format(door=door, token=TOKEN))
    assert TOKEN not in line
    assert f"/{door}/…" in line


def test_other_addresses_are_left_legible() -> None:
    for text in ("/envelopes/6fa459ea-ee8a-3ca4-894e-db77e160355e", "/static/tachiai/base.0123456789abcdef0123.css", "/s/"):
        assert masked(text) == text


def test_the_libraries_own_lines_are_masked_and_their_tracebacks() -> None:
    try:
        int(f"/s/{TOKEN}")
    except ValueError:
        record = logging.LogRecord("lib", logging.ERROR, "", 0, "at %s", (f"/s/{TOKEN}",), sys.exc_info())
    line = _MaskingFormatter("%(message)s").format(record)
    assert "ValueError" in line
    assert TOKEN not in line


def test_one_line_of_json_an_event() -> None:
    program = f"""
import structlog, logging
from tachiai.config.logs import configure_logging
configure_logging()
structlog.get_logger("tachiai").warning("refused", url="/s/{TOKEN}", name="𠮷田", facts={{"x": ["/d/{TOKEN}", object()]}})
try:
    raise ValueError("/s/{TOKEN}")
except ValueError:
    structlog.get_logger("tachiai").exception("failed")
    logging.getLogger("django.request").exception("failed at /s/{TOKEN}")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == ""
    assert TOKEN not in done.stderr
    first, second, *_ = done.stderr.splitlines()
    assert json.loads(first)["name"] == "𠮷田"
    assert json.loads(second)["event"] == "failed"
