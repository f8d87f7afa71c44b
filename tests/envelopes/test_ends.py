"""Ends before the conclusion: withdrawn at any point, expired and revived; an unsealed consent is sealed or told, never forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cast import Cast, link_for
from invariants import check_house, events
from place import Place
from stages import HERE, Scene, drafted, enters, signs
from stories import work
from tachiai import clock
from tachiai.clock import end_of
from tachiai.config.jobs import CLOSE, FREEZE, SEAL
from tachiai.crypto.timestampers import EmbeddedTimestamper
from tachiai.envelopes import sealing_work
from tachiai.envelopes.addressing import Typed
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.models import Envelope, Revision, SealTask
from tachiai.envelopes.reassigning import reassign
from tachiai.envelopes.sending import send_again, send_envelope
from tachiai.envelopes.signing import sign
from tachiai.envelopes.telling import told_of_end
from tachiai.envelopes.visiting import stopped, visit
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Outage, Refusal
from tachiai.outbox.models import Mail
from tachiai.sealing.models import Seal
from tachiai.vault import keeping
from tachiai.work import drain


def refused(code: str) -> object:
    return pytest.raises(Refusal, match="^" + code.replace(".", r"\."))


def withdraw(scene: Scene, reason: str = "予算の都合") -> None:
    withdraw_envelope(scene.envelope, reason=reason, by=scene.cast.clerk, at=clock.now())


def mails(kind: str) -> list[str]:
    return sorted(Mail.objects.filter(kind=kind).values_list("to", flat=True))


@pytest.fixture
def no_stamps(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The timestamp authority is away until the patch is undone."""

    def away(*_: Any, **__: Any) -> None:
        raise Outage("tsa.unreachable", "for the test")

    monkeypatch.setattr(EmbeddedTimestamper, "timestamp", away)
    return monkeypatch


def test_a_draft_is_withdrawn_and_nobody_is_told(cast: Cast) -> None:
    scene = Scene(cast, drafted(cast))
    with refused("reason.missing"):
        withdraw(scene, " あ ")
    with refused("reason.too_long"):
        withdraw(scene, "長" * 1001)
    withdraw(scene)
    work()
    assert scene.state() == "withdrawn"
    assert mails("M11") == []
    with refused("envelope.moved"):
        withdraw(scene)
    with refused("envelope.moved"):
        send_envelope(scene.envelope, by=cast.clerk, at=clock.now())
    check_house()


def test_withdrawn_while_it_is_frozen(cast: Cast) -> None:
    scene = Scene(cast, drafted(cast))
    send_envelope(scene.envelope, by=cast.clerk, at=clock.now())
    withdraw(scene)
    drain(FREEZE, now=clock.now)
    work()
    assert scene.state() == "withdrawn"
    assert not Revision.objects.exclude(kind="upload").exists()
    assert mails("M01") == mails("M11") == []
    assert not Seal.objects.exists()
    check_house()


def test_withdrawn_between_freezing_and_its_commit(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, put = Scene(cast, drafted(cast)), keeping.put
    send_envelope(scene.envelope, by=cast.clerk, at=clock.now())

    def late(data: bytes, *, kind: str) -> object:
        withdraw(scene)
        return put(data, kind=kind)

    monkeypatch.setattr(keeping, "put", late)
    drain(FREEZE, now=clock.now)
    assert scene.state() == "withdrawn"
    assert not Revision.objects.exclude(kind="upload").exists()
    assert not Seal.objects.filter(state="sealed").exists()
    check_house()


def test_withdrawn_while_one_is_reading(scene: Scene) -> None:
    found = enters(scene.vendor)
    withdraw(scene)
    with refused("envelope.moved"):
        sign(found, HERE, at=clock.now())
    assert stopped(visit(link_for(scene.vendor.pk), key="", at=clock.now()), at=clock.now()) == "envelope.withdrawn"
    assert mails("M11") == [scene.vendor.mail]  # the mayor was never asked
    assert Mail.objects.get(kind="M11").context["reason"] == "予算の都合"
    check_house()


def test_withdrawn_after_the_first_has_signed(scene: Scene) -> None:
    signs(scene.vendor)
    work()
    withdraw(scene)
    work()
    assert {row.mail: row.state for row in scene.envelope.recipients.all()} == {scene.vendor.mail: "signed", scene.mayor.mail: "cancelled"}
    assert mails("M11") == sorted([scene.vendor.mail, scene.mayor.mail])
    assert "consent.unsealed" not in events(scene.envelope)
    check_house()


def test_who_was_replaced_hears_of_the_end_only_where_they_wished_to(scene: Scene) -> None:
    """As of the conclusion: the first wished for copies, the second refused them; the third is the one who is asked."""
    heirs = [Typed("後任商事（架空）", f"後任 {number}", f"heir-{number}@example.jp") for number in (1, 2)]
    first = reassign(scene.vendor, heirs[0], by=scene.cast.clerk, at=clock.now(), keeps_copy=True)
    second = reassign(first, heirs[1], by=scene.cast.clerk, at=clock.now())
    assert list(told_of_end(scene.envelope)) == [scene.vendor, second]  # as the page says before it is done
    withdraw(scene)
    assert mails("M12") == sorted([scene.vendor.mail, first.mail, *[scene.cast.clerk.mail] * 2])
    assert mails("M11") == sorted([scene.vendor.mail, second.mail])


def test_what_is_closing_or_concluded_is_not_withdrawn(scene: Scene) -> None:
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    drain(SEAL, now=clock.now)
    assert scene.state() == "closing"
    with refused("envelope.moved"):
        withdraw(scene)
    drain(CLOSE, now=clock.now)
    assert scene.state() == "concluded"
    with refused("envelope.moved"):
        withdraw(scene)
    assert expire_envelopes(at=end_of(scene.envelope.deadline)) == 0  # type: ignore[arg-type]
    work()
    check_house()


def test_a_consent_that_was_withdrawn_before_its_seal_never_is_sealed(scene: Scene, no_stamps: pytest.MonkeyPatch) -> None:
    signs(scene.vendor)
    drain(SEAL, now=clock.now)
    withdraw(scene)
    no_stamps.undo()
    at = clock.now() + timedelta(hours=1)
    drain(SEAL, now=lambda: at)
    work()
    assert SealTask.objects.get().state == "cancelled"
    assert scene.vendor.state == "cancelled"
    assert events(scene.envelope).count("consent.unsealed") == 1
    assert not Seal.objects.filter(act="consent", state="sealed").exists()
    assert not Revision.objects.filter(kind="signed").exists()
    check_house()


def test_withdrawn_between_the_key_and_the_commit(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was made is thrown away; the ledger holds the intent and that it came to nothing."""
    commit = sealing_work.record_seals

    def late(*arguments: Any, **named: Any) -> None:
        withdraw(scene)
        commit(*arguments, **named)

    signs(scene.vendor)
    monkeypatch.setattr(sealing_work, "record_seals", late)
    drain(SEAL, now=clock.now)
    assert events(scene.envelope)[-3:] == ["seal.intended", "envelope.withdrawn", "consent.unsealed"]
    assert not Revision.objects.filter(kind="signed").exists()
    assert Seal.objects.get(act="consent").state == "intended"
    check_house()


def expire(scene: Scene) -> None:
    assert expire_envelopes(at=end_of(scene.envelope.deadline)) == 1  # type: ignore[arg-type]
    assert scene.state() == "expired"


def revive(scene: Scene, person: Any) -> None:
    at = end_of(scene.envelope.deadline) + timedelta(hours=1)  # type: ignore[arg-type]
    send_again(person, by=scene.cast.clerk, at=at, deadline=clock.today(at) + timedelta(days=7))


@pytest.mark.parametrize("noticed", [True, False], ids=["the worker saw the end", "the worker was away"])
def test_an_unsealed_consent_is_sealed_when_the_envelope_is_revived(scene: Scene, no_stamps: pytest.MonkeyPatch, noticed: bool) -> None:
    """The only signer who was asked has consented: sending again asks nobody twice, and the story goes on."""
    signs(scene.vendor)
    drain(SEAL, now=clock.now)
    expire(scene)
    no_stamps.undo()
    later = end_of(scene.envelope.deadline) + timedelta(minutes=30)  # type: ignore[arg-type]
    if noticed:
        drain(SEAL, now=lambda: later)
        assert SealTask.objects.get().state == "cancelled"
        assert events(scene.envelope)[-1] == "consent.unsealed"
    assert scene.vendor.state == "consented"
    check_house()
    revive(scene, scene.vendor)
    assert scene.state() == "in_progress"
    drain(SEAL, now=lambda: later + timedelta(hours=1))
    assert scene.vendor.state == "signed"
    assert mails("M02") == []
    assert Seal.objects.filter(act="consent", state="sealed").count() == 1
    signs(scene.mayor)
    drain(SEAL, now=lambda: later + timedelta(hours=2))
    work()
    assert scene.state() == "concluded"
    check_house()


def test_a_revival_at_the_moment_of_the_cancelling_loses_no_consent(scene: Scene, no_stamps: pytest.MonkeyPatch) -> None:
    signs(scene.vendor)
    drain(SEAL, now=clock.now)
    expire(scene)
    no_stamps.undo()
    cancel = sealing_work.cancel_unsealed

    def late(*arguments: Any, **named: Any) -> None:
        revive(scene, scene.vendor)
        cancel(*arguments, **named)

    later = end_of(scene.envelope.deadline) + timedelta(hours=2)  # type: ignore[arg-type]
    with no_stamps.context() as patched:
        patched.setattr(sealing_work, "cancel_unsealed", late)
        drain(SEAL, now=lambda: later)
    assert SealTask.objects.get().trouble == "envelope.moved_on"
    assert "consent.unsealed" not in events(scene.envelope)
    drain(SEAL, now=lambda: later + timedelta(minutes=5))
    assert scene.vendor.state == "signed"
    check_house()


def test_expired_and_revived_by_sending_again(scene: Scene) -> None:
    old = link_for(scene.vendor.pk)
    expire(scene)
    assert scene.vendor.state == "expired"
    assert scene.mayor.state == "waiting"
    assert mails("M13") == [scene.cast.clerk.mail]
    assert stopped(visit(old, key="", at=clock.now()), at=clock.now()) == "link.expired"
    ended = scene.envelope.ended_at
    assert ended is not None
    today = clock.today(ended)
    for deadline in (None, today, today + timedelta(days=91)):
        with refused("deadline.out_of_range"):
            send_again(scene.vendor, by=scene.cast.clerk, at=ended, deadline=deadline)
    with refused("recipient.not_asked"):
        send_again(scene.mayor, by=scene.cast.clerk, at=ended, deadline=today + timedelta(days=7))
    assert scene.state() == "expired"
    with refused("envelope.too_old"):
        send_again(scene.vendor, by=scene.cast.clerk, at=ended + timedelta(days=91), deadline=today + timedelta(days=98))
    revive(scene, scene.vendor)
    assert scene.state() == "in_progress"
    with refused("link.replaced"):
        visit(old, key="", at=clock.now())
    work()
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    work()
    assert scene.state() == "concluded"
    assert mails("M02") == [scene.vendor.mail]
    check_house()


def test_the_expired_are_withdrawn_too(scene: Scene) -> None:
    expire(scene)
    withdraw(scene)
    assert scene.state() == "withdrawn"
    with refused("envelope.moved"):
        revive(scene, scene.vendor)
    check_house()


def test_only_who_is_being_asked_is_sent_again(scene: Scene) -> None:
    with refused("recipient.not_asked"):
        send_again(scene.mayor, by=scene.cast.clerk, at=clock.now())
    signs(scene.vendor)
    with refused("recipient.not_asked"):
        send_again(scene.vendor, by=scene.cast.clerk, at=clock.now())
    work()
    send_again(scene.mayor, by=scene.cast.clerk, at=clock.now())
    assert mails("M04") == [scene.mayor.mail] * 2
    check_house()


def test_one_signers_expiry_leaves_the_others_signature(house: Place, parallel: Scene) -> None:
    """Two at once: one has signed, the other lets the day pass; revived, only the late one is asked again."""
    signs(parallel.vendor)
    work()
    expire(parallel)
    assert (parallel.vendor.state, parallel.builder.state) == ("signed", "expired")
    revive(parallel, parallel.builder)
    assert {row.state for row in Envelope.objects.get().recipients.all()} == {"signed", "requested", "waiting"}
    work()
    signs(parallel.builder)
    work()
    signs(parallel.mayor)
    work()
    assert parallel.state() == "concluded"
    check_house()
