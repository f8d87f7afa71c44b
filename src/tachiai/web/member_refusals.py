"""What each refusal about members, groups, folders and what they may take away says."""

from __future__ import annotations

from django.utils.translation import gettext_noop as N_  # noqa: N812  # the catalogue tools' own name for it

MEMBER_SENTENCES = {
    "member.not_allowed": N_("利用者の管理は、全体管理者とシステム管理者だけができます。"),
    "member.unknown": N_("お探しの利用者は見つかりません。"),
    "member.is_self": N_("自分自身の役割・権限・グループ・利用停止は変更できません。ほかの管理者に依頼してください。"),
    "member.only_admin": N_("全体管理者の追加と変更は、全体管理者だけができます。"),
    "member.last_admin": N_("有効な全体管理者がほかにいないため、変更できません。先に別の全体管理者を追加してください。"),
    "member.taken": N_("このメールアドレスは、すでに利用者として登録されています。"),
    "member.mail_malformed": N_("メールアドレスの形式で入力してください（例：name@example.jp）。"),
    "member.role_unknown": N_("役割を選択してください。"),
    "member.flags_unfit": N_("システム管理者には、署名権限と承認権限を付けられません。"),
    "member.auditor_approves": N_("監査担当には、承認権限を付けられません。役割を変えるか、承認権限を外してください。"),
    "member.days_reversed": N_("閲覧期間の終了日は、開始日以後にしてください。"),
    "member.moved": N_("利用者の状態が変わったため、実行できませんでした。画面を開き直してください。"),
    "member.joined": N_("この利用者は、すでに登録を済ませています。"),
    "invitation.unknown": N_("この招待のリンクは使えません。すでに登録を済ませたか、新しい招待が送られています。"),
    "invitation.expired": N_("招待の期限が切れています。組織の管理者に、招待の再送を依頼してください。"),
    "group.unknown": N_("このグループは見つかりません。名前を確認してください。"),
    "group.nameless": N_("グループの名前を入力してください。"),
    "group.taken": N_("同じ名前のグループがあります。別の名前を入力してください。"),
    "group.not_empty": N_(
        "このグループには{members}人が入っているため、削除できません。利用者の画面で、全員をほかのグループへ移してください。"
    ),
    "folder.not_empty": N_(
        "このフォルダは空でないため、削除できません"
        "（封筒 {envelopes}件、締結済みの記録 {records}件、新しい封筒をここに入れるグループ {groups}件）。"
        "ほかのフォルダへ移してから、もう一度お試しください。"
    ),
    "folder.unknown": N_("このフォルダは見つかりません。"),
    "folder.nameless": N_("フォルダの名前を入力してください。"),
    "folder.taken": N_("同じ名前のフォルダがあります。別の名前を入力してください。"),
    "download.not_allowed": N_("この組織では、担当者はファイルをダウンロードできません。管理者へご相談ください。"),
    "policy.own_factor_first": N_("先に自分の二要素認証を設定してから、必須にしてください。"),
    "sheet.unreadable": N_("CSVとして読み取れません。文字コードをUTF-8またはShift_JISにして保存し直してください。"),
    "sheet.columns": N_("1行目に必要な列がありません（{names}）。"),
    "sheet.empty": N_("利用者の行がありません。"),
    "sheet.too_long": N_("一度に取り込めるのは{limit}人までです。ファイルを分けてください。"),
    "sheet.flag": N_("権限の列は1か0で記入してください。"),
    "sheet.troubles": N_("問題のある行があるため、誰も招待していません。直してから、もう一度選択してください。"),
}
