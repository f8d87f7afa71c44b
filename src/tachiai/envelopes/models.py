"""The envelope and what is in it: documents with their revisions, recipients, and the work that is due on them."""

from __future__ import annotations

import uuid

from django.db import models

from tachiai.accounts.languages import Language
from tachiai.accounts.models import Folder, Member, Organization
from tachiai.ceremony import Consent, Level
from tachiai.counterparties.models import Registration
from tachiai.envelopes import (  # noqa: F401  # rows of this room as well, which is all that Django asks
    approval_models,
    copy_models,
    draft_models,
    field_models,
    reminder_models,
    schedule_models,
    template_models,
)
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.vault import Blob
from tachiai.work.models import Task


class Envelope(models.Model):
    """封筒: one request for signature, of one or several documents."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="envelopes")
    sender = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="sent_envelopes")
    number = models.CharField(max_length=40, help_text="管理番号: never used twice.")
    name = models.CharField(max_length=120, blank=True)
    comment = models.TextField(max_length=1000, blank=True)
    state = models.CharField(max_length=20, choices=EnvelopeState.choices, default=EnvelopeState.DRAFT)
    transaction_date = models.DateField(null=True, blank=True, help_text="取引年月日")
    counterparty = models.CharField(max_length=200, blank=True, help_text="取引先")
    amount = models.BigIntegerField(null=True, blank=True, help_text="取引金額 in yen; blank is not 0.")
    described = models.BooleanField(default=False, help_text="The three items were entered (perhaps as not stated).")
    shown_items = models.JSONField(default=list, help_text="文書情報: the items that the other side may see.")
    deadline = models.DateField(null=True, blank=True, help_text="署名期限: holds to 23:59:59 of that day in Japan.")
    reason = models.TextField(max_length=1000, blank=True, help_text="Why it was withdrawn or declined.")
    awaits_approval = models.BooleanField(default=False, help_text="承認: our own signers are asked only after it.")
    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="保管フォルダ")
    recreated_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="recreations")
    certificate = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    send_at = models.DateTimeField(null=True, blank=True, help_text="送信予約: until then nobody changes the draft.")
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Declined, withdrawn or expired at.")
    concluded_at = models.DateTimeField(null=True, blank=True, help_text="締結日時: the last timestamp's time.")
    updated_at = models.DateTimeField()

    # The names of its documents in order, where somebody has read them already for all that is told of it; not a column.
    document_names: list[str] | None = None

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "number"], name="envelope_number_once")]
        indexes = [models.Index(fields=["organization", "state", "-updated_at"], name="envelope_list")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def stream(self) -> str:
        """The envelope's own ledger stream."""
        return self.stream_of(self.pk)

    @staticmethod
    def stream_of(pk: uuid.UUID) -> str:
        """The ledger stream of the envelope with this key."""
        return f"envelope:{pk}"


class Document(models.Model):
    """文書: an upload and the revisions appended to it. ``head_*`` is the revision that the next one must follow."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="documents")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=150)
    file_name = models.CharField(max_length=200)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    page_pack = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pages = models.PositiveIntegerField()
    foreign_signatures = models.PositiveSmallIntegerField(default=0)
    findings = models.JSONField(default=list, help_text="What the inspection of the upload had to say, by code.")
    normalised_from = models.BinaryField(max_length=32, null=True, help_text="SHA-256 of the file as given, if it had to be rewritten.")
    head_number = models.PositiveIntegerField(default=0)
    head_sha256 = models.BinaryField(max_length=32)
    plan = models.BinaryField(null=True, help_text="The plan of the head (docs/formats/plan.md), locked under the blob's own key.")
    excerpts = models.BinaryField(null=True, help_text="Words of the document that findings speak of (JSON by code), locked likewise.")
    laid = models.JSONField(default=dict, help_text="Which fields were laid in at freezing: slot → number and kind of its blanks.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["envelope", "position"], name="document_position_once")]

    def __str__(self) -> str:
        return self.name


class UploadState(models.TextChoices):
    INSPECTING = "inspecting"
    OFFERED = "offered"  # rewritten: the sender is asked whether to use it
    USED = "used"
    REFUSED = "refused"
    DROPPED = "dropped"
    EXPIRED = "expired"


class HeldUpload(models.Model):
    """預かりファイル: an upload that is no document of its draft yet, because it is still being inspected or had to be rewritten.

    What is offered is what is added: ``rewritten`` becomes the document's own blob, and everything the document remembers of its
    inspection stands here. ``given`` and ``rewritten`` are None once their bytes were shredded.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="uploads")
    given_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=UploadState.choices, default=UploadState.INSPECTING)
    given = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    given_sha256 = models.BinaryField(max_length=32)
    size = models.PositiveBigIntegerField()
    stage = models.CharField(max_length=20, blank=True, help_text="What the inspection is at, by name; ``done`` of ``total`` pages.")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    refusal = models.JSONField(default=dict, help_text="Why it cannot be taken: code and facts.")
    reasons = models.JSONField(default=list, help_text="Why it had to be rewritten, as findings.")
    rewritten = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    rewritten_sha256 = models.BinaryField(max_length=32, null=True)
    rewritten_size = models.PositiveBigIntegerField(null=True)
    pages = models.PositiveIntegerField(default=0, help_text="Pages of the rewritten file.")
    given_pages = models.PositiveIntegerField(default=0, help_text="Pages of the given file; 0 when it cannot be drawn.")
    differing = models.JSONField(default=list, help_text="Pages that do not look the same in both.")
    foreign_signatures = models.PositiveSmallIntegerField(default=0)
    findings = models.JSONField(default=list, help_text="As a document's, of the rewritten file.")
    plan = models.BinaryField(null=True, help_text="As a document's, locked under the rewritten blob's own key.")
    excerpts = models.BinaryField(null=True, help_text="As a document's, locked likewise.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["envelope", "state"], name="upload_of_draft"),
            models.Index(fields=["state", "expires_at"], name="upload_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} {self.state}"


class RevisionKind(models.TextChoices):
    UPLOAD = "upload"
    FROZEN = "frozen"
    SIGNED = "signed"
    CLOSED = "closed"
    EXTENDED = "extended"  # newer validation data and another document timestamp, behind a closing


class Revision(models.Model):
    """One state of a document's bytes: segments 0 … ``number`` of its blob."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=RevisionKind.choices)
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveBigIntegerField()
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    stamped_at = models.DateTimeField(null=True, blank=True)
    stamped_by = models.CharField(max_length=300, blank=True)
    accredited = models.BooleanField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="revision_number_once"),
            models.UniqueConstraint(fields=["document", "consent"], condition=models.Q(consent__isnull=False), name="consent_once"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} r{self.number} {self.kind}"


class SupersededRevision(models.Model):
    """A revision that was taken back because its seal is worthless. Its bytes stay in the vault, and the ledger knows of it."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="superseded")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=RevisionKind.choices)
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveBigIntegerField()
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    stamped_at = models.DateTimeField(null=True, blank=True)
    stamped_by = models.CharField(max_length=300, blank=True)
    accredited = models.BooleanField(null=True)
    made_at = models.DateTimeField()
    superseded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["blob", "number"], name="superseded_once")]

    def __str__(self) -> str:
        return f"{self.document_id} r{self.number} {self.kind}, superseded"


class PageImage(models.Model):
    """Where one page's picture and text lie in the document's page pack (docs/formats/page-pack.md)."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="page_images")
    number = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    offset = models.PositiveBigIntegerField()
    length = models.PositiveIntegerField()
    text_offset = models.PositiveBigIntegerField()
    text_length = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="page_once")]

    def __str__(self) -> str:
        return f"{self.document_id} p{self.number}"


class Side(models.TextChoices):
    COUNTERPARTY = "counterparty", "相手方"
    OWN = "own", "当方"


class Proof(models.TextChoices):
    """確認の方法: what a signer proves themselves with, beyond the access code (or, of ours, the desk's password)."""

    PLAIN = "plain"
    TOTP = "totp"
    PASSKEY = "passkey"


class Kind(models.TextChoices):
    """区分: what is asked of somebody."""

    SIGNER = "signer", "署名者"
    REVIEWER = "reviewer", "確認者"  # reads and confirms, without a seal
    APPROVER = "approver", "承認者"  # as a reviewer, by another name
    COPY = "copy", "受領者"  # gets what was concluded, and is asked nothing


class Gate(models.TextChoices):
    """認証: what stands between a counterparty's link and the documents."""

    REGISTERED = "registered", "届出のアクセスコード"
    OTP = "otp", "認証コード"  # sent to the same mailbox: it proves no more than the link does
    NONE = "none", "なし"


class Recipient(models.Model):
    """宛先: one person of an envelope. A member stands behind our own; behind a counterparty its registration, unless it was typed in.

    ``position`` is the row's place in lists. ``slot`` is the signature field in the documents, of signers alone: those of whom any
    one suffices share a slot, and whoever takes another's place keeps it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="recipients")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SIGNER)
    slot = models.PositiveSmallIntegerField(null=True, blank=True)
    order = models.PositiveSmallIntegerField()
    any_one = models.BooleanField(default=False, help_text="いずれか1人: equal for all of one order; one of them suffices.")
    side = models.CharField(max_length=12, choices=Side.choices)
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, blank=True, related_name="signing_places")
    organization_name = models.CharField(max_length=200)
    title = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100)
    mail = models.EmailField()
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.JA)
    state = models.CharField(max_length=10, choices=RecipientState.choices, default=RecipientState.WAITING)
    undelivered = models.BooleanField(default=False, help_text="不達: the last request to this address was refused.")
    gate = models.CharField(max_length=10, choices=Gate.choices, default=Gate.REGISTERED, help_text="Of a counterparty alone.")
    proof = models.CharField(max_length=10, choices=Proof.choices, default=Proof.PLAIN, help_text="What the sender asks of them.")
    deadline = models.DateField(null=True, blank=True, help_text="署名期限 of their own; NULL is the envelope's.")
    documents = models.ManyToManyField(Document, blank=True, related_name="meant_for", help_text="送る文書; none is all of them.")
    may_reassign = models.BooleanField(default=False, help_text="署名者変更を許可: they may name somebody else in their place.")
    wants_copy = models.BooleanField(default=True, help_text="完了通知: they are told when the envelope is concluded.")
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    level = models.CharField(max_length=40, choices=Level.choices, blank=True)
    reason = models.TextField(max_length=1000, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    downloaded_at = models.DateTimeField(null=True, blank=True, help_text="When they first took a concluded file home through their link.")
    address = models.GenericIPAddressField(null=True, blank=True, help_text="Where the consent came from.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["envelope", "position"], name="recipient_position_once"),
            models.CheckConstraint(
                condition=models.Q(side="counterparty", gate="registered", registration__isnull=False, member=None)
                | models.Q(side="counterparty", gate__in=["otp", "none"], member=None)
                | models.Q(side="own", member__isnull=False, registration=None),
                name="recipient_is_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="signer", slot__isnull=False) | (~models.Q(kind="signer") & models.Q(slot=None)),
                name="recipient_slot_of_signer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization_name} {self.name}"

    @property
    def field(self) -> int:
        """The slot of somebody who signs; asking it of anybody else is our mistake."""
        if self.slot is None:
            raise RuntimeError(f"{self.pk} does not sign")
        return self.slot


class ShownDocument(models.Model):
    """That a recipient was shown a document: all must have been before anybody is asked to consent."""

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="shown")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "document"], name="shown_once")]

    def __str__(self) -> str:
        return f"{self.recipient_id} saw {self.document_id}"


class InspectTask(Task):
    """Due for an upload that could not be inspected while its sender waited: inspect it, and rewrite it if it must be."""

    upload = models.OneToOneField(HeldUpload, on_delete=models.PROTECT, related_name="inspect_task")

    class Meta(Task.Meta):
        abstract = False


class FreezeTask(Task):
    """Due after sending: lay in fields and locks, certify, render the pages of one document."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="freeze_task")

    class Meta(Task.Meta):
        abstract = False


class SealTask(Task):
    """Due after a consent: that signer's signature on one document."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="seal_tasks")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="seal_tasks")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="+")

    class Meta(Task.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["document", "consent"], name="seal_task_once")]


class CloseTask(Task):
    """Due after the last signature: validation data, document timestamps, certificate, filing, completion mails."""

    envelope = models.OneToOneField(Envelope, on_delete=models.PROTECT, related_name="close_task")

    class Meta(Task.Meta):
        abstract = False


class TopUpTask(Task):
    """Due when a closing had to make do with revocation data older than the last signature: newer data, and a timestamp over it.

    ``document`` None is the envelope's certificate of conclusion.
    """

    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="top_up_tasks")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True, related_name="top_up_tasks")

    class Meta(Task.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["document"], condition=models.Q(document__isnull=False), name="top_up_document_once"),
            models.UniqueConstraint(fields=["envelope"], condition=models.Q(document=None), name="top_up_certificate_once"),
        ]
