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
    MAIL_CODE_AND_TOTP = "mail-and-registered-code-and-totp"
    MAIL_CODE_AND_PASSKEY = "mail-and-registered-code-and-passkey"
    PASSWORD = "desk-password"  # noqa: S105  # the name of a level
    PASSWORD_AND_TOTP = "desk-password-and-totp"  # noqa: S105


class Ceremony(models.Model):
    """An authenticated visit. Its key is in a cookie of the visitor's; only the digest is here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="ceremonies")
    generation = models.PositiveIntegerField()
    key_digest = models.BinaryField(max_length=32, unique=True)
    level = models.CharField(max_length=40, choices=Level.choices)
    authenticator = models.ForeignKey("Authenticator", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    step = models.PositiveBigIntegerField(null=True, blank=True, help_text="The step of the one-time password given here (RFC 6238).")
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
    mark = models.BinaryField(max_length=32, null=True, help_text="The house's own mark (HMAC) on the digest.")
    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"consent {self.id}"


class Authenticator(models.Model):
    """認証アプリ: the secret of an authenticator app (RFC 6238), encrypted; and the last step whose code was taken."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    registration = models.UUIDField(help_text="Whose it is, by id.")
    box = models.BinaryField(help_text="The secret, locked under a key that is not in the database.")
    last_step = models.PositiveBigIntegerField()
    enrolled_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration"], condition=models.Q(ended_at=None), name="one_live_authenticator"),
        ]

    def __str__(self) -> str:
        return f"authenticator {self.id}"


class Passkey(models.Model):
    """パスキー: the public half of a key that its holder unlocks (Web Authentication)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    registration = models.UUIDField(help_text="Whose it is, by id.")
    credential = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(help_text="COSE (RFC 9052).")
    counter = models.PositiveBigIntegerField()
    aaguid = models.BinaryField(max_length=16)
    rp_id = models.CharField(max_length=253)
    origin = models.CharField(max_length=300)
    mark = models.BinaryField(max_length=32, help_text="The house's own mark (HMAC): whose key this is.")
    enrolled_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["registration"], condition=models.Q(ended_at=None), name="one_live_passkey")]

    def __str__(self) -> str:
        return f"passkey {self.id}"


class PasskeyProof(models.Model):
    """What a passkey said to one consent, byte for byte. Never updated or deleted."""

    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="passkey_proof")
    passkey = models.ForeignKey(Passkey, on_delete=models.PROTECT, related_name="proofs")
    authenticator_data = models.BinaryField()
    client_data = models.BinaryField()
    signature = models.BinaryField()

    def __str__(self) -> str:
        return f"passkey's word on {self.consent_id}"
