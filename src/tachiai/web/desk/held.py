"""P-04 ①, what is held: files that are still being inspected, and rewritten ones whose pages the sender compares and confirms."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import managed_envelope
from tachiai.envelopes.drafting import title_of
from tachiai.envelopes.glancing import held_picture
from tachiai.envelopes.models import Envelope, HeldUpload, UploadState
from tachiai.envelopes.states import EnvelopeState
from tachiai.envelopes.uploads import drop_upload, held_uploads, is_stuck, upload_copy, upload_in, use_upload
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment, shown_picture
from tachiai.web.desk.findings import numbers, reason_words, warned
from tachiai.web.desk.wizard import draft_of
from tachiai.web.problems import sentence

REFRESH_SECONDS = 2
PAGES_AT_ONCE = 12
GIVEN, REWRITTEN = "given", "rewritten"


class Row(NamedTuple):
    """One held upload as the list of documents shows it. ``kind``: inspecting, offered, refused or stuck."""

    upload: HeldUpload
    kind: str
    words: str


def rows_of(envelope: Envelope | None) -> list[Row]:
    return [_row(upload) for upload in held_uploads(envelope)] if envelope else []


def _row(upload: HeldUpload) -> Row:
    if is_stuck(upload):
        return Row(upload, "stuck", _("検査を続けられませんでした。取り消してから、もう一度選択してください。"))
    if upload.state == UploadState.REFUSED:
        return Row(upload, "refused", sentence(upload.refusal["code"], upload.refusal["facts"]))
    if upload.state == UploadState.OFFERED:
        return Row(upload, "offered", _("このままでは使えないため、書き直したPDFを作りました。ページを確認して、使うかを選んでください。"))
    return Row(upload, "inspecting", _stage_words(upload))


def _stage_words(upload: HeldUpload) -> str:
    stages = {
        "reading": _("ファイルを読み取っています。"),
        "walking": _("内部の構造を調べています。"),
        "drawing": _("ページの見え方を調べています。"),
        "rehearsing": _("電子署名を付けられるか試しています。"),
        "rewriting": _("ファイルを書き直しています。"),
        "comparing": _("書き直す前と後のページを見比べています。"),
    }
    return stages.get(upload.stage, _("検査の順番を待っています。"))


def is_waiting(rows: list[Row]) -> bool:
    return any(row.kind == "inspecting" for row in rows)


def news_of(rows: list[Row]) -> str:
    """What a screen reader is told of the list when it has changed by itself."""
    waiting = sum(row.kind == "inspecting" for row in rows)
    if waiting:
        return _("{count}件のファイルを検査しています。").format(count=waiting)
    if any(row.kind == "offered" for row in rows):
        return _("検査が終わりました。確認が必要なファイルがあります。")
    if rows:
        return _("検査が終わりました。使えないファイルがあります。")
    return _("検査が終わりました。")


@at_desk
def waiting(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """How far the inspections are, for a browser without scripts: it looks again by itself and goes back when they are done."""
    envelope = draft_of(member, pk)
    rows = rows_of(envelope)
    if envelope is None or not is_waiting(rows):
        return redirect("desk:files", pk)
    context = {
        "heading": _("ファイルを検査しています"),
        "envelope": envelope,
        "rows": rows,
        "refresh": REFRESH_SECONDS,
        # What the page looks for when it looks again: it reloads only when this has changed.
        "fingerprint": " ".join(f"{row.kind} {row.upload.stage} {row.upload.done}" for row in rows),
    }
    return show(request, member, "desk/waiting.html", context, section="envelopes")


@at_desk
def held(request: HttpRequest, member: Member, pk: uuid.UUID, upload: uuid.UUID) -> HttpResponse:
    """The rewritten file beside the given one, and the two buttons."""
    envelope = draft_of(member, pk)
    if envelope is None:
        return redirect("desk:envelope", pk)
    found = upload_in(envelope, upload)
    if request.method == "POST":
        return _settle(request, member, found)
    if found.state == UploadState.EXPIRED or (found.state == UploadState.OFFERED and found.expires_at <= clock.now()):
        raise Refusal("upload.expired")
    if found.state != UploadState.OFFERED:
        return redirect("desk:files", pk)
    return _page(request, member, found)


def _settle(request: HttpRequest, member: Member, found: HeldUpload) -> HttpResponse:
    at, name = clock.now(), {"name": found.file_name}
    try:
        if request.POST.get("act") == "use":
            use_upload(found, sha256=request.POST.get("sha256", ""), by=member, at=at)
            messages.success(request, _("書き直した「{name}」を文書に追加しました。").format(**name))
        elif request.POST.get("act") == "drop":
            drop_upload(found, by=member, at=at)
            messages.success(request, _("「{name}」を使わずに取り消しました。").format(**name))
    except Refusal as refusal:
        if refusal.code.startswith("envelope.too_"):
            errors = [{"href": "", "text": sentence(refusal.code, refusal.facts)}]
            return _page(request, member, found, errors=errors, status=422)
        if refusal.code != "upload.settled":
            raise
    # A second press finds it settled, and lands where the first one did.
    return redirect("desk:files", found.envelope_id)


def _page(
    request: HttpRequest, member: Member, found: HeldUpload, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> HttpResponse:
    first = _first(request.GET.get("from"), last=max(found.pages, found.given_pages))
    last = min(first + PAGES_AT_ONCE - 1, max(found.pages, found.given_pages))
    context = {
        "heading": _("書き直したファイルを確認する"),
        "envelope": found.envelope,
        "upload": found,
        "title": title_of(found.file_name),
        "reasons": reason_words(found.reasons),
        "warnings": warned(found.findings),
        "given_sha256": bytes(found.given_sha256).hex(),
        "rewritten_sha256": bytes(found.rewritten_sha256 or b"").hex(),
        "drawable": found.given_pages > 0,
        "differing": found.differing,
        "differing_pages": numbers(found.differing),
        "pages": [_pair(found, number) for number in range(first, last + 1)],
        "first": first,
        "last": last,
        "count": max(found.pages, found.given_pages),
        "previous": max(1, first - PAGES_AT_ONCE) if first > 1 else None,
        "next": last + 1 if last < max(found.pages, found.given_pages) else None,
        "page_errors": errors or [],
    }
    return show(request, member, "desk/held.html", context, section="envelopes", status=status)


def _pair(found: HeldUpload, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "given": number <= found.given_pages,
        "rewritten": number <= found.pages,
        "differs": number in found.differing,
    }


def _first(text: str | None, *, last: int) -> int:
    """The first page to be shown; whole rows of pages, so that each page has one place."""
    number = int(text) if text and text.isdecimal() and len(text) < 6 else 1
    return min(max(number, 1), max(last, 1))


def _offered(member: Member, pk: uuid.UUID, upload: uuid.UUID, which: str) -> HeldUpload:
    envelope = managed_envelope(member, pk)
    if envelope.state != EnvelopeState.DRAFT or which not in (GIVEN, REWRITTEN):
        raise Refusal("page.unknown")
    return upload_in(envelope, upload)


@at_desk
def picture(
    request: HttpRequest, member: Member, pk: uuid.UUID, upload: uuid.UUID, which: str, number: int
) -> HttpResponse:  # Django's order
    found = _offered(member, pk, upload, which)
    large = request.GET.get("size") == "large"
    return shown_picture(held_picture(found, number, rewritten=which == REWRITTEN, large=large))


@at_desk
def file(request: HttpRequest, member: Member, pk: uuid.UUID, upload: uuid.UUID, which: str) -> HttpResponse:
    """The given or the rewritten file, to compare with one's own tools."""
    found = _offered(member, pk, upload, which)
    copy = upload_copy(found, rewritten=which == REWRITTEN, by=member, at=clock.now())
    kind = _("書き直し後") if which == REWRITTEN else _("書き直し前")
    return attachment(_("【{kind}】{name}").format(kind=kind, name=copy.name), copy.pdf, kind="application/pdf")
