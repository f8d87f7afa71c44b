"""What refusals of a file say: what is wrong with it, and how to make one that is taken."""

from __future__ import annotations

from django.utils.translation import gettext_noop as N_  # noqa: N812  # the catalogue tools' own name for it

FILE_SENTENCES = {
    "file.empty": N_("ファイルの中身が空（0バイト）です。元のファイルを確認してください。"),
    "file.not_pdf": N_("PDFファイルではありません。PDFに変換してから選択してください。"),
    "file.encrypted": N_("パスワードや暗号化で保護されています。保護を解除したPDFを選択してください。"),
    "file.encrypted:password": N_("開くのにパスワードが必要です。パスワードを外したPDFを選択してください。"),
    "file.encrypted:restricted": N_("編集やコピーを禁じる設定で保護されています。作成元で保護を解除したPDFを選択してください。"),
    "file.encrypted:certificate": N_("特定の人だけが開ける方式で暗号化されています。暗号化していないPDFを選択してください。"),
    "file.broken": N_("ファイルが壊れていて読み取れません。作成元のソフトからPDFを保存し直してください。"),
    "file.too_large": N_("ファイルが大きすぎます（上限{limit_mb}MB）。分割するか、画像を軽くして保存し直してください。"),
    "file.too_many_pages": N_("ページ数が多すぎます（上限{limit}ページ）。文書を分けてください。"),
    "file.no_pages": N_("ページがありません。元のファイルを確認してください。"),
    "file.locked_by_signature:signed": N_(
        "電子署名が付いているため、書き直せません。署名された元のファイルか、署名前のPDFを使ってください。"
    ),
    "file.locked_by_signature": N_("変更を禁止する電子署名が付いているため、署名を追加できません。署名前のPDFを選択してください。"),
    "file.signed_by_others": N_(
        "すでに電子署名が付いているため、入力欄や見える署名欄を置けません。欄を置かずに送信するか、署名前のPDFを選択してください。"
    ),
    "file.fields_redrawn": N_(
        "閲覧ソフトが入力欄を描き直す設定のPDFのため、入力欄や見える署名欄を置けません。「PDFとして印刷」で保存し直してください。"
    ),
    "file.page_missing": N_("{page}ページはこの文書にありません。欄の位置を確認してください。"),
    "file.active_content": N_("開いた人の環境で動く仕組み（{kinds}）が含まれています。「PDFとして印刷」で保存し直してください。"),
    "file.polyglot": N_("PDF以外の種類のファイルとしても開ける作りです。「PDFとして印刷」で保存し直してください。"),
    "file.needs_rewriting": N_("このままでは使えないため、書き直しが必要です。書き直したPDFのページを確認のうえ、使用してください。"),
    "upload.unsettled": N_("検査中のファイルか、使うかどうかを選んでいないファイルがあります。"),
    "upload.expired": N_("保管期限（7日間）を過ぎたため、このファイルは破棄されました。もう一度選択してください。"),
    "upload.settled": N_("このファイルは、すでに追加または取り消されています。"),
    "upload.changed": N_("表示した内容と一致しないため、使用できません。画面を開き直して、もう一度確認してください。"),
    "file.took_too_long": N_("ファイルの検査が時間内に終わりませんでした。作成元のソフトから保存し直してください。"),
    "file.too_complex": N_("ファイルの構造が複雑すぎて検査できません。「PDFとして印刷」で保存し直してください。"),
    "file.too_complex:time": N_("検査が時間内に終わりませんでした。文書を分けるか、「PDFとして印刷」で保存し直してください。"),
    "file.too_complex:memory": N_("検査に必要なメモリーが上限を超えました。画像を軽くするか、文書を分けて保存し直してください。"),
    "file.too_complex:objects": N_("部品の数が多すぎて検査できません（上限{limit}個）。「PDFとして印刷」で保存し直してください。"),
    "file.too_complex:annotations": N_(
        "注釈やリンクが多すぎて、検査が時間内に終わりませんでした（{count}個。目安は{limit}個まで）。「PDFとして印刷」で保存し直してください。"
    ),
    "file.too_complex:pixels": N_("画像が大きすぎて検査できません（上限{limit}メガピクセル）。画像を小さくして保存し直してください。"),
    "file.signed_and_damaged": N_("電子署名付きのファイルですが、構造が壊れています。署名された元のファイルを選択してください。"),
    "file.unwritable": N_("このファイルには電子署名を追加できません。「PDFとして印刷」で保存し直してください。"),
    "file.unreadable": N_("ファイルを読み取れません。元のファイルを確認してください。"),
    "file.xfa": N_("XFA形式のフォームには対応していません。「PDFとして印刷」で保存し直してください。"),
    "file.field_name_taken": N_("このファイルの入力欄の名前が重複しています。「PDFとして印刷」で保存し直してください。"),
}
