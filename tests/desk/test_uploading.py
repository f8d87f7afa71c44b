"""Uploads at the desk: each severity in words, with its pages; a rewritten file's pages and the two buttons; how far an inspection is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from cast import Cast
from pages.odd_files import encrypted, japanese, with_action
from pages.odd_layers import layered
from stories import DAMAGE, drafted, offered, work
from tachiai import clock, ledger
from tachiai.accounts.models import Member
from tachiai.envelopes import drafting, intake
from tachiai.envelopes.cautions import is_weighty
from tachiai.envelopes.excerpts import lock_excerpts
from tachiai.envelopes.intake import hold_upload
from tachiai.envelopes.models import Document, Envelope, HeldUpload, InspectTask, UploadState
from tachiai.envelopes.uploads import expire_uploads, upload_in
from tachiai.pages.findings import Finding
from tachiai.pages.samples import samples
from tachiai.web.desk.findings import REASONS, WORDS, accepted_of, reason_words, warned
from tachiai.web.problems import sentence

Seat = Callable[[Member], Client]
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
PAPER = ("本書2通を作成し、甲乙記名押印のうえ", "収入印紙を貼付する。")
FACTS: dict[str, dict[str, Any]] = {
    "signatures.foreign": {"signatures": 2, "timestamps": 1, "names": ["Sakura Taro"], "docmdp": 2, "locked": ["fee"]},
    "form.value_differs": {"pages": [2], "fields": ["fee"], "reasons": ["text"]},
    "wording.paper": {"hits": [{"kind": "copies", "phrase": "Copy", "pages": [3, 5]}, {"kind": "seal", "phrase": "Seal", "pages": [5]}]},
    "links.external": {"count": 4, "targets": ["https://example.com"]},
    "file.attachments": {"names": ["a.txt"]},
    "fonts.unembedded": {"fonts": ["MS-Mincho"]},
    "content.overlap": {"pages": [1, 2, 3, 4, 5]},
    "revisions.earlier": {"count": 1, "pages": [2]},
}


def pdf(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/pdf")


def given(desk: Client, *files: SimpleUploadedFile) -> tuple[Envelope, str]:
    """A new draft with these files, and the step as it is shown afterwards."""
    desk.post("/envelopes/new", {"act": "add", "files": list(files)})
    envelope = Envelope.objects.get()
    return envelope, desk.get(f"/envelopes/{envelope.pk}/files").content.decode()


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


@pytest.mark.parametrize("code", sorted(WORDS))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_finding_has_its_words(code: str, language: str) -> None:
    for facts in (FACTS.get(code, {"pages": [2]}), {}):
        with translation.override(language):
            (told,) = warned([{"code": code, "severity": "warn", "facts": facts}])
            words = told.words
        assert words.what
        assert "{" not in "".join(words)
        assert bool(JAPANESE.search("".join(words))) == (language == "ja")
        assert told.weighty == is_weighty(code)


def test_what_could_not_be_searched_to_the_end_is_said() -> None:
    (told,) = warned([{"code": "content.invisible", "severity": "warn", "facts": {"reasons": ["unchecked"], "pages": [4]}}])
    assert told.words.what == "見えない内容がないか、調べきれなかったページがあります（4ページ）。"


def test_phrases_of_the_same_pages_stand_together() -> None:
    hits = [("copies", "本書2通", [3]), ("seal", "記名押印", [1, 3]), ("seal", "押印のうえ", [3]), ("post", "返送", [])]
    facts = {"hits": [{"kind": kind, "phrase": phrase, "pages": pages} for kind, phrase, pages in hits]}
    for language, said in (
        ("ja", "「本書2通」・「押印のうえ」（3ページ）、「記名押印」（1・3ページ）、「返送」。"),
        ("en", "“本書2通”, “押印のうえ” (p. 3), “記名押印” (p. 1, 3), “返送”."),
    ):
        with translation.override(language):
            (told,) = warned([{"code": "wording.paper", "severity": "warn", "facts": facts}])
        assert said in told.words.what
        assert (". " in told.words.why, "。 " in told.words.why) == (language == "en", False)


def test_a_layer_that_is_hidden_is_told_once() -> None:
    layers = {"code": "content.layers", "severity": "warn", "facts": {"pages": [1]}}
    hidden = {"code": "content.hidden_layer", "severity": "warn", "facts": {"pages": [1], "print_differs": False}}
    assert len(warned([layers])) == 1
    (told,) = warned([layers, hidden])
    assert told.words.what == "はじめは表示されない層（レイヤー）に内容があります（1ページ）。"
    hidden["facts"] = {"pages": [1], "print_differs": True}
    (told,) = warned([layers, hidden])
    assert told.words.what == "画面と印刷とで、表示される内容が違う層（レイヤー）があります（1ページ）。"


def test_what_no_small_picture_shows_is_told_in_numbers() -> None:
    (told,) = warned([{"code": "fonts.unembedded", "severity": "warn", "facts": {"fonts": ["MS-Mincho"], "pages": [2, 3]}}])
    assert told.words.what == "埋め込まれていない文字（フォント）があります：MS-Mincho（2・3ページ）。"
    assert (told.pages, told.more) == ([], 0)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "保存し直す前の版が"),
        ({"pages": [2], "page_count_differs": False, "all_compared": True}, "保存し直す前の版が"),
        ({"pages": [], "page_count_differs": True, "all_compared": True}, "保存し直す前の版が"),
        ({"pages": [], "page_count_differs": False, "all_compared": True}, "（見える内容は変わっていません）"),
        ({"pages": [], "page_count_differs": False, "all_compared": False}, "すべてを見比べることはできませんでした。"),
    ],
)
def test_an_earlier_version_is_called_the_same_only_where_it_was_compared(facts: dict[str, Any], said: str) -> None:
    (told,) = warned([{"code": "revisions.earlier", "severity": "warn", "facts": facts}])
    assert said in told.words.what


def test_what_signatures_claim_is_told_as_a_claim() -> None:
    (told,) = warned([{"code": "signatures.foreign", "severity": "warn", "facts": FACTS["signatures.foreign"]}])
    assert "署名者として書かれている名前：Sakura Taro（本人かどうかは確かめていません）。" in told.words.why
    (silent,) = warned([{"code": "signatures.foreign", "severity": "warn", "facts": {"signatures": 1, "timestamps": 0, "names": []}}])
    assert "名前" not in silent.words.why


def test_versions_that_could_not_all_be_compared_are_told_as_that() -> None:
    for facts, words in (
        ({"count": 9, "pages": [], "all_compared": False}, "保存し直す前の版が9件残っていて、すべてを見比べることはできませんでした。"),
        ({"count": 9, "all_compared": False, "pages": [2]}, "保存し直す前の版が、ファイルの中に残っています（2ページ）。"),
        ({"count": 1, "pages": [], "all_compared": True}, "保存し直した記録がファイルの中に残っています（見える内容は変わっていません）。"),
    ):
        (told,) = warned([{"code": "revisions.earlier", "severity": "warn", "facts": facts}])
        assert told.words.what == words


def test_fields_that_show_something_else_are_named() -> None:
    (told,) = warned([{"code": "form.value_differs", "severity": "warn", "facts": FACTS["form.value_differs"]}])
    assert (told.weighty, told.pages) == (True, [2])
    assert told.words.what == "入力欄に表示されている内容が、データとして入っている値と違います：fee（2ページ）。"
    (unread,) = warned([{"code": "form.value_differs", "severity": "warn", "facts": {"reasons": ["unchecked"], "pages": [2]}}])
    assert unread.words.what == "表示と値が同じか、調べきれなかった入力欄があります（2ページ）。"


def test_words_that_nobody_sees_are_shown_to_the_sender(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    envelope, _ = given(desk, pdf("契約.pdf", samples()[0].pdf))
    document = envelope.documents.get()
    seen = Finding("content.invisible", "warn", {"pages": [1], "texts": ["<b>密約</b>は別紙のとおり"]})
    document.findings, document.excerpts = drafting.told([seen]), lock_excerpts(document.blob, [seen])
    document.save()
    for step in ("files", "review"):
        assert "<q>&lt;b&gt;密約&lt;/b&gt;は別紙のとおり</q>" in desk.get(f"/envelopes/{envelope.pk}/{step}").content.decode()


def test_what_matters_says_why_and_what_to_do() -> None:
    for code in WORDS:
        (told,) = warned([{"code": code, "severity": "warn", "facts": FACTS.get(code, {})}])
        if told.weighty and code != "content.ocr_text":
            assert told.words.why, code
            assert told.words.act, code


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_reason_to_rewrite_has_its_words(language: str) -> None:
    with translation.override(language):
        for code in [*REASONS, "file.something_new"]:
            (words,) = reason_words([{"code": code, "facts": {"pages": [1]}}])
            assert bool(JAPANESE.search(words)) == (language == "ja"), code


def test_a_finding_nobody_has_words_for_is_shown_all_the_same() -> None:
    (told,) = warned([{"code": "content.new_kind", "severity": "warn", "facts": {"pages": ["x", 0, 2, True]}}])
    assert "content.new_kind" in told.words.what
    assert told.weighty
    assert told.pages == [2]


def test_paper_wording_names_each_phrase_and_its_page(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    _, shown = given(desk, pdf("紙.pdf", japanese(*PAPER)))
    for words in ("「本書2通」・「記名押印」・「押印のうえ」・「収入印紙を貼付」（1ページ）。", "収入印紙を貼りません"):
        assert words in text_of(shown)
    assert re.search(r'<img src="/envelopes/[^"]+/glance/1"', shown)
    assert "/glance/1" not in desk.get("/envelopes").content.decode()


def test_the_page_a_warning_is_about_is_shown_small_and_large(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    envelope, _ = given(desk, pdf("紙.pdf", japanese(*PAPER)))
    page = f"/envelopes/{envelope.pk}/documents/{envelope.documents.get().pk}"
    small, large = (desk.get(f"{page}/glance/1{size}") for size in ("", "?size=large"))
    assert small.headers["Content-Type"] in ("image/png", "image/webp")
    assert len(large.content) > len(small.content)
    view = desk.get(f"{page}?page=1").content.decode()
    width, height = re.search(r'glance/1\?size=large" width="(\d+)" height="(\d+)"', view).groups()  # type: ignore[union-attr]
    assert int(width) == 1240
    assert 1.40 < int(height) / int(width) < 1.43  # A4
    for nothing in ("0", "2"):
        assert desk.get(f"{page}/glance/{nothing}").status_code == 404
    for nobody in (people.stranger, people.stranger_admin, people.auditor):
        assert seat(nobody).get(f"{page}/glance/1").status_code == 404
    assert seat(people.mayor).get(f"{page}/glance/1").status_code in (403, 404)


def test_many_pages_are_three_pictures_and_a_number(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    findings = [
        {"code": "content.overlap", "severity": "warn", "facts": {"pages": [1, 2, 3, 4, 5]}},
        {"code": "content.ocr_text", "severity": "accept", "facts": {"pages": [1]}},
        {"code": "pdfa.claim", "severity": "accept", "facts": {}},
    ]
    Document.objects.update(findings=findings)
    shown = seat(people.clerk).get(f"/envelopes/{envelope.pk}/files").content.decode()
    assert len(re.findall(r"/glance/\d", shown)) == 3
    assert "ほか2ページ" in shown
    assert "問題のない点（2件）" in shown
    assert [one.words.what for one in accepted_of(envelope.documents.get())][1] == "長期保存用の形式（PDF/A）で作られています。"
    assert "cautions" in seat(people.clerk).get(f"/envelopes/{envelope.pk}/review").content.decode()


def test_each_refused_file_is_named_with_what_to_do_and_the_others_are_kept(people: Cast, seat: Seat) -> None:
    from pikepdf import Dictionary, Name, String

    acting = with_action(Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")), automatic=True)
    bad = {"動く.pdf": acting, "鍵.pdf": encrypted(user="secret"), "縛.pdf": encrypted(restricted=True)}
    files = [pdf("良.pdf", samples()[0].pdf), *(pdf(name, content) for name, content in bad.items())]
    answer = seat(people.clerk).post("/envelopes/new", {"act": "add", "files": files})
    shown = text_of(answer.content.decode())
    assert answer.status_code == 422
    for words in (
        "動く.pdf：開いた人の環境で動く仕組み（JavaScript）が含まれています。「PDFとして印刷」で保存し直してください。",
        "鍵.pdf：開くのにパスワードが必要です。パスワードを外したPDFを選択してください。",
        "縛.pdf：編集やコピーを禁じる設定で保護されています。作成元で保護を解除したPDFを選択してください。",
    ):
        assert words in shown
    assert [document.name for document in Envelope.objects.get().documents.all()] == ["良"]


def test_a_reason_without_a_sentence_of_its_own_says_the_code_s() -> None:
    assert sentence("file.too_complex", {"reason": "crash"}).startswith("ファイルの構造が複雑すぎて")
    crowded = sentence("file.too_complex", {"reason": "annotations", "count": 5_000, "limit": 3_000})
    assert crowded.startswith("注釈やリンクが多すぎて")
    assert "5000" in crowded.replace(",", "")
    assert "JavaScript、brand_new" in sentence("file.active_content", {"kinds": ["javascript", "brand_new"]})
    with translation.override("en"):
        assert "a link that opens by itself" in sentence("file.active_content", {"kinds": ["automatic_link"]})


def test_a_file_to_be_rewritten_is_confirmed_on_its_own_page(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    damaged = samples()[0].pdf + DAMAGE
    envelope, shown = given(desk, pdf("良.pdf", samples()[1].pdf), pdf("壊れた.pdf", damaged))
    assert "検査中" in shown
    work()
    shown = desk.get(f"/envelopes/{envelope.pk}/files").content.decode()
    upload = HeldUpload.objects.get()
    page = f"/envelopes/{envelope.pk}/uploads/{upload.pk}"
    assert f'href="{page}"' in shown
    held = desk.get(page).content.decode()
    digests = (hashlib.sha256(damaged).hexdigest(), bytes(upload.rewritten_sha256 or b"").hex())
    for words in ("PDFの後ろに、余分なデータが付いています", *digests):
        assert words in held
    assert "すべてのページの見た目が同じです" in held
    pictures = set(re.findall(rf'src="({page}/\w+/pages/\d+)"', held))
    assert pictures == {f"{page}/{which}/pages/{number}" for which in ("given", "rewritten") for number in range(1, upload.pages + 1)}
    for picture in (f"{page}/given/pages/1", f"{page}/rewritten/pages/1?size=large"):
        assert desk.get(picture).headers["Content-Type"].startswith("image/")
    for nothing in (f"{page}/given/pages/99", f"{page}/other/pages/1", f"{page}/other.pdf"):
        assert desk.get(nothing).status_code == 404
    assert hashlib.sha256(desk.get(f"{page}/given.pdf").content).digest() == bytes(upload.given_sha256)

    for _ in range(2):  # a double press
        answer = desk.post(page, {"act": "use", "sha256": bytes(upload.rewritten_sha256 or b"").hex()})
        assert answer.headers["Location"] == f"/envelopes/{envelope.pk}/files"
    assert [one.name for one in envelope.documents.order_by("position")] == ["良", "壊れた"]
    assert "書き直したPDF（ページ確認済み）" in desk.get(f"/envelopes/{envelope.pk}/files").content.decode()
    assert [entry.event for entry in ledger.entries(envelope.stream)].count("document.added") == 2
    assert desk.get(page).headers["Location"] == f"/envelopes/{envelope.pk}/files"


def test_what_is_refused_about_a_rewritten_file_is_said(people: Cast, seat: Seat) -> None:
    desk, envelope = seat(people.clerk), drafted(people)
    upload = offered(envelope, by=people.clerk)
    page = f"/envelopes/{envelope.pk}/uploads/{upload.pk}"
    changed = desk.post(page, {"act": "use", "sha256": "0" * 64})
    assert changed.status_code == 409
    assert "表示した内容と一致しない" in changed.content.decode()
    assert desk.post(page, {"act": "nothing"}).status_code == 302
    assert upload_in(envelope, upload.pk).state == UploadState.OFFERED
    HeldUpload.objects.update(expires_at=clock.now())
    for answer in (desk.get(page), desk.post(page, {"act": "use", "sha256": bytes(upload.rewritten_sha256 or b"").hex()})):
        assert answer.status_code == 410
        assert "保管期限（7日間）を過ぎた" in answer.content.decode()
    expire_uploads(at=clock.now())
    assert desk.get(page).status_code == 410
    assert desk.get(f"{page}/rewritten/pages/1").status_code == 404
    assert envelope.documents.count() == 1


def test_a_rewritten_file_is_shown_to_nobody_else(people: Cast, seat: Seat) -> None:
    envelope = drafted(people)
    upload = offered(envelope, by=people.clerk)
    paths = ["", "/given/pages/1", "/rewritten/pages/1", "/given.pdf", "/rewritten.pdf"]
    for member in (people.stranger, people.stranger_admin, people.auditor, people.system, people.mayor):
        for path in paths:
            answer = seat(member).get(f"/envelopes/{envelope.pk}/uploads/{upload.pk}{path}")
            assert answer.status_code in (403, 404), (member, path)
        posted = seat(member).post(f"/envelopes/{envelope.pk}/uploads/{upload.pk}", {"act": "drop"})
        assert posted.status_code in (403, 404)
    other = drafted(people)
    for path in paths:
        assert seat(people.clerk).get(f"/envelopes/{other.pk}/uploads/{upload.pk}{path}").status_code == 404
    assert seat(people.admin).get(f"/envelopes/{envelope.pk}/uploads/{upload.pk}").status_code == 200


def test_a_rewritten_file_can_be_turned_down(people: Cast, seat: Seat) -> None:
    desk, envelope = seat(people.clerk), drafted(people)
    upload = offered(envelope, by=people.clerk)
    page = f"/envelopes/{envelope.pk}/uploads/{upload.pk}"
    assert "書き直したPDFを使うかどうかを選んでください" in desk.post(f"/envelopes/{envelope.pk}/files", {"act": "next"}).content.decode()
    assert "検査中のファイルか、使うかどうか" in desk.post(f"/envelopes/{envelope.pk}/review").content.decode()
    desk.post(page, {"act": "drop"})
    shown = desk.get(f"/envelopes/{envelope.pk}/files").content.decode()
    assert "「壊れた.pdf」を使わずに取り消しました。" in shown
    assert f"uploads/{upload.pk}" not in shown
    assert desk.post(f"/envelopes/{envelope.pk}/review").headers["Location"] == f"/envelopes/{envelope.pk}/sent"


def test_pages_that_look_different_stand_out(people: Cast, seat: Seat) -> None:
    desk, envelope = seat(people.clerk), drafted(people)
    upload = offered(envelope, by=people.clerk)
    page = f"/envelopes/{envelope.pk}/uploads/{upload.pk}"
    HeldUpload.objects.update(differing=[2])
    shown = desk.get(page).content.decode()
    assert "見た目が違うページが1ページあります" in shown
    assert shown.count('class="differs"') == 1
    HeldUpload.objects.update(given_pages=0, differing=[])
    assert "元のファイルのページは表示できません" in desk.get(page).content.decode()
    HeldUpload.objects.update(given_pages=30, pages=30)
    assert "全30ページのうち13～24ページ" in desk.get(f"{page}?from=13").content.decode()
    for odd in ("0", "-1", "x", "999999999999"):
        assert desk.get(f"{page}?from={odd}").status_code == 200


def test_a_long_inspection_is_shown_with_how_far_it_is(people: Cast, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PATIENCE_SECONDS", 0.0)
    desk = seat(people.clerk)
    envelope, shown = given(desk, pdf("長い.pdf", samples()[0].pdf))
    files, waiting = f"/envelopes/{envelope.pk}/files", f"/envelopes/{envelope.pk}/uploads"
    assert "検査の順番を待っています" in shown
    assert f"url={waiting}" in shown
    assert 'data-news="1件のファイルを検査しています。"' in shown
    HeldUpload.objects.update(stage="drawing", done=12, total=80)
    for page in (files, waiting):
        told = desk.get(page).content.decode()
        assert "ページの見え方を調べています" in told
        assert "12 / 80" in told
        assert '<progress value="12" max="80"' in told
    assert 'http-equiv="refresh" content="2"' in desk.get(waiting).content.decode()
    work()
    assert desk.get(waiting).headers["Location"] == files
    assert "data-waiting" not in desk.get(files).content.decode()
    assert [one.name for one in envelope.documents.all()] == ["長い"]


def test_the_next_step_can_be_taken_while_a_file_is_inspected(people: Cast, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_requesting import said

    monkeypatch.setattr(intake, "PATIENCE_SECONDS", 0.0)
    desk = seat(people.clerk)
    answer = desk.post("/envelopes/new", said(name="", files=[pdf("長い契約.pdf", samples()[0].pdf)]))
    envelope = Envelope.objects.get()
    assert answer.headers["Location"] == f"/envelopes/{envelope.pk}/recipients"
    assert envelope.name == "長い契約"
    places = {"counterparty": f"r:{people.vendor.pk}", "counterparty_order": "1", "own": f"m:{people.mayor.pk}", "own_order": "2"}
    assert desk.post(answer.headers["Location"], places).status_code == 302
    early = desk.post(f"/envelopes/{envelope.pk}/review")
    assert early.status_code == 422
    assert "検査中のファイルか" in early.content.decode()
    work()
    assert desk.post(f"/envelopes/{envelope.pk}/review").headers["Location"] == f"/envelopes/{envelope.pk}/sent"


def test_what_a_worker_refused_stays_in_the_list_until_it_is_closed(people: Cast, seat: Seat) -> None:
    desk, envelope = seat(people.clerk), drafted(people)
    upload = hold_upload(envelope, file_name="鍵.pdf", pdf=encrypted(user="secret"), by=people.clerk, at=clock.now())
    work()
    files = f"/envelopes/{envelope.pk}/files"
    assert "開くのにパスワードが必要です" in desk.get(files).content.decode()
    desk.post(files, {"act": "", "drop": str(upload.pk)})
    assert "鍵.pdf" not in desk.get(files).content.decode()
    assert desk.post(files, {"act": "", "drop": "no identifier"}).status_code == 404


def test_an_inspection_that_was_given_up_can_be_cancelled(people: Cast, seat: Seat) -> None:
    desk, envelope = seat(people.clerk), drafted(people)
    upload = hold_upload(envelope, file_name="契約.pdf", pdf=samples()[0].pdf, by=people.clerk, at=clock.now())
    InspectTask.objects.update(state="stuck")
    files = f"/envelopes/{envelope.pk}/files"
    assert "検査を続けられませんでした" in desk.get(files).content.decode()
    desk.post(files, {"act": "", "drop": str(upload.pk)})
    assert upload_in(envelope, upload.pk).state == UploadState.DROPPED


def test_warnings_are_acknowledged_before_sending(people: Cast, seat: Seat) -> None:
    desk, envelope = seat(people.clerk), drafted(people)
    desk.post(f"/envelopes/{envelope.pk}/files", {"act": "add", "files": [pdf("層.pdf", layered())]})
    document = envelope.documents.get(name="層")
    review = f"/envelopes/{envelope.pk}/review"
    assert "表示を切り替えられる層（レイヤー）があります" in desk.get(review).content.decode()
    refused = desk.post(review)
    shown = refused.content.decode()
    assert refused.status_code == 422
    assert f'href="#acknowledged-{document.pk}"' in shown
    assert "層：警告の内容を確認して、チェックを入れてください。" in text_of(shown)
    assert 'aria-invalid="true"' in shown
    assert desk.post(review, {"acknowledged": [str(document.pk)]}).headers["Location"] == f"/envelopes/{envelope.pk}/sent"
    assert "文書についての警告を確認" in desk.get(f"/envelopes/{envelope.pk}").content.decode()


def test_all_of_it_in_english(people: Cast, seat: Seat) -> None:
    desk, envelope = seat(people.clerk), drafted(people)
    desk.cookies["tachiai_language"] = "en"
    upload = offered(envelope, by=people.clerk, file_name="damaged.pdf")
    shown = text_of(desk.get(f"/envelopes/{envelope.pk}/uploads/{upload.pk}").content.decode())
    for words in ("Check the rewritten file", "There is extra data behind the PDF.", "Use the rewritten file", "Cancel without using it"):
        assert words in shown
    hold_upload(envelope, file_name="long.pdf", pdf=samples()[0].pdf, by=people.clerk, at=clock.now())
    shown = text_of(desk.get(f"/envelopes/{envelope.pk}/files").content.decode())
    assert "Waiting for its turn to be examined." in shown
    assert "Waiting for you" in shown
