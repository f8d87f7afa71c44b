"""Until when each filed file proves itself, and the work of renewing it. What is not known yet, the clock looks up file by file."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0002_earlier_file"),
    ]

    operations = [
        migrations.AddField(
            model_name="recordfile",
            name="assessed_at",
            field=models.DateTimeField(help_text="When somebody last looked, with or without success.", null=True),
        ),
        migrations.AddField(
            model_name="recordfile",
            name="renew_at",
            field=models.DateTimeField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name="recordfile",
            name="stamped_at",
            field=models.DateTimeField(help_text="The time of its last document timestamp.", null=True),
        ),
        migrations.AddField(
            model_name="recordfile",
            name="stamped_by",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="recordfile",
            name="until_cause",
            field=models.CharField(
                blank=True,
                choices=[("timestamp_certificate", "Timestamp Certificate"), ("certificate", "Certificate"), ("algorithm", "Algorithm")],
                max_length=24,
            ),
        ),
        migrations.AddField(
            model_name="recordfile",
            name="verifiable_until",
            field=models.DateTimeField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name="recordfile",
            name="weakest",
            field=models.CharField(blank=True, help_text="The weakest algorithm that carries the proof.", max_length=40),
        ),
        migrations.CreateModel(
            name="RenewalTask",
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
                ("head", models.BinaryField(max_length=32)),
                ("early", models.BooleanField(default=False)),
                ("held_up", models.CharField(blank=True, max_length=60)),
                ("file", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="renewals", to="archive.recordfile")),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["state", "due_at"], name="renewaltask_due")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "cancelled"), _negated=True), fields=("file", "head"), name="renewal_once"
                    )
                ],
            },
        ),
    ]
