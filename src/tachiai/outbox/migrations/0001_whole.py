"""Mails that wait and mails that went."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("outbox", "0001_initial"), ("outbox", "0002_uncertain")]

    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Mail",
            fields=[
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
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=8)),
                ("to", models.EmailField(max_length=254)),
                ("language", models.CharField(choices=[("ja", "日本語"), ("en", "English")], max_length=2)),
                ("context", models.JSONField(default=dict)),
                ("link_door", models.CharField(blank=True, max_length=40)),
                ("link_invitation", models.UUIDField(blank=True, null=True)),
                ("link_generation", models.PositiveIntegerField(default=0)),
                ("stream", models.CharField(max_length=80)),
                ("about", models.UUIDField(blank=True, null=True)),
                ("message_id", models.CharField(max_length=120, unique=True)),
                ("thread", models.CharField(blank=True, max_length=120)),
                (
                    "result",
                    models.CharField(
                        choices=[("pending", "Pending"), ("accepted", "Accepted"), ("refused", "Refused"), ("uncertain", "Uncertain")],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("reply", models.CharField(blank=True, max_length=300)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["state", "due_at"], name="mail_due")],
            },
        ),
    ]
