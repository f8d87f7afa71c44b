"""Checkpoints: what the house signs of its tree, proofs that lead to them, and the tokens that date them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef

from tachiai.crypto.merkle import BadProof, check_consistency, consistency_proof, inclusion_proof, tree_root
from tachiai.crypto.signed_notes import BadNote, checkpoint_text, open_note, sign_note
from tachiai.errors import Outage, Refusal
from tachiai.ledger.epochs import current_epoch, held_epoch, log_key
from tachiai.ledger.models import Checkpoint, CheckpointStamp, Entry, Epoch, LaterStamp, Leaf
from tachiai.ledger.publishing import check_published, published
from tachiai.ledger.sequencing import tree_size
from tachiai.ledger.tiles import nodes_of


@dataclass(frozen=True)
class Inclusion:
    """Where an entry stands, and the hashes that lead from it to the root of the tree of ``size`` leaves (RFC 6962, 2.1.1)."""

    index: int
    size: int
    hashes: list[bytes]


def checkpoint(*, at: datetime, reason: str) -> Checkpoint | None:
    """Sign the tree as it is: the checkpoint of its size, which may have stood before; None while it is empty.

    Raises ``Outage``, so that nothing is lost and an operator is called, where signing would contradict what was signed before:
    ``log.forked`` (the tree does not begin with the last checkpoint's), ``log.key_changed``, and what
    :func:`tachiai.ledger.publishing.check_published` says.
    """
    if current_epoch() is None:
        return None
    seed, told = settings.TACHIAI.secret("log"), published()
    with transaction.atomic(durable=True):
        epoch = held_epoch()
        size = tree_size(epoch)
        last = epoch.checkpoints.order_by("-size").first()
        check_published(told, epoch, signed=last)
        if size == 0 or (last is not None and last.size == size):
            return last
        root = tree_root(size, nodes_of(epoch))
        if last is not None:
            _check_follows(last, epoch, size=size, root=root)
        note = sign_note(checkpoint_text(epoch.origin, size, root), epoch.origin, seed)
        return Checkpoint.objects.create(epoch=epoch, size=size, root=root, note=note, made_at=at, reason=reason)


def _check_follows(last: Checkpoint, epoch: Epoch, *, size: int, root: bytes) -> None:
    """The house never signs two trees that differ in what they share, and never under two keys."""
    try:
        open_note(last.note, log_key(epoch))
    except BadNote as wrong:
        raise Outage("log.key_changed", f"{epoch.origin} {last.size}: {wrong.code}") from wrong
    try:
        proof = consistency_proof(last.size, size, nodes_of(epoch))
        check_consistency(last.size, size, first_root=bytes(last.root), second_root=root, proof=proof)
    except (BadProof, ValueError) as wrong:
        raise Outage("log.forked", f"{epoch.origin} {last.size}: {wrong}") from wrong


def keep_stamp(one: Checkpoint, *, token: bytes, stamped_at: datetime, authority: str, accredited: bool) -> CheckpointStamp:
    """Keep the token of a checkpoint, once; whoever comes second keeps the first's. The caller has checked it."""
    told = {"token": token, "stamped_at": stamped_at, "authority": authority[:300], "accredited": accredited}
    stamp, _made = CheckpointStamp.objects.get_or_create(checkpoint=one, defaults=told)
    return stamp


def keep_later_stamp(one: Checkpoint, *, token: bytes, stamped_at: datetime, authority: str, accredited: bool) -> LaterStamp:
    """Keep a further token of a checkpoint, as the next in number; of two who bring it at once, the first's stays."""
    told = {"token": token, "stamped_at": stamped_at, "authority": authority[:300], "accredited": accredited}
    last = one.later_stamps.order_by("-number").values_list("number", flat=True).first()
    stamp, _made = LaterStamp.objects.get_or_create(checkpoint=one, number=(last or 1) + 1, defaults=told)
    return stamp


def newest_stamp(one: Checkpoint) -> CheckpointStamp | LaterStamp:
    """The last token of a stamped checkpoint: its first, if it has no other."""
    return one.later_stamps.order_by("-number").first() or one.stamp


def later_stamp_of(number: int, size: int, which: int) -> LaterStamp | None:
    """The further token ``which`` (2 or more) of the checkpoint of epoch ``number`` at ``size``."""
    return LaterStamp.objects.filter(checkpoint__epoch__number=number, checkpoint__size=size, number=which).first()


def last_renewals(checkpoints: Collection[Checkpoint]) -> dict[int, tuple[int, datetime]]:
    """Number and time of the last further token, by the key of each checkpoint that has one."""
    rows = LaterStamp.objects.filter(checkpoint__in=[one.pk for one in checkpoints]).values("checkpoint")
    found = rows.annotate(last=Max("number"), at=Max("stamped_at")).values_list("checkpoint", "last", "at")
    return {pk: (last, at) for pk, last, at in found}


def imprint_of(one: Checkpoint) -> bytes:
    """What is stamped of a checkpoint: SHA-256 of its whole note, the signature included."""
    return hashlib.sha256(one.note.encode()).digest()


def latest_checkpoint(*, stamped: bool = True, epoch: Epoch | None = None) -> Checkpoint | None:
    """The largest checkpoint of ``epoch``, or of the one that grows; ``stamped``: of those that have their token."""
    epoch = epoch or current_epoch()
    rows = Checkpoint.objects.select_related("epoch", "stamp").filter(epoch=epoch)
    return (rows.filter(stamp__isnull=False) if stamped else rows).order_by("-size").first()


def stamped_checkpoints(*, start: int = 0, count: int) -> list[Checkpoint]:
    """Up to ``count`` checkpoints that have their token, the newest first, after the first ``start``; tokens are read when asked for."""
    rows = Checkpoint.objects.select_related("epoch", "stamp").filter(stamp__isnull=False).defer("stamp__token")
    return list(rows.order_by("-epoch__number", "-size")[start : start + count])


def checkpoint_of(number: int, size: int) -> Checkpoint | None:
    """The checkpoint of epoch ``number`` at ``size``, stamped or not."""
    return Checkpoint.objects.select_related("epoch", "stamp").filter(epoch__number=number, size=size).first()


def is_covered(streams: Collection[str], one: Checkpoint) -> bool:
    """Whether ``one`` speaks of every entry that stands in ``streams`` now."""
    placed = Leaf.objects.filter(epoch=one.epoch_id, entry=OuterRef("pk"), index__lt=one.size)
    return not Entry.objects.filter(~Exists(placed), stream__name__in=streams).exists()


def oldest_uncovered() -> datetime | None:
    """The time of the oldest entry with a place that no stamped checkpoint speaks of yet; None when there is none."""
    last = latest_checkpoint()
    rows = Leaf.objects.filter(epoch=current_epoch(), index__gte=0 if last is None else last.size)
    found: datetime | None = rows.aggregate(since=Min("entry__at"))["since"]
    return found


def inclusion(stream: str, number: int, *, size: int | None = None, epoch: Epoch | None = None) -> Inclusion:
    """The proof that entry ``number`` of ``stream`` stands in the tree of ``size`` leaves (None: of the last stamped checkpoint).

    Refuses ``log.not_integrated`` when that tree does not reach to it.
    """
    epoch = epoch or current_epoch()
    if size is None:
        last = latest_checkpoint(epoch=epoch)
        size = 0 if last is None else last.size
    place = Leaf.objects.filter(epoch=epoch, entry__stream__name=stream, entry__number=number).values_list("index", flat=True).first()
    if epoch is None or place is None or not place < size <= tree_size(epoch):
        raise Refusal("log.not_integrated", stream=stream, number=number)
    return Inclusion(place, size, inclusion_proof(place, size, nodes_of(epoch)))


def consistency(first: int, second: int, *, epoch: Epoch | None = None) -> list[bytes]:
    """The proof that the tree of ``second`` leaves begins with that of ``first``. Refuses ``log.no_such_tree``."""
    epoch = epoch or current_epoch()
    if epoch is None or not 0 <= first <= second <= tree_size(epoch):
        raise Refusal("log.no_such_tree", first=first, second=second)
    return consistency_proof(first, second, nodes_of(epoch))
