"""Input fields (入力項目): where a signer is seen on a page or fills something in, what they put there, and pictures of seals."""

from __future__ import annotations

import uuid

from django.db import models

from tachiai.accounts.models import Member, Organization
from tachiai.crypto.fields import ValueKind
from tachiai.vault import Blob


class FieldKind(models.TextChoices):
    """入力項目の種類. The first two are how a signature is seen; the others are blanks."""

    SEAL = "seal"
    SIGNATURE = "signature"
    TEXT = "text"
    CHECK = "check"
    DATE = "date"
    NAME = "name"
    TITLE = "title"


LOOKS = (FieldKind.SEAL, FieldKind.SIGNATURE)
# What the form field in the file is, for each kind that fills a blank (docs/formats/seal-revisions.md).
VALUE_KINDS: dict[str, ValueKind] = {
    FieldKind.TEXT: "text",
    FieldKind.CHECK: "check",
    FieldKind.DATE: "date",
    FieldKind.NAME: "name",
    FieldKind.TITLE: "text",
}


class SealImage(models.Model):
    """印影: the picture of a seal. ``member`` None: it is the organization's. It is kept as pixels alone, as a PNG of our own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="seal_images")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, blank=True, related_name="seal_images")
    name = models.CharField(max_length=60)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="No longer offered; what bears it keeps it.")

    def __str__(self) -> str:
        return self.name


class Field(models.Model):
    """入力項目: a place on a page for whoever signs in ``slot``.

    ``left``, ``top``, ``width`` and ``height`` are tenths of a millimetre from the upper left corner of the page as it is seen, which is
    ``sheet_width`` by ``sheet_height``.
    ``number`` is unique among the fields of one slot in the whole envelope, so that a value's name means one place.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey("envelopes.Document", on_delete=models.PROTECT, related_name="fields")
    slot = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=FieldKind.choices)
    page = models.PositiveIntegerField()
    left = models.PositiveIntegerField()
    top = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sheet_width = models.PositiveIntegerField()
    sheet_height = models.PositiveIntegerField()
    required = models.BooleanField(default=True)
    guide = models.CharField(max_length=100, blank=True, help_text="入力ガイド: what the signer is told to put here.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "slot", "number"], name="field_number_once")]

    def __str__(self) -> str:
        return f"{self.document_id} p{self.page} {self.kind}"

    @property
    def is_look(self) -> bool:
        """Whether this is how the signature is seen, and no blank."""
        return self.kind in LOOKS


class FieldEntry(models.Model):
    """What a recipient has put into a field: kept from one visit to the next, and changed until they consent.

    ``appearance`` is what will be seen of it (docs/formats/appearance.md), locked under the key of the document's blob.
    """

    recipient = models.ForeignKey("envelopes.Recipient", on_delete=models.PROTECT, related_name="entries")
    field = models.ForeignKey(Field, on_delete=models.PROTECT, related_name="entries")
    text = models.TextField(max_length=4000)
    appearance = models.BinaryField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "field"], name="entry_once")]

    def __str__(self) -> str:
        return f"{self.recipient_id} {self.field_id}"
