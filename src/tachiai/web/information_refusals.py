"""What refusals of a draft's documents and of 文書情報 say; part of the one table in ``refusal_words``."""

from __future__ import annotations

from django.utils.translation import gettext_noop as N_  # noqa: N812  # the catalogue tools' own name for it

INFORMATION_SENTENCES = {
    "document.nameless": N_("文書名を入力してください。"),
    "document.order": N_("文書の順番は、1〜{limit}の数字で入力してください。"),
    "draft.too_long": N_("入力が長すぎるため、下書きを保存できません。短くしてください。"),
    "information.kinds_none": N_("文書の種類を1つ以上入力してください。"),
    "information.kinds_too_many": N_("文書の種類は{limit}個までにしてください。"),
    "information.kind_too_long": N_("文書の種類は1つ{limit}文字までにしてください（{kind}）。"),
    "information.missing": N_("送信に必要な文書情報が入力されていません：{items}。"),
    "information.unknown": N_("文書情報の項目「{item}」はありません。画面を開き直してください。"),
    "information.unreadable": N_("「{item}」の入力内容を確認してください。"),
    "information.ends_before_start": N_("契約終了日には、契約開始日以降の日付を入力してください。"),
    "information.notice_after_end": N_("解約通知期限には、契約終了日までの日付を入力してください。"),
    "information.parent_unknown": N_("管理番号「{number}」の封筒が見つかりません。親契約の管理番号を確認してください。"),
    "information.was_shown": N_("相手方に表示した項目は、送信後に変更できません：{items}。"),
}
