"""The ledger's events as a reader of the timeline is told them: words, drawing and colour for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.timeline import Event
from tachiai.web.information_words import item_names, recorded_words
from tachiai.web.problems import sentence
from tachiai.web.templatetags.look import jst


class Shown(NamedTuple):
    """``word`` names the event; ``detail`` makes its second line from the facts."""

    word: Any
    icon: str
    colour: str
    detail: Callable[[dict[str, Any]], str] | None = None


def _recipient(facts: dict[str, Any]) -> str:
    return _("{name} 様").format(name=facts["recipient_name"]) if facts.get("recipient_name") else ""


def _reminded(facts: dict[str, Any]) -> str:
    return _("{name} 様・署名期限の{days}日前").format(name=facts["recipient_name"], days=facts.get("days", 0))


def _document(facts: dict[str, Any]) -> str:
    return str(facts.get("document_name", ""))


def _sealed(facts: dict[str, Any]) -> str:
    if not facts.get("recipient_name"):
        return _document(facts)
    return _("{document}（{name} 様の指示による）").format(document=facts["document_name"], name=facts["recipient_name"])


def _wrong(facts: dict[str, Any]) -> str:
    return _("{name} 様・残り{left}回").format(name=facts["recipient_name"], left=facts.get("left", 0))


def _reason(facts: dict[str, Any]) -> str:
    return _("理由：{reason}").format(reason=facts["reason"]) if facts.get("reason") else ""


def _document_taken(facts: dict[str, Any]) -> str:
    return _("・").join(part for part in (_document(facts), _reason(facts)) if part)


def _exported(facts: dict[str, Any]) -> str:
    """What evidence was taken for: what an auditor said, or the lot by which the contract was drawn."""
    if facts.get("sample"):
        return _("理由：監査用の抽出（{sample}）").format(sample=str(facts["sample"])[:8])
    return _reason(facts)


def _destroyed(facts: dict[str, Any]) -> str:
    return _("{name}・消去番号：{number}").format(name=facts.get("name", ""), number=facts.get("destruction", ""))


def _mail(facts: dict[str, Any]) -> str:
    to = facts.get("to", "")
    return _("{kind}（{to}）").format(kind=mail_words(str(facts.get("kind", ""))), to=to) if to else mail_words(str(facts.get("kind", "")))


def _certificate(facts: dict[str, Any]) -> str:
    return _("締結証明書番号：{number}").format(number=facts.get("certificate", ""))


def _scheduled(facts: dict[str, Any]) -> str:
    return _("送信の予定：{when}").format(when=jst(datetime.fromisoformat(str(facts["send_at"]))))


def _why(facts: dict[str, Any]) -> str:
    return _("理由：{reason}").format(reason=sentence(str(facts.get("why", "")), {"days": LONGEST_DEADLINE_DAYS}))


def _deadline(facts: dict[str, Any]) -> str:
    return _("新しい署名期限：{day}").format(day=facts.get("deadline", ""))


def _given(facts: dict[str, Any]) -> str:
    return _("{name} 様宛ての写しを {mail} へ").format(name=facts["recipient_name"], mail=facts.get("mail", _("（消去済み）")))


def _amended(facts: dict[str, Any]) -> str:
    """Each item with what it said and says; only which they were, once what they said was erased."""
    before, after, items = facts.get("before"), facts.get("after"), [str(code) for code in facts.get("items", ())]
    if not isinstance(before, dict) or not isinstance(after, dict):
        return item_names(items)
    changed = _("{item}：{before} → {after}")
    return _("、").join(
        changed.format(item=item_names([code]), before=recorded_words(code, before.get(code)), after=recorded_words(code, after.get(code)))
        for code in items
    )


def _comment(facts: dict[str, Any]) -> str:
    """What an approver wrote; or what kept something from being sent although all had approved."""
    if facts.get("because"):
        return sentence(str(facts["because"]), {"days": LONGEST_DEADLINE_DAYS})
    return _("コメント：{comment}").format(comment=facts["comment"]) if facts.get("comment") else ""


SHOWN: dict[str, Shown] = {
    "envelope.created": Shown(gettext_lazy("封筒を作成"), "plus", ""),
    "envelope.moved_to_folder": Shown(gettext_lazy("フォルダを移動"), "folder", ""),
    "envelope.shared": Shown(gettext_lazy("関係者を追加"), "users", ""),
    "envelope.sharing_ended": Shown(gettext_lazy("関係者から削除"), "minus", ""),
    "envelope.recreated": Shown(gettext_lazy("複製して作り直し"), "copy", ""),
    "document.added": Shown(gettext_lazy("文書を追加"), "file", "", _document),
    "document.removed": Shown(gettext_lazy("文書を削除"), "trash", "", _document),
    "document.renamed": Shown(gettext_lazy("文書名を変更"), "pencil", "", _document),
    "documents.reordered": Shown(gettext_lazy("文書の順番を変更"), "pencil", ""),
    "information.amended": Shown(gettext_lazy("文書情報を変更（社内のみ）"), "pencil", "", _amended),
    "warnings.acknowledged": Shown(gettext_lazy("文書についての警告を確認"), "eye", "yellow", _document),
    "envelope.submitted": Shown(gettext_lazy("承認を依頼"), "approve", "blue"),
    "envelope.approved": Shown(gettext_lazy("承認"), "check-circle", "green", _comment),
    "envelope.returned": Shown(gettext_lazy("差戻し"), "return", "yellow", _comment),
    "envelope.taken_back": Shown(gettext_lazy("下書きに戻す"), "pencil", ""),
    "envelope.from_template": Shown(gettext_lazy("テンプレートから作成"), "template", ""),
    "envelope.scheduled": Shown(gettext_lazy("送信を予約"), "calendar", "blue", _scheduled),
    "envelope.schedule_cancelled": Shown(gettext_lazy("送信の予約を取消"), "minus", ""),
    "envelope.schedule_failed": Shown(gettext_lazy("予約した時刻に送信できず、下書きに戻す"), "warning", "red", _why),
    "envelope.sent": Shown(gettext_lazy("署名依頼を送信"), "send", "blue"),
    "document.frozen": Shown(gettext_lazy("文書を確定（運営者の電子署名とタイムスタンプを付与）"), "shield", "", _document),
    "recipient.requested": Shown(gettext_lazy("署名を依頼"), "mail", "blue", _recipient),
    "recipient.sent_again": Shown(gettext_lazy("署名を再依頼（以前のリンクは無効）"), "return", "blue", _recipient),
    "recipient.link_revoked": Shown(gettext_lazy("リンクを無効化"), "ban", "yellow", _recipient),
    "envelope.handed_over": Shown(gettext_lazy("送信者を別の職員へ引き継ぎ"), "users", "blue"),
    "recipient.opened": Shown(gettext_lazy("開封・認証"), "eye", "blue", _recipient),
    "recipient.code_wrong": Shown(gettext_lazy("アクセスコードの誤入力"), "warning", "yellow", _wrong),
    "totp.enrolled": Shown(gettext_lazy("認証アプリを登録"), "lock", "blue", _recipient),
    "totp.accepted": Shown(gettext_lazy("認証アプリで本人確認"), "check-circle", "blue", _recipient),
    "totp.refused": Shown(gettext_lazy("認証アプリのコードの誤入力"), "warning", "yellow", _wrong),
    "passkey.enrolled": Shown(gettext_lazy("パスキーを登録"), "lock", "blue", _recipient),
    "passkey.refused": Shown(gettext_lazy("パスキーによる確認を受け付けず"), "warning", "yellow", _recipient),
    "consent.refused": Shown(gettext_lazy("表示した内容と一致しないため、同意を受け付けず"), "warning", "yellow", _recipient),
    "recipient.reminded": Shown(gettext_lazy("期限前の自動の再通知"), "clock", "blue", _reminded),
    "download.reminded": Shown(gettext_lazy("ダウンロード期限前の自動の通知"), "clock", "blue", _recipient),
    "download.reissued": Shown(gettext_lazy("署名者がダウンロードの再発行を受ける"), "return", "blue", _recipient),
    "copies.given": Shown(gettext_lazy("締結済み文書の写しを新しい宛先へ交付（以前のリンクは無効）"), "copy", "yellow", _given),
    "recipient.code_sent": Shown(gettext_lazy("認証コードをメールで送信"), "mail", "", _recipient),
    "recipient.reassigned": Shown(gettext_lazy("署名者を変更（以前のリンクは無効）"), "users", "yellow", _recipient),
    "recipient.reviewed": Shown(gettext_lazy("内容を確認"), "check-circle", "green", _recipient),
    "recipient.cancelled": Shown(gettext_lazy("依頼を取消"), "minus", "", _recipient),
    "recipient.declined": Shown(gettext_lazy("署名者が辞退（同じ順番のほかの方で継続）"), "ban", "yellow", _reason),
    "recipient.expired": Shown(gettext_lazy("宛先ごとの署名期限切れ"), "hourglass", "yellow", _recipient),
    "recipient.delivered": Shown(gettext_lazy("締結後の写しを送付"), "send", "", _recipient),
    "field.placed": Shown(gettext_lazy("入力項目を配置"), "pencil", "", _document),
    "field.moved": Shown(gettext_lazy("入力項目を移動・変更"), "pencil", "", _document),
    "field.removed": Shown(gettext_lazy("入力項目を削除"), "trash", "", _document),
    "fields.entered": Shown(gettext_lazy("入力項目に記入"), "pencil", "blue", _recipient),
    "recipient.asked_link": Shown(gettext_lazy("署名者がリンクの再送を依頼"), "help", "yellow", _recipient),
    "recipient.asked_code": Shown(gettext_lazy("署名者がコードの再届出を依頼"), "help", "yellow", _recipient),
    "recipient.asked_download": Shown(gettext_lazy("署名者がダウンロードの再発行を依頼"), "help", "yellow", _recipient),
    "recipient.undelivered": Shown(gettext_lazy("メールが届かず（不達）"), "warning", "red", _recipient),
    "document.shown": Shown(gettext_lazy("文書を表示"), "eye", "", _document),
    "recipient.consented": Shown(gettext_lazy("署名手続きを完了（内容に同意）"), "sign", "green", _recipient),
    "document.sealed": Shown(gettext_lazy("電子署名とタイムスタンプを付与"), "shield", "green", _sealed),
    "consent.unsealed": Shown(gettext_lazy("封筒が終了したため、電子署名は付与せず"), "ban", "yellow", _document),
    "recipient.signed": Shown(gettext_lazy("署名済み"), "check-circle", "green", _recipient),
    "envelope.closing": Shown(gettext_lazy("全員の署名がそろい、完了処理を開始"), "turning", "blue"),
    "document.closed": Shown(gettext_lazy("検証情報と文書タイムスタンプを付与"), "shield", "green", _document),
    "document.topped_up": Shown(gettext_lazy("新しい検証情報と文書タイムスタンプを追加"), "shield", "", _document),
    "certificate.topped_up": Shown(gettext_lazy("締結証明書に新しい検証情報と文書タイムスタンプを追加"), "shield", ""),
    "document.renewed": Shown(gettext_lazy("検証期限を延ばす文書タイムスタンプを追加"), "shield", "", _document),
    "certificate.renewed": Shown(gettext_lazy("締結証明書の検証期限を延ばす文書タイムスタンプを追加"), "shield", ""),
    "envelope.retried": Shown(gettext_lazy("運営者が処理を再開"), "return", "yellow", _reason),
    "envelope.resealing": Shown(gettext_lazy("運営者が電子署名のやり直しを開始（署名者の同意は有効）"), "return", "yellow", _reason),
    "document.resealed": Shown(gettext_lazy("新しい証明書で電子署名とタイムスタンプを付与し直し"), "shield", "green", _sealed),
    "envelope.concluded": Shown(gettext_lazy("締結"), "check-circle", "green", _certificate),
    "envelope.declined": Shown(gettext_lazy("署名者が署名せずに終了"), "ban", "red", _reason),
    "envelope.withdrawn": Shown(gettext_lazy("取下げ"), "minus", "red", _reason),
    "envelope.expired": Shown(gettext_lazy("署名期限切れ"), "hourglass", "yellow"),
    "envelope.revived": Shown(gettext_lazy("期限を延ばして再開"), "return", "blue", _deadline),
    "document.viewed": Shown(gettext_lazy("文書を閲覧"), "eye", "", _document),
    "document.copy_downloaded": Shown(gettext_lazy("締結前の写しをダウンロード"), "download", "", _document_taken),
    "document.unfinished_downloaded": Shown(gettext_lazy("未締結の文書をダウンロード（監査）"), "download", "yellow", _document_taken),
    "file.downloaded": Shown(gettext_lazy("締結済みの文書をダウンロード"), "download", "", _reason),
    "download.opened": Shown(gettext_lazy("署名者がダウンロードページを開く"), "eye", "", _recipient),
    "personal.erased": Shown(gettext_lazy("運営者が個人情報を消去"), "trash", "yellow"),
    "document.destroyed": Shown(gettext_lazy("運営者が復元できないように消去"), "trash", "red", _destroyed),
    "evidence.exported": Shown(gettext_lazy("証拠一式をダウンロード"), "download", "", _exported),
    "mail.accepted": Shown(gettext_lazy("メールを送信"), "mail", "", _mail),
    "mail.refused": Shown(gettext_lazy("メールの送信に失敗"), "warning", "red", _mail),
    "mail.bounced": Shown(gettext_lazy("送信したメールが戻る（不達の通知）"), "warning", "red", _mail),
    "mail.delayed": Shown(gettext_lazy("メールの配送が遅れている（遅延の通知）"), "hourglass", "yellow", _mail),
    "mail.uncertain": Shown(gettext_lazy("復元のため、メールが送信済みか不明"), "warning", "yellow", _mail),
    "mail.sent_after_all": Shown(gettext_lazy("運営者が、復元後にメールを送信"), "mail", "", _mail),
    "mail.dropped": Shown(gettext_lazy("運営者が、復元後にメールを再送しないと判断"), "ban", "", _mail),
}


def told_events(events: list[Event]) -> list[dict[str, Any]]:
    """What ``parts/timeline.html`` shows. An event nobody described is shown by its code rather than hidden."""
    return [_told(event) for event in events]


def _told(event: Event) -> dict[str, Any]:
    shown = SHOWN.get(event.code) or Shown(event.code, "dot", "")
    detail = shown.detail(event.facts) if shown.detail else ""
    return {
        "at": event.at,
        "word": shown.word,
        "who": acting_words(event.actor, event.facts),
        "detail": "" if shown.detail is _recipient and event.actor == event.facts["recipient_name"] else detail,
        "address": event.address,
        "icon_name": shown.icon,
        "colour": shown.colour,
    }


def acting_words(actor: str, facts: dict[str, Any]) -> str:
    """Who did it, and for whom where they stood in for somebody."""
    if not facts.get("instead_of"):
        return actor
    return _("代理：{deputy}（{approver}の代理）").format(deputy=actor, approver=facts["instead_of"])


def mail_words(kind: str) -> str:
    """What a mail of this kind is about."""
    words = {
        "M01": _("署名依頼"),
        "M02": _("署名依頼の再送"),
        "M03": _("確認依頼"),
        "M04": _("当方の署名者への依頼"),
        "M05": _("電子署名完了のお知らせ"),
        "M06": _("電子署名完了の写し"),
        "M07": _("署名手続きの受付"),
        "M08": _("送信者への送信のお知らせ"),
        "M09": _("送信者への署名のお知らせ"),
        "M10": _("辞退のお知らせ"),
        "M11": _("取下げのお知らせ"),
        "M12": _("署名者変更のお知らせ"),
        "M13": _("期限のお知らせ"),
        "M14": _("不達のお知らせ"),
        "M15": _("アクセスコードの誤入力のお知らせ"),
        "M16": _("認証コードのお知らせ"),
        "M17": _("承認依頼"),
        "M18": _("代理承認の依頼"),
        "M19": _("承認の結果のお知らせ"),
        "M20": _("再送・再発行の依頼"),
        "M21": _("ダウンロードの再発行"),
        "M24": _("届出の受付のお知らせ"),
        "M25": _("届出の結果のお知らせ"),
        "M26": _("利用者アカウントのお知らせ"),
        "M28": _("ダウンロード期限のお知らせ"),
        "M29": _("本人確認の登録のお知らせ"),
        "M30": _("写しの交付依頼のお知らせ"),
        "M31": _("予約した送信ができなかったお知らせ"),
        "M32": _("承認待ちのお知らせ"),
    }
    return words.get(kind, kind)
