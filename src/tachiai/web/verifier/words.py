"""What a judgement says to somebody who is not a specialist: a headline, and the three questions with what each answer rests on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_  # noqa: N812  # marks a message, as _ does

from tachiai.archive.models import FileKind
from tachiai.archive.verification import Judgement, Row, Verdict
from tachiai.web.templatetags.look import day, jst
from tachiai.web.verifier.names import common_name
from tachiai.web.verifier.sentences import Reason, coded, reasons

# The signed bytes are not those of now, or a signature does not cover what it claims to.
ALTERED = frozenset(("seal.broken", "seal.byte_range", "seal.modified"))
# Nobody could say whether they are.
UNREAD = frozenset(("seal.unknown_signature", "seal.algorithm_broken", "seal.algorithm_unknown", "seal.unreadable"))
EXPIRED = "seal.archive_expired"
UNTIMELY = frozenset(
    (
        "seal.timestamp_missing", "seal.timestamp_wrong", "seal.timestamp_unfit", "seal.timestamp_untrusted", "seal.timestamp_mismatch",
        EXPIRED,
    )
)  # fmt: skip
UNKNOWN_ROOT, MISFIT = "seal.unknown_root", "seal.timestamp_mismatch"
# What a revision may bring without changing what a reader sees.
HARMLESS = frozenset(("validation_data", "timestamp", "signature"))

# A verdict whose weightiest reason has a headline of its own; then the verdict alone.
HEADLINES = {
    (Verdict.ATTENTION, UNKNOWN_ROOT): N_("証明書の発行元が、このサービスの知らない発行者です。改ざんは見つかっていません。"),
    (Verdict.INVALID, "seal.certificate_revoked"): N_("失効した証明書による署名が含まれています。"),
    (Verdict.INVALID, "seal.timestamp_mismatch"): N_("署名やファイルに合わないタイムスタンプが含まれています。"),
    (Verdict.UNVERIFIABLE, "seal.algorithm_broken"): N_("安全でなくなった暗号が使われているため、検証できません。"),
    (Verdict.UNVERIFIABLE, "seal.algorithm_unknown"): N_("このサービスが扱わない暗号のため、検証できません。"),
    (Verdict.UNVERIFIABLE, "seal.unknown_signature"): N_("このサービスが扱わない形式の署名のため、検証できません。"),
}
GENERAL = {
    Verdict.VALID: N_("このサービスで締結された文書です。署名後に変更されていません。"),
    Verdict.ATTENTION: N_("このファイルだけでは、有効と判断できません。下の内容を確認してください。"),
    Verdict.INVALID: N_("有効でない署名が含まれています。下の内容を確認してください。"),
    Verdict.UNSIGNED: N_("このPDFには電子署名がありません。"),
    Verdict.UNVERIFIABLE: N_("このファイルは読み取れないため、検証できません。"),
}


@dataclass(frozen=True)
class Headline:
    """The verdict in one sentence, and its reasons with their next steps."""

    words: str
    reasons: list[Reason]


@dataclass(frozen=True)
class Card:
    """The answer to one of the three questions. ``state``: good, doubt, bad or none; ``basis``: what the answer rests on."""

    state: str
    answer: str
    basis: str = ""
    lines: tuple[str, ...] = ()


def headline(judgement: Judgement) -> Headline:
    return Headline(_(_headline(judgement)), list(dict.fromkeys(one for code in judgement.reasons for one in _reason(judgement, code))))


def _reason(judgement: Judgement, code: str) -> list[Reason]:
    """What a code means; of a copy from before a renewal, that it is genuine, and where the longer proof is."""
    ended = max((row.time_chain[0].not_after for row in judgement.rows if row.kind == "timestamp" and row.time_chain), default=None)
    if coded(code) != EXPIRED or ended is None or judgement.file is None or bytes(judgement.file.sha256) == judgement.sha256:
        return reasons([code])
    cause = _(
        "このファイルは、保管している文書の更新前の写しで、本物です（その先頭部分と一致します）。このファイルだけで証明できる期限は、{day}に過ぎました。"
    )
    return [Reason(cause.format(day=day(ended)), _("更新後のファイルを、送信者から受け取ってください。"))]


def _headline(judgement: Judgement) -> str:
    verdict, found = judgement.verdict, _codes(judgement)
    if verdict == Verdict.VALID and judgement.file is None:
        return N_("信頼リストにある発行者の証明書による署名です。署名後に変更されていません。")
    if verdict == Verdict.VALID and judgement.file is not None and judgement.file.kind == FileKind.CERTIFICATE:
        return N_("このサービスが発行した締結証明書です。発行後に変更されていません。")
    if verdict == Verdict.INVALID and found & ALTERED:
        return N_("署名したあとに、ファイルの内容が変更されています。")
    leading = next((coded(code) for code in judgement.reasons if code != "file.not_ours"), "")
    if leading == UNKNOWN_ROOT and whole(judgement).state != "good":
        return GENERAL[verdict]
    return HEADLINES.get((verdict, leading), GENERAL[verdict])


def _codes(judgement: Judgement) -> frozenset[str]:
    return frozenset(coded(code) for code in judgement.reasons)


def who(judgement: Judgement) -> Card:
    """本人性. Names are vouched for in a file of ours, or by a certificate that leads to somebody trusted; else they are only written."""
    signers = [row for row in judgement.rows if row.kind == "signature"]
    if judgement.verdict == Verdict.VALID or (judgement.verdict == Verdict.ATTENTION and judgement.file is not None):
        return _known(judgement, signers)
    if not judgement.rows:
        return Card("none", _("確認できません"))
    warning = _("次の名前は署名に書かれているもので、確認されたものではありません。")
    lines = tuple(_written(row) for row in signers)
    return Card("doubt", _("署名者を確認できません"), _doubted(judgement), (warning, *lines) if lines else ())


def _known(judgement: Judgement, signers: list[Row]) -> Card:
    counted = _("署名者{count}名を確認しました").format(count=len(signers))
    if judgement.file is None:
        lists = _("、").join(dict.fromkeys(row.trust_list for row in signers if row.trust_list))
        basis = _("信頼リスト「{name}」にある発行者の証明書").format(name=lists) if lists else _("信頼する発行者の証明書")
        return Card("good", counted, basis, tuple(common_name(row.signer_subject) for row in signers))
    operator = judgement.file.record.organization.operator.name
    basis = _("締結のときに{operator}が保管したファイルと、全体が一致").format(operator=operator)
    if judgement.file.kind == FileKind.CERTIFICATE:
        return Card("good", _("{operator}が発行した締結証明書です").format(operator=operator), basis)
    return Card("good", counted, basis, tuple(_written(row) for row in signers))


def _written(row: Row) -> str:
    return f"{row.name}\n{row.contact}".strip() or common_name(row.signer_subject)


def _doubted(judgement: Judgement) -> str:
    """Why a name is not vouched for: the worst that is known of the certificates."""
    trusts = {row.trust for row in judgement.rows if row.kind != "timestamp"}
    if any(row.revocation == "revoked" for row in judgement.rows):
        return _("証明書が失効しています")
    if "unknown_root" in trusts:
        return _("証明書の発行元は、このサービスが知らない発行者です")
    if "incomplete" in trusts:
        return _("発行元までの証明書がそろっていません")
    if trusts == {"house"}:
        return _("証明書はこのサービスのものですが、保管している文書と一致しません")
    if "listed" in trusts:
        return _("証明書の発行者は信頼リストにありますが、ほかに確認が必要です")
    return ""


def whole(judgement: Judgement) -> Card:
    """完全性: whether the signed bytes stand, and what came after them."""
    found = _codes(judgement) | {coded(code) for row in judgement.rows for code in row.problems}
    if not judgement.rows:
        return Card("none", _("確認できません"))
    if found & ALTERED:
        causes = tuple(one.cause for one in reasons(sorted(found & ALTERED)))
        return Card("bad", _("署名後に変更されています"), _("署名された範囲の指紋（SHA-256など）との照合"), causes)
    if found & UNREAD:
        return Card("none", _("確認できません"), "", tuple(one.cause for one in reasons(sorted(found & UNREAD))))
    if MISFIT in found:
        return Card("bad", _("内容に合わないタイムスタンプがあります"), _("署名された範囲の指紋（SHA-256など）との照合"))
    if "seal.changed_after" in found or _meddled(judgement):
        state = "bad" if judgement.verdict == Verdict.INVALID else "doubt"
        return Card(state, _("署名のあとに変更があります"), _("署名の時点の内容との比較"), _places(judgement))
    if judgement.report is not None and not judgement.report.whole_file:
        return Card("doubt", _("署名のあとに追加された内容があります"), _("最後の署名の範囲が、ファイルの全体ではありません"))
    return Card("good", _("署名後の変更はありません"), _("署名された範囲の指紋（SHA-256など）がすべて一致"))


def _meddled(judgement: Judgement) -> bool:
    return any(not change.allowed for row in judgement.rows for change in row.changes)


def _places(judgement: Judgement) -> tuple[str, ...]:
    """The pages that somebody should look at."""
    doubtful = [change for row in judgement.rows for change in row.changes if not change.allowed or change.kind not in HARMLESS]
    pages = sorted({page for change in doubtful for page in change.pages})
    return (_("変更のあるページ：{pages}").format(pages=_("、").join(str(page) for page in pages)),) if pages else ()


def when(judgement: Judgement) -> Card:
    """存在時刻: by whose clock, and whether that is a clock this house believes."""
    rows = [row for row in judgement.rows if row.gen_time is not None]
    if not rows:
        return _by_own_clock(judgement)
    if _codes(judgement) & ALTERED:
        # A stamp over bytes that are no longer these says nothing of these.
        return Card("doubt", _("確認できません"), _("変更されたファイルには、タイムスタンプの時刻は当てはまりません"))
    last = max(rows, key=lambda row: row.gen_time.timestamp() if row.gen_time else 0.0)
    basis = _("{authority}のタイムスタンプ").format(authority=common_name(last.tsa_subject))
    moment = jst(last.gen_time)
    if _timely(judgement, last):
        return Card("good", _("{moment}には存在していました").format(moment=moment), basis, (_accreditation(judgement),))
    causes = tuple(one.cause for one in reasons(sorted(_codes(judgement) & UNTIMELY)))
    return Card("doubt", _("{moment}と記録されています").format(moment=moment), basis, causes or (_accreditation(judgement),))


def _by_own_clock(judgement: Judgement) -> Card:
    written = [row.signed_at for row in judgement.rows if row.signed_at is not None]
    if not written:
        return Card("none", _("タイムスタンプを確認できません"))
    unread = _codes(judgement) & (ALTERED | UNREAD)
    basis = _("署名した側の時計（タイムスタンプは確認していません）") if unread else _("署名した側の時計（タイムスタンプはありません）")
    return Card("doubt", _("{moment}と書かれています").format(moment=jst(max(written))), basis)


def _timely(judgement: Judgement, last: Row) -> bool:
    whole_file = judgement.report is not None and judgement.report.whole_file
    its_own = {coded(code) for code in (last.code, *last.problems) if code}
    doubtful = (_codes(judgement) & UNTIMELY) | (its_own & (UNTIMELY | UNREAD))
    return whole_file and not doubtful and last.time_trust not in ("unknown_root", "incomplete")


def _accreditation(judgement: Judgement) -> str:
    if judgement.file is None:
        return _("総務大臣の認定を受けた時刻認証業務かどうかは、判定していません。")
    if judgement.file.record.measure == 1:
        return _("総務大臣認定の時刻認証業務によるタイムスタンプです。")
    return _("認定タイムスタンプではありません。")
