"""Many seals at a time: what goes wrong with one stays with that one, and every other outcome is as if it had been made alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from cast import Cast
from invariants import check_house, events
from place import Place
from stages import Scene, recalled, sent, signs, tell_once
from stories import work
from tachiai import clock, vault
from tachiai.config.jobs import SEAL
from tachiai.crypto import planning
from tachiai.crypto.plans import read_plan
from tachiai.envelopes import sealing_work
from tachiai.envelopes.models import Document, Envelope, Revision, SealTask
from tachiai.envelopes.recording_seals import Finished
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Outage
from tachiai.sealing.handles import handles
from tachiai.sealing.models import Seal
from tachiai.vault.models import Segment
from tachiai.work import drain

Record = Callable[..., None]


def _three() -> None:
    cast = recalled()
    # All are sent before anybody signs: sending lets the workers do whatever is due.
    for scene in [Scene(cast, sent(cast)) for _ in range(3)]:
        signs(scene.vendor)


@pytest.fixture
def three(house: Place, cast: Cast) -> list[Scene]:
    """Three envelopes whose first signers have consented; nothing is sealed yet."""
    tell_once("three-consented", _three, house.home)
    people = recalled()
    return [Scene(people, envelope) for envelope in Envelope.objects.order_by("number")]


def states(scenes: Sequence[Scene]) -> list[str]:
    return [str(scene.vendor.state) for scene in scenes]


def amid(patch: pytest.MonkeyPatch, act: Callable[[], None]) -> list[int]:
    """Have ``act`` happen when everything is signed and stored, and before the first rows are committed; the sizes of the groups."""
    record, sizes = sealing_work.record_seals, list[int]()

    def late(finished: Sequence[Finished], **named: Any) -> None:
        if not sizes:
            act()
        sizes.append(len(finished))
        record(finished, **named)

    patch.setattr(sealing_work, "record_seals", late)
    # A busy machine may take longer than a group waits for its last.
    patch.setattr(sealing_work, "PATIENCE_SECONDS", 60.0)
    return sizes


def look() -> int:
    """One look at what is due at this moment: what is put off is not taken up again, however long the look takes."""
    at = clock.now()
    return drain(SEAL, now=lambda: at)


def recover(scenes: Sequence[Scene]) -> None:
    """Whatever was put off is done at a later look, and the whole house holds."""
    SealTask.objects.filter(state="waiting").update(due_at=clock.now())
    work()
    assert set(states(scenes)) == {"signed"}
    check_house()


def test_all_are_recorded_together_and_each_is_asked_for_what_follows(three: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    groups = amid(monkeypatch, lambda: None)
    assert look() == 3
    assert groups == [3]
    assert states(three) == ["signed"] * 3
    assert {str(scene.mayor.state) for scene in three} == {"requested"}
    for scene in three:
        wanted = ["seal.intended", "document.sealed", "recipient.signed", "recipient.requested"]
        assert [event for event in events(scene.envelope) if not event.startswith("mail.")][-4:] == wanted
    assert SealTask.objects.filter(state="done", attempt=1, lease_until=None, holder="").count() == 3
    check_house()


def test_a_poisoned_row_takes_no_other_with_it(house: Place, three: list[Scene]) -> None:
    segment = Segment.objects.get(blob=three[1].envelope.documents.get().blob, number=1)
    path = house.home / "vault" / segment.path
    held = path.read_bytes()
    path.write_bytes(held[:-1])
    look()
    assert states(three) == ["signed", "consented", "signed"]
    assert list(SealTask.objects.filter(state="waiting").values_list("strikes", "outages", "trouble")) == [(1, 0, "vault.altered")]
    assert Seal.objects.filter(act="consent").count() == 2, "its key was not touched"
    path.write_bytes(held)
    recover(three)


def test_a_token_that_does_not_come_holds_up_nobody_else(three: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    stamper, asked = handles().timestamper, list[bytes]()
    submit = stamper.submit

    def second_is_lost(digest: bytes, **named: Any) -> Future[Any]:
        asked.append(digest)
        if len(asked) != 2:
            return submit(digest, **named)
        lost: Future[Any] = Future()
        lost.set_exception(Outage("tsa.unreachable", "for the test"))
        return lost

    with monkeypatch.context() as patched:
        patched.setattr(stamper, "submit", second_is_lost)
        look()
    assert states(three).count("signed") == 2
    assert list(SealTask.objects.filter(state="waiting").values_list("strikes", "outages", "trouble")) == [(0, 1, "tsa.unreachable")]
    recover(three)
    assert Seal.objects.filter(act="consent", state="abandoned").count() == 1


def test_a_mistake_of_ours_with_the_group_is_met_row_by_row(three: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("record_seals", "load"):
        act = getattr(sealing_work, name)

        def fails_for_several(rows: Sequence[Any], *, act: Callable[..., Any] = act, **named: Any) -> Any:
            if len(rows) > 1:
                raise KeyError("a mistake that shows only with several")
            return act(rows, **named)

        monkeypatch.setattr(sealing_work, name, fails_for_several)
    look()
    assert states(three) == ["signed"] * 3
    assert not SealTask.objects.exclude(strikes=0, outages=0).exists()
    check_house()


def test_a_document_that_moved_on_is_done_again(three: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's revision came in between: that row alone is put off; here the head only pretends, and is put right again."""
    document = three[0].envelope.documents.get()
    digest = bytes(document.head_sha256)
    groups = amid(monkeypatch, lambda: Document.objects.filter(pk=document.pk).update(head_sha256=bytes(32)) and None)
    look()
    assert groups == [3, 1, 1, 1]
    assert states(three) == ["consented", "signed", "signed"]
    task = SealTask.objects.get(state="waiting")
    assert (task.document_id, task.strikes, task.trouble) == (document.pk, 0, "document.moved_on")
    Document.objects.filter(pk=document.pk).update(head_sha256=digest)
    recover(three)


def test_an_envelope_that_was_withdrawn_meanwhile_is_left_out(three: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    scene = three[1]
    groups = amid(monkeypatch, lambda: withdraw_envelope(scene.envelope, reason="取りやめ", by=scene.cast.clerk, at=clock.now()))
    look()
    assert groups == [3]
    assert states(three) == ["signed", "cancelled", "signed"]
    assert events(scene.envelope)[-3:] == ["seal.intended", "envelope.withdrawn", "consent.unsealed"]
    assert SealTask.objects.get(recipient=scene.vendor).state == "cancelled"
    assert Revision.objects.filter(kind="signed").count() == 2
    check_house()


def test_a_row_that_was_taken_over_is_left_to_the_other(three: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    taken_over = SealTask.objects.get(recipient=three[2].vendor)
    amid(monkeypatch, lambda: SealTask.objects.filter(pk=taken_over.pk).update(attempt=2) and None)
    look()
    assert states(three) == ["signed", "signed", "consented"]
    taken_over.refresh_from_db()
    assert (taken_over.state, taken_over.attempt, taken_over.strikes, taken_over.outages) == ("waiting", 2, 0, 0)
    assert not Revision.objects.filter(document=taken_over.document_id, kind="signed").exists()
    SealTask.objects.filter(pk=taken_over.pk).update(lease_until=None)
    recover(three)


def test_what_is_in_flight_is_bounded_by_its_bytes(three: list[Scene], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing_work, "MOST_BYTES", 1)
    groups = amid(monkeypatch, lambda: None)
    assert look() == 3
    assert groups == [1, 1, 1]
    assert states(three) == ["signed"] * 3


def test_two_signers_at_once_on_two_papers(parallel: Scene) -> None:
    """The second seal of a document follows the first in the same look."""
    signs(parallel.vendor)
    signs(parallel.builder)
    assert look() == 4
    assert (parallel.vendor.state, parallel.builder.state, parallel.mayor.state) == ("signed", "signed", "requested")
    told = [event for event in events(parallel.envelope) if event in ("document.sealed", "recipient.signed", "recipient.requested")]
    assert told.count("document.sealed") == 4
    assert told.count("recipient.signed") == 2
    assert told[-1] == "recipient.requested"
    check_house()


def test_a_worker_that_is_to_stop_finishes_what_is_in_flight_and_takes_no_more(three: list[Scene]) -> None:
    looks: list[bool] = []

    def stopping() -> bool:
        looks.append(True)
        return len(looks) > 1

    assert drain(SEAL, now=clock.now, stopping=stopping) == 3
    assert states(three) == ["signed"] * 3
    assert drain(SEAL, now=clock.now, stopping=lambda: True) == 0


@pytest.mark.parametrize("kept", [None, b"", b"TBX1 something else altogether, of no use", "another's"])
def test_a_plan_lies_beside_every_head_and_nothing_depends_on_it(three: list[Scene], kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a new one is made in a child: the worker itself never takes a stranger's file apart."""
    monkeypatch.setattr(planning, "plan", lambda *_given, **_named: pytest.fail("planned in the worker"))
    document, other = three[0].envelope.documents.get(), three[1].envelope.documents.get()
    frozen = read_plan(vault.unlock_note(document.blob, bytes(document.plan or b""), about=bytes(document.head_sha256).hex()))
    assert frozen.sha256 == bytes(document.head_sha256)
    Document.objects.filter(pk=document.pk).update(plan=other.plan if kept == "another's" else kept)
    look()
    assert states(three) == ["signed"] * 3
    document.refresh_from_db()
    following = read_plan(vault.unlock_note(document.blob, bytes(document.plan or b""), about=bytes(document.head_sha256).hex()))
    assert (following.sha256, following.length) == (bytes(document.head_sha256), document.revisions.get(number=2).size)
    check_house()
