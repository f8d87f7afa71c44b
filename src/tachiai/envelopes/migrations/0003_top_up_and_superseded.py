"""Closings with older revocation data are topped up; revisions with worthless seals are taken back and kept aside."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ceremony", "0003_no_replace"),
        ("envelopes", "0002_document_plan"),
        ("vault", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="document",
            name="normalised_from",
            field=models.BinaryField(help_text="SHA-256 of the file as given, if it had to be rewritten.", max_length=32, null=True),
        ),
        migrations.AlterField(
            model_name="revision",
            name="kind",
            field=models.CharField(
                choices=[("upload", "Upload"), ("frozen", "Frozen"), ("signed", "Signed"), ("closed", "Closed"), ("extended", "Extended")],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="SupersededRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("upload", "Upload"),
                            ("frozen", "Frozen"),
                            ("signed", "Signed"),
                            ("closed", "Closed"),
                            ("extended", "Extended"),
                        ],
                        max_length=8,
                    ),
                ),
                ("sha256", models.BinaryField(max_length=32)),
                ("size", models.PositiveBigIntegerField()),
                ("stamped_at", models.DateTimeField(blank=True, null=True)),
                ("stamped_by", models.CharField(blank=True, max_length=300)),
                ("accredited", models.BooleanField(null=True)),
                ("made_at", models.DateTimeField()),
                ("superseded_at", models.DateTimeField()),
                ("blob", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                (
                    "consent",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ceremony.consent"
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="superseded", to="envelopes.document"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("blob", "number"), name="superseded_once")],
            },
        ),
        migrations.CreateModel(
            name="TopUpTask",
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
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="top_up_tasks",
                        to="envelopes.document",
                    ),
                ),
                (
                    "envelope",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="top_up_tasks", to="envelopes.envelope"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["state", "due_at"], name="topuptask_due")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("document__isnull", False)), fields=("document",), name="top_up_document_once"
                    ),
                    models.UniqueConstraint(condition=models.Q(("document", None)), fields=("envelope",), name="top_up_certificate_once"),
                ],
            },
        ),
    ]
