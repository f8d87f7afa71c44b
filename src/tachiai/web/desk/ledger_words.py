"""Words for every event of the ledger: those of the timeline, and those that only the operation log shows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from tachiai.envelopes.operation_kinds import Kind
from tachiai.envelopes.operations import Operation
from tachiai.web.desk.me import role_words
from tachiai.web.desk.telling import SHOWN, acting_words, mail_words

# Read for the log alone; the timeline of an envelope leaves these out or never meets them.
OTHER = {
    "backup.made": gettext_lazy("バックアップを作成"),
    "copies.asked": gettext_lazy("写しの交付の依頼を受付"),
    "copies.granted": gettext_lazy("写しの交付を承認"),
    "copies.refused": gettext_lazy("写しの交付を承認せず"),
    "deputy.ended": gettext_lazy("代理の設定を終了"),
    "deputy.set": gettext_lazy("代理を設定"),
    "destruction.attested": gettext_lazy("消去の証明書を発行"),
    "drill.done": gettext_lazy("復元訓練を実施"),
    "drill.report_taken": gettext_lazy("復元訓練の報告書をダウンロード"),
    "envelope.described": gettext_lazy("文書情報を入力"),
    "envelope.frozen": gettext_lazy("すべての文書を確定"),
    "evidence.brought_forward": gettext_lazy("証拠記録の更新を前倒し"),
    "evidence.made": gettext_lazy("証拠記録を作成"),
    "evidence.renewed": gettext_lazy("証拠記録を更新"),
    "folder.deleted": gettext_lazy("フォルダを削除"),
    "folder.saved": gettext_lazy("フォルダを設定"),
    "group.deleted": gettext_lazy("グループを削除"),
    "group.saved": gettext_lazy("グループを設定"),
    "house.accepted": gettext_lazy("復元したサービスの運用を再開"),
    "house.configured": gettext_lazy("サービスの設定を変更"),
    "key.certified": gettext_lazy("署名鍵の証明書を登録"),
    "key.made": gettext_lazy("署名鍵を作成"),
    "key.requested": gettext_lazy("署名鍵の証明書を申請"),
    "list.exported": gettext_lazy("一覧をCSVで書き出し"),
    "log.epoch_begun": gettext_lazy("公開記録の新しい系列を開始"),
    "login.refused": gettext_lazy("ログインを拒否（登録のないメールアドレス）"),
    "member.changed": gettext_lazy("利用者の情報を変更"),
    "member.created": gettext_lazy("利用者を登録"),
    "member.invited": gettext_lazy("利用者を招待"),
    "member.invited_again": gettext_lazy("利用者を再度招待"),
    "member.joined": gettext_lazy("招待を受けて利用を開始"),
    "member.logged_in": gettext_lazy("ログイン"),
    "member.logged_out": gettext_lazy("ログアウト"),
    "member.login_refused": gettext_lazy("ログインを拒否（パスワードの不一致など）"),
    "member.password_changed": gettext_lazy("パスワードを変更"),
    "member.password_reset": gettext_lazy("パスワードを再設定"),
    "member.restarted": gettext_lazy("利用者の利用を再開"),
    "member.rights_changed": gettext_lazy("利用者の役割・権限を変更"),
    "member.second_factor_added": gettext_lazy("二要素認証を追加"),
    "member.second_factor_refused": gettext_lazy("二要素認証のコードの誤入力"),
    "member.second_factor_removed": gettext_lazy("二要素認証を解除"),
    "member.second_factor_reset": gettext_lazy("運営者が二要素認証を解除"),
    "member.stopped": gettext_lazy("利用者の利用を停止"),
    "operator.created": gettext_lazy("運営者を登録"),
    "organization.created": gettext_lazy("組織を登録"),
    "organization.items_set": gettext_lazy("文書情報の項目の設定を変更"),
    "organization.policy_set": gettext_lazy("組織の方針を変更"),
    "organization.reminders_set": gettext_lazy("自動の再通知の設定を変更"),
    "organization.routes_set": gettext_lazy("承認の方針を変更"),
    "passkey.reset": gettext_lazy("パスキーの登録を解除"),
    "recipients.named": gettext_lazy("宛先を入力"),
    "record.admitted": gettext_lazy("締結済みの文書を保管"),
    "registration.approved": gettext_lazy("届出を承認"),
    "registration.attorney_taken": gettext_lazy("委任状をダウンロード"),
    "registration.code_asked": gettext_lazy("コードの再届出を依頼"),
    "registration.code_changed": gettext_lazy("新しいコードを承認"),
    "registration.code_chosen": gettext_lazy("新しいコードを届出"),
    "registration.code_requested": gettext_lazy("届出の認証コードを送信"),
    "registration.corrected": gettext_lazy("届出を訂正"),
    "registration.dated": gettext_lazy("届出の有効期間を変更"),
    "registration.entered": gettext_lazy("届出を入力"),
    "registration.expired": gettext_lazy("有効期間の満了により届出が失効"),
    "registration.form_changed": gettext_lazy("届出フォームの設定を変更"),
    "registration.imported": gettext_lazy("届出をCSVから取込"),
    "registration.mail_confirmed": gettext_lazy("届出のメールアドレスを確認"),
    "registration.replaced": gettext_lazy("新しい届出に置換え"),
    "registration.returned": gettext_lazy("届出を差戻し"),
    "registration.revoked": gettext_lazy("届出を失効"),
    "registration.submitted": gettext_lazy("オンラインで届出"),
    "registration.suspended": gettext_lazy("アクセスコードの誤入力により届出を停止"),
    "route.ended": gettext_lazy("承認ルートの利用を終了"),
    "route.saved": gettext_lazy("承認ルートを設定"),
    "sample.drawn": gettext_lazy("監査用に抽出"),
    "sample.expired": gettext_lazy("監査用の抽出の保存期間が終了"),
    "sample.reported": gettext_lazy("監査用の報告書を作成"),
    "sample.taken": gettext_lazy("監査用の抽出をダウンロード"),
    "seal_image.ended": gettext_lazy("印影を削除"),
    "seal_image.kept": gettext_lazy("印影を登録"),
    "seal.intended": gettext_lazy("電子署名の付与を準備"),
    "template.archived": gettext_lazy("テンプレートをアーカイブ"),
    "template.restored": gettext_lazy("テンプレートをアーカイブから戻す"),
    "template.saved": gettext_lazy("テンプレートを保存"),
    "totp.reset": gettext_lazy("認証アプリの登録を解除"),
    "upload.downloaded": gettext_lazy("預かったファイルをダウンロード"),
    "upload.dropped": gettext_lazy("預かったファイルを破棄"),
    "upload.expired": gettext_lazy("預かったファイルの期限切れ"),
    "upload.held": gettext_lazy("ファイルを預かって検査"),
    "upload.offered": gettext_lazy("書き直したファイルの確認を依頼"),
    "upload.refused": gettext_lazy("ファイルを受け付けず"),
    "upload.used": gettext_lazy("書き直したファイルを採用"),
    "vault.boxes_copied": gettext_lazy("保管庫の複製を作成"),
    "vault.key_made": gettext_lazy("保管庫の鍵を作成"),
    "vault.key_retired": gettext_lazy("保管庫の鍵を廃止"),
    "vault.key_rotated": gettext_lazy("保管庫の鍵を交換"),
    "vault.litter_removed": gettext_lazy("保管庫の不要なファイルを削除"),
    "verdict.attested": gettext_lazy("検証結果の報告書を発行"),
}


def event_words(event: str) -> str:
    """What happened. An event nobody described is named by its code rather than hidden."""
    shown = SHOWN.get(event)
    return str(shown.word if shown else OTHER.get(event, event))


def detail_words(line: Operation) -> str:
    """The second line of an act: whom or what it concerned beyond its subject."""
    shown = SHOWN.get(line.event)
    if shown is None or shown.detail is None:
        return mail_words(str(line.facts.get("kind", ""))) if line.event.startswith("mail.") else ""
    return shown.detail(line.facts)


def actor_words(line: Operation) -> str:
    """Who did it: a name, or what sort of actor it was."""
    sorts = {
        "member": _("利用者"),
        "signer": _("署名者"),
        "registrant": _("届出者"),
        "operator": _("運営者"),
        "house": pgettext("actor", "システム"),
        "public": _("ログインしていない人"),
    }
    return acting_words(line.actor, line.facts) or sorts.get(line.actor_kind, line.actor_kind)


def actor_role(line: Operation) -> str:
    """What the actor is: a member's role, or the party a named person belongs to."""
    if line.role:
        return role_words(line.role)
    sorts = {"signer": _("署名者"), "registrant": _("届出者")}
    return sorts.get(line.actor_kind, "") if line.actor else ""


def kind_words() -> dict[Kind, str]:
    return {
        Kind.LOGIN: _("ログイン"),
        Kind.DRAFT: _("作成"),
        Kind.SEND: pgettext("operation", "送信"),
        Kind.VIEW: _("閲覧"),
        Kind.SIGN: pgettext("operation", "署名"),
        Kind.APPROVE: _("届出・承認"),
        Kind.DOWNLOAD: pgettext("operation", "ダウンロード"),
        Kind.MAIL: pgettext("operation", "メール"),
        Kind.SETTINGS: pgettext("operation", "設定・管理"),
        Kind.VERIFY: pgettext("operation", "検証・保存"),
    }


def result_words(line: Operation) -> str:
    return pgettext("operation", "失敗・拒否") if line.failed else pgettext("operation", "成功")


def subject_words(line: Operation) -> dict[str, Any]:
    return {"words": line.subject, "envelope": line.envelope.pk if line.envelope else None}
