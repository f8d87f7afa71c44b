"""V-01: whether a file is genuine, asked by anybody, through the door."""

from __future__ import annotations

import io
import resource
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from cast import assemble
from crypto.pdfs import plain
from place import Place
from signer.walking import words
from stories import concluded, sent, vendor_signs, work
from tachiai import clock, vault
from tachiai.archive.verification import LARGEST, Verdict, judge, told
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.reading import concluded_files
from tachiai.web.verifier.limits import FILES

pytestmark = pytest.mark.usefixtures("house")


def ask(pdf: bytes, browser: Client | None = None, **more: Any) -> Any:
    held = io.BytesIO(pdf)
    held.name = "<b>contract.pdf"
    return (browser or Client()).post("/v", {"pdf": held}, **more)


def files_of(envelope: Envelope) -> list[bytes]:
    return [vault.read(file.blob) for file in concluded_files(envelope)]


def flipped(pdf: bytes, place: int) -> bytes:
    return pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]


def verdict(response: Any) -> str:
    body = response.content.decode()
    head = body[body.index('data-testid="verdict"') :].split("</div>")[0]
    return next(word for word in ("有効", "要確認", "無効", "署名なし", "検証できません") if f"</svg>{word}" in head)


def test_a_concluded_contract_is_valid_and_says_who_whole_and_when() -> None:
    contract, certificate = files_of(concluded(assemble()))
    page = ask(contract)
    text = words(page)
    assert verdict(page) == "有効"
    for wanted in ("誰が署名したか", "署名者2名を確認しました", "署名後の変更はありません", "には存在していました"):
        assert wanted in text
    assert "認定タイムスタンプではありません" in text
    versions = ("1：運営者による文書の確定", "2", "緑野 太郎 <vendor@", "3", "坂本 一郎 <", "4：文書タイムスタンプ")
    order = [text.index(word if "<" in word else f"バージョン{word}") for word in versions]
    assert order == sorted(order)
    assert "&lt;b&gt;contract" in page.content.decode()
    assert "<b>contract" not in page.content.decode()

    page = ask(certificate)
    assert verdict(page) == "有効"
    assert "立会テスト運営が発行した締結証明書です" in words(page)
    assert "このサービスが発行した締結証明書です。発行後に変更されていません。" in words(page)


def test_a_changed_byte_anywhere_is_never_valid() -> None:
    contract = files_of(concluded(assemble()))[0]
    page = ask(flipped(contract, 5000))
    assert verdict(page) == "無効"
    assert "署名後に変更されています" in words(page)
    assert "署名された範囲の内容が、署名のときと異なります。" in words(page)
    for place in range(200, len(contract), len(contract) // 6):
        judged = judge(flipped(contract, place), at=clock.now())
        assert judged.verdict in (Verdict.INVALID, Verdict.UNVERIFIABLE, Verdict.ATTENTION), place
        assert judged.verdict != Verdict.ATTENTION or judged.reasons[0] == "file.not_ours"


def test_a_byte_that_only_the_last_timestamp_covers_makes_it_invalid_too() -> None:
    contract = files_of(concluded(assemble()))[0]
    place = contract.rindex(b"/VRI") if b"/VRI" in contract else contract.rindex(b"/DSS")
    place = contract.rindex(b"endobj", 0, place) - 40
    judged = judge(flipped(contract, place), at=clock.now())
    assert judged.verdict in (Verdict.INVALID, Verdict.UNVERIFIABLE)


def test_what_this_house_did_not_conclude_is_at_best_for_somebody_to_look_at() -> None:
    envelope = sent(assemble())
    vendor_signs(envelope)
    work()
    document = envelope.documents.select_related("blob").get()
    half = ask(vault.read(document.blob, upto=2))
    assert verdict(half) == "要確認"
    assert "このサービスが締結済みとして保管している文書と一致しません。" in words(half)
    assert "次の名前は署名に書かれているもので、確認されたものではありません。" in words(half)


def test_something_appended_is_told() -> None:
    contract = files_of(concluded(assemble()))[0]
    page = ask(contract + b"\n% more\n")
    assert verdict(page) == "要確認"
    assert "署名のあとに追加された内容があります" in words(page)


def test_unsigned_and_unreadable_files_are_told_apart() -> None:
    assert verdict(ask(plain())) == "署名なし"
    for odd in (b"not a pdf", b"%PDF-1.7\n" + b"[" * 100_000, plain()[:300]):
        assert verdict(ask(odd)) == "検証できません"
    assert told(judge(plain(), at=clock.now()))["reasons"] == ["seal.no_signature"]


def test_a_file_that_swells_ends_its_own_child_only() -> None:
    press, piece = zlib.compressobj(1), bytes(16 * 1024 * 1024)
    swollen = b"".join([press.compress(piece) for _ in range(96)]) + press.flush()
    head = b"%PDF-1.7\n1 0 obj\n<< /Type /XRef /Size 3 /W [1 2 1] /Root 2 0 R /Filter /FlateDecode /Length "
    bomb = head + b"%d >>\nstream\n" % len(swollen) + swollen + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    judged = judge(bomb, at=clock.now())
    assert (judged.verdict, judged.rows) == (Verdict.UNVERIFIABLE, ())
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert max(before, after) < 1100 * 1024


def test_nothing_of_an_upload_is_kept(house: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.files import uploadedfile

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("an upload was written to a disk")

    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", refuse)
    before = sorted(Path(house.home).rglob("*"))
    large = plain() + b"\n" + b"%" * (6 * 1024 * 1024)
    assert ask(large).status_code == 200
    assert [path for path in sorted(Path(house.home).rglob("*")) if path not in before and "sqlite3" not in path.name] == []


def test_a_missing_empty_or_too_large_file_is_told_at_the_field() -> None:
    nothing = Client().post("/v", {})
    assert nothing.status_code == 422
    assert "検証するPDFを選択してください。" in words(nothing)
    assert "0バイト" in words(ask(b""))
    large = ask(b"%PDF-1.7\n" + b"0" * LARGEST)
    assert large.status_code == 413
    assert "上限50MB" in words(large)


def test_one_address_may_not_ask_without_end() -> None:
    cache.clear()
    near, far = Client(REMOTE_ADDR="192.0.2.1"), Client(REMOTE_ADDR="192.0.2.2")
    for _ in range(FILES):
        assert near.post("/v", {}).status_code == 422
    busy = near.post("/v", {})
    assert busy.status_code == 429
    assert busy["Retry-After"] == "600"
    assert far.post("/v", {}).status_code == 422
    assert near.get("/v").status_code == 200


def test_asking_needs_neither_cookie_nor_secret_token() -> None:
    assert ask(plain(), Client(enforce_csrf_checks=True)).status_code == 200
    page = Client().get("/v?lang=en")
    assert "Verify signatures" in words(page)
