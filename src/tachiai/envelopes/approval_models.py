"""Approvals of an envelope along a route: what was asked, of whom, and what each has answered."""

from __future__ import annotations

import uuid

from django.db import models

from tachiai.accounts.models import Member
from tachiai.accounts.route_models import ApprovalRoute, Timing


class ApprovalState(models.TextChoices):
    HELD = "held"  # after the counterparty's signature: it is not time yet
    WAITING = "waiting"
    APPROVED = "approved"
    RETURNED = "returned"
    TAKEN_BACK = "taken_back"
    ENDED = "ended"  # the envelope ended first


class PlaceState(models.TextChoices):
    WAITING = "waiting"  # an earlier step is not done
    PENDING = "pending"
    APPROVED = "approved"
    RETURNED = "returned"
    CANCELLED = "cancelled"  # not needed any more


class Approval(models.Model):
    """承認依頼: one request. ``digest`` is of everything it is about (docs/formats/approval.md), with ``salt`` before it.

    The salt goes when somebody in the envelope is erased: without it nobody can try out names against the digest.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    envelope = models.ForeignKey("envelopes.Envelope", on_delete=models.PROTECT, related_name="approvals")
    route = models.ForeignKey(ApprovalRoute, on_delete=models.PROTECT, related_name="+")
    timing = models.CharField(max_length=6, choices=Timing.choices)
    state = models.CharField(max_length=10, choices=ApprovalState.choices)
    digest = models.BinaryField(max_length=32, null=True)
    salt = models.BinaryField(max_length=32, null=True)
    asked_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["envelope"], condition=models.Q(state__in=["held", "waiting"]), name="approval_once"),
        ]

    def __str__(self) -> str:
        return f"{self.envelope_id} {self.state}"


class ApprovalPlace(models.Model):
    """One approver's place in a request. ``decided_by`` differs from ``member`` where a deputy has decided."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="places")
    step = models.PositiveSmallIntegerField()
    any_one = models.BooleanField(default=False)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="approval_places")
    state = models.CharField(max_length=10, choices=PlaceState.choices, default=PlaceState.WAITING)
    asked_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    deputy_told = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Who got M18 last."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["approval", "step", "member"], name="approval_place_once")]
        indexes = [models.Index(fields=["member", "state"], name="approval_of_member")]

    def __str__(self) -> str:
        return f"{self.approval_id} step {self.step} {self.state}"
