"""Where refusals become words: one table of sentences, one page for what no form can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_  # noqa: N812  # the catalogue tools' own name for it

from tachiai.errors import Outage, Refusal
from tachiai.web.templatetags.look import jst

log = structlog.get_logger("tachiai.web")

# What happened, and what to do about it. Facts in braces come from the refusal.
SENTENCES = {
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
    "warnings.unseen": N_("警告を確認していない文書があります：{names}。内容を確認して、チェックを入れてください。"),
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
    "policy.unreadable": N_("暗号の期限を定めたファイルを読み取れません（{detail}）。"),
    "field.glyph_missing": N_("「{character}」（{code}）は文書に表示できない文字です。別の文字で入力してください。"),
    "field.too_long": N_("入力は{limit}文字以内にしてください。"),
    "field.no_room": N_("入力欄に収まりません。短くしてください。"),
    "signature.nameless": N_("署名にする氏名を入力してください。"),
    "hanko.too_many_characters": N_("印影にできるのは{limit}文字までです。"),
    "image.empty": N_("画像の中身が空（0バイト）です。元の画像を確認してください。"),
    "image.too_large": N_("画像が大きすぎます（上限{limit_mb}MB）。小さくして保存し直してください。"),
    "image.too_many_pixels": N_("画像の画素数が多すぎます（上限{limit_megapixels}メガピクセル）。縮小して保存し直してください。"),
    "image.not_supported": N_("PNGまたはJPEGの静止画を選択してください。"),
    "image.broken": N_("画像が壊れていて読み取れません。作成元のソフトから保存し直してください。"),
    "image.blank": N_("画像に何も写っていません。印影が見える画像を選択してください。"),
    "database.no_roles": N_("SQLiteのデータベースには、権限を分けるロールがありません。この操作はPostgreSQLで行えます。"),
    "database.role_unknown": N_("データベースに、{role}というロールがありません。"),
    "database.role_owner": N_("{role}は表の所有者か管理者のロールのため、権限を制限できません。別のロールを指定してください。"),
    "person.unknown": N_("{mail}についての記録はありません。"),
    "person.in_use": N_("このアドレスは使用中のため、消去できません（{what}）。利用を終了してから、もう一度行ってください。"),
    "bundle.later": N_("証拠一式をいま作成できません。しばらくしてから、もう一度お試しください。"),
    "bundle.untrue": N_("証拠一式が検証に合格しないため、お渡しできません。システム運営者に連絡してください（{codes}）。"),
    "sample.not_allowed": N_("監査用の抽出は、全体管理者・文書管理者・監査担当が行えます。"),
    "sample.size": N_("抽出する件数は、1件から{limit}件までです。"),
    "sample.empty": N_("条件に一致する締結済みの文書がないため、抽出できません。条件を変えてください。"),
    "sample.unknown": N_("この抽出は見つかりません。"),
    "sample.unfinished": N_("報告書をまだ作成しています。完了してから、もう一度お試しください。"),
    "sample.expired": N_(
        "証拠一式の保管期間（30日間）が過ぎました。報告書は引き続きダウンロードできます。証拠一式は各契約の画面から取得できます。"
    ),
    "evidence.none": N_("この文書の証拠記録はまだありません。作成後にもう一度お試しください。"),
    "evidence.unknown": N_("この番号の文書は保管されていません。"),
    "evidence.unreadable": N_("証拠記録として読み取れません。RFC 4998のDER形式のファイルを指定してください。"),
    "evidence.encrypted": N_("暗号化した文書についての証拠記録のため、この文書については検証できません。"),
    "evidence.digest": N_("証拠記録が、受け付けていないハッシュ関数（{dotted}）を使っています。"),
    "evidence.other_object": N_("この証拠記録は、別の文書についてのものです。または、文書が変更されています。"),
    "evidence.other_group": N_("この証拠記録は、ほかの文書も含むまとまりについてのものです。すべての文書をそろえてください。"),
    "evidence.link_broken": N_("証拠記録の{stamp}番目のタイムスタンプが、それより前の記録と一致しません。"),
    "evidence.tree_broken": N_("証拠記録のハッシュ木が、{stamp}番目のタイムスタンプと一致しません。"),
    "evidence.digest_changed": N_("証拠記録の{stamp}番目のタイムスタンプのハッシュ関数が、直前のものと異なります。"),
    "evidence.token_broken": N_("証拠記録の{stamp}番目のタイムスタンプが正しくありません。"),
    "evidence.authority_unknown": N_("証拠記録の{stamp}番目のタイムスタンプ局が、信頼する局の一覧にありません。"),
    "evidence.out_of_order": N_("証拠記録の{stamp}番目のタイムスタンプが、直前のものより古い日時です。"),
    "evidence.from_future": N_("証拠記録の{stamp}番目のタイムスタンプが、検証日時より後の日時です。"),
    "evidence.revoked": N_("証拠記録の{stamp}番目のタイムスタンプ局の証明書は失効しています（{subject}）。"),
    "evidence.lapsed": N_(
        "証拠記録の更新が間に合っていません。{stamp}番目のタイムスタンプは、次の更新より前に有効期限を過ぎました（{why}）。"
    ),
    "evidence.aged": N_("証拠記録の有効期限が過ぎています（{why}）。更新されていないため、存在した日時を示せません。"),
    "evidence.file_altered": N_("保管している文書が、証拠記録を作成したときの内容と一致しません。運営者へご連絡ください。"),
    "evidence.nothing_left": N_("更新できる文書がありません。運営者へご連絡ください。"),
    "evidence.not_stronger": N_("{than}より強いハッシュ関数を指定してください。"),
    "envelope.unknown": N_("お探しの封筒は見つかりません。"),
    "envelope.not_allowed": N_("この操作を行う権限がありません。"),
    "envelope.too_many_files": N_("1つの封筒に入れられる文書は{limit}件までです。"),
    "envelope.too_large": N_("1つの封筒に入れられる合計は{limit_mb}MBまでです。"),
    "envelope.not_draft": N_("この封筒はすでに送信されたため、変更できません。"),
    "envelope.nameless": N_("封筒名を入力してください。"),
    "envelope.no_documents": N_("文書を1件以上追加してください。"),
    "envelope.not_described": N_("封筒名と取引情報を入力してください。"),
    "envelope.moved": N_("この封筒の状態が変わったため、操作できませんでした。現在の状態を確認してください。"),
    "envelope.too_old": N_("期限切れから{days}日を過ぎた封筒は再送できません。複製して作り直してください。"),
    "envelope.withdrawn": N_("この署名依頼は、送信者により取り下げられました。"),
    "envelope.declined": N_("この署名依頼は、署名されずに終了しました。"),
    "recipients.incomplete": N_("相手方と当方の署名者を選択してください。"),
    "recipient.moved": N_("署名者の状態が変わったため、操作できませんでした。"),
    "recipient.not_asked": N_("この署名者には、いまは依頼できません。"),
    "recipient.not_you": N_("この文書の署名者として指定されていません。"),
    "recipient.done": N_("署名手続きは完了しています。"),
    "registration.not_usable": N_("この届出はいまは使えません。確認と承認が済んだ届出を選択してください。"),
    "registration.not_allowed": N_("届出を扱う権限がありません。"),
    "registration.not_confirmed": N_("メールアドレスの確認がまだ済んでいません。"),
    "registration.same_member": N_("届出は、入力した方とは別の職員が承認してください。"),
    "registration.revoked": N_("この届出は失効しています。送信者へご連絡ください。"),
    "registration.suspended": N_("アクセスコードの誤入力が続いたため、この届出は停止されています。送信者へご連絡ください。"),
    "registration.confirmed": N_("メールアドレスの確認は済んでいます。"),
    "registration.unknown": N_("お探しの届出は見つかりません。"),
    "member.nameless": N_("氏名を入力してください。"),
    "language.unknown": N_("言語を選択してください。"),
    "member.may_not_sign": N_("署名権限のある職員を選択してください。"),
    "member.is_sender": N_("送信者は署名者になれません。別の職員を選択してください。"),
    "deadline.out_of_range": N_("署名期限は、明日から{days}日以内の日付にしてください。"),
    "deadline.missing": N_("署名期限を入力してください。"),
    "code.malformed": N_("アクセスコードは6桁の数字で入力してください。"),
    "code.weak": N_("推測されやすいコードは使えません。別の6桁の数字にしてください。"),
    "code.wrong": N_("アクセスコードが正しくありません。あと{left}回入力できます。"),
    "code.locked": N_("入力が5回続けて一致しなかったため、{until}まで入力できません。"),
    "code.ended": N_("入力回数の上限に達したため、このリンクは使えません。送信者へご連絡ください。"),
    "code.busy": N_("操作が続いています。しばらくしてからもう一度お試しください。"),
    "otp.too_soon": N_("{seconds}秒後にもう一度お試しください。"),
    "otp.expired": N_("認証コードの有効期限が切れています。新しい認証コードを送信してください。"),
    "otp.wrong": N_("認証コードが正しくありません。あと{left}回入力できます。"),
    "otp.ended": N_("入力回数の上限に達しました。新しい認証コードを送信してください。"),
    "link.unknown": N_("このリンクは無効です。メールに記載のリンクをもう一度確認してください。"),
    "link.replaced": N_("新しいリンクが送信されたため、このリンクは使えません。最新のメールをご確認ください。"),
    "link.expired": N_("署名期限が過ぎたため、このリンクは使えません。"),
    "link.closed": N_("このリンクは使えません。"),
    "download.expired": N_("ダウンロードの有効期限（14日間）が過ぎました。"),
    "documents.unseen": N_("まだ開いていない文書があります。すべての文書を確認してください。"),
    "visit.not_open": N_("もう一度アクセスコードを入力してください。"),
    "consent.given": N_("署名手続きは完了しています。"),
    "consent.not_shown": N_(
        "確認画面を開いてから時間がたったか、画面を読み取れません。もう一度内容を確認してから、ボタンを押してください。"
    ),
    "consent.shown_changed": N_(
        "この画面を開いたあとに内容が変わったため、署名を受け付けませんでした。表示し直した内容を、もう一度確認してください。"
    ),
    "proof.missing": N_("送信者が求める本人確認がまだ済んでいません。"),
    "proof.not_asked": N_("この署名に、追加の本人確認は必要ありません。"),
    "proof.second_factor": N_("送信者が、二要素認証でのログインを求めています。いまのログインでは署名できません。"),
    "proof.not_for_own": N_("パスキーを求められるのは、相手方の署名者だけです。"),
    "proof.no_passkeys": N_("このシステムのアドレスではパスキーを使えません。認証アプリを選択してください。"),
    "totp.wrong": N_("認証アプリのコードが正しくありません。あと{left}回入力できます。"),
    "totp.used": N_("このコードは使用済みです。次のコードが表示されてから入力してください。あと{left}回入力できます。"),
    "totp.enrolled": N_("認証アプリはすでに登録されています。登録した認証アプリのコードを入力してください。"),
    "totp.altered": N_("保管されているデータに異常が見つかりました。管理者へご連絡ください。"),
    "passkey.malformed": N_("パスキーの応答を読み取れません。もう一度お試しください。"),
    "passkey.other_challenge": N_("パスキーが確認した内容が、この画面の内容と一致しません。もう一度お試しください。"),
    "passkey.wrong_origin": N_("パスキーが別のアドレスの画面で使われました。メールのリンクから、もう一度お試しください。"),
    "passkey.wrong_house": N_("パスキーが別のアドレスの画面で使われました。メールのリンクから、もう一度お試しください。"),
    "passkey.not_verified": N_("顔認証・指紋認証・画面ロックの番号などによる、ご本人の確認が行われませんでした。もう一度お試しください。"),
    "passkey.algorithm": N_("この種類のパスキーには対応していません。ほかの端末でお試しください。"),
    "passkey.wrong_signature": N_("登録されたパスキーではないため、確認できませんでした。"),
    "passkey.another": N_("登録されたパスキーではないため、確認できませんでした。"),
    "passkey.counter_back": N_("パスキーが複製されたおそれがあるため、受け付けませんでした。送信者へご連絡ください。"),
    "passkey.enrolled": N_("このパスキーは登録できません。すでに登録されています。"),
    "passkey.altered": N_("保管されているデータに異常が見つかりました。管理者へご連絡ください。"),
    "recipient.altered": N_("保管されているデータに異常が見つかりました。管理者へご連絡ください。"),
    "credential.none": N_("解除できる登録はありません。"),
    "reason.missing": N_("理由を2文字以上で入力してください。"),
    "reason.too_long": N_("理由は{limit}文字以内で入力してください。"),
    "page.not_found": N_("お探しのページは見つかりません。"),
    "page.unknown": N_("お探しのページは見つかりません。"),
    "asked.already": N_("依頼はすでに送信されています。送信者からの連絡をお待ちください。"),
    "vault.shredded": N_("この文書は、{at}に復元できないように消去されています（消去番号：{certificate}）。"),
    "destruction.ungrounded": N_("消去の理由と指示した者を、それぞれ{limit}文字以内で指定してください。"),
    "destruction.in_flight": N_("手続き中の封筒（{number}）の文書は消去できません。"),
    "destruction.retention": N_("{until}まで保存する必要があるため、消去できません。"),
    "destruction.unconcluded": N_("締結していない封筒には保存期間がないため、運営者の明示の指定がなければ消去できません。"),
    "destruction.done": N_("消去できる文書は残っていません。"),
    "destruction.unknown": N_("この消去番号の記録はありません（{number}）。"),
    "vault.key_absent": N_(
        "保管庫の鍵がいま使えないため、文書を読み書きできません。文書は失われていません。しばらくしてからもう一度お試しください。"
    ),
    "kek.not_in_file": N_("現在の鍵は{setting}で指定されているため、ファイルの鍵を作成できません。"),
    "kek.unknown": N_("この番号の鍵は設定されていません（{key}）。"),
    "kek.current": N_("現在使用している鍵（{key}）は廃止できません。"),
    "kek.in_use": N_("この鍵（{key}）で保護しているデータが{count}件あるため、廃止できません。先に鍵を更新してください。"),
    "kek.too_soon": N_("鍵の更新が終わってから{minutes}分以上たってから廃止してください。"),
    "vault.altered": N_("保管されているデータに異常が見つかりました。管理者へご連絡ください。"),
    "document.altered": N_("保管されているデータに異常が見つかりました。管理者へご連絡ください。"),
    "password.weak": N_("パスワードが弱すぎます。"),
    "key.certificate_missing": N_("鍵「{label}」の証明書がまだありません。認証局から届いた証明書チェーンを取り込んでください。"),
    "key.chain_incomplete": N_(
        "鍵「{label}」の証明書チェーンが、ルート証明書までつながっていません。中間証明書とルート証明書も含めてください。"
    ),
    "key.mismatch": N_("「{label}」の鍵に対応する証明書ではありません。この鍵から作成した証明書要求で発行された証明書を指定してください。"),
    "key.expired": N_("鍵「{label}」の証明書は有効期限（{until}）が切れています。"),
    "key.not_yet_valid": N_("鍵「{label}」の証明書は、まだ有効期間の開始前です（{since}から）。"),
    "key.wrong_usage": N_("鍵「{label}」の証明書は、文書への電子署名に使える種類ではありません。"),
    "key.configuration": N_("鍵「{label}」の設定（key.toml）を読み取れません。"),
    "key.unreadable": N_("鍵または証明書のファイル「{file}」を読み取れません。"),
    "key.passphrase_wrong": N_("鍵のファイル「{file}」をパスフレーズで開けません。"),
    "key.pin_wrong": N_("トークン「{token}」のPINが違います。ロックを防ぐため再試行しません。PINファイル「{file}」を書き直してください。"),
    "key.pin_locked": N_("トークン「{token}」のPINがロックされているか、残りの試行が1回です。製造元の手順で解除してください。"),
    "key.pin_missing": N_("署名サービス「{service}」にはPINが必要です。pin_fileを設定してください。"),
    "key.secret_unreadable": N_("PINやパスフレーズのファイル「{file}」を読み取れません。"),
    "key.secret_empty": N_("PINやパスフレーズのファイル「{file}」が空です。"),
    "key.token_absent": N_("トークン「{token}」が見つかりません。接続とトークンのラベルを確認してください。"),
    "key.token_ambiguous": N_("「{token}」というラベルのトークンが複数あります。"),
    "key.absent": N_("鍵「{key}」が見つかりません。"),
    "key.ambiguous": N_("「{key}」というラベルの鍵が複数あります。"),
    "key.exists": N_("「{key}」というラベルの鍵がすでにトークンにあります。既存の鍵を使う場合は --existing を付けてください。"),
    "key.module_unusable": N_("PKCS#11ライブラリ「{module}」を読み込めません。"),
    "key.unsupported": N_("この種類の鍵（{kind}）には対応していません。"),
    "key.weak": N_("鍵が短すぎます（{bits}ビット。{least}ビット以上が必要です）。"),
    "key.disabled": N_("署名サービスの鍵「{key}」は無効にされています。"),
    "key.interactive": N_("署名サービスの鍵「{key}」は署名のたびに人の操作を求めるため、使えません。"),
    "key.login_refused": N_("署名サービス「{service}」に認証を拒否されました。"),
    "key.service_insecure": N_("署名サービスのアドレスは https で始まる必要があります（{service}）。"),
    "key.remote": N_("鍵「{label}」は署名サービスにあり、証明書もサービスが発行しています。証明書要求は不要です。"),
    "key.unknown": N_("「{label}」という名前の鍵は設定されていません。"),
    "key.name_unusable": N_("鍵の名前「{label}」は使えません。半角の英小文字・数字・ピリオド・ハイフン・下線で40文字以内にしてください。"),
    "key.name_taken": N_("「{label}」という名前の鍵はすでにあります。"),
    "key.public_missing": N_("鍵「{label}」の公開鍵ファイル（public.der）がありません。"),
    "key.subject_missing": N_("証明書に記載する名称（CN）を指定してください。"),
    "key.subject_unusable": N_("証明書に記載する項目「{part}」が使えません（{longest}文字以内）。"),
    "key.probe_rejected": N_("鍵「{label}」で署名した試験文書が検証に通りませんでした。"),
    "key.unreachable": N_("署名鍵（トークンまたは署名サービス）から応答がありません。"),
    "tsa.wrong_usage": N_("タイムスタンプ局の証明書の用途（拡張鍵用途）が、タイムスタンプ専用ではありません。"),
    "tsa.bad_reply": N_("タイムスタンプ局の応答を検証できませんでした。"),
    "tsa.refused": N_("タイムスタンプ局に発行を断られました。"),
    "tsa.unreachable": N_("タイムスタンプ局から応答がありません。"),
    "key.revoked": N_("証明書が失効しています（{subject}）。新しい鍵と証明書を用意してください。"),
    "seal.overdue": N_("完成した文書の検証が時間内に終わりませんでした。文書は公開されていません。あとで自動的にやり直します。"),
    "seal.same_key": N_("電子署名をやり直すには、失効していない別の鍵を先に設定してください。"),
    "renewal.too_late": N_("検証期限がすでに過ぎています。いまタイムスタンプを追加しても、証明は元に戻りません。"),
    "renewal.no_better_authority": N_(
        "いまのタイムスタンプ局（{authority}）では検証期限が延びません。別の局か、新しい証明書の局が必要です。"
    ),
    "renewal.no_stronger_algorithm": N_(
        "いまのタイムスタンプ局（{authority}）の暗号（{algorithm}）では検証期限が延びません。より強い暗号の局が必要です。"
    ),
    "record.unknown": N_("お探しの文書は見つかりません。"),
    "record.ambiguous": N_("同じ管理番号の文書が複数あります。組織を指定してください。"),
    "envelope.not_stuck": N_("止まっている処理はありません。"),
    "envelope.busy": N_("ちょうど処理中です。しばらくしてからもう一度お試しください。"),
    "envelope.ambiguous": N_("同じ管理番号の封筒が複数あります。組織を指定してください。"),
    "report.altered": N_("検証結果を読み取れません。もう一度ファイルを選んで、検証からやり直してください。"),
    "report.expired": N_("検証から1時間が過ぎました。もう一度ファイルを選んで、検証からやり直してください。"),
    "house.held": N_("バックアップから復元した確認中のシステムのため、操作できません。閲覧だけができます。"),
    "backup.unset": N_("バックアップの保存先（TACHIAI_BACKUP_TO）が設定されていません。"),
    "backup.unknown": N_("「{folder}」はバックアップのフォルダーではありません。"),
    "backup.other_house": N_("「{folder}」には別のシステムのバックアップがあります。別のフォルダーを指定してください。"),
    "backup.no_generation": N_("この世代（{generation}）のバックアップはありません。"),
    "backup.manifest": N_("バックアップの目録を読み取れません（{detail}）。別の世代を指定してください。"),
    "backup.damaged": N_("バックアップの「{file}」が欠けているか、変更されています。別の世代を指定してください。"),
    "backup.no_program": N_("プログラム「{program}」が見つかりません。インストールしてください。"),
    "backup.nowhere": N_("鍵の控えを保存するファイルを --to で指定してください。"),
    "backup.passphrase": N_("パスフレーズは{least}文字以上にしてください。"),
    "backup.passphrase_differs": N_("2回入力されたパスフレーズが一致しません。"),
    "backup.keys": N_("鍵の控えを開けません。パスフレーズとファイルを確認してください。"),
    "restore.nowhere": N_("復元先のフォルダーを --home で指定してください。"),
    "restore.occupied": N_("復元先（{place}）にすでにデータがあります。上書きはしません。空の場所を指定してください。"),
    "restore.other_database": N_("このバックアップは{made_with}のものです。同じ種類のデータベースへ復元してください。"),
    "restore.newer": N_("このバックアップは新しいバージョン（{made_by}）で作成されています。そのバージョン以降で復元してください。"),
    "restore.not_held": N_("このシステムは復元の確認中ではありません。"),
    "restore.unfinished": N_("復元が途中で終わっています。復元先を削除して、もう一度復元してください。"),
    "restore.keys_missing": N_("このシステムの鍵が「{folder}」にありません。鍵の控えを戻してください。"),
    "restore.as_what": N_("本番（--as-production）か試験用の複製（--as-copy）かを指定してください。"),
    "restore.checkpoint_wanted": N_(
        "最後に公開されたチェックポイント（--checkpoint）を指定してください。なければ --none-known を付けてください。"
    ),
    "restore.no_checkpoint": N_(
        "ファイルの中にチェックポイントが見つかりません。公開されたチェックポイントか、締結完了メールを指定してください。"
    ),
    "restore.other_log": N_("このチェックポイント（{origin}）は、別のシステムの操作記録のものです。"),
    "drill.no_scratch_database": N_("データベースの利用者（{user}）に、訓練用のデータベースを作成する権限がありません。"),
    "mail.unknown": N_("このメールは見つからないか、すでに対応が決まっています。"),
    "store.unwritable": N_("ただいま保存できません。入力内容はそのままで、しばらくしてからもう一度お試しください。"),
    "store.lied": N_("ただいま保存できません。入力内容はそのままで、しばらくしてからもう一度お試しください。"),
    "store.unreadable": N_("ただいま保管庫から読み出せません。しばらくしてからもう一度お試しください。"),
    "store.unreachable": N_("ただいま保管庫につながりません。しばらくしてからもう一度お試しください。"),
    "store.denied": N_("ただいま保管庫につながりません。しばらくしてからもう一度お試しください。"),
    "store.unfit": N_("この保管庫は使えません（{reason}）。"),
}
UNKNOWN = N_("操作を完了できませんでした。しばらくしてからもう一度お試しください。")

# What the kinds of active content are called.
ACTIVE = {
    "javascript": N_("JavaScript"),
    "launch": N_("プログラムの起動"),
    "submit_form": N_("入力内容の送信"),
    "import_data": N_("データの取り込み"),
    "media": N_("動画・音声"),
    "xfa": N_("XFAフォーム"),
    "external_content": N_("外部のファイルの表示"),
    "embedded_executable": N_("添付されたプログラム"),
    "automatic_link": N_("自動で開くリンク"),
}

STATUS = {
    "envelope.unknown": 404,
    "sample.unknown": 404,
    "sample.not_allowed": 403,
    "page.unknown": 404,
    "page.not_found": 404,
    "registration.unknown": 404,
    "mail.unknown": 404,
    "link.unknown": 404,
    "envelope.not_allowed": 403,
    "registration.not_allowed": 403,
    "recipient.not_you": 403,
    "visit.not_open": 403,
    "envelope.moved": 409,
    "envelope.not_draft": 409,
    "upload.settled": 409,
    "upload.changed": 409,
    "upload.expired": 410,
    "recipient.moved": 409,
    "link.replaced": 410,
    "link.expired": 410,
    "link.closed": 410,
    "download.expired": 410,
    "envelope.withdrawn": 410,
    "envelope.declined": 410,
    "registration.revoked": 410,
    "code.locked": 429,
    "code.ended": 429,
    "code.busy": 429,
    "registration.suspended": 429,
    "otp.too_soon": 429,
    "report.altered": 400,
    "report.expired": 410,
    "file.too_large": 413,
    "envelope.too_large": 413,
    "house.held": 503,
    "vault.altered": 500,
    "vault.shredded": 410,
    "document.altered": 500,
    "bundle.untrue": 500,
    "recipient.altered": 500,
    "passkey.altered": 500,
    "totp.altered": 500,
    "consent.not_shown": 409,
    "consent.shown_changed": 409,
    "proof.second_factor": 403,
}


def sentence(code: str, facts: dict[str, Any] | None = None) -> str:
    """What a refusal says in the reader's language; an unknown code says so generally rather than nothing.

    Where a code has a sentence for its ``reason``, it says that one.
    """
    told = {name: jst(value) if hasattr(value, "astimezone") else value for name, value in (facts or {}).items()}
    if code == "file.active_content":
        told["kinds"] = _("、").join(_(ACTIVE[kind]) if kind in ACTIVE else str(kind) for kind in told.get("kinds", ()))
    words: str = _(SENTENCES.get(f"{code}:{told.get('reason', '')}") or SENTENCES.get(code, UNKNOWN))
    try:
        return words.format(**told)
    except (KeyError, IndexError):
        return words


def status_of(code: str) -> int:
    return STATUS.get(code, 422)


class RefusalMiddleware:
    """A refusal or an outage that no view has shown in its own form becomes a page, with a status that fits."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return problem_page(request, exception.code, exception.facts)
        if isinstance(exception, Outage):
            log.error("outage at a door", code=exception.code, detail=exception.detail)
            return problem_page(request, _told_of(exception.code), {}, status=503)
        return None


def _told_of(outage: str) -> str:
    """The code whose sentence a visitor is told of an outage."""
    if outage.startswith("kek."):
        return "vault.key_absent"
    known = outage.startswith(("store.", "vault.")) and outage in SENTENCES
    return outage if known else "store.unwritable"


def problem_page(request: HttpRequest, code: str, facts: dict[str, Any], *, status: int | None = None) -> HttpResponse:
    """One page for every problem: what happened, what to do, whom to ask."""
    context = {"code": code, "words": sentence(code, facts), "status": status or status_of(code)}
    return render(request, "problem.html", context, status=status or status_of(code))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # Django's signature
    if request.COOKIES:
        words = _("画面を開いてから時間がたったか、Cookieが使えないため、送信できませんでした。前の画面に戻って、もう一度お試しください。")
    else:
        words = _("Cookieが使えないため、先へ進めません。ブラウザの設定でCookieを許可するか、別のブラウザでリンクを開いてください。")
    return render(request, "problem.html", {"code": "form.stale", "words": words, "status": 403}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    words = _("お探しのページは見つかりません。アドレスを確認してください。")
    return render(request, "problem.html", {"code": "page.unknown", "words": words, "status": 404}, status=404)


def too_large(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    words = _("送信された内容が大きすぎます。ファイルの数か大きさを減らしてください。")
    return render(request, "problem.html", {"code": "request.too_large", "words": words, "status": 413}, status=413)


def broken(request: HttpRequest) -> HttpResponse:
    words = _("システムで問題が発生しました。入力内容は保存されていない可能性があります。時間をおいてもう一度お試しください。")
    return render(request, "problem.html", {"code": "house.disturbed", "words": words, "status": 500}, status=500)
