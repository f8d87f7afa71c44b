"""What the inspection of an upload found, in words a clerk can act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from tachiai.envelopes.models import Document


def warnings_of(document: Document) -> list[str]:
    """One sentence for each thing found that does not keep the document from being sent."""
    return [WORDS[finding["code"]](finding) for finding in document.findings if finding["code"] in WORDS]


def _paper(finding: dict[str, Any]) -> str:
    hits = _("、").join(
        _("「{phrase}」（{pages}ページ）").format(phrase=hit["phrase"], pages=_pages(hit["pages"])) for hit in finding["hits"]
    )
    return _("紙の契約書の文言が残っています：{hits}。電子契約に合わせた文言か確認してください。").format(hits=hits)


def _foreign(finding: dict[str, Any]) -> str:
    return _("ほかの電子署名が付いています（署名{signatures}件、タイムスタンプ{timestamps}件）。署名はそのまま残ります。").format(**finding)


def _form(finding: dict[str, Any]) -> str:  # every sentence is made from its finding
    return _("入力できる欄が残っています。送信すると、いまの内容で固定されます。")


def _links(finding: dict[str, Any]) -> str:
    return _("外部のサイトへのリンクが{count}件あります。").format(**finding)


def _attachments(finding: dict[str, Any]) -> str:
    names = _("、").join(finding["names"])
    return _("ファイルが添付されています：{names}。添付ファイルの内容は署名者の画面に表示されません。").format(names=names)


def _fonts(finding: dict[str, Any]) -> str:
    return _("埋め込まれていない文字（フォント）があります：{fonts}。見る環境によって表示が変わることがあります。").format(
        fonts=_("、").join(finding["fonts"])
    )


def _layers(finding: dict[str, Any]) -> str:
    return _("表示を切り替えられる層（レイヤー）があります。隠れた内容がないか確認してください。")


def _odd_size(finding: dict[str, Any]) -> str:
    return _("用紙の大きさがほかと違うページがあります（{pages}ページ）。").format(pages=_pages(finding["pages"]))


WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "wording.paper": _paper,
    "signatures.foreign": _foreign,
    "form.fields": _form,
    "links.external": _links,
    "file.attachments": _attachments,
    "fonts.unembedded": _fonts,
    "content.layers": _layers,
    "pages.odd_size": _odd_size,
}


def reason_words(reasons: Any) -> list[str]:
    """Why a file has to be rewritten before it can be used."""
    words = {
        "file.prepended": _("PDFの前に余分なデータが付いています。"),
        "file.appended": _("PDFの後ろに余分なデータが付いています。"),
        "file.empty_password": _("空のパスワードで暗号化されています。"),
        "file.unwritable": _("電子署名を追加できる構造になっていません。"),
        "file.repaired": _("内部の構造が壊れていて、修復が必要です。"),
        "file.two_readings": _("見るソフトによって内容が変わるおそれがあります。"),
    }
    return [words.get(str(reason), _("内部の構造に問題があります。")) for reason in reasons or []]


def _pages(numbers: list[int]) -> str:
    return "・".join(str(number) for number in numbers)
