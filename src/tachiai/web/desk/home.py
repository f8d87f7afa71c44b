"""P-02: what waits for the member who comes in, in numbers that are links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.administration.health import health_for
from tachiai.counterparties.waiting import registrations_to_approve
from tachiai.envelopes.access import may_send
from tachiai.envelopes.giving_copies import requests_to_decide
from tachiai.envelopes.listing import Heading, count_under, first_under
from tachiai.envelopes.picturing import funnel, spans, weeks
from tachiai.web.desk.approvals import to_decide
from tachiai.web.desk.charts import funnel_chart, spans_chart, weeks_chart
from tachiai.web.desk.describing import UploadForm
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.rows import rows_of

AT_MOST = 10
TILES = (Heading.NEEDS_YOU, Heading.WAITING, Heading.DUE_SOON, Heading.TROUBLE, Heading.THIS_MONTH)
ICONS = {
    Heading.NEEDS_YOU: "bell",
    Heading.WAITING: "clock",
    Heading.DUE_SOON: "calendar",
    Heading.TROUBLE: "warning",
    Heading.THIS_MONTH: "check-circle",
}


@at_desk
def home(request: HttpRequest, member: Member) -> HttpResponse:
    at = clock.now()
    counts = count_under([*TILES, Heading.ALL], member, at=at)
    words = {
        Heading.NEEDS_YOU: _("要対応"),
        Heading.WAITING: _("署名待ち"),
        Heading.DUE_SOON: _("期限間近（7日以内）"),
        Heading.TROUBLE: _("辞退・不達"),
        Heading.THIS_MONTH: _("今月の締結"),
    }
    tiles = [
        {
            "number": counts[heading],
            "word": words[heading],
            "url": f"{reverse('desk:envelopes')}?view={heading}",
            "icon_name": ICONS[heading],
            "urgent": heading is Heading.NEEDS_YOU and counts[heading] > 0,
        }
        for heading in TILES
    ]
    context = {
        "heading": _("ホーム"),
        "tiles": tiles,
        "needed": rows_of(first_under(Heading.NEEDS_YOU, member, AT_MOST, at=at), at=at),
        "recent": rows_of(first_under(Heading.ALL, member, AT_MOST, at=at), at=at),
        "nothing_yet": not counts[Heading.ALL],
        "to_approve": registrations_to_approve(member),
        "copies_asked": requests_to_decide(member),
        "to_decide": to_decide(member, at=at),
        "upload": UploadForm() if may_send(member) else None,
        "health": health_for(member, at=at),
    }
    if counts[Heading.ALL]:
        context |= _pictures(member, at=at)
    return show(request, member, "desk/home.html", context, section="home")


def _pictures(member: Member, *, at: datetime) -> dict[str, Any]:
    """The pictures, each with the list that it is about."""
    base = reverse("desk:envelopes")
    lying = [
        funnel_chart(funnel(member, at=at), url=f"{base}?view={Heading.WAITING}"),
        spans_chart(spans(member, at=at), url=f"{base}?view={Heading.CONCLUDED}"),
    ]
    return {"lying": lying, "standing": weeks_chart(weeks(member, at=at), url=base)}
