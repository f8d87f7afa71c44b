"""Where refusals become words (``refusal_words``) and a page for what no form can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_  # noqa: N812  # the catalogue tools' own name for it

from tachiai.errors import Outage, Refusal
from tachiai.web.information_words import item_names
from tachiai.web.refusal_words import OUTAGES, SENTENCES, UNKNOWN
from tachiai.web.templatetags.look import jst

log = structlog.get_logger("tachiai.web")


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

# Whose pages have the desk's frame: its own, the demo's mailbox, and the login library's, which have no name of their own.
DESK = ("", "desk", "mailbox")

STATUS = {
    "envelope.unknown": 404,
    "sample.unknown": 404,
    "sample.not_allowed": 403,
    "operations.not_allowed": 403,
    "page.unknown": 404,
    "page.not_found": 404,
    "registration.unknown": 404,
    "draft.unknown": 404,
    "draft.submitted": 409,
    "registration.changed": 409,
    "copies.asked": 409,
    "copies.decided": 409,
    "copies.same_member": 403,
    "form.closed": 403,
    "form.busy": 429,
    "mail.unknown": 404,
    "link.unknown": 404,
    "envelope.not_allowed": 403,
    "documents.not_allowed": 403,
    "template.unknown": 404,
    "template.not_allowed": 403,
    "template.archived": 409,
    "envelope.scheduled": 409,
    "settings.not_allowed": 403,
    "member.not_allowed": 403,
    "member.only_admin": 403,
    "member.is_self": 403,
    "member.unknown": 404,
    "group.unknown": 404,
    "folder.unknown": 404,
    "group.not_empty": 409,
    "folder.not_empty": 409,
    "invitation.unknown": 404,
    "invitation.expired": 410,
    "download.not_allowed": 403,
    "approval.unknown": 404,
    "approval.not_yours": 403,
    "approval.reads_only": 403,
    "approval.is_sender": 403,
    "approval.twice": 409,
    "approval.not_asked": 409,
    "approval.over": 409,
    "approval.changed": 409,
    "deputy.not_in_force": 403,
    "deputy.unknown": 404,
    "deputy.no_right": 403,
    "route.unknown": 404,
    "member.moved": 409,
    "member.joined": 409,
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
    "recipient.forwarded": 410,
    "recipient.declined": 410,
    "recipient.not_needed": 410,
    "recipient.waiting": 409,
    "reassign.not_allowed": 403,
    "link.disabled": 410,
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
    "demo.telling": 503,
    "vault.altered": 500,
    "vault.shredded": 410,
    "document.altered": 500,
    "bundle.destroyed": 410,
    "bundle.untrue": 500,
    "recipient.altered": 500,
    "passkey.altered": 500,
    "totp.altered": 500,
    "consent.not_shown": 409,
    "consent.shown_changed": 409,
    "proof.second_factor": 403,
    "image.not_allowed": 403,
    "image.unknown": 404,
    "field.unknown": 404,
}


def sentence(code: str, facts: dict[str, Any] | None = None) -> str:
    """What a refusal says in the reader's language; an unknown code says so generally rather than nothing.

    Where a code has a sentence for its ``reason``, it says that one.
    """
    told = {name: jst(value) if hasattr(value, "astimezone") else value for name, value in (facts or {}).items()}
    if code == "file.active_content":
        told["kinds"] = _("、").join(_(ACTIVE[kind]) if kind in ACTIVE else str(kind) for kind in told.get("kinds", ()))
    if code.startswith("information."):
        told["items"] = item_names(told.get("items", ()))
        told["item"] = item_names([told.get("item", "")])
    words: str = _(SENTENCES.get(f"{code}:{told.get('reason', '')}") or SENTENCES.get(code, UNKNOWN))
    try:
        return words.format(**told)
    except (KeyError, IndexError):
        return words


def outage_sentence(code: str, detail: str) -> str:
    """What the command line says of something that does not answer; empty for a code without a sentence of its own."""
    words = OUTAGES.get(code) or OUTAGES.get(code.split(".", maxsplit=1)[0], "")
    return _(words).format(detail=detail or code) if words else ""


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
    return _page(request, code, sentence(code, facts), status or status_of(code))


def _page(request: HttpRequest, code: str, words: str, status: int) -> HttpResponse:
    base = "desk/base.html" if status < 500 and _is_at_desk(request) else "base.html"
    return render(request, "problem.html", {"base": base, "code": code, "words": words, "status": status}, status=status)


def _is_at_desk(request: HttpRequest) -> bool:
    """Whether a member asked for a page of the desk, or for one that does not exist: then the way on is the desk's menu.

    A house in trouble (5xx) shows the plain page, which asks the rows for less.
    """
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return False
    return request.resolver_match is None or request.resolver_match.namespace in DESK


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # Django's signature
    if request.COOKIES:
        words = _("画面を開いてから時間がたったか、Cookieが使えないため、送信できませんでした。前の画面に戻って、もう一度お試しください。")
    else:
        words = _("Cookieが使えないため、先へ進めません。ブラウザの設定でCookieを許可するか、別のブラウザでリンクを開いてください。")
    return _page(request, "form.stale", words, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    words = _("お探しのページは見つかりません。アドレスを確認してください。")
    return _page(request, "page.unknown", words, 404)


def too_large(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    words = _("送信された内容が大きすぎます。ファイルの数か大きさを減らしてください。")
    return _page(request, "request.too_large", words, 413)


def broken(request: HttpRequest) -> HttpResponse:
    words = _("システムで問題が発生しました。入力内容は保存されていない可能性があります。時間をおいてもう一度お試しください。")
    return _page(request, "house.disturbed", words, 500)
