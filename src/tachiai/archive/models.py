"""Records of what was concluded. The archive knows nothing of envelopes: it will take scans and others' files too."""

from __future__ import annotations

import uuid

from django.db import models

from tachiai.accounts.models import Member, Organization
from tachiai.vault import Blob


class Record(models.Model):
    """One concluded transaction with its files and the items by which tax law wants it found."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="records")
    origin = models.UUIDField(unique=True, help_text="What it came from (an envelope), by id.")
    owner = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=40, help_text="管理番号")
    title = models.CharField(max_length=200)
    certificate_number = models.CharField(max_length=24, unique=True)
    transaction_date = models.DateField(null=True, blank=True)
    counterparty = models.CharField(max_length=200, blank=True)
    counterparty_key = models.CharField(max_length=200, blank=True, help_text="The name as compared: width, case and 株式会社 apart.")
    amount = models.BigIntegerField(null=True, blank=True, help_text="Yen; blank is 'not stated', which is not 0.")
    concluded_at = models.DateTimeField(help_text="締結日時: the time of the last timestamp.")
    measure = models.PositiveSmallIntegerField(null=True, help_text="規則4条1項 1号: 1 when an accredited token precedes the hand-over.")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "transaction_date"], name="record_date"),
            models.Index(fields=["organization", "amount"], name="record_amount"),
            models.Index(fields=["organization", "concluded_at"], name="record_concluded"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class FileKind(models.TextChoices):
    DOCUMENT = "document"
    CERTIFICATE = "certificate"


class RecordFile(models.Model):
    """One file of a record, by the blob that holds it and the digest it had when it was filed."""

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=FileKind.choices)
    name = models.CharField(max_length=200)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    sha256 = models.BinaryField(max_length=32, db_index=True)
    size = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "position"], name="record_file_once")]

    def __str__(self) -> str:
        return self.name


class EarlierFile(models.Model):
    """What a file was until something was appended to it: copies handed out then are its beginning, and stay genuine."""

    file = models.ForeignKey(RecordFile, on_delete=models.PROTECT, related_name="earlier")
    sha256 = models.BinaryField(max_length=32, db_index=True)
    size = models.PositiveBigIntegerField()
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "size"], name="earlier_file_once")]

    def __str__(self) -> str:
        return f"{self.file} until {self.until}"
