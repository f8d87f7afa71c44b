"""Entries and the heads of their streams. Rows of ``Entry`` are never updated or deleted: a trigger says so too."""

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
