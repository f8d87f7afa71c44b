"""The public desk: is this file genuine? (V01, V02)"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acts import aside
from ruler import axe_finds

from cast import Cast
from place import Place
from stories import concluded
from tachiai import administration, clock, vault
from tachiai.archive.models import Record
from tachiai.archive.verification import Judgement
from tachiai.envelopes.models import Envelope
from tachiai.pages.samples import samples
from tachiai.web.verifier import files
from verifier import made

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
    assert "署名なし" in text
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


def choose(page: Any, folder: Path, *, name: str = "契約書.pdf", content: bytes = b"%PDF-1.7") -> None:
    """A file in the form, and the button pressed."""
    path = folder / name
    path.write_bytes(content)
    page.goto("/v")
    page.set_input_files("input[type=file]", str(path))
    page.locator("main form button.button").first.click()


@pytest.fixture
def operator(house: Place) -> None:
    aside(lambda: administration.create_operator("立会テスト運営", name_en="Tachiai Test Operator", phone="03-0000-0000", at=clock.now()))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
@pytest.mark.usefixtures("operator")
def test_v01_both_reports_can_be_taken_along(open_page: OpenPage, tmp_path: Path, scripts: bool) -> None:
    page = open_page(scripts=scripts)
    pdf = samples()[0].pdf
    choose(page, tmp_path, content=pdf)
    with page.expect_download() as taken:
        page.get_by_role("button", name="PDFレポートを発行").click()
    assert taken.value.suggested_filename == f"verification-{hashlib.sha256(pdf).hexdigest()[:16]}.pdf"
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF-1.7")
    with page.expect_download() as taken:
        page.get_by_role("button", name="JSONで保存").click()
    report = json.loads(Path(taken.value.path()).read_text())
    assert report["judgement"]["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert report["file_name_claimed"] == "契約書.pdf"
    assert page.get_by_role("button", name="印刷する").count() == int(scripts)


def test_v01_says_that_it_is_at_work(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/v")
    # The form is held back, so that what is said meanwhile can be looked at.
    page.evaluate(
        """() => { window.sent = 0; document.querySelector("form[data-once]").addEventListener("submit", (event) => {
            if (!event.defaultPrevented) window.sent += 1;
            event.preventDefault();
        }); }"""
    )
    status, button = page.locator("[role=status].progress-note"), page.locator("main form button.button").first
    assert status.inner_text() == ""
    button.click()
    assert status.inner_text() == "検証しています…"
    assert button.get_attribute("aria-disabled") == "true"
    button.click(force=True)
    assert page.evaluate("window.sent") == 1


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_v01_results_fit_every_screen_and_axe_finds_nothing(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    page = open_page(language=language)
    wrong: dict[str, list[str]] = {}
    for make in (made.listed, made.unknown_root, made.altered, made.unverifiable, made.unsigned):
        judgement: Judgement = make()
        monkeypatch.setattr(files, "judge", lambda *_args, told=judgement, **_more: told)
        choose(page, tmp_path)
        page.get_by_test_id("verdict").wait_for()
        for summary in page.locator("details > summary").all():
            summary.click()
        for width in (320, 360, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong[f"{make.__name__} {width}"] = ["wider than the screen"]
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            found = axe_finds(page)
            if found:
                wrong[f"{make.__name__} {width}"] = found
    assert wrong == {}


@pytest.mark.usefixtures("operator")
def test_v01_on_paper_everything_is_open_and_nothing_is_a_button(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "judge", lambda *_args, **_more: made.listed())
    page = open_page()
    choose(page, tmp_path)
    page.get_by_test_id("verdict").wait_for()
    page.emulate_media(media="print")
    assert page.get_by_text(made.CHAIN[1].fingerprint).is_visible()
    assert page.locator("button:visible, a.button:visible").count() == 0
    cards = page.locator(".verdict > li")
    assert len({round(cards.nth(number).bounding_box()["x"]) for number in range(3)}) == 1
    page.emulate_media(media="screen")
    assert not page.get_by_text(made.CHAIN[1].fingerprint).is_visible()
