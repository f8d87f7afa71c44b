"""What the lost house had told the world: checkpoints of its log, wherever somebody still has one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlsplit

from django.conf import settings

from tachiai import ledger
from tachiai.errors import Refusal

# A signed note (C2SP signed-note) that states a checkpoint: origin, size and root, an empty line, and who signed it.
_NOTE = re.compile(r"^(\S+/log/e([0-9]{1,9}))\n([0-9]{1,18})\n([A-Za-z0-9+/]{43}=)\n(?:\S[^\n]*\n)*\n(?:— \S+ [A-Za-z0-9+/=]+\n)+", re.M)


@dataclass(frozen=True)
class Stated:
    """One published checkpoint: the log's name, its epoch, and how many entries it covers. ``note`` is its whole text."""

    origin: str
    epoch: int
    size: int
    note: str


def stated_in(data: bytes) -> list[Stated]:
    """The checkpoints in a file: a checkpoint itself, a mail that carries one, or any text around it.

    Refuses ``restore.no_checkpoint`` when there is none, and ``restore.other_log`` when one is of another house's log.
    """
    texts = [data.decode("utf-8", "replace"), *_parts_of_mail(data)]
    found = {match.group(0): match for text in texts for match in _NOTE.finditer(text.replace("\r\n", "\n"))}
    if not found:
        raise Refusal("restore.no_checkpoint")
    notes = [Stated(match.group(1), int(match.group(2)), int(match.group(3)), note) for note, match in found.items()]
    own = urlsplit(settings.TACHIAI.public_url)
    prefix = f"{own.netloc}{own.path.rstrip('/')}/log/e"
    for one in notes:
        if one.origin != f"{prefix}{one.epoch}":
            raise Refusal("restore.other_log", origin=one.origin)
    return notes


def _parts_of_mail(data: bytes) -> Iterable[str]:
    for part in message_from_bytes(data, policy=default).walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield payload.decode("utf-8", "replace")


def kept_in_backup() -> list[Stated]:
    """The checkpoint that lay beside the database when the backup was made; it may already be ahead of the rows."""
    file = settings.TACHIAI.home / "restored" / "published" / "checkpoint"
    return stated_in(file.read_bytes()) if file.exists() else []


def missing(known: Sequence[Stated]) -> int:
    """How many entries were published that this house does not have; at least, and 0 when none is known."""
    return max(0, max((one.size for one in known), default=0) - ledger.Entry.objects.count())


def go_on(known: Sequence[Stated], *, generation: str, at: datetime) -> int | None:
    """Begin a new epoch of the log, unless what is known to have been published ends where this house's own checkpoint does.

    Positions that somebody may have seen taken are never given again. Nothing known is no proof that nothing was published, so it
    begins one as well. The number of the new epoch, or None.
    """
    if known and _is_level(known):
        return None
    reason, notes = f"restored from backup {generation}", [one.note for one in known]
    try:
        return ledger.begin_epoch(reason=reason, known=notes, at=at).number
    except Refusal as refusal:
        if refusal.code != "log.no_epoch":
            raise
    # The backup is older than the log's first day: what was kept gets places in a first epoch that is never published.
    ledger.integrate(at=at)
    return ledger.begin_epoch(reason=reason, known=notes, at=at).number


def _is_level(known: Sequence[Stated]) -> bool:
    """Whether every known checkpoint is this house's own last one, word for word."""
    own = ledger.latest_checkpoint(stamped=False)
    return own is not None and {one.note for one in known} == {own.note}
