"""Which bytes exist, where, under which wrapped key. The bytes themselves are in the store, encrypted."""

from __future__ import annotations

import uuid

from django.db import models


class Blob(models.Model):
    """Something kept: a base and the segments appended to it, all under one data key of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20)
    wrapped_key = models.BinaryField(max_length=1060, help_text="The data key; zeros once it is destroyed.")
    kek = models.CharField(max_length=16, help_text="Which key-encryption key wraps it.")
    created_at = models.DateTimeField()
    shredded_at = models.DateTimeField(null=True, blank=True, help_text="When its data key was destroyed; the row stays as a tombstone.")
    shredding = models.UUIDField(null=True, blank=True, help_text="The act that destroyed it (消去番号).")

    # The segments in order, where they were read together with the row (``vault.blobs``); not a column.
    known_segments: list[Segment] | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Segment(models.Model):
    """One box in the store. ``total_*`` describe the whole up to and including this segment."""

    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="segments")
    number = models.PositiveIntegerField()
    path = models.CharField(max_length=120, unique=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    total_size = models.PositiveBigIntegerField()
    total_sha256 = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["blob", "number"], name="segment_number_once")]

    def __str__(self) -> str:
        return f"{self.blob_id}.{self.number}"
