"""Everybody's letters in one place, so that a newcomer can play both sides. For a demonstration on one's own machine only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai.outbox.mailbox import message, messages

P = ParamSpec("P")
MOST_TABS, PER_PAGE = 8, 50


def on_loopback(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Only for whoever sits at the machine: the letters hold working links. The peer itself counts, never what a header says."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not _is_loopback(request.META.get("REMOTE_ADDR", "")) or "HTTP_X_FORWARDED_FOR" in request.META:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False


@on_loopback
def letters(request: HttpRequest) -> HttpResponse:
    kept = messages()
    chosen = request.GET.get("to", "")
    counted = sorted(Counter(letter.to for letter in kept).items())
    shown = [letter for letter in kept if not chosen or letter.to == chosen]
    few = len(counted) <= MOST_TABS
    context = {
        "heading": _("デモ用の受信箱"),
        "tabs": _tabs(counted, chosen) if few else [],
        "addressees": [] if few else counted,
        "page_obj": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
        "chosen": chosen,
    }
    return render(request, "mailbox/letters.html", context)


def _tabs(counted: list[tuple[str, int]], chosen: str) -> list[dict[str, object]]:
    base = reverse("mailbox:letters")
    everybody = {"word": _("すべて"), "url": base, "current": not chosen, "count": sum(count for _to, count in counted)}
    return [
        everybody,
        *({"word": to, "url": f"{base}?{urlencode({'to': to})}", "current": to == chosen, "count": count} for to, count in counted),
    ]


@on_loopback
def letter(request: HttpRequest, name: str) -> HttpResponse:
    found = message(name)
    context = {"heading": found.subject, "letter": found, "back_url": f"{reverse('mailbox:letters')}?{urlencode({'to': found.to})}"}
    return render(request, "mailbox/letter.html", context)
