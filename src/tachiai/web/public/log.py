"""The ledger as everybody may see it: a page that explains it, and the files by which a program follows it (C2SP tlog-tiles)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tachiai.archive.anchoring import Anchor
from tachiai.archive.log_showing import anchor_at, later_token_at, latest_anchor, shown_checkpoints, shown_logs, shown_tile

ON_A_PAGE = 50
MOST_PAGES = 100_000
# What stands at an address for ever, what grows out of use, and what changes.
FOR_EVER, A_DAY, BRIEFLY = "public, max-age=31536000, immutable", "public, max-age=86400", "public, max-age=10"
TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """What the ledger is, its key, its stamped checkpoints, and how to check."""
    page = _page(request)
    rows = shown_checkpoints(start=(page - 1) * ON_A_PAGE, count=ON_A_PAGE + 1)
    context = {
        "heading": _("操作記録の台帳"),
        "logs": shown_logs(),
        "checkpoints": rows[:ON_A_PAGE],
        "newer": page - 1 if page > 1 else None,
        "older": page + 1 if len(rows) > ON_A_PAGE else None,
    }
    return render(request, "public/log.html", context)


def _page(request: HttpRequest) -> int:
    typed = request.GET.get("page", "1")
    if not (typed.isascii() and typed.isdigit() and 0 < int(typed[:9]) <= MOST_PAGES):
        raise Http404
    return int(typed[:9])


@require_safe
def checkpoint(_request: HttpRequest, number: int) -> HttpResponse:
    """The last stamped checkpoint, as it stands."""
    return _answer(_found(latest_anchor(number)).note.encode(), TEXT, keep=BRIEFLY)


@require_safe
def note(_request: HttpRequest, number: int, size: int) -> HttpResponse:
    """The stamped checkpoint of one size."""
    return _answer(_found(anchor_at(number, size)).note.encode(), TEXT, keep=FOR_EVER)


@require_safe
def token(_request: HttpRequest, number: int, size: int) -> HttpResponse:
    """Its timestamp token (RFC 3161, DER) over SHA-256 of the whole note."""
    return _answer(_found(anchor_at(number, size)).token, BYTES, keep=FOR_EVER)


@require_safe
def later_token(_request: HttpRequest, number: int, size: int, which: int) -> HttpResponse:
    """One of its further tokens, over the same bytes."""
    found = later_token_at(number, size, which)
    if found is None:
        raise Http404
    return _answer(found, BYTES, keep=FOR_EVER)


@require_safe
def tile(_request: HttpRequest, number: int, rest: str) -> HttpResponse:
    """A tile of the tree, full or partial."""
    found = shown_tile(number, f"tile/{rest}")
    if found is None:
        raise Http404
    return _answer(found.content, BYTES, keep=FOR_EVER if found.full else A_DAY)


def _found(anchor: Anchor | None) -> Anchor:
    if anchor is None:
        raise Http404
    return anchor


def _answer(content: bytes, kind: str, *, keep: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Cache-Control": keep})
