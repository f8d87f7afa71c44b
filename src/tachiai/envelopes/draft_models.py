"""What is typed into a draft's steps and not judged yet: kept so that it outlives the page, the login and the machine."""

from __future__ import annotations

from django.db import models


class Step(models.TextChoices):
    FILES = "files"
    RECIPIENTS = "recipients"
    REVIEW = "review"


class DraftText(models.Model):
    """下書き: the boxes of one step as they were left. Gone once the step was taken over, and with the draft itself."""

    envelope = models.ForeignKey("envelopes.Envelope", on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=10, choices=Step.choices)
    typed = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["envelope", "step"], name="draft_text_once")]

    def __str__(self) -> str:
        return f"{self.envelope_id} {self.step}"
