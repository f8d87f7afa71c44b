"""The sending that waits for its moment."""

from __future__ import annotations

from django.db import models

from tachiai.accounts.models import Member
from tachiai.work.models import Task, TaskState

OPEN = (TaskState.WAITING, TaskState.STUCK)


class SendTask(Task):
    """Due at the moment the sender chose: send this draft on the word of ``by``, who has seen the warnings of ``acknowledged``.

    A schedule that was changed or dropped is a cancelled row; of those that stand an envelope has one at most.
    """

    envelope = models.ForeignKey("envelopes.Envelope", on_delete=models.PROTECT, related_name="send_tasks")
    by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    acknowledged = models.JSONField(default=list, help_text="The keys of the documents whose warnings were seen.")

    class Meta(Task.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["envelope"], condition=models.Q(state__in=OPEN), name="send_task_once")]
