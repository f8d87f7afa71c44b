"""What is looked at before sending, a moment of one's own, and templates: axe finds nothing, nothing is cut off (B19, X01)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from acts import aside, log_in
from test_axe import found_on

from cast import Cast
from stages import drafted
from tachiai import clock
from tachiai.clock import JAPAN, today
from tachiai.envelopes.addressing import Place, Typed
from tachiai.envelopes.drafting import address_envelope
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.models import Gate, Kind
from tachiai.envelopes.placing import Spot, place_field
from tachiai.envelopes.scheduling import schedule_sending
from tachiai.envelopes.templates import save_as_template

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]


def prepared(cast: Cast) -> list[str]:
    """The pages, of a draft with something of everything, one that is scheduled, and a template."""
    at = clock.now()
    draft, planned = drafted(cast, papers=2), drafted(cast)
    typed = Typed("仮設興業（架空）", "仮名 花", "hana@gmail.com", "部長")
    places = [
        Place(1, cast.vendor, may_reassign=True),
        Place(1, typed, kind=Kind.REVIEWER, gate=Gate.NONE, language="en"),
        Place(2, cast.mayor),
    ]
    address_envelope(draft, places, by=cast.clerk, at=at)
    document = draft.documents.get(position=1)
    for top, kind in ((400, FieldKind.SEAL), (900, FieldKind.TEXT)):
        place_field(document, Spot(1, kind, 1, 300, top, 600, 200, guide="備考"), by=cast.clerk, at=at)
    template = save_as_template(
        draft, name="業務委託契約（標準）", fixed=[draft.recipients.get(member=cast.mayor).pk], by=cast.second, at=at
    )
    schedule_sending(
        planned, send_at=datetime.combine(today(at) + timedelta(days=1), time(9), JAPAN), by=cast.clerk, at=at, acknowledged=()
    )
    base = f"/envelopes/{draft.pk}"
    looked = f"{base}/preview/{draft.recipients.get(registration=cast.vendor).pk}"
    return [
        f"{base}/review",
        f"{looked}/letters",
        *(f"{looked}/{screen}" for screen in ("entry", "review", "confirm")),
        f"/envelopes/{planned.pk}",
        f"/envelopes/{planned.pk}/schedule",
        f"{base}/template",
        "/templates",
        "/templates/new",
        f"/templates/{template.pk}",
        f"/templates/{template.pk}/use",
    ]


def test_the_pages_before_sending_are_whole_everywhere(cast_: Cast, open_page: OpenPage) -> None:
    paths: list[str] = []
    aside(lambda: paths.extend(prepared(cast_)))
    for phone, language in ((True, "ja"), (False, "en")):
        page = open_page(phone=phone, language=language)
        log_in(page, cast_.second)
        for path in paths if phone else paths[::4]:
            assert found_on(page, [path]) == {}
            page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")
            page.set_viewport_size({"width": 320 if phone else 1280, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= (320 if phone else 1280), path
