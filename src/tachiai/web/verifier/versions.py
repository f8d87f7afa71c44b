"""Each signature as a PDF reader's panel lists them: its verdict, what it says, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_  # noqa: N812  # marks a message, as _ does
from django.utils.translation import pgettext

from tachiai.archive.carrying import Algorithm, Change, Link
from tachiai.archive.verification import Judgement, Row
from tachiai.web.chips import VERDICT, Chip
from tachiai.web.templatetags.look import day, jst_seconds
from tachiai.web.verifier.names import common_name, until_words
from tachiai.web.verifier.sentences import Reason, reasons

KINDS = {
    "certification": N_("運営者による文書の確定"),
    "signature": N_("署名者の電子署名"),
    "timestamp": N_("文書タイムスタンプ（長期保存用）"),
}
FOREIGN_CERTIFICATION = N_("作成者による文書の証明")
GOOD = {
    "certification": N_("署名は正しく、認められた変更のほかに変更はありません。"),
    "signature": N_("署名は正しく、認められた変更のほかに変更はありません。"),
    "timestamp": N_("タイムスタンプは正しく、対象の範囲は変更されていません。"),
}
LEVELS = {
    "B-B": N_("B-B（タイムスタンプなし）"),
    "B-T": N_("B-T（タイムスタンプ付き）"),
    "B-LT": N_("B-LT（LTV：失効情報を含む）"),
    "B-LTA": N_("B-LTA（LTV：失効情報と長期保存用タイムスタンプを含む）"),
}
COVERAGES = {"whole_file": N_("ファイル全体"), "earlier_revision": N_("この署名の時点までの内容（一部）")}
CHANGES = {
    "validation_data": N_("検証情報の追加"),
    "timestamp": N_("文書タイムスタンプの追加"),
    "signature": N_("署名の追加"),
    "field_added": N_("入力欄の追加"),
    "form_filled": N_("入力欄への入力"),
    "annotation": N_("注釈の追加・変更"),
    "metadata": N_("文書情報の変更"),
    "content": N_("ページの内容の変更"),
}
USES = {
    "digest": N_("文書の指紋"),
    "key": N_("署名の鍵"),
    "certificate": N_("証明書の署名"),
    "timestamp_digest": N_("タイムスタンプの指紋"),
    "timestamp_key": N_("タイムスタンプの鍵"),
    "timestamp_certificate": N_("タイムスタンプの証明書の署名"),
}
AT_LENGTH = {
    "chain": N_("証明書のつながり"),
    "time_chain": N_("時刻認証局の証明書のつながり"),
    "algorithms": N_("暗号"),
}


@dataclass(frozen=True)
class Fact:
    """One label with its value. ``mono`` for digests and names as machines write them."""

    label: str
    value: str
    mono: bool = False


@dataclass(frozen=True)
class ChangeWords:
    """What came after a signature, revision by revision."""

    what: str
    allowed: bool


@dataclass(frozen=True)
class AlgorithmWords:
    use: str
    name: str
    strength: str
    sign_until: str
    verify_until: str


@dataclass(frozen=True)
class Version:
    """Everything a page or a paper shows of one signature, in words. ``state`` is that of a verdict chip."""

    number: int
    kind: str
    state: str
    chip: Chip
    good: str
    reasons: list[Reason]
    signer: list[Fact]
    trust: list[Fact]
    changes: list[ChangeWords]
    technical: list[Fact]
    chain: list[list[Fact]]
    time_chain: list[list[Fact]]
    algorithms: list[AlgorithmWords]


def versions(judgement: Judgement) -> list[Version]:
    """In signing order, which is the order of Acrobat's panel."""
    told_before: dict[object, int] = {}
    return [_version(_plain(row), number, judgement, told_before) for number, row in enumerate(judgement.rows, 1)]


def _plain(row: Row) -> Row:
    """A timestamp's only certificate is its authority's: it is told as that and not once more as a signer's."""
    if row.kind != "timestamp":
        return row
    return row._replace(
        chain=(), time_chain=row.time_chain or row.chain, signer_subject="", tsa_subject=row.tsa_subject or row.signer_subject
    )


def _version(row: Row, number: int, judgement: Judgement, told_before: dict[object, int]) -> Version:
    ours = judgement.file is not None or row.trust == "house"
    state = _state(row)
    # Signatures of one house rest on the same certificates and algorithms: what was told at length once is referred to afterwards.
    same = {part: told_before.setdefault((part, getattr(row, part)), number) for part in AT_LENGTH}
    return Version(
        number=number,
        kind=_(FOREIGN_CERTIFICATION if row.kind == "certification" and not ours else KINDS[row.kind]),
        state=state,
        chip=VERDICT[state],
        good=_(GOOD[row.kind]) if state == "valid" else "",
        reasons=reasons(dict.fromkeys((row.code, *row.problems)) if row.code else row.problems),
        signer=_signer(row, ours=ours),
        trust=_trust(row, judgement),
        changes=[_change(one) for one in row.changes],
        technical=[*_technical(row), *_as_before(row, number, same)],
        chain=[_link(one) for one in row.chain] if same["chain"] == number else [],
        time_chain=[_link(one) for one in row.time_chain] if same["time_chain"] == number else [],
        algorithms=[_algorithm(one) for one in row.algorithms] if same["algorithms"] == number else [],
    )


def _as_before(row: Row, number: int, same: dict[str, int]) -> list[Fact]:
    earlier = {part: first for part, first in same.items() if first != number and getattr(row, part)}
    return [Fact(_(AT_LENGTH[part]), _("バージョン{number}と同じ").format(number=first)) for part, first in earlier.items()]


def _state(row: Row) -> str:
    """``unjudged`` where nobody has worked out a verdict of this signature alone."""
    return "unjudged" if row.verdict == "unverifiable" and not row.code else row.verdict


def _signer(row: Row, *, ours: bool) -> list[Fact]:
    place = _("組織") if ours else _("組織・場所（署名の記載）")
    return [
        *_given(_("署名者"), row.name),
        *_given(place, row.location),
        *_given(_("メールアドレス"), row.contact),
        *_given(_("理由"), row.reason),
        Fact(pgettext("signature", "時刻") if row.kind == "timestamp" else _("署名時刻"), _time(row)),
        Fact(_("時刻の根拠"), _time_basis(row)),
    ]


def _given(label: str, value: str) -> list[Fact]:
    return [Fact(label, value)] if value else []


def _time(row: Row) -> str:
    at = row.gen_time or row.signed_at
    return jst_seconds(at) if at else _("確認できません")


def _time_basis(row: Row) -> str:
    """Whose clock it was, and why that one is believed."""
    if row.gen_time is None and row.trust == "unjudged":
        return _("署名した側の時計（タイムスタンプは確認していません）") if row.signed_at else _("確認していません")
    if row.gen_time is None:
        return _("署名した側の時計（タイムスタンプはありません）") if row.signed_at else _("ありません")
    whose = _("{authority}のタイムスタンプ").format(authority=common_name(row.tsa_subject))
    trusted = {
        "house": _("このサービスが信頼する時刻認証局"),
        "listed": _("信頼リスト「{name}」にある時刻認証局").format(name=row.time_list),
        "unknown_root": _("このサービスが知らない時刻認証局"),
        "incomplete": _("発行元までの証明書がそろっていません"),
    }.get(row.time_trust)
    return f"{whose}\n{trusted}" if trusted else whose


def _trust(row: Row, judgement: Judgement) -> list[Fact]:
    """Of a timestamp there is no other certificate than its authority's."""
    facts = []
    if row.kind != "timestamp":
        facts += _given(_("証明書"), common_name(row.signer_subject))
        facts += _given(_("証明書の発行者"), common_name(row.issuer))
        facts += [Fact(_("証明書の有効期限"), day(row.not_after))] if row.not_after else []
        facts.append(Fact(_("信頼"), _trusted(row)))
    until = until_words(row, judgement.rows)
    return [
        *facts,
        Fact(_("失効確認"), _revocation(row)),
        Fact(_("署名の範囲"), _(COVERAGES[row.coverage]) if row.coverage in COVERAGES else _("確認できません")),
        Fact(_("検証できる期限"), until or _("確認していません")),
    ]


def _trusted(row: Row) -> str:
    if row.trust == "listed":
        return _("信頼リスト「{name}」にある発行者").format(name=row.trust_list)
    told = {
        "house": _("このサービスの発行者"),
        "unknown_root": _("このサービスが知らない発行者（改ざんを意味しません）"),
        "incomplete": _("発行元までの証明書がそろっていません"),
    }
    return told.get(row.trust, _("確認していません"))


def _revocation(row: Row) -> str:
    at = jst_seconds(row.revocation_at) if row.revocation_at else ""
    if row.revocation == "good":
        return _("失効していません（{at}の情報）").format(at=at) if at else _("失効していません")
    if row.revocation == "revoked":
        return _("失効しています（{at}から）").format(at=at) if at else _("失効しています")
    told = {"missing": _("失効情報がファイルに含まれていません"), "not_needed": _("この証明書には不要です")}
    return told.get(row.revocation, _("確認していません"))


def _change(change: Change) -> ChangeWords:
    what = _(CHANGES[change.kind]) if change.kind in CHANGES else _("読み取れない変更")
    words = _("改訂{revision}：{what}").format(revision=change.revision, what=what)
    if change.pages:
        words = _("{words}（{pages}ページ）").format(words=words, pages=_("、").join(str(page) for page in change.pages))
    return ChangeWords(words, change.allowed)


def _technical(row: Row) -> list[Fact]:
    return [
        *([Fact(_("署名欄"), row.field, mono=True)] if row.field else []),
        *([Fact(_("水準（PAdES）"), _level(row))] if row.kind != "timestamp" and row.trust != "unjudged" else []),
        *_machine(_("証明書"), row.signer_subject),
        *_machine(_("証明書の発行者"), row.issuer),
        *_machine(_("証明書のSHA-256"), row.fingerprint),
        *_machine(_("時刻認証局"), row.tsa_subject),
        *_machine(_("同意記録のSHA-256"), row.consent or ""),
    ]


def _level(row: Row) -> str:
    return _(LEVELS[row.level]) if row.level in LEVELS else _("PAdESの水準ではありません")


def _machine(label: str, value: str) -> list[Fact]:
    return [Fact(label, value, mono=True)] if value else []


def _link(link: Link) -> list[Fact]:
    return [
        Fact(_("証明書"), link.subject, mono=True),
        Fact(_("有効期間"), _("{start}から{end}まで").format(start=day(link.not_before), end=day(link.not_after))),
        Fact(_("鍵"), link.key),
        Fact("SHA-256", link.fingerprint, mono=True),
    ]


def _algorithm(algorithm: Algorithm) -> AlgorithmWords:
    unusable = _("使えません")
    return AlgorithmWords(
        use=_(USES[algorithm.use]) if algorithm.use in USES else algorithm.use,
        name=algorithm.name,
        strength=_("{bits}ビット").format(bits=algorithm.bits) if algorithm.bits else _("安全ではありません"),
        sign_until=day(algorithm.sign_until) if algorithm.sign_until else unusable,
        verify_until=day(algorithm.verify_until) if algorithm.verify_until else unusable,
    )
