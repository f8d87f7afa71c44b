"""Closing with proof older than the last signature: the ledger says so, and it is made up for later, once, without a word to anybody."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from envelopes.authorities import Telling, told
from invariants import check_house, events
from offline.accepting import accepted, bundle_of
from place import Place
from stages import Scene, signs
from stories import work
from tachiai import clock, vault
from tachiai.archive.models import EarlierFile, RecordFile
from tachiai.archive.verification import Verdict, judge
from tachiai.config.jobs import CLOSE, SEAL, TOP_UP
from tachiai.crypto.revocation import LATENESS
from tachiai.envelopes.closing import LOOK_AGAIN
from tachiai.envelopes.models import CloseTask, Revision, TopUpTask
from tachiai.envelopes.topping_up import TRY_AGAIN, top_up
from tachiai.ledger.models import Entry
from tachiai.outbox.models import Mail
from tachiai.sealing.models import Seal
from tachiai.work import LostLease, drain
from tachiai.work.models import Alarm


@pytest.fixture
def lists(house: Place, scene: Scene) -> Iterator[Telling]:
    """From now on only lists are to be had, issued before anybody signs."""
    with told(house.home, "lists", issued=clock.now() - timedelta(minutes=10)) as telling:
        yield telling


def everybody_signs(scene: Scene) -> None:
    signs(scene.vendor)
    work()
    signs(scene.mayor)
    drain(SEAL, now=clock.now)


def entry(scene: Scene, event: str) -> dict[str, object]:
    (found,) = Entry.objects.filter(stream__name=scene.envelope.stream, event=event)
    return dict(json.loads(bytes(found.body))["data"])


def due_now() -> None:
    TopUpTask.objects.filter(state="waiting").update(due_at=clock.now())


def copies() -> dict[str, bytes]:
    return {file.kind: vault.read(file.blob) for file in RecordFile.objects.select_related("blob")}


def test_lists_close_an_envelope_and_a_top_up_follows_the_next(scene: Scene, lists: Telling) -> None:
    everybody_signs(scene)
    work()
    assert scene.state() == "concluded"
    for event in ("document.closed", "envelope.concluded"):
        data = entry(scene, event)
        assert data["fresh"] is False
        assert {one["until"] for one in data["older"]} == {(lists.issued.replace(microsecond=0) + lists.validity).isoformat()}  # type: ignore[attr-defined]
    promised = lists.issued.replace(microsecond=0) + lists.validity + LATENESS
    assert list(TopUpTask.objects.values_list("due_at", "state")) == [(promised, "waiting")] * 2
    delivered, mails = copies(), Mail.objects.count()
    check_house()

    # The next list is late: nothing is wrong, and nothing is stamped for nothing.
    due_now()
    assert drain(TOP_UP, now=clock.now) == 2
    assert set(TopUpTask.objects.values_list("state", "trouble", "strikes")) == {("waiting", "", 0)}
    assert min(TopUpTask.objects.values_list("due_at", flat=True)) > clock.now() + TRY_AGAIN / 2
    assert not Alarm.objects.exists()
    assert copies() == delivered

    lists.issued = clock.now()
    due_now()
    assert drain(TOP_UP, now=clock.now) == 2
    assert set(TopUpTask.objects.values_list("state", flat=True)) == {"done"}
    grown = copies()
    for kind, before in delivered.items():
        assert grown[kind].startswith(before)
        assert len(grown[kind]) > len(before)
    assert Mail.objects.count() == mails
    told_of = events(scene.envelope)
    assert (told_of.count("document.topped_up"), told_of.count("certificate.topped_up")) == (1, 1)
    assert entry(scene, "document.topped_up")["before"] == entry(scene, "document.closed")["sha256"]
    assert Revision.objects.filter(kind="extended").count() == 1
    for file in RecordFile.objects.all():
        (before,) = EarlierFile.objects.filter(file=file)
        assert (before.size, bytes(file.sha256)) == (len(delivered[file.kind]), hashlib.sha256(grown[file.kind]).digest())
    check_house()

    # Whoever holds the copy that was delivered holds a genuine one; so does who comes later.
    for held in (delivered, grown):
        for pdf in held.values():
            judgement = judge(pdf, at=clock.now())
            assert (judgement.verdict, judgement.reasons) == (Verdict.VALID, ())
            assert judgement.file is not None
    assert judge(delivered["document"] + b"%\n", at=clock.now()).verdict != Verdict.VALID
    accepted(bundle_of(scene.envelope))


def test_a_top_up_happens_once(scene: Scene, lists: Telling) -> None:
    everybody_signs(scene)
    work()
    lists.issued = clock.now()
    due_now()
    stale = TopUpTask.objects.get(document__isnull=False)
    drain(TOP_UP, now=clock.now)
    grown = copies()
    for again in (stale, TopUpTask.objects.get(document=None)):
        again.attempt -= 1
        lists.issued = clock.now() + timedelta(seconds=1)
        with pytest.raises(LostLease):
            top_up(again, now=clock.now)
    assert drain(TOP_UP, now=clock.now) == 0
    assert copies() == grown
    assert Seal.objects.filter(act="extend", state="sealed").count() == 2
    check_house()


def test_a_top_up_waits_for_the_conclusion_and_falls_away_with_it(scene: Scene, lists: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    from tachiai.envelopes import closing, remedying
    from tachiai.errors import Outage

    everybody_signs(scene)
    with monkeypatch.context() as patched:
        patched.setattr(closing, "certificate", _out_of_order(Outage("tsa.unreachable", "away")))
        drain(CLOSE, now=clock.now)
    assert Revision.objects.filter(kind="closed").count() == 1
    due_now()
    drain(TOP_UP, now=clock.now)
    assert TopUpTask.objects.get().due_at > clock.now() + TRY_AGAIN / 2
    remedying.withdraw_unfinished(scene.envelope, reason="試験のため取り下げます", at=clock.now())
    assert TopUpTask.objects.get().state == "cancelled"
    assert drain(TOP_UP, now=clock.now) == 0
    check_house()


def _out_of_order(failure: Exception) -> object:
    def fail(*_asked: object, **_how: object) -> bytes:
        raise failure

    return fail


def test_fresh_answers_need_no_top_up(scene: Scene) -> None:
    everybody_signs(scene)
    work()
    assert entry(scene, "document.closed")["fresh"] is True
    assert "older" not in entry(scene, "envelope.concluded")
    assert not TopUpTask.objects.exists()


def test_waits_for_a_newer_answer_a_while_and_without_alarm(house: Place, scene: Scene) -> None:
    with told(house.home, "answers", issued=clock.now() - timedelta(minutes=1)) as telling:
        everybody_signs(scene)
        for _ in range(3):
            CloseTask.objects.update(due_at=clock.now())
            assert drain(CLOSE, now=clock.now) == 1
            task = CloseTask.objects.get()
            assert (task.state, task.trouble, task.strikes, task.outages) == ("waiting", "", 0, 0)
            assert task.due_at > clock.now() + LOOK_AGAIN / 2
        assert not Alarm.objects.exists()
        assert not Seal.objects.filter(act="close", state="sealed").exists()
        telling.issued = clock.now()
        CloseTask.objects.update(due_at=clock.now())
        work()
        assert scene.state() == "concluded"
        assert entry(scene, "document.closed")["fresh"] is True


def test_makes_do_with_an_older_answer_when_patience_ends(house: Place, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with told(house.home, "answers", issued=clock.now() - timedelta(minutes=1)) as telling:
        everybody_signs(scene)
        from tachiai.sealing import seals

        monkeypatch.setattr(seals, "PatientRevocation", lambda source, patience=None: _impatient(source))
        work()
        assert scene.state() == "concluded"
        assert entry(scene, "document.closed")["fresh"] is False
        assert TopUpTask.objects.count() == 2
        assert max(TopUpTask.objects.values_list("due_at", flat=True)) < clock.now() + timedelta(hours=2)
        assert telling.asked


def _impatient(source: object) -> object:
    from tachiai.crypto.revocation import PatientRevocation

    return PatientRevocation(source, patience=timedelta(0))  # type: ignore[arg-type]
