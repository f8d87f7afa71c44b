"""Approval routes: who has to approve what is sent, in which order; and who stands in for an approver on which days."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Lower


class Timing(models.TextChoices):
    """When a route's approvers are asked."""

    BEFORE = "before"  # nothing is sent before the last of them has approved
    AFTER = "after"  # it is sent at once, and our own signers are asked only when all have approved


class ApprovalRoute(models.Model):
    """承認ルート: a template. A request for approval keeps the steps as they were when it was made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="routes")
    name = models.CharField(max_length=60)
    timing = models.CharField(max_length=6, choices=Timing.choices, default=Timing.BEFORE)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="No longer offered; what was asked along it goes on.")

    class Meta:
        constraints = [
            models.UniqueConstraint("organization", Lower("name"), condition=models.Q(ended_at=None), name="route_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class RouteStep(models.Model):
    """One step of a route. ``any_one``: one of its approvers suffices."""

    route = models.ForeignKey(ApprovalRoute, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField()
    any_one = models.BooleanField(default=False)
    approvers = models.ManyToManyField("accounts.Member", related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["route", "number"], name="route_step_once")]

    def __str__(self) -> str:
        return f"{self.route_id} step {self.number}"


class Deputyship(models.Model):
    """代理設定: ``deputy`` stands in for ``approver`` from ``starts`` to ``ends``, both days of Japan included."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    approver = models.ForeignKey("accounts.Member", on_delete=models.PROTECT, related_name="deputyships")
    deputy = models.ForeignKey("accounts.Member", on_delete=models.PROTECT, related_name="standing_in")
    starts = models.DateField()
    ends = models.DateField()
    set_by = models.ForeignKey("accounts.Member", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Ended before its day.")

    class Meta:
        indexes = [models.Index(fields=["deputy", "starts", "ends"], name="deputy_in_force")]

    def __str__(self) -> str:
        return f"{self.deputy_id} for {self.approver_id}"
