"""How each state is shown: a word, an icon and a colour, so that a colour never speaks alone.

The words carry the context "state" (registrations "registration"), because the same Japanese word on a button is another
word in English: 取下げ is Withdrawn here and Withdraw there.
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy


class Chip(NamedTuple):
    """One shown state. ``colour`` names a ``chip-…`` class, ``icon`` a drawing of ``{% icon %}``."""

    word: str | Promise
    colour: str
    icon: str


ENVELOPE = {
    "draft": Chip(pgettext_lazy("state", "下書き"), "gray", "pencil"),
    "awaiting_approval": Chip(pgettext_lazy("state", "承認待ち"), "purple", "approve"),
    "returned": Chip(pgettext_lazy("state", "差戻し"), "orange", "return"),
    "sending": Chip(pgettext_lazy("state", "送信処理中"), "gray", "turning"),
    "in_progress": Chip(pgettext_lazy("state", "署名待ち"), "blue", "sign"),
    "in_progress:theirs": Chip(pgettext_lazy("state", "署名待ち（相手方）"), "blue", "sign"),
    "in_progress:ours": Chip(pgettext_lazy("state", "署名待ち（当方）"), "blue", "sign"),
    "closing": Chip(pgettext_lazy("state", "完了処理中"), "cyan", "turning"),
    "concluded": Chip(pgettext_lazy("state", "締結済み"), "green", "check-circle"),
    "declined": Chip(pgettext_lazy("state", "辞退"), "red", "ban"),
    "withdrawn": Chip(pgettext_lazy("state", "取下げ"), "outline", "minus"),
    "expired": Chip(pgettext_lazy("state", "期限切れ"), "yellow", "hourglass"),
}

RECIPIENT = {
    "waiting": Chip(pgettext_lazy("state", "順番待ち"), "outline", "clock"),
    "requested": Chip(pgettext_lazy("state", "依頼済み（未開封）"), "gray", "mail"),
    "opened": Chip(pgettext_lazy("state", "開封済み"), "blue", "eye"),
    "consented": Chip(pgettext_lazy("state", "署名処理中"), "cyan", "turning"),
    "signed": Chip(pgettext_lazy("state", "署名済み"), "green", "check-circle"),
    "declined": Chip(pgettext_lazy("state", "辞退"), "red", "ban"),
    "forwarded": Chip(pgettext_lazy("state", "署名者変更済み"), "gray", "users"),
    "bounced": Chip(pgettext_lazy("state", "不達"), "orange", "warning"),
    "untaken": Chip(pgettext_lazy("state", "未ダウンロード"), "yellow", "download"),
    "expired": Chip(pgettext_lazy("state", "期限切れ"), "yellow", "hourglass"),
    "cancelled": Chip(pgettext_lazy("state", "取消"), "outline", "minus"),
    "pending": Chip(pgettext_lazy("state", "承認待ち"), "purple", "approve"),
    "approved": Chip(pgettext_lazy("state", "承認済み"), "green", "check-circle"),
    "returned": Chip(pgettext_lazy("state", "差戻し"), "orange", "return"),
    "reviewed": Chip(pgettext_lazy("state", "確認済み"), "green", "check-circle"),
    "delivered": Chip(pgettext_lazy("state", "送付済み"), "green", "send"),
}

REGISTRATION = {
    "entered": Chip(pgettext_lazy("registration", "メール確認待ち"), "blue", "mail"),
    "confirmed": Chip(pgettext_lazy("registration", "承認待ち"), "purple", "approve"),
    "approved": Chip(pgettext_lazy("registration", "承認済み"), "green", "check-circle"),
    "returned": Chip(pgettext_lazy("registration", "差戻し"), "orange", "return"),
    "not_yet": Chip(pgettext_lazy("registration", "有効期間前"), "gray", "clock"),
    "suspended": Chip(pgettext_lazy("registration", "停止中"), "orange", "lock"),
    "revoked": Chip(pgettext_lazy("registration", "失効"), "outline", "minus"),
}

COPIES = {
    "asked": Chip(pgettext_lazy("copies", "確認待ち"), "purple", "approve"),
    "granted": Chip(pgettext_lazy("copies", "交付済み"), "green", "check-circle"),
    "refused": Chip(pgettext_lazy("copies", "交付せず"), "outline", "ban"),
}

MEMBER = {
    "active": Chip(pgettext_lazy("member", "利用中"), "green", "check-circle"),
    "invited": Chip(pgettext_lazy("member", "招待中"), "blue", "mail"),
    "stopped": Chip(pgettext_lazy("member", "停止中"), "outline", "ban"),
}

JOB = {
    "queued": Chip(pgettext_lazy("state", "待機"), "outline", "clock"),
    "checking": Chip(pgettext_lazy("state", "検査中"), "gray", "turning"),
    "running": Chip(pgettext_lazy("state", "実行中"), "cyan", "turning"),
    "done": Chip(pgettext_lazy("state", "完了"), "green", "check-circle"),
    "done_with_errors": Chip(pgettext_lazy("state", "一部失敗"), "orange", "warning"),
    "canceled": Chip(pgettext_lazy("state", "中止"), "outline", "minus"),
    "failed": Chip(pgettext_lazy("state", "失敗"), "red", "error"),
    "ok": Chip(pgettext_lazy("state", "送信可"), "green", "check"),
    "warn": Chip(pgettext_lazy("state", "警告"), "yellow", "warning"),
    "error": Chip(pgettext_lazy("state", "エラー"), "red", "error"),
    "sent": Chip(pgettext_lazy("state", "送信済み"), "green", "send"),
    "skipped": Chip(pgettext_lazy("state", "対象外"), "outline", "minus"),
}

UPLOAD = {
    "inspecting": Chip(pgettext_lazy("state", "検査中"), "gray", "turning"),
    "offered": Chip(pgettext_lazy("state", "確認待ち"), "yellow", "warning"),
    "refused": Chip(pgettext_lazy("state", "受け付けられません"), "red", "error"),
    "stuck": Chip(pgettext_lazy("state", "中断"), "red", "error"),
    "differs": Chip(pgettext_lazy("state", "違いあり"), "yellow", "warning"),
}

VERDICT = {
    "valid": Chip(pgettext_lazy("state", "有効"), "green", "check-circle"),
    "attention": Chip(pgettext_lazy("state", "要確認"), "yellow", "warning"),
    "invalid": Chip(pgettext_lazy("state", "無効"), "red", "error"),
    "none": Chip(pgettext_lazy("state", "署名なし"), "outline", "minus"),
    "unverifiable": Chip(pgettext_lazy("state", "検証できません"), "gray", "help"),
    # A signature of which no verdict of its own was worked out; a whole file always has one.
    "unjudged": Chip(pgettext_lazy("state", "確認していません"), "outline", "circle"),
}

FLAG = {
    "bounced": Chip(pgettext_lazy("state", "不達あり"), "orange", "warning"),
    "locked": Chip(pgettext_lazy("state", "入力制限中"), "orange", "lock"),
    "due_soon": Chip(pgettext_lazy("state", "期限間近"), "yellow", "clock"),
    "deputy": Chip(pgettext_lazy("state", "代理"), "purple", "users"),
    "archived": Chip(pgettext_lazy("state", "アーカイブ"), "gray", "folder"),
    "not_concluded": Chip(pgettext_lazy("state", "未締結"), "orange", "warning"),
    "shown": Chip(pgettext_lazy("state", "相手方に表示"), "blue", "eye"),
    "internal": Chip(pgettext_lazy("state", "社内のみ"), "gray", "lock"),
    "demo": Chip(pgettext_lazy("state", "デモデータ"), "yellow", "info"),
}

PROOF = {
    "planned": Chip(pgettext_lazy("proof", "自動で更新予定"), "green", "check-circle"),
    "due": Chip(pgettext_lazy("proof", "更新中"), "cyan", "turning"),
    "replace_authority": Chip(pgettext_lazy("proof", "タイムスタンプ局の切替待ち"), "orange", "warning"),
    "stuck": Chip(pgettext_lazy("proof", "運営者の対応待ち"), "orange", "warning"),
    "expired": Chip(pgettext_lazy("proof", "検証期限切れ"), "red", "hourglass"),
    "unknown": Chip(pgettext_lazy("proof", "確認中"), "gray", "clock"),
    "destroyed": Chip(pgettext_lazy("proof", "消去済み"), "gray", "trash"),
}

DRILL = {
    "passed": Chip(pgettext_lazy("drill", "合格"), "green", "check-circle"),
    "failed": Chip(pgettext_lazy("drill", "不合格"), "red", "error"),
}

BACKUP = {
    "kept": Chip(pgettext_lazy("backup", "保存中"), "green", "check-circle"),
    "dropped": Chip(pgettext_lazy("backup", "保存期間終了"), "outline", "minus"),
}

SAMPLE = {
    "gathering": Chip(pgettext_lazy("sample", "作成中"), "cyan", "turning"),
    "stuck": Chip(pgettext_lazy("sample", "運営者の対応待ち"), "orange", "warning"),
    "done": Chip(pgettext_lazy("sample", "完了"), "green", "check-circle"),
    "sound": Chip(pgettext_lazy("sample", "異常なし"), "green", "check-circle"),
    "unsound": Chip(pgettext_lazy("sample", "要確認"), "red", "warning"),
    "waiting": Chip(pgettext_lazy("sample", "確認待ち"), "outline", "clock"),
}

CHIPS: dict[str, dict[str, Chip]] = {
    "envelope": ENVELOPE,
    "recipient": RECIPIENT,
    "registration": REGISTRATION,
    "copies": COPIES,
    "member": MEMBER,
    "job": JOB,
    "upload": UPLOAD,
    "verdict": VERDICT,
    "flag": FLAG,
    "proof": PROOF,
    "drill": DRILL,
    "backup": BACKUP,
    "sample": SAMPLE,
}
