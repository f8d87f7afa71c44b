"""What every row of later work has in common, and the alarms raised while it cannot be done."""

from __future__ import annotations

from django.db import models


class TaskState(models.TextChoices):
    WAITING = "waiting"
    DONE = "done"
    STUCK = "stuck"  # its own content was refused too often; somebody has to look
    CANCELLED = "cancelled"  # its reason fell away before it was done


class Task(models.Model):
    """One piece of later work, written in the same transaction as its cause.

    ``attempt`` is the fence: an outcome is committed only while it is still the claimer's own.
    """

    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.WAITING)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=80, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    strikes = models.PositiveSmallIntegerField(default=0)
    outages = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=60, blank=True)
    troubled_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["state", "due_at"], name="%(class)s_due")]


class Alarm(models.Model):
    """Something an operator should know: one open row per kind and subject, cleared when it passes."""

    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    detail = models.CharField(max_length=500, blank=True)
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the operator was mailed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], condition=models.Q(cleared_at=None), name="alarm_open_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}"
