"""Reminders by the clock, and whether a recipient has taken the concluded files home."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("envelopes", "0007_fields"),
    ]

    operations = [
        migrations.AddField(
            model_name="recipient",
            name="downloaded_at",
            field=models.DateTimeField(blank=True, help_text="When they first took a concluded file home through their link.", null=True),
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("signature", "Signature"), ("deadline", "Deadline"), ("download", "Download")], max_length=10
                    ),
                ),
                ("until", models.DateField()),
                ("days", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "envelope",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="envelopes.envelope"),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="envelopes.recipient",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("recipient__isnull", False)),
                        fields=("recipient", "kind", "until", "days"),
                        name="reminder_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("recipient", None)),
                        fields=("envelope", "kind", "until", "days"),
                        name="reminder_of_sender_once",
                    ),
                ],
            },
        ),
    ]
