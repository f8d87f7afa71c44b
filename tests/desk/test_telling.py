"""Whatever the code writes into an envelope's stream has words on the desk, or is named as untold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tachiai
from tachiai.envelopes.timeline import UNTOLD, UNTOLD_ROOM
from tachiai.web.desk.telling import SHOWN

SOURCE = Path(tachiai.__file__).parent
# The rooms that write into envelopes' streams, and what they write into those of the house and of organizations.
ROOMS = ("envelopes", "outbox", "sealing", "archive", "ledger", "ceremony")
ELSEWHERE = {
    "copies.asked",
    "copies.granted",
    "copies.refused",
    "destruction.attested",
    "evidence.brought_forward",
    "evidence.made",
    "evidence.renewed",
    "folder.deleted",
    "list.exported",
    "log.epoch_begun",
    "organization.items_set",
    "sample.drawn",
    "sample.expired",
    "sample.reported",
    "sample.taken",
    "seal_image.ended",
    "seal_image.kept",
    "template.archived",
    "template.restored",
    "template.saved",
    "verdict.attested",
}
# Where an event is put together or handed on: what it can be. A new such place fails until it is entered here.
COMPUTED: dict[str, set[str]] = {
    "envelopes/asking.py": {"recipient.asked_link", "recipient.asked_download", "recipient.asked_code"},
    "envelopes/bouncing.py": {"mail.bounced", "mail.delayed"},
    "envelopes/events.py": set(),
    "envelopes/giving_copies.py": set(),  # of the organization's stream
    "envelopes/identities.py": {"passkey.refused", "consent.refused"},
    "envelopes/opening.py": {"recipient.code_wrong", "totp.refused"},
    "envelopes/proving.py": {"passkey.enrolled", "totp.enrolled"},
    "envelopes/reading.py": {"document.copy_downloaded", "document.unfinished_downloaded", "file.downloaded"},
    "envelopes/uploads.py": set(),  # of UNTOLD_ROOM, all of them
    "outbox/delivering.py": {"mail.accepted", "mail.refused"},
    "outbox/doubting.py": {"mail.uncertain", "mail.sent_after_all", "mail.dropped"},
    "archive/destroying.py": {"document.destroyed"},
    "ledger/appending.py": set(),
}


def _calls(path: Path) -> Iterator[ast.expr]:
    """The event, as it is written, of each call that makes an entry."""
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and len(call.args) > 1 and _makes_an_entry(call.func):
            yield call.args[1]


def _makes_an_entry(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in ("note", "append", "Note")
    return isinstance(called, ast.Attribute) and ast.unparse(called) in ("ledger.append", "ledger.Note")


def test_every_event_of_an_envelope_has_words() -> None:
    events: set[str] = set()
    computing: set[str] = set()
    for room in ROOMS:
        for path in sorted((SOURCE / room).glob("*.py")):
            for event in _calls(path):
                if isinstance(event, ast.Constant):
                    events.add(str(event.value))
                else:
                    computing.add(str(path.relative_to(SOURCE)))
    assert computing == COMPUTED.keys()
    assert len(events) > 40
    events = events.union(*COMPUTED.values()) - ELSEWHERE - UNTOLD
    assert {event for event in events if not event.startswith(UNTOLD_ROOM)} == SHOWN.keys()
    assert not UNTOLD & SHOWN.keys()
