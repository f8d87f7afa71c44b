"""P-03: the list of envelopes under its headings, searched and in pages."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.listing import Heading, count_under, envelopes_under, matching
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.rows import rows_of

PER_PAGE = 50
TABS = (Heading.ALL, Heading.NEEDS_YOU, Heading.WAITING, Heading.DRAFT, Heading.CONCLUDED, Heading.ENDED, Heading.EXPIRED)


def heading_words() -> dict[Heading, str]:
    return {
        Heading.ALL: _("すべて"),
        Heading.NEEDS_YOU: _("要対応"),
        Heading.WAITING: _("署名待ち"),
        Heading.DRAFT: _("下書き"),
        Heading.CONCLUDED: _("締結済み"),
        Heading.ENDED: _("辞退・取下げ"),
        Heading.EXPIRED: _("期限切れ"),
        Heading.DUE_SOON: _("期限間近（7日以内）"),
        Heading.TROUBLE: _("辞退・不達"),
        Heading.THIS_MONTH: _("今月の締結"),
    }


@at_desk
def envelopes(request: HttpRequest, member: Member) -> HttpResponse:
    at = clock.now()
    given, words = request.GET.get("view", ""), request.GET.get("words", "").strip()[:200]
    heading = Heading(given) if given in list(Heading) else Heading.ALL
    rows = envelopes_under(heading, member, at=at)
    if words:
        rows = matching(rows, words)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "heading": pgettext("menu", "封筒"),
        "tabs": _tabs(heading, member, words=words, at=at),
        "view": heading,
        "view_words": heading_words()[heading],
        "words": words,
        "page_obj": page,
        "rows": rows_of(page.object_list, at=at),
        "nothing_yet": heading is Heading.ALL and not words,
    }
    return show(request, member, "desk/envelopes.html", context, section="envelopes")


def _tabs(present: Heading, member: Member, *, words: str, at: datetime) -> list[dict[str, object]]:
    # A heading that only a tile of the home page leads to becomes a tab while one looks at it.
    shown = [*TABS] if present in TABS else [*TABS, present]
    counts, named, base = count_under(shown, member, at=at), heading_words(), reverse("desk:envelopes")
    kept = {"words": words} if words else {}
    return [
        {
            "word": named[heading],
            "url": f"{base}?{urlencode({'view': str(heading), **kept})}",
            "current": heading is present,
            "count": counts[heading],
        }
        for heading in shown
    ]
