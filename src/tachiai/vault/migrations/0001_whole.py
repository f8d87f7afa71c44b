"""Encrypted boxes and their segments."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from tachiai.lineage import CreateModels


class Migration(migrations.Migration):
    replaces = [("vault", "0001_initial"), ("vault", "0002_tombstones")]

    initial = True
    dependencies = []

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Blob",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    ("kind", models.CharField(max_length=20)),
                    ("wrapped_key", models.BinaryField(help_text="The data key; zeros once it is destroyed.", max_length=1060)),
                    ("kek", models.CharField(help_text="Which key-encryption key wraps it.", max_length=16)),
                    ("created_at", models.DateTimeField()),
                    (
                        "shredded_at",
                        models.DateTimeField(
                            blank=True, help_text="When its data key was destroyed; the row stays as a tombstone.", null=True
                        ),
                    ),
                    ("shredding", models.UUIDField(blank=True, help_text="The act that destroyed it (消去番号).", null=True)),
                ],
            ),
            migrations.CreateModel(
                name="Segment",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("blob", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="segments", to="vault.blob")),
                    ("number", models.PositiveIntegerField()),
                    ("path", models.CharField(max_length=120, unique=True)),
                    ("size", models.PositiveBigIntegerField()),
                    ("sha256", models.BinaryField(max_length=32)),
                    ("total_size", models.PositiveBigIntegerField()),
                    ("total_sha256", models.BinaryField(max_length=32)),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("blob", "number"), name="segment_number_once")],
                },
            ),
        ),
    ]
