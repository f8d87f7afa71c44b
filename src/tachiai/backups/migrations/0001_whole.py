"""Backups and the drills that restored them."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from tachiai.lineage import CreateModels


class Migration(migrations.Migration):
    replaces = [("backups", "0001_initial")]

    initial = True
    dependencies = [
        ("vault", "0001_whole"),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Backup",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    ("generation", models.CharField(max_length=80, unique=True)),
                    ("manifest", models.BinaryField(max_length=32)),
                    ("boxes", models.PositiveIntegerField()),
                    ("size", models.PositiveBigIntegerField(help_text="Bytes of everything in it, shared boxes included.")),
                    ("added", models.PositiveBigIntegerField(help_text="Bytes that no earlier generation had.")),
                    ("began_at", models.DateTimeField()),
                    ("ended_at", models.DateTimeField()),
                    ("dropped_at", models.DateTimeField(blank=True, help_text="When the rule kept it no longer.", null=True)),
                ],
            ),
            migrations.CreateModel(
                name="Drill",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    ("generation", models.CharField(max_length=80)),
                    ("passed", models.BooleanField()),
                    ("figures", models.JSONField(default=dict)),
                    ("findings", models.JSONField(default=list)),
                    ("report", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                    ("report_sha256", models.BinaryField(max_length=32)),
                    ("began_at", models.DateTimeField()),
                    ("ended_at", models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name="BackupTask",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "state",
                        models.CharField(
                            choices=[("waiting", "Waiting"), ("done", "Done"), ("stuck", "Stuck"), ("cancelled", "Cancelled")],
                            default="waiting",
                            max_length=10,
                        ),
                    ),
                    ("due_at", models.DateTimeField()),
                    ("lease_until", models.DateTimeField(blank=True, null=True)),
                    ("holder", models.CharField(blank=True, max_length=80)),
                    ("attempt", models.PositiveIntegerField(default=0)),
                    ("strikes", models.PositiveSmallIntegerField(default=0)),
                    ("outages", models.PositiveIntegerField(default=0)),
                    ("trouble", models.CharField(blank=True, max_length=60)),
                    ("troubled_since", models.DateTimeField(blank=True, null=True)),
                    ("created_at", models.DateTimeField()),
                    ("act", models.CharField(choices=[("backup", "Backup"), ("drill", "Drill")], max_length=10)),
                    ("key", models.CharField(max_length=80, unique=True)),
                ],
                options={
                    "indexes": [models.Index(fields=["state", "due_at"], name="backuptask_due")],
                },
            ),
        ),
    ]
