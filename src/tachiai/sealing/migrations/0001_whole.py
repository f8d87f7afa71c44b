"""Every use of the key, intent first."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("sealing", "0001_initial"), ("sealing", "0002_seal_subject"), ("sealing", "0003_extended_and_superseded")]

    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("freeze", "Freeze"),
                            ("consent", "Consent"),
                            ("close", "Close"),
                            ("extend", "Extend"),
                            ("paper", "Paper"),
                        ],
                        max_length=10,
                    ),
                ),
                ("subject", models.UUIDField(help_text="The document (or envelope, for a paper), by id.")),
                ("consent", models.UUIDField(help_text="The consent that instructs it, by id.", null=True)),
                ("input_sha256", models.BinaryField(max_length=32)),
                (
                    "key",
                    models.CharField(
                        blank=True, help_text="SHA-256 of the signing certificate; empty for a timestamp alone.", max_length=64
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("intended", "Intended"), ("sealed", "Sealed"), ("abandoned", "Abandoned"), ("superseded", "Superseded")],
                        default="intended",
                        max_length=10,
                    ),
                ),
                ("intended_at", models.DateTimeField()),
                ("output_sha256", models.BinaryField(max_length=32, null=True)),
                ("stamped_at", models.DateTimeField(help_text="The time of its last timestamp token.", null=True)),
                ("stamped_by", models.CharField(blank=True, max_length=300)),
                ("accredited", models.BooleanField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["subject"], name="seal_subject")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "sealed")), fields=("act", "subject", "input_sha256"), name="sealed_input_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("consent__isnull", False), ("state", "sealed")),
                        fields=("subject", "consent"),
                        name="consent_sealed_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("consent__isnull", False), models.Q(("act", "consent"), _negated=True), _connector="OR"),
                        name="seal_needs_consent",
                    ),
                ],
            },
        ),
    ]
