"""A User-Agent in a few words."""

from __future__ import annotations

import pytest

from tachiai.web.devices import device_words

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}", "Chrome・Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Edg/130.0.0.0", "Edge・Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox・macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1", "Safari・iPhone"),
        (f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {CHROME} Line/14.0", "LINE・Android"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 300, "x" * 39 + "…"),
        ("", ""),
    ],
)
def test_the_words_name_browser_and_system(agent: str, words: str) -> None:
    assert device_words(agent) == words
