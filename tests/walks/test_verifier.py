"""The public desk: is this file genuine? (V01, V02)"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acts import aside

from cast import Cast
from place import Place
from stories import concluded
from tachiai import vault
from tachiai.archive.models import Record
from tachiai.envelopes.models import Envelope
from tachiai.pages.samples import samples

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]


def test_v01_verdicts_and_nothing_kept(house: Place, cast_: Cast, open_page: OpenPage, tmp_path: Path) -> None:
    found: list[Envelope] = []
    aside(lambda: found.append(concluded(cast_)))
    pdf = vault.read(found[0].documents.get().blob)
    before = sorted(path.name for path in house.home.rglob("*") if path.is_file() and "sqlite" not in path.name)
    page = open_page(scripts=False)

    def judged(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        page.goto("/v")
        page.set_input_files("input[type=file]", str(path))
        page.locator("main form button.button").first.click()
        page.wait_for_load_state()
        return str(page.locator("main").inner_text())

    text = judged("concluded.pdf", pdf)
    assert "有効" in text
    for words in ("緑野 太郎", "坂本 一郎", "vendor@example.jp", "誰が", "いつ"):
        assert words in text
    place = pdf.index(b"/MediaBox") + 12
    changed = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
    text = judged("changed.pdf", changed)
    assert "無効" in text or "検証できません" in text
    text = judged("unsigned.pdf", samples()[0].pdf)
    assert "署名が見つかりません" in text
    text = judged("noise.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 20)
    assert "検証できません" in text
    after = sorted(path.name for path in house.home.rglob("*") if path.is_file() and "sqlite" not in path.name)
    assert before == after


def test_v02_certificate_numbers(cast_: Cast, open_page: OpenPage) -> None:
    aside(lambda: concluded(cast_))
    record = Record.objects.get()
    page = open_page(scripts=False)
    page.goto(f"/v/{record.certificate_number.lower().replace('-', '%20')}")
    text = page.locator("main").inner_text()
    assert "さくら丘市（架空）" in text
    assert "緑野" not in text
    unknown = page.goto("/v/AAAA-AAAA-AAAA-AAAA")
    assert unknown.status in (200, 404)
    assert "さくら丘市" not in page.locator("main").inner_text()
