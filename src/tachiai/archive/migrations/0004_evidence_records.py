"""Evidence records (RFC 4998): stamps over hash trees, batches of files under them, and the work that makes and renews them."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0003_renewal"),
    ]

    operations = [
        migrations.CreateModel(
            name="EvidenceStamp",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("digest", models.CharField(help_text="Of the tree and of the token's imprint: sha256, sha384, sha512.", max_length=10)),
                ("root", models.BinaryField(max_length=64)),
                ("token", models.BinaryField(help_text="The timeStamp field (DER), with what proves its certificates.")),
                ("made_at", models.DateTimeField(help_text="The token's own time.")),
                (
                    "until",
                    models.DateTimeField(
                        help_text="When a certificate or an algorithm beneath it ends: nothing can be shown by it alone after that."
                    ),
                ),
                ("authority", models.CharField(max_length=300)),
                ("accredited", models.BooleanField()),
                (
                    "covered",
                    models.BooleanField(
                        default=False, help_text="A later stamp speaks of these very bytes, so they must not change any more."
                    ),
                ),
                (
                    "renewed_path",
                    models.BinaryField(default=bytes, help_text="The reducedHashtree (DER) that leads from this token to its renewal."),
                ),
                (
                    "renewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="renews",
                        to="archive.evidencestamp",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EvidenceBatch",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("generation", models.PositiveSmallIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("renew_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                (
                    "continued_by",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="continues",
                        to="archive.evidencebatch",
                    ),
                ),
                (
                    "last",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="holds_up", to="archive.evidencestamp"),
                ),
                ("stamp", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="archive.evidencestamp")),
            ],
        ),
        migrations.CreateModel(
            name="EvidenceTask",
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
                ("act", models.CharField(choices=[("make", "Make"), ("renew", "Renew"), ("rehash", "Rehash")], max_length=10)),
                ("key", models.CharField(max_length=80, unique=True)),
                ("digest", models.CharField(max_length=10)),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to="archive.evidencebatch"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="EvidenceMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.PositiveBigIntegerField()),
                ("hash", models.BinaryField(max_length=64)),
                (
                    "path",
                    models.BinaryField(default=bytes, help_text="The reducedHashtree (DER) from the file to the batch's first stamp."),
                ),
                ("first", models.BooleanField(help_text="Of the file's first batch.")),
                (
                    "batch",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="members", to="archive.evidencebatch"),
                ),
                ("file", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="archive.recordfile")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "file"), name="evidence_member_once"),
                    models.UniqueConstraint(condition=models.Q(("first", True)), fields=("file",), name="evidence_begun_once"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="evidencebatch",
            index=models.Index(fields=["continued_by", "renew_at"], name="evidence_renewal"),
        ),
        migrations.AddIndex(
            model_name="evidencetask",
            index=models.Index(fields=["state", "due_at"], name="evidencetask_due"),
        ),
    ]
