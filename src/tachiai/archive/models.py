"""Records of what was concluded. The archive knows nothing of envelopes: it will take scans and others' files too."""

from __future__ import annotations

import uuid

from django.db import models

from tachiai.accounts.models import Folder, Member, Organization
from tachiai.vault import Blob
from tachiai.work.models import Task, TaskState


class Record(models.Model):
    """One concluded transaction with its files and the items by which tax law wants it found."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="records")
    origin = models.UUIDField(unique=True, help_text="What it came from (an envelope), by id.")
    owner = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    number = models.CharField(max_length=40, help_text="管理番号")
    title = models.CharField(max_length=200)
    certificate_number = models.CharField(max_length=24, unique=True)
    transaction_date = models.DateField(null=True, blank=True)
    counterparty = models.CharField(max_length=200, blank=True)
    counterparty_key = models.CharField(max_length=200, blank=True, help_text="The name as compared: width, case and 株式会社 apart.")
    amount = models.BigIntegerField(null=True, blank=True, help_text="Yen; blank is 'not stated', which is not 0.")
    concluded_at = models.DateTimeField(help_text="締結日時: the time of the last timestamp.")
    anchor = models.ForeignKey(
        "ledger.Checkpoint",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The stamped checkpoint that the certificate and the mails carry; empty for what is older than the log.",
    )
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


class DescribedItem(models.Model):
    """文書情報の1項目 of a transaction. ``subject`` is the envelope by id alone, from its draft on: a record finds it by its origin.

    ``code`` is one of ``archive.items``; a day stands in ``day``, so that it can be searched by, and everything else in ``text``.
    """

    subject = models.UUIDField()
    code = models.CharField(max_length=20)
    text = models.CharField(max_length=500, blank=True)
    day = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "code"], name="described_item_once")]
        indexes = [models.Index(fields=["code", "day"], name="described_day")]

    def __str__(self) -> str:
        return f"{self.subject} {self.code}"


class FileKind(models.TextChoices):
    DOCUMENT = "document"
    CERTIFICATE = "certificate"


class UntilCause(models.TextChoices):
    """What ends the proof of a file (``crypto.longevity``)."""

    TIMESTAMP_CERTIFICATE = "timestamp_certificate"
    CERTIFICATE = "certificate"
    ALGORITHM = "algorithm"


class RecordFile(models.Model):
    """One file of a record, by the blob that holds it and the digest it has now.

    How long it proves itself is told by the columns from ``stamped_at`` on; all are empty until somebody has looked.
    """

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=FileKind.choices)
    name = models.CharField(max_length=200)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    sha256 = models.BinaryField(max_length=32, db_index=True)
    size = models.PositiveBigIntegerField()
    stamped_at = models.DateTimeField(null=True, help_text="The time of its last document timestamp.")
    stamped_by = models.CharField(max_length=300, blank=True)
    verifiable_until = models.DateTimeField(null=True, db_index=True)
    until_cause = models.CharField(max_length=24, choices=UntilCause.choices, blank=True)
    weakest = models.CharField(max_length=40, blank=True, help_text="The weakest algorithm that carries the proof.")
    renew_at = models.DateTimeField(null=True, db_index=True)
    assessed_at = models.DateTimeField(null=True, help_text="When somebody last looked, with or without success.")

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


class EvidenceStamp(models.Model):
    """One token over the root of a hash tree (RFC 4998): of files' hashes, or of the hashes of older tokens that it renews."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=10, help_text="Of the tree and of the token's imprint: sha256, sha384, sha512.")
    root = models.BinaryField(max_length=64)
    token = models.BinaryField(help_text="The timeStamp field (DER), with what proves its certificates.")
    made_at = models.DateTimeField(help_text="The token's own time.")
    until = models.DateTimeField(
        help_text="When a certificate or an algorithm beneath it ends: nothing can be shown by it alone after that."
    )
    authority = models.CharField(max_length=300)
    accredited = models.BooleanField()
    covered = models.BooleanField(default=False, help_text="A later stamp speaks of these very bytes, so they must not change any more.")
    renewed_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="renews")
    renewed_path = models.BinaryField(default=bytes, help_text="The reducedHashtree (DER) that leads from this token to its renewal.")

    def __str__(self) -> str:
        return f"{self.authority} {self.made_at}"


class EvidenceBatch(models.Model):
    """Files that share one chain of archive timestamps: ``stamp`` is its first, ``last`` the one that holds it up now.

    ``generation`` counts the chains of the files: 2 stands over 1, by a stronger digest. ``continued_by`` is the chain that follows.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    generation = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField()
    stamp = models.ForeignKey(EvidenceStamp, on_delete=models.PROTECT, related_name="+")
    last = models.ForeignKey(EvidenceStamp, on_delete=models.PROTECT, related_name="holds_up")
    renew_at = models.DateTimeField()
    continued_by = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="continues")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["continued_by", "renew_at"], name="evidence_renewal")]

    def __str__(self) -> str:
        return f"{self.count} files, generation {self.generation}"


class EvidenceMember(models.Model):
    """One file in a batch, as it was then: its first ``size`` bytes, whose hash is ``hash``. What was appended later is not meant."""

    batch = models.ForeignKey(EvidenceBatch, on_delete=models.PROTECT, related_name="members")
    file = models.ForeignKey(RecordFile, on_delete=models.PROTECT, related_name="evidence")
    size = models.PositiveBigIntegerField()
    hash = models.BinaryField(max_length=64)
    path = models.BinaryField(default=bytes, help_text="The reducedHashtree (DER) from the file to the batch's first stamp.")
    first = models.BooleanField(help_text="Of the file's first batch.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "file"], name="evidence_member_once"),
            models.UniqueConstraint(fields=["file"], condition=models.Q(first=True), name="evidence_begun_once"),
        ]

    def __str__(self) -> str:
        return f"{self.file} in {self.batch_id}"


class EvidenceAct(models.TextChoices):
    MAKE = "make"  # a batch of the files that have no evidence yet
    RENEW = "renew"  # one token over the tokens of all batches that are due
    REHASH = "rehash"  # a new chain for one batch, by a stronger digest


class EvidenceTask(Task):
    """``key`` says what it is for, so that it is written once whoever plans it: the night, or the batch."""

    act = models.CharField(max_length=10, choices=EvidenceAct.choices)
    key = models.CharField(max_length=80, unique=True)
    digest = models.CharField(max_length=10)
    batch = models.ForeignKey(EvidenceBatch, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")

    class Meta(Task.Meta):
        abstract = False


class RenewalTask(Task):
    """Due when the proof of a file is to be renewed, once for each state of the file (``head``: its SHA-256).

    ``early``: somebody asked for it before it was due. ``held_up``: why it was put off although nothing was out of order.
    """

    file = models.ForeignKey(RecordFile, on_delete=models.PROTECT, related_name="renewals")
    head = models.BinaryField(max_length=32)
    early = models.BooleanField(default=False)
    held_up = models.CharField(max_length=60, blank=True)

    class Meta(Task.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["file", "head"], condition=~models.Q(state=TaskState.CANCELLED), name="renewal_once"),
        ]


class Sample(models.Model):
    """Contracts drawn by lot for an auditor (監査用の抽出): out of how many, and the lot by which anybody draws the same.

    ``conditions`` are the search as it was shown, label and value. The bundles are given until ``expires_at``; the report is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="samples")
    drawn_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=2)
    conditions = models.JSONField(default=list)
    population = models.PositiveIntegerField()
    population_sha256 = models.BinaryField(max_length=32, help_text="Of all the records' ids that the lot was drawn from, in order.")
    seed = models.BinaryField(max_length=32)
    drawn_at = models.DateTimeField()
    report = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    report_sha256 = models.BinaryField(max_length=32, null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["organization", "drawn_at"], name="sample_drawn")]

    def __str__(self) -> str:
        return f"sample of {self.drawn_at:%Y-%m-%d}"


class SampleItem(models.Model):
    """One drawn contract. ``judged`` holds what was found in each of its files; ``bundle`` is its evidence, while it is kept."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+")
    judged = models.JSONField(default=list)
    sound = models.BooleanField(null=True, help_text="Every file is as filed and its signatures hold; empty until somebody has looked.")
    bundle = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    bundle_sha256 = models.BinaryField(max_length=32, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sample", "position"], name="sample_item_once"),
            models.UniqueConstraint(fields=["sample", "record"], name="sample_record_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sample_id}/{self.position}"


class SampleTask(Task):
    """The evidence of a drawn sample is gathered one contract after the other, and its report made at the end."""

    sample = models.OneToOneField(Sample, on_delete=models.PROTECT, related_name="task")

    class Meta(Task.Meta):
        abstract = False
