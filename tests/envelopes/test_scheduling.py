"""Scheduled sending: once, at its moment, judged then; changed and dropped until then; and nothing is changed under it."""

from __future__ import annotations

import inspect
import re
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.db import connections

from approvals import route
from cast import Cast
from invariants import check_envelope, codes, events
from stages import drafted
from tachiai import clock, counterparties
from tachiai.accounts.models import Member
from tachiai.accounts.route_models import Timing
from tachiai.administration.routes import end_route, set_route_policy
from tachiai.clock import JAPAN, today
from tachiai.config.jobs import SEND_AT
from tachiai.envelopes import placing, sending
from tachiai.envelopes.approval_models import Approval
from tachiai.envelopes.cautions import check_acknowledged
from tachiai.envelopes.drafting import remove_document
from tachiai.envelopes.handing_over import hand_over
from tachiai.envelopes.models import Document, Envelope, FreezeTask
from tachiai.envelopes.schedule_models import SendTask
from tachiai.envelopes.scheduling import cancel_schedule, schedule_sending, send_scheduled
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Refusal
from tachiai.outbox import compose, letters
from tachiai.outbox.models import Mail
from tachiai.work import LostLease, claim, drain


def nine(*, days: int = 1) -> datetime:
    """Nine o'clock in Japan, so many days from now."""
    return datetime.combine(today(clock.now()) + timedelta(days=days), time(9), JAPAN)


def at(moment: datetime) -> int:
    """What the workers do at this moment; how much."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        return drain(SEND_AT, now=clock.now)


def refused(code: str, envelope: Envelope, send_at: datetime, by: Member) -> None:
    with pytest.raises(Refusal) as refusal:
        schedule_sending(envelope, send_at=send_at, by=by, at=clock.now(), acknowledged=())
    assert refusal.value.code == code
    assert not SendTask.objects.exists()


def test_it_is_sent_once_at_its_moment_and_nothing_changes_under_it(cast: Cast) -> None:
    envelope, moment = drafted(cast), nine()
    schedule_sending(envelope, send_at=moment, by=cast.clerk, at=clock.now(), acknowledged=())
    assert envelope.send_at == moment
    with pytest.raises(Refusal, match=r"envelope\.scheduled"):
        remove_document(envelope.documents.get(), by=cast.clerk, at=clock.now())
    assert at(moment - timedelta(seconds=1)) == 0
    check_envelope(envelope)
    # A worker takes it up and is killed; the house is started anew.
    (killed,) = claim(SEND_AT.rows, at=moment, lease=SEND_AT.lease, limit=8)
    connections.close_all()
    assert at(moment) == 0, "it is leased"
    later = moment + SEND_AT.lease + timedelta(seconds=1)
    assert at(later) == 1
    assert (at(later), at(later + timedelta(days=1))) == (0, 0)
    with pytest.raises(LostLease):
        send_scheduled(killed, now=lambda: later)
    envelope.refresh_from_db()
    assert (envelope.state, envelope.send_at, envelope.sent_at) == ("sending", None, later)
    assert events(envelope).count("envelope.sent") == 1
    assert (FreezeTask.objects.count(), Mail.objects.filter(kind="M08").count()) == (1, 1)
    check_envelope(envelope)


def test_it_can_be_changed_dropped_and_overtaken(cast: Cast) -> None:
    envelope, first, second = drafted(cast), nine(), nine(days=2)
    schedule_sending(envelope, send_at=first, by=cast.clerk, at=clock.now(), acknowledged=())
    (taken,) = claim(SEND_AT.rows, at=first, lease=SEND_AT.lease, limit=8)
    schedule_sending(envelope, send_at=second, by=cast.clerk, at=clock.now())
    with pytest.raises(LostLease):  # whoever had taken up the old moment does nothing
        send_scheduled(taken, now=lambda: first)
    assert at(first) == 0
    check_envelope(envelope)
    cancel_schedule(envelope, by=cast.clerk, at=clock.now())
    assert (envelope.state, envelope.send_at, at(second)) == ("draft", None, 0)
    with pytest.raises(Refusal, match=r"schedule\.none"):
        cancel_schedule(envelope, by=cast.clerk, at=clock.now())
    check_envelope(envelope)
    schedule_sending(envelope, send_at=second, by=cast.clerk, at=clock.now(), acknowledged=())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    assert (envelope.send_at, at(second), events(envelope).count("envelope.sent")) == (None, 0, 1)
    check_envelope(envelope)
    other = drafted(cast)
    schedule_sending(other, send_at=second, by=cast.clerk, at=clock.now(), acknowledged=())
    withdraw_envelope(other, reason="取りやめ", by=cast.clerk, at=clock.now())
    assert (other.state, other.send_at, at(second)) == ("withdrawn", None, 0)
    check_envelope(other)


def test_what_is_refused_then_is_a_draft_again_and_the_sender_is_told_why(cast: Cast) -> None:
    envelope, moment = drafted(cast), nine()
    schedule_sending(envelope, send_at=moment, by=cast.clerk, at=clock.now(), acknowledged=())
    counterparties.revoke(cast.vendor, reason="試験のため", by=cast.clerk, at=clock.now())
    assert at(moment) == 1
    envelope.refresh_from_db()
    assert (envelope.state, envelope.send_at, events(envelope)[-1]) == ("draft", None, "envelope.schedule_failed")
    told = Mail.objects.get(kind="M31")
    assert told.to == cast.clerk.mail
    body = compose(told).get_body(("plain",))
    assert body is not None
    assert "相手方の届出が" in body.get_content()
    assert at(moment + timedelta(days=1)) == 0
    assert not Mail.objects.filter(kind="M08").exists()
    check_envelope(envelope)


def test_the_sender_who_left_sends_nothing_and_a_colleague_goes_on(cast: Cast) -> None:
    moment = nine()
    left, handed = drafted(cast), drafted(cast)
    schedule_sending(left, send_at=moment, by=cast.clerk, at=clock.now(), acknowledged=())
    schedule_sending(handed, send_at=moment, by=cast.clerk, at=clock.now(), acknowledged=())
    Envelope.objects.filter(pk=left.pk).update(sender=cast.second)  # so that the other alone is handed over
    hand_over(cast.clerk, to=cast.second, by=cast.admin, at=clock.now())
    Member.objects.filter(pk=cast.clerk.pk).update(is_active=False)
    assert at(moment) == 2
    left.refresh_from_db()
    handed.refresh_from_db()
    assert (left.state, handed.state) == ("draft", "sending")
    assert Mail.objects.get(kind="M31").context["why"] == "envelope.not_allowed"


def test_what_could_not_be_sent_then_is_refused_now(cast: Cast) -> None:
    envelope, now = drafted(cast), clock.now()
    refused("schedule.past", envelope, now, cast.clerk)
    refused("schedule.too_far", envelope, now + timedelta(days=91), cast.clerk)
    refused("schedule.after_deadline", envelope, nine(days=30), cast.clerk)
    refused("envelope.not_allowed", envelope, nine(), cast.stranger)
    Document.objects.update(findings=[{"code": "content.covered", "severity": "warn", "facts": {}}])
    refused("warnings.unseen", envelope, nine(), cast.clerk)
    Envelope.objects.update(described=False)
    refused("envelope.not_described", envelope, nine(), cast.clerk)


def test_fsck_knows_what_was_promised(cast: Cast) -> None:
    envelope, moment = drafted(cast), nine()
    schedule_sending(envelope, send_at=moment, by=cast.clerk, at=clock.now(), acknowledged=())
    assert codes() == set()
    task, rows = SendTask.objects.get(), Envelope.objects.filter(pk=envelope.pk)
    for wrong, right in (({"state": "done"}, {"state": "waiting"}), ({"due_at": clock.now()}, {"due_at": moment})):
        SendTask.objects.filter(pk=task.pk).update(**wrong)
        assert codes() == {"envelope.schedule_differs"}, wrong
        SendTask.objects.filter(pk=task.pk).update(**right)
    for changed in (None, moment + timedelta(hours=1)):
        rows.update(send_at=changed)
        assert codes() == {"envelope.schedule_differs"}, changed
    rows.update(send_at=moment)
    assert codes() == set()


def test_a_route_that_asks_later_waits_with_the_schedule(cast: Cast) -> None:
    """Drawn up when the moment is chosen, kept with another moment, and behind the counterparty's signature once it is sent."""
    first, later, gone = route(cast), *(route(cast, name=name, timing=Timing.AFTER) for name in ("後決裁", "旧・後決裁"))
    set_route_policy(requires_route=True, default_route=later.pk, by=cast.admin, at=clock.now())
    kept, dropped, failed, by_hand = (drafted(cast) for _ in range(4))
    refused("approval.missing", kept, nine(), cast.clerk)
    for wrong in (first.pk, cast.clerk.pk):
        with pytest.raises(Refusal, match=r"route\.(asks_before|unknown)"):
            schedule_sending(kept, send_at=nine(), by=cast.clerk, at=clock.now(), acknowledged=(), route=wrong)
    for envelope, along in ((kept, later), (dropped, later), (failed, gone), (by_hand, later)):
        schedule_sending(envelope, send_at=nine(), by=cast.clerk, at=clock.now(), acknowledged=(), route=along.pk)
    schedule_sending(dropped, send_at=nine(days=2), by=cast.clerk, at=clock.now(), acknowledged=(), route=later.pk)
    for envelope in (kept, by_hand):
        schedule_sending(envelope, send_at=nine(days=2), by=cast.clerk, at=clock.now())
    cancel_schedule(dropped, by=cast.clerk, at=clock.now())
    with pytest.raises(Refusal, match=r"approval\.missing"):
        send_envelope(by_hand, by=cast.clerk, at=clock.now())
    assert (Approval.objects.count(), Mail.objects.filter(kind="M17").count(), codes()) == (5, 0, set())
    set_route_policy(requires_route=False, default_route=None, by=cast.admin, at=clock.now())
    send_envelope(by_hand, by=cast.clerk, at=clock.now())
    end_route(gone.pk, by=cast.admin, at=clock.now())
    assert (at(nine()), at(nine(days=2))) == (1, 1)
    for envelope in (kept, failed, by_hand):
        envelope.refresh_from_db()
    assert [(one.state, one.awaits_approval) for one in (kept, failed, by_hand)] == [
        ("sending", True),
        ("draft", False),
        ("sending", False),
    ]
    assert Mail.objects.get(kind="M31").context["why"] == "route.unknown"
    assert codes() == set()


def test_whatever_keeps_a_scheduled_envelope_from_being_sent_has_its_own_sentence() -> None:
    """Every code that the verbs of sending can refuse with, read from them, is told in words in both languages."""
    verbs = (
        sending.missing_before_sending,
        sending._unusable,
        sending.approval_needed,
        send_envelope,
        placing.misplaced,
        check_acknowledged,
    )
    code = re.compile(r'(?:Refusal\(|append\(|\[)"([a-z]+\.[a-z_]+)"')
    codes = {found for verb in verbs for found in code.findall(inspect.getsource(verb))} - {"envelope.moved"}  # then nobody is written to
    assert {"information.missing", "field.not_their_document", "warnings.unseen", "registration.not_usable"} <= codes
    for language, otherwise in (("ja", "直す必要"), ("en", "has to be put right")):
        letter = Path(letters.__file__).with_name("templates") / "mail" / language / "M31.txt"
        assert otherwise in letter.read_text()
        assert {one for one in codes if f'"{one}"' not in letter.read_text()} == set()
