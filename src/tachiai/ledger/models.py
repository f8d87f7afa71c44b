"""Entries, the heads of their streams, and the tree over all of them. But for the heads nothing is ever changed: triggers say so too."""

from __future__ import annotations

from django.db import models


class Stream(models.Model):
    """One chain: an envelope's, an organization's or the house's. Its row is the lock under which it grows."""

    name = models.CharField(max_length=80, unique=True)
    length = models.PositiveBigIntegerField(default=0)
    head = models.BinaryField(max_length=32, default=bytes(32))

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """One act. ``body`` is the canonical JSON (RFC 8785) and is what counts; the columns beside it are for finding."""

    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveBigIntegerField()
    event = models.CharField(max_length=60)
    at = models.DateTimeField()
    body = models.BinaryField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "number"], name="entry_number_once")]
        indexes = [models.Index(fields=["event", "at"], name="entry_event")]

    def __str__(self) -> str:
        return f"{self.stream_id}/{self.number} {self.event}"


class Personal(models.Model):
    """The personal data of one entry, apart so that it can be erased; the entry keeps only a salted commitment."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="personal")
    salt = models.BinaryField(max_length=32)
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"personal data of {self.entry_id}"


class Epoch(models.Model):
    """One Merkle tree over all entries. Another begins only when a house goes on without entries that it had published."""

    number = models.PositiveIntegerField(unique=True)
    origin = models.CharField(max_length=255, unique=True, help_text="The log's name, and that of its key.")
    begun_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    known = models.JSONField(default=list, help_text="The last checkpoints that were known of the epoch before: whole notes.")

    def __str__(self) -> str:
        return self.origin


class Leaf(models.Model):
    """The place of an entry in an epoch's tree, from 0. Its hash is the entry's digest."""

    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="leaves")
    index = models.PositiveBigIntegerField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="leaves")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["epoch", "index"], name="leaf_place_once"),
            models.UniqueConstraint(fields=["entry", "epoch"], name="leaf_entry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.epoch_id}/{self.index}"


class Tile(models.Model):
    """256 neighbouring hashes of a tree's level ``8 * level``, once all of them are there, and the node above them."""

    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="tiles")
    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    # Before the long column: SQLite reads a row from its beginning, and roots are read by the hundred.
    root = models.BinaryField(max_length=32)
    hashes = models.BinaryField(max_length=8192)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["epoch", "level", "index"], name="tile_once")]

    def __str__(self) -> str:
        return f"{self.epoch_id}/{self.level}/{self.index}"


class Checkpoint(models.Model):
    """What the house signed of an epoch's tree at one size. ``note`` is the signed note and is what counts."""

    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="checkpoints")
    size = models.PositiveBigIntegerField()
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    made_at = models.DateTimeField()
    reason = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["epoch", "size"], name="checkpoint_once")]

    def __str__(self) -> str:
        return f"{self.epoch_id}/{self.size}"


class _Token(models.Model):
    """A timestamp token (RFC 3161, DER) over SHA-256 of a checkpoint's whole note."""

    token = models.BinaryField()
    stamped_at = models.DateTimeField(help_text="The token's own time.")
    authority = models.CharField(max_length=300)
    accredited = models.BooleanField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.authority} {self.stamped_at}"


class CheckpointStamp(_Token):
    """The first token of a checkpoint: the one that says most, and that is handed out with it."""

    checkpoint = models.OneToOneField(Checkpoint, on_delete=models.PROTECT, related_name="stamp")


class LaterStamp(_Token):
    """A further token of a checkpoint that was the newest for a whole day: the house stood by it still. ``number`` is 2 or more."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="later_stamps")
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["checkpoint", "number"], name="later_stamp_once")]
