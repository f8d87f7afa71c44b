"""What each reason of a judgement means, and what to do about it: one sentence for the cause, one for the next step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_  # noqa: N812  # marks a message, as _ does


class Reason(NamedTuple):
    """A cause in words, and the next step for whoever reads it."""

    cause: str
    step: str


_AGAIN = N_("このファイルは使わず、送信者から締結済みの文書を取り直してください。")
_WHOLE = N_("署名された状態のままのファイルを、送信者から受け取ってください。")
_SIGN_ANEW = N_("署名者に、現在使える証明書と暗号で署名し直すよう求めてください。")
_ORIGINAL = N_("PDF以外のファイル、壊れたファイル、暗号化されたファイルは検証できません。元のファイルで検証してください。")

REASONS = {
    "file.not_ours": Reason(
        N_("このサービスが締結済みとして保管している文書と一致しません。"),
        N_(
            "このサービスの文書は、「電子署名完了のお知らせ」からダウンロードしたままのファイルで検証してください。"
            "ほかのサービスの文書は、そのサービスでも確認してください。"
        ),
    ),
    "file.took_too_long": Reason(N_("決められた時間のうちに、検証が終わりませんでした。"), _ORIGINAL),
    "file.too_complex": Reason(N_("ファイルの構造が複雑すぎるため、検証できませんでした。"), _ORIGINAL),
    "seal.overdue": Reason(N_("決められた時間のうちに、検証が終わりませんでした。"), _ORIGINAL),
    "seal.unreadable": Reason(N_("ファイルを読み取れませんでした。"), _ORIGINAL),
    "seal.no_signature": Reason(
        N_("電子署名が見つかりませんでした。"), N_("印刷・変換・無害化した写しは、電子署名が失われます。元のファイルで検証してください。")
    ),
    # The bytes.
    "seal.broken": Reason(N_("署名された範囲の内容が、署名のときと異なります。"), _AGAIN),
    "seal.byte_range": Reason(N_("署名の範囲が正しくありません。"), _AGAIN),
    "seal.modified": Reason(N_("署名のあとに、認められていない変更が加えられています。"), _AGAIN),
    "seal.not_whole_file": Reason(N_("最後の署名のあとに、署名されていない内容が加えられています。"), _WHOLE),
    "seal.changed_after": Reason(
        N_("署名のあとに、内容が加えられたか、変更されています。"), N_("「署名後の変更」に示したページの内容を、署名者に確認してください。")
    ),
    "seal.signer_missing": Reason(
        N_("あるはずの署名がありません。"), N_("すべての署名がそろったファイルを、送信者から受け取ってください。")
    ),
    "seal.unknown_signature": Reason(
        N_("このサービスが扱わない形式の署名が含まれています。"), N_("署名したサービスの検証ページか、Adobe Acrobatで確認してください。")
    ),
    # Whose certificate.
    "seal.untrusted": Reason(
        N_("証明書が、このサービスの信頼する発行者につながりません。"), N_("署名者に、どの認証局の証明書かを確認してください。")
    ),
    "seal.unknown_root": Reason(
        N_("証明書の発行元は、このサービスが知らない発行者です。改ざんされているという意味ではありません。"),
        N_("署名者に、どの認証局の証明書かを確認し、証明書のSHA-256（「技術的な情報」にあります）を照合してください。"),
    ),
    "seal.chain_incomplete": Reason(
        N_("発行元までの証明書が、ファイルにそろっていません。"), N_("発行元までの証明書を含むファイルを、署名者から受け取ってください。")
    ),
    "seal.certificate_expired": Reason(N_("証明書の有効期限内に署名されたことを、確認できません。"), _SIGN_ANEW),
    "seal.certificate_not_yet_valid": Reason(N_("証明書の有効期間が始まる前に署名されたことになっています。"), _SIGN_ANEW),
    "seal.certificate_unnamed": Reason(
        N_("どの証明書による署名かが、署名の形式（PAdES）で定められたとおりに示されていません。"), _SIGN_ANEW
    ),
    "seal.certificate_unfit": Reason(N_("文書への電子署名に使えない種類の証明書です。"), _SIGN_ANEW),
    "seal.certificate_revoked": Reason(
        N_("証明書が失効しています。"), N_("このファイルは使わず、失効した理由と時期を署名者に確認してください。")
    ),
    "seal.revocation_missing": Reason(
        N_("証明書が失効していないことを示す情報が、ファイルに含まれていません。"),
        N_("失効情報を含むファイルを署名者から受け取るか、発行者の失効情報で確認してください。"),
    ),
    # How strong.
    "seal.algorithm_broken": Reason(N_("安全でなくなった暗号が使われているため、変更されていないことを確認できません。"), _SIGN_ANEW),
    "seal.algorithm_unknown": Reason(
        N_("このサービスが扱わない暗号が使われています。"), N_("署名したサービスの検証ページか、Adobe Acrobatで確認してください。")
    ),
    "seal.algorithm_past": Reason(N_("新しい署名に使える期限を過ぎた暗号で、署名されています。"), _SIGN_ANEW),
    # By whose clock, and how long.
    "seal.timestamp_missing": Reason(N_("署名にタイムスタンプがありません。"), N_("いつ署名したかは、署名者に確認してください。")),
    "seal.timestamp_wrong": Reason(
        N_("タイムスタンプの署名、証明書または時刻が正しくないため、その時刻を信頼できません。"),
        N_("どの時刻認証局のものかを、署名者に確認してください。"),
    ),
    "seal.timestamp_untrusted": Reason(
        N_("タイムスタンプの発行元は、このサービスが知らない時刻認証局です。"), N_("どの時刻認証局のものかを、署名者に確認してください。")
    ),
    "seal.timestamp_unfit": Reason(
        N_("タイムスタンプの証明書が、タイムスタンプ専用のものではありません。"), N_("どの時刻認証局のものかを、署名者に確認してください。")
    ),
    "seal.timestamp_mismatch": Reason(N_("タイムスタンプが、この署名に付けられたものではありません。"), _AGAIN),
    "seal.not_archival": Reason(
        N_("長期検証に必要な情報がそろっていません。"),
        N_("長く保存するときは、証明書の有効期限までに、長期保存用のタイムスタンプを付けてください。"),
    ),
    "seal.archive_expired": Reason(
        N_("最後のタイムスタンプの有効期間が過ぎています。"), N_("期限内に検証した記録があれば、合わせて保存してください。")
    ),
}


def coded(code: str) -> str:
    """A code as it is looked up: those of a signature come with or without their room."""
    return code if "." in code else f"seal.{code}"


def reasons(codes: Iterable[str]) -> list[Reason]:
    """What each code means, once; a code without words of its own is something that could not be read."""
    found = [REASONS.get(coded(code), REASONS["seal.unreadable"]) for code in codes]
    return list(dict.fromkeys(Reason(_(one.cause), _(one.step)) for one in found))
