"""One mail to one person. It holds no link and no code: those are made when it is composed."""

from __future__ import annotations

import uuid

from django.db import models

from tachiai.accounts.languages import Language
from tachiai.work.models import Task


class Result(models.TextChoices):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"  # it waited in a house that was restored, and may have gone since


class Mail(Task):
    """``kind`` names the template (M01 …), ``link`` the door and invitation, ``about`` whom it concerns, by id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8)
    to = models.EmailField()
    language = models.CharField(max_length=2, choices=Language.choices)
    context = models.JSONField(default=dict)
    link_door = models.CharField(max_length=40, blank=True)
    link_invitation = models.UUIDField(null=True, blank=True)
    link_generation = models.PositiveIntegerField(default=0)
    stream = models.CharField(max_length=80)
    about = models.UUIDField(null=True, blank=True)
    message_id = models.CharField(max_length=120, unique=True)
    thread = models.CharField(max_length=120, blank=True)
    result = models.CharField(max_length=10, choices=Result.choices, default=Result.PENDING)
    reply = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta(Task.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
