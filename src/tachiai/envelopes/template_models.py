"""Templates (テンプレート): what a request looks like before anybody is chosen for it."""

from __future__ import annotations

import uuid

from django.db import models

from tachiai.accounts.models import Member, Organization
from tachiai.vault import Blob


class Template(models.Model):
    """テンプレート: files, who is asked what in which order, where they sign, and the message. ``places`` are
    told as ``templates_shape`` says."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="templates")
    name = models.CharField(max_length=120)
    envelope_name = models.CharField(max_length=120, blank=True, help_text="封筒名 of what is made from it; blank is the template's name.")
    comment = models.TextField(max_length=1000, blank=True)
    deadline_days = models.PositiveSmallIntegerField(default=30)
    places = models.JSONField(default=list, help_text="Who is asked what, in order; nobody's name or address.")
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True, help_text="No longer offered; nothing of it is gone.")

    class Meta:
        indexes = [models.Index(fields=["organization", "name"], name="template_list")]

    def __str__(self) -> str:
        return self.name


class TemplateFile(models.Model):
    """A file of a template, kept in a blob of its own: what is made from it has copies, so neither outlives the other's destruction."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=150)
    file_name = models.CharField(max_length=200)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveBigIntegerField()
    pages = models.PositiveIntegerField()
    fields = models.JSONField(default=list, help_text="Where signers are seen or fill something in; lengths in tenths of a millimetre.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "position"], name="template_file_position_once")]

    def __str__(self) -> str:
        return self.name
