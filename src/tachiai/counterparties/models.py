"""Counterparties and the registrations (届出) of the people who may sign for them."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.db import models
from django.db.models import Q

from tachiai import clock
from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member, Organization
from tachiai.vault import Blob


class Counterparty(models.Model):
    """取引先: a party that an organization contracts with."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="counterparties")
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, blank=True)
    corporate_number = models.CharField(max_length=13, blank=True, help_text="法人番号")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="counterparty_name_once")]

    def __str__(self) -> str:
        return self.name


class Method(models.TextChoices):
    """届出方法: how the registration reached the house; the certificate of conclusion says it."""

    PAPER = "paper", "書面（職員入力）"
    ONLINE = "online", "オンライン（本人入力）"


class Scope(models.TextChoices):
    """利用範囲: what the person wants the registration to be used for."""

    CONTRACT = "contract", "この契約のみ"
    LASTING = "lasting", "今後の契約にも"


class RegistrationState(models.TextChoices):
    ENTERED = "entered", "メール確認待ち"
    CONFIRMED = "confirmed", "承認待ち"
    APPROVED = "approved", "承認済み"
    RETURNED = "returned", "差戻し"
    REVOKED = "revoked", "失効"


class Registration(models.Model):
    """届出: an address, the person with authority behind it, and a verifier of the six-digit code they chose."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    counterparty = models.ForeignKey(Counterparty, on_delete=models.PROTECT, related_name="registrations")
    number = models.CharField(max_length=20, help_text="受付番号")
    title = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100)
    mail = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.JA)
    method = models.CharField(max_length=10, choices=Method.choices)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.LASTING)
    case_name = models.CharField(max_length=200, blank=True, help_text="契約件名")
    case_number = models.CharField(max_length=60, blank=True, help_text="案件番号")
    address = models.CharField(max_length=300, blank=True)
    corporate_number = models.CharField(max_length=13, blank=True, help_text="法人番号, as the person told it.")
    representative_title = models.CharField(max_length=100, blank=True)
    representative = models.CharField(max_length=100, blank=True, help_text="代表者")
    contact = models.CharField(max_length=100, blank=True, help_text="担当者")
    consent = models.TextField(blank=True, help_text="The words that the person agreed to.")
    attorney = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="委任状")
    attorney_name = models.CharField(max_length=200, blank=True)
    verifier = models.CharField(
        max_length=200, blank=True, help_text="argon2id over the peppered code; the code itself is nowhere. Empty until it is chosen."
    )
    pending_verifier = models.CharField(max_length=200, blank=True, help_text="Of a code chosen anew, until a second member approves it.")
    pending_at = models.DateTimeField(null=True, blank=True)
    code_asked_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    code_asked_at = models.DateTimeField(null=True, blank=True, help_text="コードの再届出: the person was asked to choose a code anew.")
    state = models.CharField(max_length=10, choices=RegistrationState.choices, default=RegistrationState.ENTERED)
    suspended_at = models.DateTimeField(null=True, blank=True)
    entered_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    entered_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField(max_length=1000, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    replaced_by = models.ForeignKey("self", on_delete=models.PROTECT, related_name="replaces", null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(entered_by=None) | ~Q(approved_by=models.F("entered_by")),
                name="registration_second_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def is_usable(self) -> bool:
        """Whether an envelope may be addressed to it and its code opens links: approved, not suspended, within its dates."""
        return self.state == RegistrationState.APPROVED and self.suspended_at is None and self.is_valid_on(clock.today(clock.now()))

    @property
    def awaits_code(self) -> bool:
        """Whether its holder has yet to choose a code: it was imported, or a code was asked for anew."""
        return (self.state == RegistrationState.ENTERED and not self.verifier) or (
            self.state == RegistrationState.APPROVED and self.code_asked_at is not None and not self.pending_verifier
        )

    def is_valid_on(self, day: date) -> bool:
        """Both dates are days in Japan and belong to the time of validity."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or day <= self.valid_until)


class Reviewer(models.Model):
    """確認者: somebody of the counterparty who is to read a contract before it is signed; three at most."""

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="reviewers")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    mail = models.EmailField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["registration", "position"], name="reviewer_position_once")]

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>"


class OneTimeCode(models.Model):
    """認証コード: six digits sent to an address that is to be confirmed; single use, ten minutes."""

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="one_time_codes")
    verifier = models.CharField(max_length=200)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"one-time code for {self.registration_id}"

    def is_live(self, at: datetime) -> bool:
        return self.used_at is None and at < self.expires_at


class RegistrationForm(models.Model):
    """届出フォーム: an organization's public form, with the words it chose. Without a row the form is closed."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="registration_form")
    is_open = models.BooleanField(default=False)
    opens_on = models.DateField(null=True, blank=True)
    closes_on = models.DateField(null=True, blank=True)
    title = models.CharField(max_length=100, blank=True)
    title_en = models.CharField(max_length=100, blank=True)
    guide = models.TextField(max_length=2000, blank=True)
    guide_en = models.TextField(max_length=2000, blank=True)
    consent = models.TextField(max_length=4000, blank=True)
    consent_en = models.TextField(max_length=4000, blank=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"form of {self.organization_id}"

    def accepts_on(self, day: date) -> bool:
        """Whether a registration may be begun on a day in Japan."""
        return self.is_open and (self.opens_on is None or self.opens_on <= day) and (self.closes_on is None or day <= self.closes_on)


class RegistrationDraft(models.Model):
    """書きかけの届出: what was typed on the form until its address has confirmed itself; then the registration of the same id.

    Its key is in the addresses of its pages; only the digest is here. The code is a verifier from the first moment.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    key_digest = models.BinaryField(max_length=32, unique=True)
    values = models.JSONField(default=dict)
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.JA)
    consent = models.TextField(blank=True)
    verifier = models.CharField(max_length=200, blank=True)
    attorney = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    attorney_name = models.CharField(max_length=200, blank=True)
    corrects = models.ForeignKey(Registration, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    one_time_verifier = models.CharField(max_length=200, blank=True)
    one_time_tries = models.PositiveSmallIntegerField(default=0)
    one_time_sent_at = models.DateTimeField(null=True, blank=True)
    submitted = models.ForeignKey(Registration, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"draft {self.id}"


class FormUse(models.Model):
    """One use of a public form that costs the house something: counted for a day, so that nobody can wear it out."""

    address_digest = models.BinaryField(max_length=32)
    mail_digest = models.BinaryField(max_length=32, null=True, help_text="Of the address that a one-time code went to.")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["address_digest", "at"], name="form_use_address"),
            models.Index(fields=["mail_digest", "at"], name="form_use_mail"),
            models.Index(fields=["at"], name="form_use_at"),
        ]

    def __str__(self) -> str:
        return f"form use at {self.at}"
