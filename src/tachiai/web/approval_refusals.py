"""What each refusal about approvals, their routes and deputies says."""

from __future__ import annotations

from django.utils.translation import gettext_noop as N_  # noqa: N812  # the catalogue tools' own name for it

APPROVAL_SENTENCES = {
    "approval.missing": N_("この組織では、承認を受けてから送信します。承認ルートを選んで、承認を依頼してください。"),
    "approval.unknown": N_("お探しの承認依頼は見つかりません。"),
    "approval.not_yours": N_("この承認依頼に答えられるのは、承認者と、期間内の代理の方だけです。"),
    "approval.reads_only": N_("監査担当は閲覧だけができます。承認や差戻しはできません。"),
    "approval.is_sender": N_("送信者は、自分の封筒を承認できません。代理としても承認できません。"),
    "approval.twice": N_("この段階では、すでにあなたが答えています。同じ段階で2人分の承認はできません。"),
    "approval.not_asked": N_("この段階の承認は、すでに決まったか、まだ順番が来ていません。"),
    "approval.over": N_("この承認依頼は、すでに終わっています。"),
    "approval.changed": N_("承認を依頼したときから内容が変わっています。送信者に、承認の依頼をやり直すよう伝えてください。"),
    "approval.own_route": N_("このルートでは、送信者自身の承認が必要になります。ほかのルートを選んでください。"),
    "approval.nobody_after": N_(
        "当方の署名者がいないため、相手方の署名のあとに承認するルートは使えません。送信前に承認するルートを選んでください。"
    ),
    "approval.unfit": N_("{name}さんは、承認権限がないか、利用を停止しています。管理者に承認ルートの変更を依頼してください。"),
    "comment.missing": N_("差し戻す理由を2文字以上で入力してください。"),
    "deputy.not_in_force": N_("代理の期間ではないため、承認できません。"),
    "deputy.unknown": N_("この代理の設定は見つかりません。すでに終わっているか、ほかの方の設定です。"),
    "deputy.is_self": N_("自分を代理にする設定はできません。承認者本人か、ほかの管理者に依頼してください。"),
    "deputy.same": N_("承認者と代理には、別の方を選んでください。"),
    "deputy.no_right": N_("代理を設定できるのは、承認権限のある方だけです。"),
    "deputy.unfit": N_("承認者と代理には、承認権限のある方を選んでください。"),
    "deputy.days_reversed": N_("終了日は、開始日以後にしてください。"),
    "deputy.over": N_("終了日を過ぎています。今日以後の日付を入力してください。"),
    "deputy.twice": N_("この期間には、すでに代理が設定されています。先に終わらせるか、重ならない期間にしてください。"),
    "route.unknown": N_("この承認ルートは使えません。ほかのルートを選んでください。"),
    "route.nameless": N_("承認ルートの名前を入力してください。"),
    "route.taken": N_("同じ名前の承認ルートがあります。別の名前を入力してください。"),
    "route.stepless": N_("承認者を1人以上選んでください。"),
    "route.too_long": N_("承認ルートは{limit}段階までです。"),
    "route.step_empty": N_("第{number}段階の承認者を選んでください。"),
    "route.unfit": N_("第{number}段階に、承認権限のない方が含まれています。選び直してください。"),
    "route.asks_before": N_("送信の予約に使えるのは、相手方の署名の後に承認を依頼するルートだけです。"),
    "route.last": N_("送信に承認を必須としているため、最後の承認ルートの利用は終了できません。"),
    "route.none": N_("承認を必須にする前に、承認ルートを追加してください。"),
}
