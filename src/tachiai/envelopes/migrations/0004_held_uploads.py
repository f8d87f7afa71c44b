"""Uploads that are held: still being inspected, or rewritten and waiting for their sender's word; and the work of inspecting them."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("envelopes", "0003_top_up_and_superseded"),
        ("vault", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HeldUpload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("file_name", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("inspecting", "Inspecting"),
                            ("offered", "Offered"),
                            ("used", "Used"),
                            ("refused", "Refused"),
                            ("dropped", "Dropped"),
                            ("expired", "Expired"),
                        ],
                        default="inspecting",
                        max_length=10,
                    ),
                ),
                ("given_sha256", models.BinaryField(max_length=32)),
                ("size", models.PositiveBigIntegerField()),
                (
                    "stage",
                    models.CharField(
                        blank=True, help_text="What the inspection is at, by name; ``done`` of ``total`` pages.", max_length=20
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("refusal", models.JSONField(default=dict, help_text="Why it cannot be taken: code and facts.")),
                ("reasons", models.JSONField(default=list, help_text="Why it had to be rewritten, as findings.")),
                ("rewritten_sha256", models.BinaryField(max_length=32, null=True)),
                ("rewritten_size", models.PositiveBigIntegerField(null=True)),
                ("pages", models.PositiveIntegerField(default=0, help_text="Pages of the rewritten file.")),
                ("given_pages", models.PositiveIntegerField(default=0, help_text="Pages of the given file; 0 when it cannot be drawn.")),
                ("differing", models.JSONField(default=list, help_text="Pages that do not look the same in both.")),
                ("foreign_signatures", models.PositiveSmallIntegerField(default=0)),
                ("findings", models.JSONField(default=list, help_text="As a document's, of the rewritten file.")),
                ("plan", models.BinaryField(help_text="As a document's, locked under the rewritten blob's own key.", null=True)),
                ("excerpts", models.BinaryField(help_text="As a document's, locked likewise.", null=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "envelope",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="uploads", to="envelopes.envelope"),
                ),
                ("given", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                ("given_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("rewritten", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
            ],
        ),
        migrations.AddField(
            model_name="document",
            name="excerpts",
            field=models.BinaryField(help_text="Words of the document that findings speak of (JSON by code), locked likewise.", null=True),
        ),
        migrations.CreateModel(
            name="InspectTask",
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
                    "upload",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="inspect_task", to="envelopes.heldupload"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="heldupload",
            index=models.Index(fields=["envelope", "state"], name="upload_of_draft"),
        ),
        migrations.AddIndex(
            model_name="heldupload",
            index=models.Index(fields=["state", "expires_at"], name="upload_expiry"),
        ),
        migrations.AddIndex(
            model_name="inspecttask",
            index=models.Index(fields=["state", "due_at"], name="inspecttask_due"),
        ),
    ]
