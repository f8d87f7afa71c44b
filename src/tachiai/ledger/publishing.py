"""The last checkpoint outside of the database: whoever puts an older database in place cannot put the file in place unseen."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from tachiai.crypto.merkle import tree_root
from tachiai.crypto.signed_notes import BadNote, CheckpointText, open_note, parse_checkpoint, split_note
from tachiai.errors import Outage
from tachiai.ledger.epochs import log_key
from tachiai.ledger.models import Checkpoint, Epoch
from tachiai.ledger.tiles import nodes_of

NAME = "checkpoint"


def folders() -> list[Path]:
    """Where the last checkpoint is written: in the house, and in the operator's mirror if there is one."""
    mirror: Path | None = settings.TACHIAI.checkpoint_mirror
    return [settings.TACHIAI.published, *([mirror] if mirror else [])]


class Published(NamedTuple):
    """What lies in a folder: the note, and what it says."""

    folder: Path
    note: str
    stated: CheckpointText


def published() -> list[Published]:
    """What was told to the world, as it lies in each folder. Raises ``Outage`` with ``log.published_unreadable``.

    To be read before what the database knows, which then knows at least as much.
    """
    found = []
    for folder in folders():
        try:
            note = (folder / NAME).read_bytes().decode()
            found.append(Published(folder, note, parse_checkpoint(split_note(note)[0])))
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError, BadNote) as wrong:
            if isinstance(wrong, OSError) and folder != settings.TACHIAI.published:
                continue  # a mirror that is away holds up nobody; writing to it will say so
            raise Outage("log.published_unreadable", f"{folder / NAME}: {wrong}") from wrong
    return found


def publish(one: Checkpoint, *, token: bytes) -> None:
    """Write a stamped checkpoint and its last token to each folder, whole or not at all; never an older one over a newer one.

    Raises ``Outage`` with ``log.unpublished`` when a folder cannot be written to, and what :func:`check_published` says.
    """
    try:
        with _alone():
            found = published()
            check_published(found, one.epoch, signed=one.epoch.checkpoints.order_by("-size").first())
            ours = {other.folder: other.stated.size for other in found if other.stated.origin == one.epoch.origin}
            for folder in folders():
                there = ours.get(folder, 0)
                if there < one.size or (there == one.size and _token_in(folder) != token):
                    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
                    _replace(folder / f"{NAME}.tst", token)
                    _replace(folder / NAME, one.note.encode())
    except OSError as problem:
        raise Outage("log.unpublished", str(problem)) from problem


def check_published(found: Iterable[Published], epoch: Epoch, *, signed: Checkpoint | None) -> None:
    """Hold the tree to what was told to the world of it. ``signed`` is the largest checkpoint that the database knows.

    Raises ``Outage``: ``log.behind`` when more was published than the database knows, ``log.forked`` when something else was,
    ``log.published_unreadable`` when a note is not signed by this house.
    """
    for folder, note, stated in found:
        other = epoch if stated.origin == epoch.origin else Epoch.objects.filter(origin=stated.origin).first()
        if other is None:
            raise Outage("log.behind", f"{folder}: a checkpoint of {stated.origin} was published, which the database does not know")
        _check_signed(note, other)
        if other.pk != epoch.pk:
            continue  # of a tree that was left; the next checkpoint replaces it
        if signed is None or stated.size > signed.size:
            raise Outage("log.behind", f"{folder}: {stated.size} were published, {signed.size if signed else 0} are known")
        if _root_at(epoch, stated.size) != stated.root:
            raise Outage("log.forked", f"{folder}: another tree of {stated.size} was published")


def _root_at(epoch: Epoch, size: int) -> bytes:
    try:
        return tree_root(size, nodes_of(epoch))
    except (ValueError, IndexError) as short:
        raise Outage("log.forked", f"the tree has no {size} leaves any more") from short


@contextmanager
def _alone() -> Iterator[None]:
    """Among the processes of this house, so that nobody writes between looking and writing."""
    folder: Path = settings.TACHIAI.published
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _check_signed(note: str, epoch: Epoch) -> None:
    try:
        open_note(note, log_key(epoch))
    except BadNote as wrong:
        raise Outage("log.published_unreadable", f"{epoch.origin}: {wrong.code}") from wrong


def _token_in(folder: Path) -> bytes:
    try:
        return (folder / f"{NAME}.tst").read_bytes()
    except FileNotFoundError:
        return b""


def _replace(path: Path, content: bytes) -> None:
    made = path.with_name(f".{path.name}.{os.getpid()}")
    with made.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
    # The name too must outlive a power cut.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
