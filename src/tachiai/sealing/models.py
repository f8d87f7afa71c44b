"""What was meant to be sealed, and what became of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Act(models.TextChoices):
    FREEZE = "freeze"  # the house certifies what was sent
    CONSENT = "consent"  # a signer's own signature
    CLOSE = "close"  # validation data and the document timestamp
    EXTEND = "extend"  # the same once more behind a closed file, with newer data
    PAPER = "paper"  # a paper of the house's own: the certificate of conclusion


class SealState(models.TextChoices):
    INTENDED = "intended"
    SEALED = "sealed"
    ABANDONED = "abandoned"  # another attempt took its place; a raw signature may have been spent
    SUPERSEDED = "superseded"  # it stood, and proved worthless: the same consent was to be sealed again with another key


class Seal(models.Model):
    """Intent first, outcome after: every use of the key matches one row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    act = models.CharField(max_length=10, choices=Act.choices)
    subject = models.UUIDField(help_text="The document (or envelope, for a paper), by id.")
    consent = models.UUIDField(null=True, help_text="The consent that instructs it, by id.")
    input_sha256 = models.BinaryField(max_length=32)
    key = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the signing certificate; empty for a timestamp alone.")
    state = models.CharField(max_length=10, choices=SealState.choices, default=SealState.INTENDED)
    intended_at = models.DateTimeField()
    output_sha256 = models.BinaryField(max_length=32, null=True)
    stamped_at = models.DateTimeField(null=True, help_text="The time of its last timestamp token.")
    stamped_by = models.CharField(max_length=300, blank=True)
    accredited = models.BooleanField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject"], name="seal_subject")]
        constraints = [
            models.UniqueConstraint(fields=["act", "subject", "input_sha256"], condition=Q(state="sealed"), name="sealed_input_once"),
            models.UniqueConstraint(
                fields=["subject", "consent"], condition=Q(state="sealed", consent__isnull=False), name="consent_sealed_once"
            ),
            models.CheckConstraint(condition=Q(consent__isnull=False) | ~Q(act="consent"), name="seal_needs_consent"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.id}"
