"""Envelopes with input fields, for tests that begin behind their placing."""

from __future__ import annotations

from datetime import timedelta

import marked
from cast import Cast
from stages import HERE, enters, sees_everything
from stories import work
from tachiai import clock
from tachiai.ceremony import Level
from tachiai.envelopes.drafting import Description, add_document, create_envelope, describe_envelope, name_recipients
from tachiai.envelopes.entering import blanks_of, enter
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.looks import Entered, Manner
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.placing import Spot, place_at_marks, place_field
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.signing import sign, sign_at_desk
from tachiai.errors import Refusal

MM = 10
STROKES = "100,100 200,50 300,150;350,60 400,200 450,80 500,170 520,60 560,90"
ADDRESS = "千葉県さくら丘市中央一丁目2番3号"


def drafted(cast: Cast, *, turned: int = 0) -> Envelope:
    at = clock.now()
    envelope = create_envelope(by=cast.clerk, at=at)
    add_document(envelope, file_name="業務委託契約.pdf", pdf=marked.contract(turned=turned), by=cast.clerk, at=at)
    today = clock.today(at)
    description = Description("項目のある契約", "", today, "みどり野", 1_100_000, today + timedelta(days=30))
    describe_envelope(envelope, description, by=cast.clerk, at=at)
    name_recipients(envelope, [(1, cast.vendor), (2, cast.mayor)], by=cast.clerk, at=at)
    return envelope


def placed(cast: Cast, *, turned: int = 0) -> Envelope:
    """Fields at the marks of the text, and beside them words and a box for the vendor on the first page."""
    envelope = drafted(cast, turned=turned)
    document, at = envelope.documents.get(), clock.now()
    place_at_marks(document, by=cast.clerk, at=at)
    place_field(document, Spot(1, FieldKind.TEXT, 1, 20 * MM, 100 * MM, 80 * MM, 12 * MM, guide="所在地"), by=cast.clerk, at=at)
    place_field(document, Spot(1, FieldKind.CHECK, 1, 20 * MM, 120 * MM, 5 * MM, 5 * MM, required=False), by=cast.clerk, at=at)
    return envelope


def person(envelope: Envelope, side: str) -> Recipient:
    related = ("envelope__organization__operator", "envelope__sender", "registration", "member__organization")
    return Recipient.objects.select_related(*related).get(envelope=envelope, side=side)


def sent(cast: Cast) -> Envelope:
    """As :func:`placed`, sent and frozen."""
    envelope = placed(cast)
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    envelope.refresh_from_db()
    return envelope


def entered(recipient: Recipient, **words: str) -> dict[object, Refusal]:
    """One entry for each kind that is named, in the words given."""
    kinds = {blank.field.kind: blank.field.pk for blank in blanks_of(recipient)}
    drawn = {name: Entered(text, Manner.DRAWN if text == STROKES else Manner.TYPED) for name, text in words.items()}
    return dict(enter(recipient, {kinds[name]: one for name, one in drawn.items()}, at=clock.now()))


def concluded(cast: Cast) -> Envelope:
    """Everybody has filled in their fields and signed."""
    envelope = sent(cast)
    vendor = person(envelope, "counterparty")
    assert not entered(vendor, text=ADDRESS, date="令和8年11月26日", signature=STROKES, check="Yes")
    sign(enters(vendor), HERE, at=clock.now())
    work()
    mayor = person(envelope, "own")
    sees_everything(mayor)
    assert not entered(mayor, name="坂本 一郎", seal="坂本")
    sign_at_desk(mayor, HERE, by=cast.mayor, level=Level.PASSWORD_AND_TOTP, at=clock.now())
    work()
    envelope.refresh_from_db()
    return envelope
