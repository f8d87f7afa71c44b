"""Counterparties and the registrations (届出) of the people who may sign for them."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member, Organization


class Counterparty(models.Model):
    """取引先: a party that an organization contracts with."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="counterparties")
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="counterparty_name_once")]

    def __str__(self) -> str:
        return self.name


class Method(models.TextChoices):
    """届出方法: how the registration reached the house; the certificate of conclusion says it."""

    PAPER = "paper", "書面（職員入力）"
    ONLINE = "online", "オンライン（本人入力）"


class RegistrationState(models.TextChoices):
    ENTERED = "entered", "メール確認待ち"
    CONFIRMED = "confirmed", "承認待ち"
    APPROVED = "approved", "承認済み"
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
    verifier = models.CharField(max_length=200, help_text="argon2id over the peppered code; the code itself is nowhere.")
    state = models.CharField(max_length=10, choices=RegistrationState.choices, default=RegistrationState.ENTERED)
    suspended_at = models.DateTimeField(null=True, blank=True)
    entered_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    entered_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

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
        """Whether an envelope may be addressed to it and its code opens links."""
        return self.state == RegistrationState.APPROVED and self.suspended_at is None


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
