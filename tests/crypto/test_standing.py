"""Where signatures stand: what counts as the end of what one covers."""

from __future__ import annotations

import pytest

from tachiai.crypto.standing import ends_a_revision


@pytest.mark.parametrize("tail", [b"%%EOF", b"%%EOF\n", b"%%EOF\r\n", b"%%EOF \n", b"%%EOF\n\r\n\r\n\r\n"])
def test_white_space_behind_the_end_is_nobodys_content(tail: bytes) -> None:
    assert ends_a_revision(b"startxref\n9\n" + tail)


@pytest.mark.parametrize("tail", [b"", b"%%EO", b"%%EOF\n%", b"%%EOF\n1 0 obj", b"startxref\n9\n"])
def test_anything_else_is_no_end(tail: bytes) -> None:
    assert not ends_a_revision(tail)
