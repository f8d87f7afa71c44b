"""写しの交付: who has lost the mailbox of a concluded contract and asks for its copies elsewhere, and to whom they were given."""

from __future__ import annotations

import uuid

from django.db import models

from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member, Organization
from tachiai.counterparties.models import Registration


class CopyState(models.TextChoices):
    UNCONFIRMED = "unconfirmed"  # the new address has not shown yet that it is read
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class CopyRequest(models.Model):
    """写しの交付依頼: what somebody said on the public form, and what the staff made of it.

    Its key is in the addresses of its pages; only the digest is here. ``number`` is empty until the address has confirmed itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=20, blank=True, help_text="受付番号")
    key_digest = models.BinaryField(max_length=32, unique=True)
    state = models.CharField(max_length=12, choices=CopyState.choices, default=CopyState.UNCONFIRMED)
    party = models.CharField(max_length=200, help_text="商号又は名称")
    title = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100)
    mail = models.EmailField(help_text="The address that is read now.")
    former_mail = models.EmailField(help_text="The address that the contract was sent to.")
    phone = models.CharField(max_length=40)
    contracts = models.TextField(max_length=1000, help_text="Which contracts are meant, in their own words.")
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.JA)
    code_sent_at = models.DateTimeField(help_text="When the one-time code was sent that counts now.")
    code_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    checked = models.TextField(max_length=1000, blank=True, help_text="How it was made sure who asks; never told to them.")
    reason = models.TextField(max_length=1000, blank=True, help_text="Why it was refused; told to who asked.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], condition=~models.Q(number=""), name="copy_request_number_once"),
        ]
        indexes = [models.Index(fields=["organization", "state", "asked_at"], name="copy_requests")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class CopyGrant(models.Model):
    """Who holds a recipient's concluded copy since: never changed; the last one counts.

    With a registration its code is asked for; without one a code is mailed to ``mail``. Nothing of the signature or the consent is
    touched, and the recipient stays who they were.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(CopyRequest, on_delete=models.PROTECT, related_name="grants")
    recipient = models.ForeignKey("envelopes.Recipient", on_delete=models.PROTECT, related_name="grants")
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    gate = models.CharField(max_length=10)
    organization_name = models.CharField(max_length=200)
    title = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100)
    mail = models.EmailField()
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.JA)
    granted_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "recipient"], name="copy_grant_once"),
            models.CheckConstraint(
                condition=models.Q(gate="registered", registration__isnull=False) | models.Q(gate="otp", registration=None),
                name="copy_grant_has_a_gate",
            ),
        ]

    def __str__(self) -> str:
        return f"copy of {self.recipient_id} to {self.name}"
