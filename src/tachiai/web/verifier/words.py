"""What a judgement says to somebody who is not a specialist: three questions, then each signature in a reader's order."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_  # noqa: N812  # marks a message, as _ does

from tachiai.archive.models import FileKind
from tachiai.archive.verification import ALTERED, Judgement, Row, Verdict

Card = dict[str, object]

# The headline: what it is, and what to do about it.
HEADLINES = {
    Verdict.VALID: N_("このサービスで締結された文書です。署名後に変更されていません。"),
    Verdict.ATTENTION: N_("このファイルだけでは、有効と判断できません。下の内容を確認してください。"),
    Verdict.INVALID: N_("署名したあとに、ファイルの内容が変更されています。"),
    Verdict.UNSIGNED: N_("このPDFには電子署名がありません。"),
    Verdict.UNVERIFIABLE: N_("このファイルは読み取れないため、検証できません。"),
}
NEXT = {
    Verdict.ATTENTION: N_("締結済みの文書は、「電子署名完了のお知らせ」からダウンロードしたままのファイルで検証してください。"),
    Verdict.INVALID: N_("このファイルは使わず、送信者から締結済みの文書を取り直してください。"),
    Verdict.UNSIGNED: N_("印刷・変換・無害化した写しは、電子署名が失われます。元のファイルで検証してください。"),
    Verdict.UNVERIFIABLE: N_("PDF以外のファイル、壊れたファイル、暗号化されたファイルは検証できません。元のファイルで検証してください。"),
}
REASONS = {
    "file.not_ours": N_("このサービスが締結済みとして保管している文書と一致しません。"),
    "seal.broken": N_("署名された範囲の内容が、署名のときと異なります。"),
    "seal.byte_range": N_("署名の範囲が正しくありません。"),
    "seal.modified": N_("署名のあとに、認められていない変更が加えられています。"),
    "seal.not_whole_file": N_("最後の署名のあとに、署名されていない内容が加えられています。"),
    "seal.untrusted": N_("証明書が、このサービスの信頼する発行者につながりません。"),
    "seal.timestamp_missing": N_("署名にタイムスタンプがありません。"),
    "seal.timestamp_wrong": N_("タイムスタンプが、このサービスの信頼する時刻認証局につながりません。"),
    "seal.unknown_signature": N_("このサービスが扱わない形式の署名が含まれています。"),
    "seal.not_archival": N_("長期検証に必要な情報がそろっていません。"),
    "seal.archive_expired": N_("最後のタイムスタンプの有効期間が過ぎています。"),
    "seal.unreadable": N_("ファイルを読み取れませんでした。"),
    "seal.no_signature": N_("電子署名が見つかりませんでした。"),
}
UNTIMELY = frozenset(("seal.timestamp_missing", "seal.timestamp_wrong", "seal.archive_expired"))
KINDS = {
    "certification": N_("運営者による文書の確定"),
    "signature": N_("署名者の電子署名"),
    "timestamp": N_("文書タイムスタンプ（長期保存用）"),
}


def headline(judgement: Judgement) -> dict[str, object]:
    verdict = judgement.verdict
    return {"words": _(HEADLINES[verdict]), "next": _(NEXT[verdict]) if verdict in NEXT else "", "reasons": reasons(judgement.reasons)}


def reasons(codes: tuple[str, ...]) -> list[str]:
    """One sentence a code; a code without words of its own is something that could not be read."""
    return list(dict.fromkeys(_(REASONS.get(code, REASONS["seal.unreadable"])) for code in codes))


def who(judgement: Judgement) -> Card:
    """本人性. Names are vouched for only in a file of ours; otherwise they are what somebody wrote into the signature."""
    signers = [row for row in judgement.rows if row.kind == "signature"]
    lines = [f"{row.name}\n{row.contact}".strip() for row in signers]
    if judgement.verdict == Verdict.VALID:
        if judgement.file is not None and judgement.file.kind == FileKind.CERTIFICATE:
            operator = judgement.file.record.organization.operator.name
            return {"state": "good", "answer": _("{operator}が発行した締結証明書です").format(operator=operator), "lines": []}
        return {"state": "good", "answer": _("署名者{count}名を確認しました").format(count=len(signers)), "lines": lines}
    if not judgement.rows:
        return {"state": "none", "answer": _("確認できません"), "lines": []}
    warning = _("次の名前は署名に書かれているもので、確認されたものではありません。")
    return {"state": "doubt", "answer": _("確認できません"), "lines": [warning, *lines] if lines else []}


def whole(judgement: Judgement) -> Card:
    """完全性."""
    found = {code.removeprefix("seal.") for code in judgement.reasons}
    if not judgement.rows:
        return {"state": "none", "answer": _("確認できません"), "lines": []}
    if found & ALTERED:
        lines = reasons(tuple(code for code in judgement.reasons if code.removeprefix("seal.") in ALTERED))
        return {"state": "bad", "answer": _("署名後に変更されています"), "lines": lines}
    if judgement.report is not None and not judgement.report.whole_file:
        return {"state": "doubt", "answer": _("署名のあとに追加された内容があります"), "lines": []}
    return {"state": "good", "answer": _("署名後の変更はありません"), "lines": []}


def when(judgement: Judgement, *, last: str) -> Card:
    """存在時刻. ``last`` is the time of the last timestamp in words; whether it is an accredited one is said either way."""
    rows = judgement.rows
    if not rows or all(row.gen_time is None for row in rows):
        return {"state": "none", "answer": _("タイムスタンプを確認できません"), "lines": []}
    answer = _("{moment}には存在していました").format(moment=last)
    if judgement.verdict == Verdict.INVALID:
        # A stamp over bytes that are no longer these says nothing of these.
        return {"state": "doubt", "answer": _("確認できません"), "lines": []}
    whole_file = judgement.report is not None and judgement.report.whole_file
    trusted = whole_file and UNTIMELY.isdisjoint(judgement.reasons)
    return {"state": "good" if trusted else "doubt", "answer": answer, "lines": [_accreditation(judgement)]}


def _accreditation(judgement: Judgement) -> str:
    if judgement.file is not None and judgement.file.record.measure == 1:
        return _("総務大臣認定の時刻認証業務によるタイムスタンプです。")
    return _("認定タイムスタンプではありません。")


def versions(judgement: Judgement) -> list[dict[str, object]]:
    """Each signature as a PDF reader's panel lists them, the first made first."""
    return [
        {
            "number": number,
            "kind": _(KINDS[row.kind]),
            "row": row,
            "problems": reasons(tuple(f"seal.{code}" for code in row.problems)),
            "coverage": _coverage(row),
            "authority": common_name(row.tsa_subject),
            "holder": common_name(row.signer_subject),
            "issuer": common_name(row.issuer),
        }
        for number, row in enumerate(judgement.rows, 1)
    ]


def common_name(subject: str) -> str:
    """The part of a certificate's name by which its owner is known; all of it where it has no such part."""
    found = re.search(r"CN=(.*?)(?:, [A-Za-z0-9.]+=|$)", subject)
    return found.group(1) if found else subject


def _coverage(row: Row) -> str:
    told = {"whole_file": _("ファイル全体"), "earlier_revision": _("この署名の時点までの内容"), "unclear": _("確認できません")}
    return told[row.coverage]
