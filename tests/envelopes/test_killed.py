"""kill -9 at each step of freezing, sealing and closing: the next worker finishes, and exactly one outcome stands."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cast import Cast, assemble
from invariants import check_house
from place import Place
from stories import drafted, mayor_signs, sent, vendor_signs, work
from tachiai import clock
from tachiai.config.jobs import KINDS
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.sending import send_envelope
from tachiai.work import release_dead

DRIVER = Path(__file__).parent.parent / "kill_driver.py"

FREEZING = [
    ("tachiai.envelopes.freezing:render", "after"),
    ("tachiai.sealing.preparing:prepare", "after"),
    ("tachiai.crypto.pades:freeze", "after"),
    ("tachiai.sealing.seals:freeze", "after"),
    ("tachiai.vault.keeping:put_tail", "after"),
    ("tachiai.vault.keeping:put", "after"),
    ("tachiai.envelopes.freezing:add_revision", "after"),
    ("tachiai.envelopes.freezing:_commit", "after"),
]
SEALING = [
    ("tachiai.sealing.preparing:prepare_many", "before"),
    ("tachiai.sealing.preparing:prepare_many", "after"),
    ("tachiai.crypto.pades:begin_seal", "after"),
    ("tachiai.sealing.seals:begin", "after"),
    ("tachiai.sealing.seals:_released", "after"),
    ("tachiai.vault.keeping:put_tail", "after"),
    ("tachiai.envelopes.recording_seals:add_revisions", "after"),
    ("tachiai.envelopes.recording_seals:_move_on", "after"),
    ("tachiai.ledger.appending:append_many", "after"),
    ("tachiai.envelopes.sealing_work:record_seals", "after"),
]
# Amid a group: the call at which it dies, when some rows of the group have taken the step and others have not.
GROUPED = [
    ("tachiai.crypto.pades:begin_seal", "after", 2),
    ("tachiai.sealing.seals:_released", "after", 2),
    ("tachiai.vault.keeping:put_tail", "after", 2),
    ("tachiai.envelopes.recording_seals:add_revisions", "after", 1),
    ("tachiai.envelopes.sealing_work:record_seals", "after", 1),
]
CLOSING = [
    ("tachiai.crypto.pades:close", "after"),
    ("tachiai.envelopes.closing:add_revision", "after"),
    ("tachiai.envelopes.closing:_close_document", "after"),
    ("tachiai.envelopes.closing:certificate", "after"),
    ("tachiai.sealing.seals:attest", "after"),
    ("tachiai.vault.keeping:put", "after"),
    ("tachiai.archive.filing:admit", "after"),
    ("tachiai.envelopes.closing:_tell_everybody", "after"),
    ("tachiai.envelopes.closing:_commit", "after"),
]
MAILING = [
    ("tachiai.outbox.delivering:write", "after"),
    ("tachiai.outbox.delivering:_settle", "before"),
    ("tachiai.outbox.delivering:_settle", "after"),
]


@pytest.fixture
def cast(house: Place) -> Cast:  # the house must stand first
    return assemble()


def kill_at(home: Path, target: str, when: str, count: int = 1) -> None:
    """Run a worker on this house that dies at the step; it must really have died there."""
    from django.db import connections

    connections.close_all()
    command = [sys.executable, str(DRIVER), str(home), target, when, str(count)]
    died = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]


def recover() -> None:
    """What a restarted worker does: give back what the dead one held, and go on."""
    release_dead([kind.rows().model for kind in KINDS])
    work()


def finish(envelope: Envelope) -> None:
    """The rest of the story must be able to take place, and everything must hold at its end."""
    envelope.refresh_from_db()
    if envelope.recipients.get(side="counterparty").state == "requested":
        vendor_signs(envelope)
        work()
    if envelope.recipients.get(side="own").state == "requested":
        mayor_signs(envelope)
        work()
    envelope.refresh_from_db()
    assert envelope.state == "concluded"
    check_house()


@pytest.mark.parametrize(("target", "when"), FREEZING)
def test_killed_while_freezing(house: Place, cast: Cast, target: str, when: str) -> None:
    envelope = drafted(cast)
    work()
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    kill_at(house.home, target, when)
    check_house()
    recover()
    finish(envelope)


@pytest.mark.parametrize(("target", "when"), SEALING)
def test_killed_while_sealing(house: Place, cast: Cast, target: str, when: str) -> None:
    envelope = sent(cast)
    vendor_signs(envelope)
    kill_at(house.home, target, when)
    check_house()
    recover()
    finish(envelope)


@pytest.mark.parametrize(("target", "when", "count"), GROUPED)
def test_killed_amid_a_group(house: Place, cast: Cast, target: str, when: str, count: int) -> None:
    envelopes = [sent(cast, name=f"契約 {number}") for number in range(3)]
    for envelope in envelopes:
        vendor_signs(envelope)
    kill_at(house.home, target, when, count)
    check_house()
    recover()
    for envelope in envelopes:
        finish(envelope)


@pytest.mark.parametrize(("target", "when"), CLOSING)
def test_killed_while_closing(house: Place, cast: Cast, target: str, when: str) -> None:
    envelope = sent(cast)
    vendor_signs(envelope)
    work()
    mayor_signs(envelope)
    kill_at(house.home, target, when)
    check_house()
    recover()
    finish(envelope)


@pytest.mark.parametrize(("target", "when"), MAILING)
def test_killed_while_mailing(house: Place, cast: Cast, target: str, when: str) -> None:
    envelope = sent(cast)
    vendor_signs(envelope)
    kill_at(house.home, target, when)
    recover()
    finish(envelope)
    # A mail goes out twice at the most, as the same message: the mailbox holds one file for each Message-ID.
    from tachiai.outbox.models import Mail

    assert len(list((house.home / "mailbox").glob("*.eml"))) == Mail.objects.filter(result="accepted").count()
