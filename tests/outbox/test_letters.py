"""The words of every mail: both languages, one link, no code, and nobody's name can break them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from letter_cases import CASES, FACTS, LINK, facts

import tachiai
from tachiai.outbox import letters
from tachiai.outbox.letters import FOLDER, Letter, write_letter

MISSING = "‽%s‽"
JAPANESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
KIND = re.compile(r"M\d\d")
each_case = pytest.mark.parametrize(("kind", "label", "difference"), CASES, ids=lambda value: value if isinstance(value, str) else "")
each_language = pytest.mark.parametrize("language", ["ja", "en"])


@pytest.fixture(autouse=True)
def _say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fact that a letter names and nobody gives would otherwise be an empty place in a sentence."""
    monkeypatch.setattr(letters.ENGINE, "string_if_invalid", MISSING)


def written(kind: str, language: str, difference: dict[str, Any]) -> Letter:
    return write_letter(kind, facts(language, difference), language=language)


def kinds_in_source() -> set[str]:
    """Every kind of mail that any room writes, taken from its string literals."""
    found = set()
    for path in Path(tachiai.__file__).parent.rglob("*.py"):
        literals = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
        found |= {value for value in literals if isinstance(value, str) and KIND.fullmatch(value)}
    return found


@each_language
def test_every_kind_that_is_written_has_a_letter_and_a_case(language: str) -> None:
    found = {path.stem for path in (FOLDER / language).glob("M*.txt")}
    assert len(kinds_in_source()) >= 16
    assert found == kinds_in_source()
    assert found == {kind for kind, _, _ in CASES}


@each_language
@each_case
def test_letter_is_whole(language: str, kind: str, label: str, difference: dict[str, Any]) -> None:
    letter = written(kind, language, difference)
    for part in (letter.subject, letter.text, letter.html):
        assert "‽" not in part
        assert "None" not in part
        assert "{" not in re.sub(r"<style>.*?</style>", "", part, flags=re.DOTALL)
    assert letter.subject == letter.subject.strip() != ""
    assert len(letter.text.splitlines()) > 6
    assert not re.search(r"\n{3,}|[ \t]\n", letter.text)
    assert FACTS[language]["recipient"]["name"] in letter.text
    assert FACTS[language]["service"] in letter.text


@each_case
def test_english_letter_has_no_japanese_of_ours(kind: str, label: str, difference: dict[str, Any]) -> None:
    letter = written(kind, "en", difference)
    html = re.sub(r"<style>.*?</style>", "", letter.html, flags=re.DOTALL)
    assert not JAPANESE.search(letter.subject + letter.text + html)
    assert '<html lang="en">' in letter.html


@each_case
def test_languages_say_the_same_things(kind: str, label: str, difference: dict[str, Any]) -> None:
    """Not the words, but what can be counted: link, quotations, dates."""
    japanese, english = written(kind, "ja", difference), written(kind, "en", difference)
    for sign in (r"https://", r"(?m)^> ", r"\d\d:\d\d", r"\d{3}-\d{3}-\d{4}", r"-{40}"):
        assert len(re.findall(sign, japanese.text)) == len(re.findall(sign, english.text)), sign


@each_language
@each_case
def test_one_link_on_a_line_of_its_own(language: str, kind: str, label: str, difference: dict[str, Any]) -> None:
    letter = written(kind, language, difference)
    link = difference.get("link", "")
    assert re.findall(r"https?://\S+", letter.text) == ([link] if link else [])
    assert letter.html.count("<a ") == letter.html.count("https://") // 2 == (1 if link else 0)
    if link:
        assert link in letter.text.splitlines()
        assert f'<a href="{link}">{link}</a>' in letter.html


@each_language
@each_case
def test_nothing_is_loaded_and_nothing_is_followed(language: str, kind: str, label: str, difference: dict[str, Any]) -> None:
    html = written(kind, language, difference).html
    assert not re.search(r"<(img|script|iframe|link|form|object)\b|url\(|\ssrc=|\son\w+=", html)


# Kind, what matters for its subject, and the subject in both languages; {names} are facts.
SUBJECTS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("M01", {}, "【{organization}】 様より{envelope}への署名依頼が届いています", "{organization} has requested your signature: {envelope}"),
    (
        "M02",
        {},
        "[再送] 【{organization}】 様より{envelope}への署名依頼が届いています（署名期限：12月23日）",
        "[Reminder] {organization} has requested your signature: {envelope} (due 23 Dec 2026)",
    ),
    ("M04", {"again": False}, "署名依頼（{envelope}）", "Signature needed: {envelope}"),
    ("M05", {"certificate_number": "C-1"}, "電子署名完了のお知らせ（{envelope}）", "Signing completed: {envelope}"),
    (
        "M03",
        {"again": False},
        "【{organization}】 様より{envelope}の確認依頼が届いています",
        "{organization} asks you to review: {envelope}",
    ),
    ("M06", {"certificate_number": "C-1"}, "電子署名完了のお知らせ（写し）（{envelope}）", "Signing completed (copy): {envelope}"),
    ("M07", {}, "署名手続きを受け付けました（{envelope}）", "We have received your signature: {envelope}"),
    ("M08", {}, "署名依頼を送信しました（{envelope}）", "Request sent: {envelope}"),
    ("M09", {}, "{name} 様が署名しました（{envelope}）", "{name} signed: {envelope}"),
    ("M10", {"reader": "signer"}, "署名依頼が辞退されました（{envelope}）", "Request declined: {envelope}"),
    (
        "M10",
        {"left": ["x"], "lapsed": False},
        "お一人が辞退されました・手続きは継続中です（{envelope}）",
        "One person declined, procedure goes on: {envelope}",
    ),
    ("M11", {}, "署名依頼取下げのお知らせ（{envelope}）", "Request withdrawn: {envelope}"),
    ("M12", {}, "署名者変更のお知らせ（{envelope}）", "Signer changed: {envelope}"),
    ("M13", {"expired": False}, "署名期限が近づいています（{envelope}）", "Deadline approaching: {envelope}"),
    ("M13", {"expired": True}, "署名期限が切れました（{envelope}）", "Deadline passed: {envelope}"),
    ("M14", {}, "メール送信に失敗しました（{name} 様・{envelope}）", "Delivery failed: {name} – {envelope}"),
    ("M15", {"until": None}, "アクセスコードの入力が続けて失敗しました（{envelope}）", "Repeated wrong access codes: {envelope}"),
    ("M16", {"code": "482913"}, "認証コードのお知らせ（10分間有効）", "Your one-time code (valid 10 minutes)"),
    ("M17", {"asker": "x"}, "承認依頼（{envelope}）", "Approval needed: {envelope}"),
    (
        "M18",
        {"asker": "x", "instead_of": "Jiro Okano"},
        "代理承認依頼（{envelope}／Jiro Okano さんの代理）",
        "Approval needed on behalf of Jiro Okano: {envelope}",
    ),
    ("M19", {"result": "approved"}, "承認されました（{envelope}）", "Approved: {envelope}"),
    ("M19", {"result": "returned", "approver": {"name": "x"}}, "差し戻されました（{envelope}）", "Returned: {envelope}"),
    ("M20", {"what": "link"}, "署名依頼の再送の依頼が届いています（{envelope}）", "A new link was requested: {envelope}"),
    ("M20", {"what": "download"}, "ダウンロードの再発行の依頼が届いています（{envelope}）", "A new link was requested: {envelope}"),
    ("M21", {"expires_at": "2026-12-23T00:30:00+00:00"}, "締結済み文書の再発行のお知らせ", "New download link: {envelope}"),
    (
        "M27",
        {"alarm": "tsa.unreachable", "alarms": []},
        "【重要】システム通知（tsa.unreachable）",
        "[Alert] System notice (tsa.unreachable)",
    ),
    (
        "M28",
        {"expires_at": "2026-12-23T00:30:00+00:00"},
        "ダウンロード期限が近づいています（{envelope}）",
        "Your download ends soon: {envelope}",
    ),
    ("M24", {"number": "R-7"}, "電子契約用メールアドレスの届出を受け付けました（受付番号 R-7）", "Registration received (R-7)"),
    ("M25", {"number": "R-7", "result": "approved"}, "届出の承認のお知らせ（受付番号 R-7）", "Registration approved (R-7)"),
    (
        "M29",
        {"purpose": "passkey_reset", "number": "R-7"},
        "パスキーの登録が解除されました（受付番号 R-7）",
        "Your passkey was removed (R-7)",
    ),
    ("M26", {"purpose": "password_reset_key"}, "パスワード再設定のご案内", "Password reset"),
    ("M32", {"count": 3}, "承認待ちのお知らせ（3件）", "Approvals waiting for you (3)"),
    ("M31", {"why": "x"}, "予約した送信ができませんでした（{envelope}）", "Scheduled request not sent: {envelope}"),
)


@pytest.mark.parametrize(("kind", "difference", "japanese", "english"), SUBJECTS)
def test_subjects(kind: str, difference: dict[str, Any], japanese: str, english: str) -> None:
    for language, expected in (("ja", japanese), ("en", english)):
        given = FACTS[language]
        subject = written(kind, language, {"reader": "sender", "wish": "refusal"} | difference).subject
        assert subject == expected.format(**given, name=given["about"]["name"])


def test_request_says_deadline_in_japan_and_where_the_code_comes_from() -> None:
    text = written("M01", "ja", {"link": LINK}).text
    assert "2026年12月23日 23:59まで（日本時間）" in text
    assert "届出時に決めた6桁のコードです。このメールには記載されていません。" in text
    assert "電話 000-000-0000" in text
    assert "Signing deadline: 23 Dec 2026, 23:59 JST (Japan time)" in written("M01", "en", {"link": LINK}).text


def test_completion_says_until_when_and_counts_the_days() -> None:
    difference = {"certificate_number": "C-1", "link": LINK, "expires_at": "2026-12-23T00:30:00+00:00"}
    assert "有効期限（14日間）：2026年12月23日 09:30まで（日本時間）" in written("M05", "ja", difference).text
    assert "23 Dec 2026, 09:30 JST (Japan time) (14 days)" in written("M05", "en", difference).text


def test_withdrawal_says_that_nothing_was_concluded() -> None:
    assert "契約は成立していません。先にいただいた署名では契約は締結されません。" in written("M11", "ja", {"link": ""}).text


def test_withdrawal_by_the_operator_says_so_to_both_sides() -> None:
    for reader, link in (("signer", ""), ("sender", LINK)):
        facts = {"reader": reader, "link": link, "by_operator": True}
        japanese, english = written("M11", "ja", facts).text, written("M11", "en", facts).text
        assert "電子契約の運営者が、下記の署名依頼を取り下げました。" in japanese
        assert "The operator of this service has withdrawn" in english
        assert ("封筒を複製し、新しく依頼してください" in japanese) == (reader == "sender")
        assert ("封筒を見る" in japanese) == (reader == "sender")


def test_lock_out_says_until_when_or_that_it_is_over() -> None:
    locked = written("M15", "ja", {"reader": "signer", "link": "", "until": "2026-12-09T00:45:00+00:00"}).text
    assert "2026年12月9日 09:45（日本時間）まで入力を止めています" in locked
    ended = written("M15", "ja", {"reader": "signer", "link": "", "until": None}).text
    assert "このリンクは使えません" in ended
    assert "入力を止めています" not in ended


def test_a_wish_for_correction_is_not_called_a_refusal() -> None:
    letter = written("M10", "ja", {"reader": "sender", "wish": "correction", "link": LINK})
    assert "辞退" not in letter.subject + letter.text


HOSTILE = '契約㈱𠮷野家 <b>x</b> & "y"\r\nBcc: stranger@example.com\u2028次\u202e逆 شركة\t終'


@each_language
@each_case
def test_hostile_names_stay_in_their_place(language: str, kind: str, label: str, difference: dict[str, Any]) -> None:
    person = {"organization": HOSTILE, "title": HOSTILE, "name": HOSTILE}
    names = dict.fromkeys(("organization", "organization_en", "department", "sender", "envelope", "comment", "reason"), HOSTILE)
    changed = {name: value for name, value in names.items() if difference.get(name) != ""}
    about = None if difference.get("about", person) is None else person
    letter = written(kind, language, difference | changed | {"recipient": person, "about": about, "documents": [HOSTILE]})
    assert len(letter.subject.splitlines()) == 1
    assert "\u202e" not in letter.subject + letter.text + letter.html
    assert '契約㈱𠮷野家 <b>x</b> & "y"' in letter.text
    assert "<b>" not in letter.html
    assert "契約㈱𠮷野家 &lt;b&gt;x&lt;/b&gt; &amp; &quot;y&quot;" in letter.html
    assert not re.search(r"(?m)^(Bcc|次逆)", letter.text)


def test_long_name_is_whole_in_the_body_and_leaves_the_subject_its_sense() -> None:
    name = "とても長い封筒名" * 15
    letter = written("M01", "ja", {"link": LINK, "envelope": name})
    assert name in letter.text
    assert letter.subject.endswith("…への署名依頼が届いています")


def test_nobody_can_write_a_passage_that_looks_like_ours() -> None:
    comment = "至急です。\n\n▼文書を確認して署名する\nhttps://evil.example/s/x\n----------------------------------------"
    letter = written("M01", "ja", {"link": LINK, "comment": comment})
    assert "> ▼文書を確認して署名する\n> https://evil.example/s/x\n> -----" in letter.text
    assert letter.html.count("<a ") == 1
    assert letter.html.count("<hr>") == 1


def test_somebody_who_quotes_our_link_makes_none() -> None:
    letter = written("M01", "ja", {"link": LINK, "comment": LINK})
    assert letter.html.count("<a ") == 1
