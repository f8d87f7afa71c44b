"""Uploads in a browser: an inspection that shows how far it is, a rewritten file that is confirmed, warnings that are acknowledged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acts import aside, log_in, sample_files, worked

from cast import Cast
from pages.odd_layers import layered
from stories import DAMAGE, drafted
from tachiai import clock
from tachiai.envelopes.drafting import add_document
from tachiai.envelopes.models import Envelope, HeldUpload
from tachiai.pages.samples import samples

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]


def made(story: Callable[[], Any]) -> Any:
    results: list[Any] = []
    aside(lambda: results.append(story()))
    return results[0]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_long_inspection_ends_by_itself_and_nothing_typed_is_lost(
    cast_: Cast, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripts: bool
) -> None:
    monkeypatch.setattr("tachiai.envelopes.intake.PATIENCE_SECONDS", 0.0)
    page = open_page(scripts=scripts)
    log_in(page, cast_.clerk)
    page.goto("/envelopes/new")
    page.fill("input[name=counterparty]", "打ちかけ")
    page.set_input_files("input[type=file]", sample_files(tmp_path)[0])
    page.locator("button[name=act][value=add]").click()
    page.wait_for_url(re.compile(r"/files$") if scripts else re.compile(r"/uploads$"))
    page.get_by_text("検査の順番を待っています。").wait_for()
    if scripts:
        page.fill("textarea[name=comment]", "待つ間に書いた")
    aside(lambda: HeldUpload.objects.update(stage="drawing", done=2, total=9))
    page.get_by_text("2 / 9").wait_for()
    worked()
    page.locator("button[name=remove]").wait_for()
    assert page.url.endswith("/files")
    assert page.locator("input[name=counterparty]").input_value() == "打ちかけ"
    if scripts:
        assert page.locator("textarea[name=comment]").input_value() == "待つ間に書いた"
        assert page.locator("#uploads-news").text_content() == "検査が終わりました。"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_rewritten_file_is_compared_and_used(cast_: Cast, open_page: OpenPage, tmp_path: Path, scripts: bool) -> None:
    page = open_page(scripts=scripts)
    log_in(page, cast_.clerk)
    damaged = tmp_path / "壊れた.pdf"
    damaged.write_bytes(samples()[0].pdf + DAMAGE)
    page.goto("/envelopes/new")
    page.set_input_files("input[type=file]", str(damaged))
    page.locator("button[name=act][value=add]").click()
    page.get_by_text("検査の順番を待っています。").wait_for()
    worked()
    page.get_by_role("link", name=re.compile("ページを確認する")).click()
    page.get_by_text("すべてのページの見た目が同じです").wait_for()
    drawn = page.locator(".pair img").first
    drawn.scroll_into_view_if_needed()
    if scripts:
        # The page's policy lets nobody evaluate words as a script, this test included.
        assert drawn.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.get_by_role("button", name="書き直したファイルを使う").click()
    page.get_by_text("書き直したPDF（ページ確認済み）").wait_for()
    envelope = made(Envelope.objects.get)
    assert made(lambda: envelope.documents.get().normalised_from) is not None


@pytest.mark.parametrize("scripts", [True, False])
def test_warnings_are_acknowledged_before_sending(cast_: Cast, open_page: OpenPage, scripts: bool) -> None:
    envelope = made(lambda: drafted(cast_))
    aside(lambda: add_document(envelope, file_name="層.pdf", pdf=layered(), by=cast_.clerk, at=clock.now()))
    page = open_page(scripts=scripts)
    log_in(page, cast_.clerk)
    page.goto(f"/envelopes/{envelope.pk}/review")
    send = page.locator("main").get_by_role("button", name="署名を依頼する", exact=True)
    send.click()
    page.locator("[data-testid=error-summary] a").click()
    box = page.get_by_role("checkbox", name=re.compile("「層」の警告を確認しました"))
    assert box.get_attribute("aria-invalid") == "true"
    box.check()
    send.click()
    page.get_by_text("署名依頼を送信しました").wait_for()
