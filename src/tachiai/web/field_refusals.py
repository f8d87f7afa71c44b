"""What refusals of input fields, signatures, pictures of seals, schedules and templates say; part of the one table in ``refusal_words``."""

from __future__ import annotations

from django.utils.translation import gettext_noop as N_  # noqa: N812  # the catalogue tools' own name for it

FIELD_SENTENCES = {
    "field.glyph_missing": N_("「{character}」（{code}）は文書に表示できない文字です。別の文字で入力してください。"),
    "field.too_long": N_("入力は{limit}文字以内にしてください。"),
    "field.out_of_page": N_("入力項目が{page}ページからはみ出しています。位置か大きさを直してください。"),
    "field.size": N_("入力項目の幅と高さは、3mmから500mmまでにしてください。"),
    "field.slot_unknown": N_("担当する署名者が宛先にいません。担当を選び直してください。"),
    "field.not_their_document": N_("この署名者には、この文書を送りません。担当か、宛先の「送る文書」を変更してください。"),
    "field.second_look": N_("印影とサインは、1つの文書に署名者ごとに1つだけ置けます。"),
    "field.too_many": N_("入力項目は、署名者ごとに{limit}件までです。"),
    "field.unknown": N_("この入力項目は、すでに削除されています。画面を開き直してください。"),
    "field.no_day": N_("実在する日付を入力してください（例：2026年4月1日、令和8年4月1日）。"),
    "fields.missing": N_("入力していない必須の項目があります。"),
    "signature.not_drawn": N_("枠の中に署名を手書きしてください。文字での署名でもかまいません。"),
    "signature.too_long": N_("手書きの線が多すぎます。消して、もう一度書いてください。"),
    "field.no_room": N_("入力欄に収まりません。短くしてください。"),
    "signature.nameless": N_("署名にする氏名を入力してください。"),
    "hanko.too_many_characters": N_("印影にできるのは{limit}文字までです。"),
    "envelope.scheduled": N_("送信を予約しているため、内容を変更できません。変更するには、先に予約を取り消してください。"),
    "schedule.past": N_("これからの日時を指定してください。"),
    "schedule.too_far": N_("{days}日先までの日時を指定してください。"),
    "schedule.after_deadline": N_("署名期限より前の日を指定してください。署名期限を延ばすこともできます。"),
    "schedule.none": N_("送信は予約されていません。画面を開き直してください。"),
    "template.unknown": N_("このテンプレートは見つかりません。"),
    "template.not_allowed": N_("テンプレートの作成と変更は、全体管理者と文書管理者だけができます。"),
    "template.nameless": N_("テンプレート名を入力してください。"),
    "template.archived": N_("アーカイブしたテンプレートです。使うには、文書管理者に戻してもらってください。"),
    "template.only_file": N_("文書は1件以上必要です。先に別の文書を追加してください。"),
    "template.only_one_for": N_("この文書だけを送る宛先があります。先に宛先の「送る文書」を変更してください。"),
    "template.file_needs_rewriting": N_(
        "このままでは使えないファイルです。封筒の作成で書き直したPDFを使い、その封筒を「テンプレートとして保存」してください。"
    ),
    "template.unreadable": N_("位置と大きさを、0以上の数字（mm）で入力してください。"),
    "image.missing": N_("印影か署名の画像（PNGまたはJPEG）を選択してください。"),
    "image.unknown": N_("この印影画像は、もう使えません。別の方法を選択してください。"),
    "image.nameless": N_("印影画像の名前を入力してください。"),
    "image.too_many": N_("保存できる印影画像は{limit}件までです。使わないものを削除してください。"),
    "image.not_allowed": N_("この印影画像を登録・削除する権限がありません。"),
    "image.empty": N_("画像の中身が空（0バイト）です。元の画像を確認してください。"),
    "image.too_large": N_("画像が大きすぎます（上限{limit_mb}MB）。小さくして保存し直してください。"),
    "image.too_many_pixels": N_("画像の画素数が多すぎます（上限{limit_megapixels}メガピクセル）。縮小して保存し直してください。"),
    "image.not_supported": N_("PNGまたはJPEGの静止画を選択してください。"),
    "image.broken": N_("画像が壊れていて読み取れません。作成元のソフトから保存し直してください。"),
    "image.blank": N_("画像に何も写っていません。印影が見える画像を選択してください。"),
}
