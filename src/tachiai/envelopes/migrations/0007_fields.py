"""Input fields, what signers enter into them, and pictures of seals."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_house_identity"),
        ("envelopes", "0006_people"),
        ("vault", "0002_tombstones"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="laid",
            field=models.JSONField(default=dict, help_text="Which fields were laid in at freezing: slot → number and kind of its blanks."),
        ),
        migrations.CreateModel(
            name="Field",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("slot", models.PositiveSmallIntegerField()),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("seal", "Seal"),
                            ("signature", "Signature"),
                            ("text", "Text"),
                            ("check", "Check"),
                            ("date", "Date"),
                            ("name", "Name"),
                            ("title", "Title"),
                        ],
                        max_length=10,
                    ),
                ),
                ("page", models.PositiveIntegerField()),
                ("left", models.PositiveIntegerField()),
                ("top", models.PositiveIntegerField()),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("sheet_width", models.PositiveIntegerField()),
                ("sheet_height", models.PositiveIntegerField()),
                ("required", models.BooleanField(default=True)),
                ("guide", models.CharField(blank=True, help_text="入力ガイド: what the signer is told to put here.", max_length=100)),
                (
                    "document",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="fields", to="envelopes.document"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FieldEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=4000)),
                ("appearance", models.BinaryField(null=True)),
                ("at", models.DateTimeField()),
                ("field", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="envelopes.field")),
                (
                    "recipient",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="envelopes.recipient"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SealImage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, help_text="No longer offered; what bears it keeps it.", null=True)),
                ("blob", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                (
                    "member",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seal_images",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="seal_images", to="accounts.organization"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="field",
            constraint=models.UniqueConstraint(fields=("document", "slot", "number"), name="field_number_once"),
        ),
        migrations.AddConstraint(
            model_name="fieldentry",
            constraint=models.UniqueConstraint(fields=("recipient", "field"), name="entry_once"),
        ),
    ]
