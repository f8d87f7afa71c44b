"""Invitations, the attempts made at them, the ceremonies they opened and the consents given there."""

from __future__ import annotations

import uuid

from django.db import models


class Purpose(models.TextChoices):
    SIGN = "sign"
    DOWNLOAD = "download"
    CONFIRM = "confirm"  # a registered address confirms itself


class Invitation(models.Model):
    """One link. ``subject`` is whom it invites, by id alone: what they sign is not known here beyond its digest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    subject = models.UUIDField()
    generation = models.PositiveIntegerField(default=1)
    token_digest = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Wrong since the last success or lock.")
    tries_in_life = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["purpose", "subject"], name="invitation_once")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.subject}"


class FormerLink(models.Model):
    """The digest of a link that a newer one replaced, so that its holder is told so instead of 'unknown'."""

    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="former_links")
    token_digest = models.BinaryField(max_length=32, unique=True)
    replaced_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"former link of {self.invitation_id}"


class WrongCode(models.Model):
    """A code that was tried. Written before it is judged, so that a hundred at once are counted like one by one."""

    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="wrong_codes")
    verifier = models.UUIDField(null=True, help_text="The registration whose code was tried, by id.")
    address_digest = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["verifier", "at"], name="wrong_code_verifier"),
            models.Index(fields=["address_digest", "at"], name="wrong_code_address"),
            models.Index(fields=["at"], name="wrong_code_at"),
        ]

    def __str__(self) -> str:
        return f"wrong code at {self.invitation_id}"


class Level(models.TextChoices):
    """How somebody was authenticated, as the certificate of conclusion names it."""

    MAIL_ONLY = "mail-only"
    MAIL_AND_CODE = "mail-and-registered-code"
    PASSWORD = "desk-password"  # noqa: S105  # the name of a level
    PASSWORD_AND_TOTP = "desk-password-and-totp"  # noqa: S105


class Ceremony(models.Model):
    """An authenticated visit. Its key is in a cookie of the visitor's; only the digest is here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="ceremonies")
    generation = models.PositiveIntegerField()
    key_digest = models.BinaryField(max_length=32, unique=True)
    level = models.CharField(max_length=30, choices=Level.choices)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"ceremony {self.id}"


class Consent(models.Model):
    """同意: what somebody agreed to, as canonical JSON (docs/formats/consent.md). Never updated or deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.UUIDField(unique=True, help_text="Who consented, by id: a recipient consents once.")
    body = models.BinaryField()
    digest = models.BinaryField(max_length=32, unique=True)
    salt = models.BinaryField(max_length=32)
    personal = models.BinaryField(help_text="The personal data the body commits to; erasable.")
    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"consent {self.id}"
