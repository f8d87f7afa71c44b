"""The product's main job through Chromium, with and without scripts, on a phone and at a desk, in Japanese and English."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acts import aside, complete, enter_code, link_in, log_in, read_everything, request_signatures, sample_files, worked
from post import Post

from cast import Cast
from invariants import check_house, events
from tachiai.archive.models import RecordFile
from tachiai.envelopes.models import Envelope

pytestmark = pytest.mark.browser
# Any two of the three meet in one of these.
WAYS = [(False, True, "ja"), (False, False, "en"), (True, True, "en"), (True, False, "ja")]


@pytest.mark.parametrize(
    ("scripts", "phone", "language"), WAYS, ids=["-".join(("js" if s else "nojs", "phone" if p else "desk", x)) for s, p, x in WAYS]
)
def test_from_upload_to_concluded(
    post: Post, cast_: Cast, open_page: Callable[..., Any], tmp_path: Path, scripts: bool, phone: bool, language: str
) -> None:
    files = sample_files(tmp_path, count=2)
    # The clerk sends, in at most eight presses (B01).
    desk = open_page(scripts=scripts, phone=phone, language=language)
    log_in(desk, cast_.clerk)
    clicks = request_signatures(desk, files, party="株式会社みどり野製作所（架空）", signer="坂本 一郎", language=language)
    assert clicks.count <= 8
    worked()
    envelope = Envelope.objects.get()
    assert envelope.state == "in_progress"
    assert (envelope.amount, str(envelope.transaction_date)) == (1_100_000, "2026-11-23")

    # The counterparty signs from the mail alone, in at most four actions (A08): link, code, finish, complete.
    mail = post.text("vendor@example.jp", "署名依頼")
    assert not post.to("mayor@sakuragaoka.example.jp", "署名依頼")
    vendor = open_page(scripts=scripts, phone=phone, language=language)
    enter_code(vendor, link_in(mail), language=language)
    read_everything(vendor)
    complete(vendor, language=language)
    worked()

    # Our own signer at the desk.
    assert post.to("mayor@sakuragaoka.example.jp", "署名依頼")
    mayor = open_page(scripts=scripts, phone=phone, language=language)
    log_in(mayor, cast_.mayor)
    mayor.goto(f"/envelopes/{envelope.pk}/sign")
    read_everything(mayor)
    complete(mayor, language=language)
    worked()

    envelope.refresh_from_db()
    assert envelope.state == "concluded"
    assert events(envelope)[-1] in ("mail.accepted", "envelope.concluded")
    aside(check_house)
    downloaded(vendor, post, files, tmp_path, language=language)


def downloaded(page: Any, post: Post, files: list[str], folder: Path, *, language: str) -> None:
    """The counterparty fetches the concluded contracts; programs that are not ours judge them."""
    link = link_in(post.text("vendor@example.jp", "電子署名完了のお知らせ"))
    # The page after signing looks again by itself until all is done, and a browser takes one way at a time.
    page.locator("[data-refresh]").wait_for(state="detached", timeout=20_000)
    enter_code(page, link, language=language)
    links = page.locator("main a[href$='.pdf']")
    assert links.count() == len(files) + 1
    for number, upload in enumerate(files):
        with page.expect_download() as waiting:
            links.nth(number).click()
        got = folder / f"got-{number}.pdf"
        waiting.value.save_as(got)
        pdf = got.read_bytes()
        assert pdf.startswith(Path(upload).read_bytes())
        assert RecordFile.objects.filter(sha256=hashlib.sha256(pdf).digest()).exists()
        told = subprocess.run(["pdfsig", str(got)], capture_output=True, text=True, check=False).stdout
        assert told.count("Signature is Valid") == 3
        assert "Total document signed" in told
