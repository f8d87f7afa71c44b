"""What the inspection of an upload found, in words a clerk can act on: what it is, why it matters, what to do, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tachiai.envelopes.cautions import is_weighty
from tachiai.envelopes.excerpts import excerpts_of
from tachiai.envelopes.models import Document

PAGES_SHOWN = 3  # beside a sentence; the others are numbers
# A small picture of the page shows nothing of these: the numbers in the sentence are enough.
UNPICTURED = frozenset(("fonts.unembedded", "links.external"))
# A finding that is not told where a plainer one is: every hidden layer is a layer.
SAID_BY = {"content.layers": "content.hidden_layer"}
Facts = Mapping[str, Any]


class Words(NamedTuple):
    """``what`` is the finding itself, ``why`` what may come of it, ``act`` what the sender can do."""

    what: str
    why: str = ""
    act: str = ""


class Told(NamedTuple):
    """A finding for a reader. ``weighty``: to be acknowledged before sending; ``pages``: the first few; ``more``: how many else.

    ``texts``: what is written there, where the page itself may not show it.
    """

    words: Words
    weighty: bool
    pages: list[int]
    more: int
    texts: list[str]


def warnings_of(document: Document) -> list[Told]:
    """Each thing found that does not keep the document from being sent, the weighty ones first."""
    return warned(document.findings, excerpts_of(document))


def warned(findings: list[dict[str, Any]], excerpts: Mapping[str, list[str]] | None = None) -> list[Told]:
    found = [one for one in findings if one.get("severity", "warn") == "warn"]
    codes = {one["code"] for one in found}
    told = [_told(one, (excerpts or {}).get(one["code"], [])) for one in found if SAID_BY.get(one["code"]) not in codes]
    return sorted(told, key=lambda one: not one.weighty)


def accepted_of(document: Document) -> list[Told]:
    """What was found and is no cause for concern."""
    return [_told(one) for one in document.findings if one.get("severity") == "accept"]


def cautions_words(document: Document) -> list[str]:
    """What has to be acknowledged before this document is sent."""
    return [one.words.what for one in warned(document.findings) if one.weighty]


def reason_words(reasons: list[dict[str, Any]]) -> list[str]:
    """Why a file has to be rewritten before it can be used."""
    return [REASONS.get(one["code"], _broken)(one.get("facts", {})) for one in reasons]


def _told(finding: dict[str, Any], texts: list[str] | None = None) -> Told:
    facts: Facts = finding.get("facts", {})
    teller = WORDS.get(finding["code"])
    words = teller(facts) if teller else Words(_("確認が必要な点があります（{code}）。").format(code=finding["code"]))
    pages = [] if finding["code"] in UNPICTURED else _pages_in(facts)
    return Told(words, is_weighty(finding["code"]), pages[:PAGES_SHOWN], max(0, len(pages) - PAGES_SHOWN), texts or [])


def _pages_in(facts: Facts) -> list[int]:
    """Every page that the facts name, in order. Facts come out of a child that has read a stranger's bytes."""
    named = [facts.get("pages"), *(hit.get("pages") for hit in facts.get("hits") or [] if isinstance(hit, dict))]
    return sorted({page for pages in named if isinstance(pages, list) for page in pages if type(page) is int and page > 0})


def _at(facts: Facts) -> str:
    """「（3・5ページ）」, or nothing where no page is named."""
    pages = _pages_in(facts)
    return _("（{pages}ページ）").format(pages=numbers(pages)) if pages else ""


def numbers(pages: list[int], *, most: int = 20) -> str:
    """「3・5・8」, cut short where there are many."""
    named = pgettext("page numbers", "・").join(str(number) for number in pages[:most])
    return f"{named}…" if len(pages) > most else named


def _list(values: Any) -> str:
    return _("、").join(str(value) for value in values or [])


def _layers(facts: Facts) -> Words:
    return Words(
        _("表示を切り替えられる層（レイヤー）があります{at}。").format(at=_at(facts)),
        _("閲覧ソフトの設定によって、見える内容が変わることがあります。"),
        _("意図した層でなければ、層を統合して保存し直してください。"),
    )


def _hidden_layer(facts: Facts) -> Words:
    if facts.get("print_differs"):
        return Words(
            _differing_layer(facts),
            _("画面で確認した内容と、印刷した内容が食い違うおそれがあります。"),
            _("隠れた層を削除するか、層を統合して保存し直してください。"),
        )
    return Words(
        _("はじめは表示されない層（レイヤー）に内容があります{at}。").format(at=_at(facts)),
        _("署名する人に見えない内容が、あとから表示されるおそれがあります。"),
        _("隠れた層を削除するか、層を統合して保存し直してください。"),
    )


def _differing_layer(facts: Facts) -> str:
    return _("画面と印刷とで、表示される内容が違う層（レイヤー）があります{at}。").format(at=_at(facts))


def _invisible(facts: Facts) -> Words:
    if facts.get("reasons") == ["unchecked"]:
        return Words(
            _("見えない内容がないか、調べきれなかったページがあります{at}。").format(at=_at(facts)),
            _("文字や図形が非常に多く、検査の時間内にすべてを見られませんでした。"),
            _("ページを見て確認してください。気になる場合は、「PDFとして印刷」で保存し直してください。"),
        )
    return Words(
        _("目に見えない文字や図形があります{at}。").format(at=_at(facts)),
        _("画面に表示されない内容も、署名の対象になります。"),
        _("意図したものでなければ、作成元のソフトで削除して保存し直してください。"),
    )


def _overlap(facts: Facts) -> Words:
    return Words(
        _("本文の上に、別の内容が重ねられています{at}。").format(at=_at(facts)),
        _("下に隠れた内容と見えている内容が食い違うと、どちらに合意したのか争いになることがあります。"),
        _("ページを見て、意図したとおりか確認してください。違う場合は、作成元のソフトで直して保存し直してください。"),
    )


def _covering(facts: Facts) -> Words:
    return Words(
        _("注釈（付箋や図形）が本文を覆っています{at}。").format(at=_at(facts)),
        _("注釈は閲覧ソフトで動かしたり消したりできるため、下の内容が現れることがあります。"),
        _("注釈を消すか、「PDFとして印刷」で本文に固定してください。"),
    )


def _hidden_notes(facts: Facts) -> Words:
    return Words(
        _("表示されない注釈があります{at}。").format(at=_at(facts)),
        _("画面には見えない書き込みが、相手方に渡ります。"),
        _("作成元のソフトで注釈を削除して保存し直してください。"),
    )


def _earlier(facts: Facts) -> Words:
    if facts.get("pages") == [] and not facts.get("page_count_differs"):
        if facts.get("all_compared") is False:
            return Words(
                _("保存し直す前の版が{count}件残っていて、すべてを見比べることはできませんでした。").format(count=facts.get("count", 0)),
                _("取り消した金額や条件が残っていれば、相手方が取り出して読めることがあります。"),
                _("残したくない場合は、「PDFとして印刷」で保存し直してください。"),
            )
        return Words(_("保存し直した記録がファイルの中に残っています（見える内容は変わっていません）。"))
    return Words(
        _("保存し直す前の版が、ファイルの中に残っています{at}。").format(at=_at(facts)),
        _("取り消した金額や条件を、相手方が取り出して読めることがあります。"),
        _("残したくない場合は、「PDFとして印刷」で保存し直してください。"),
    )


def _shadow(facts: Facts) -> Words:
    return Words(
        _("あとから表示を差し替えられる仕掛けがあります{at}。").format(at=_at(facts)),
        _("署名のあとで、見える内容をすり替えるために使われることがあります。"),
        _("作成元に確かめ、「PDFとして印刷」で保存し直してください。"),
    )


def _text_differs(facts: Facts) -> Words:
    return Words(
        _("見える文字と、コピーや検索で読み取れる文字が違います{at}。").format(at=_at(facts)),
        _("読み上げや検索では、紙面と違う内容として扱われることがあります。"),
        _("ページを見て確認してください。違いが大きい場合は、作成元のソフトから保存し直してください。"),
    )


def _polyglot(facts: Facts) -> Words:  # every sentence is made from its facts
    return Words(
        _("PDF以外の種類のファイルとしても開ける作りになっています。"),
        _("開くソフトによって、まったく別の内容が見えることがあります。"),
        _("作成元に確かめ、「PDFとして印刷」で保存し直してください。"),
    )


def _foreign(facts: Facts) -> Words:
    return Words(
        _("ほかの電子署名が付いています（署名{signatures}件、タイムスタンプ{timestamps}件）。").format(
            signatures=facts.get("signatures", 0), timestamps=facts.get("timestamps", 0)
        ),
        " ".join([_("付いている署名はそのまま残り、この依頼の署名はその後ろに追加されます。"), *_claims(facts)]),
        _("署名前の文書を送るつもりなら、元のPDFを選択し直してください。"),
    )


def _claims(facts: Facts) -> list[str]:
    """What the signatures say of themselves; nobody has examined them yet."""
    said = []
    if facts.get("names"):
        said.append(_("署名者として書かれている名前：{names}（本人かどうかは確かめていません）。").format(names=_list(facts["names"])))
    if facts.get("docmdp"):
        said.append(_("署名のあとに加えてよいものが、署名者によって限られています。"))
    if facts.get("locked"):
        said.append(_("署名者が変更を禁じた入力欄：{names}。").format(names=_list(facts["locked"])))
    return said


def _paper(facts: Facts) -> Words:
    hits = [hit for hit in facts.get("hits") or [] if isinstance(hit, dict)]
    kinds = {str(hit.get("kind")) for hit in hits}
    return Words(
        _("紙の契約書の文言が残っています：{named}。").format(named=_phrases(hits)),
        _sentences(words for kind, words in _paper_reasons().items() if kind in kinds),
        _("電子契約に合わせた文言か確認し、必要なら直したPDFを選択し直してください。"),
    )


def _phrases(hits: list[dict[str, Any]]) -> str:
    """The phrases that were found, those of the same pages together: 「本書2通」「記名押印」（3ページ）."""
    by_pages: dict[str, list[str]] = {}
    for hit in hits:
        by_pages.setdefault(_at(hit), []).append(_("「{phrase}」").format(phrase=hit["phrase"]))
    return _("、").join(pgettext("phrases", "・").join(phrases) + at for at, phrases in by_pages.items())


def _sentences(sentences: Iterable[str]) -> str:
    """One after the other, as the language sets them: Japanese leaves no blank between them."""
    return reduce(lambda first, second: _("{first}{second}").format(first=first, second=second), sentences, "").strip()


def _paper_reasons() -> dict[str, str]:
    return {
        "copies": _("電子契約では原本の通数という考え方がなく、各自が同じデータを保管します。"),
        "seal": _("電子契約では押印せず、電子署名を付けます。"),
        "stamp_duty": _("電子契約には、収入印紙を貼りません。"),
        "binding": _("電子契約には、契印や袋とじがありません。"),
        "post": _("電子契約では、書面の返送や郵送は要りません。"),
    }


def _form(facts: Facts) -> Words:  # every sentence is made from its facts
    return Words(
        _("入力できる欄が残っています{at}。").format(at=_at(facts)),
        _("送信すると、いまの内容で固定されます。"),
        _("書き込む内容が残っていれば、入力してから選択し直してください。"),
    )


def _value_differs(facts: Facts) -> Words:
    if facts.get("reasons") == ["unchecked"]:
        return Words(
            _("表示と値が同じか、調べきれなかった入力欄があります{at}。").format(at=_at(facts)),
            _("入力欄が非常に多いか、読み取れない部分がありました。"),
            _("ページを見て確認してください。気になる場合は、「PDFとして印刷」で保存し直してください。"),
        )
    named = _("：{names}").format(names=_list(facts["fields"])) if facts.get("fields") else ""
    return Words(
        _("入力欄に表示されている内容が、データとして入っている値と違います{names}{at}。").format(names=named, at=_at(facts)),
        _("署名する人に見えるのは表示のほうですが、別のソフトでは値のほうが表示されたり読み取られたりします。"),
        _("作成元のソフトで入力し直すか、「PDFとして印刷」で保存し直してください。"),
    )


def _links(facts: Facts) -> Words:
    return Words(
        _("外部のサイトへのリンクが{count}件あります{at}。").format(count=facts.get("count", 0), at=_at(facts)),
        _("リンク先の内容は署名の対象にならず、あとから変わることがあります。"),
    )


def _attachments(facts: Facts) -> Words:
    return Words(
        _("ファイルが添付されています：{names}。").format(names=_list(facts.get("names"))),
        _("添付ファイルの内容は、署名者の画面に表示されません。"),
        _("契約の一部であれば、別の文書として追加してください。"),
    )


def _fonts(facts: Facts) -> Words:
    return Words(
        _("埋め込まれていない文字（フォント）があります：{fonts}{at}。").format(fonts=_list(facts.get("fonts")), at=_at(facts)),
        _("見る環境によって、文字の形が変わることがあります。"),
        _("気になる場合は、フォントを埋め込む設定で保存し直してください。"),
    )


def _odd_size(facts: Facts) -> Words:
    return Words(
        _("用紙の大きさがほかと違うページがあります{at}。").format(at=_at(facts)),
        "",
        _("別の文書のページが混ざっていないか確認してください。"),
    )


def _pdfa_broken(facts: Facts) -> Words:  # every sentence is made from its facts
    return Words(
        _("長期保存用の形式（PDF/A）と書かれていますが、規格を満たしていません。"),
        _("署名や保管に支障はありません。"),
        _("PDF/Aで納品する決まりがある場合は、作成元のソフトから保存し直してください。"),
    )


def _irregular(facts: Facts) -> Words:  # every sentence is made from its facts
    return Words(_("ファイルの書き方に小さな乱れがあります。"), _("表示や署名には影響しません。"))


def _ocr(facts: Facts) -> Words:
    return Words(_("画像を検索するための見えない文字が付いています（スキャンした文書では普通のことです）{at}。").format(at=_at(facts)))


def _pdfa(facts: Facts) -> Words:  # every sentence is made from its facts
    return Words(_("長期保存用の形式（PDF/A）で作られています。"))


WORDS: dict[str, Callable[[Facts], Words]] = {
    "content.layers": _layers,
    "content.hidden_layer": _hidden_layer,
    "content.invisible": _invisible,
    "content.overlap": _overlap,
    "content.ocr_text": _ocr,
    "annotations.covering": _covering,
    "annotations.hidden": _hidden_notes,
    "revisions.earlier": _earlier,
    "shadow.prepared": _shadow,
    "text.differs": _text_differs,
    "file.polyglot": _polyglot,
    "file.irregular": _irregular,
    "file.attachments": _attachments,
    "signatures.foreign": _foreign,
    "wording.paper": _paper,
    "form.fields": _form,
    "form.value_differs": _value_differs,
    "links.external": _links,
    "fonts.unembedded": _fonts,
    "pages.odd_size": _odd_size,
    "pdfa.claim": _pdfa,
    "pdfa.broken": _pdfa_broken,
}


def _broken(facts: Facts) -> str:  # every sentence is made from its facts
    return _("内部の構造に問題があります。")


REASONS: dict[str, Callable[[Facts], str]] = {
    "file.prepended": lambda facts: _("PDFの前に、余分なデータが付いています。"),
    "file.appended": lambda facts: _("PDFの後ろに、余分なデータが付いています。"),
    "file.empty_password": lambda facts: _("空のパスワードで暗号化されています。"),
    "file.unwritable": lambda facts: _("電子署名を追加できる構造になっていません。"),
    "file.repaired": lambda facts: _("内部の構造が壊れていて、修復が必要です。"),
    "file.two_readings": lambda facts: _("見るソフトによって、表示される内容が変わるおそれがあります{at}。").format(at=_at(facts)),
    "file.polyglot": lambda facts: _("PDF以外の種類のファイルとしても開ける作りになっています。"),
    "content.hidden_layer": _differing_layer,
    "shadow.prepared": lambda facts: _("あとから表示を差し替えられる仕掛けがあります{at}。").format(at=_at(facts)),
}
