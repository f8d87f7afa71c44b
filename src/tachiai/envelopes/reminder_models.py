"""What the clock has reminded of: one row for each cause."""

from __future__ import annotations

from django.db import models


class ReminderKind(models.TextChoices):
    SIGNATURE = "signature"  # M02 to whom is asked to sign
    DEADLINE = "deadline"  # M13 to the sender
    DOWNLOAD = "download"  # M28 to who has not taken the concluded files home


class Reminder(models.Model):
    """再通知: what the clock has written ``days`` before the day ``until``. One row for each cause, so that none is written twice.

    ``recipient`` None is one to the sender.
    """

    envelope = models.ForeignKey("envelopes.Envelope", on_delete=models.PROTECT, related_name="reminders")
    recipient = models.ForeignKey("envelopes.Recipient", on_delete=models.PROTECT, null=True, blank=True, related_name="reminders")
    kind = models.CharField(max_length=10, choices=ReminderKind.choices)
    until = models.DateField()
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "kind", "until", "days"],
                condition=models.Q(recipient__isnull=False),
                name="reminder_once",
            ),
            models.UniqueConstraint(
                fields=["envelope", "kind", "until", "days"],
                condition=models.Q(recipient=None),
                name="reminder_of_sender_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.days} days before {self.until}"
