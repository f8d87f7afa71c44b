"""What was copied when, what a drill made of it, and the rows of that work."""

from __future__ import annotations

import uuid

from django.db import models

from tachiai.vault import Blob
from tachiai.work.models import Task


class Backup(models.Model):
    """One finished generation. ``manifest`` is the SHA-256 of its manifest, which names the SHA-256 of everything in it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    generation = models.CharField(max_length=80, unique=True)
    manifest = models.BinaryField(max_length=32)
    boxes = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField(help_text="Bytes of everything in it, shared boxes included.")
    added = models.PositiveBigIntegerField(help_text="Bytes that no earlier generation had.")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True, blank=True, help_text="When the rule kept it no longer.")

    def __str__(self) -> str:
        return self.generation


class Drill(models.Model):
    """One restoring for trial. ``report`` is the attested paper; ``findings`` names what was wrong, by code."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    generation = models.CharField(max_length=80)
    passed = models.BooleanField()
    figures = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    report = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    report_sha256 = models.BinaryField(max_length=32)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.generation} {'passed' if self.passed else 'failed'}"


class BackupAct(models.TextChoices):
    BACKUP = "backup"
    DRILL = "drill"


class BackupTask(Task):
    """``key`` is the act with its occasion, so that it is written once whoever plans it."""

    act = models.CharField(max_length=10, choices=BackupAct.choices)
    key = models.CharField(max_length=80, unique=True)

    class Meta(Task.Meta):
        abstract = False
