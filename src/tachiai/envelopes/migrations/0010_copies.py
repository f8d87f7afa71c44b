"""Requests for copies by whoever lost their mailbox, and to whom copies were given."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PROTECT = django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_groups"),
        ("counterparties", "0002_online_registration"),
        ("envelopes", "0009_folder"),
    ]

    operations = [
        migrations.CreateModel(
            name="CopyRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(blank=True, help_text="受付番号", max_length=20)),
                ("key_digest", models.BinaryField(max_length=32, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("unconfirmed", "Unconfirmed"), ("asked", "Asked"), ("granted", "Granted"), ("refused", "Refused")],
                        default="unconfirmed",
                        max_length=12,
                    ),
                ),
                ("party", models.CharField(help_text="商号又は名称", max_length=200)),
                ("title", models.CharField(blank=True, max_length=100)),
                ("name", models.CharField(max_length=100)),
                ("mail", models.EmailField(help_text="The address that is read now.", max_length=254)),
                ("former_mail", models.EmailField(help_text="The address that the contract was sent to.", max_length=254)),
                ("phone", models.CharField(max_length=40)),
                ("contracts", models.TextField(help_text="Which contracts are meant, in their own words.", max_length=1000)),
                ("language", models.CharField(choices=[("ja", "日本語"), ("en", "English")], default="ja", max_length=2)),
                ("code_sent_at", models.DateTimeField(help_text="When the one-time code was sent that counts now.")),
                ("code_tries", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "checked",
                    models.TextField(blank=True, help_text="How it was made sure who asks; never told to them.", max_length=1000),
                ),
                ("reason", models.TextField(blank=True, help_text="Why it was refused; told to who asked.", max_length=1000)),
                (
                    "decided_by",
                    models.ForeignKey(blank=True, null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                ("organization", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.organization")),
            ],
            options={
                "indexes": [models.Index(fields=["organization", "state", "asked_at"], name="copy_requests")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("number", ""), _negated=True),
                        fields=("organization", "number"),
                        name="copy_request_number_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CopyGrant",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("gate", models.CharField(max_length=10)),
                ("organization_name", models.CharField(max_length=200)),
                ("title", models.CharField(blank=True, max_length=100)),
                ("name", models.CharField(max_length=100)),
                ("mail", models.EmailField(max_length=254)),
                ("language", models.CharField(choices=[("ja", "日本語"), ("en", "English")], default="ja", max_length=2)),
                ("granted_at", models.DateTimeField()),
                ("granted_by", models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("recipient", models.ForeignKey(on_delete=PROTECT, related_name="grants", to="envelopes.recipient")),
                (
                    "registration",
                    models.ForeignKey(blank=True, null=True, on_delete=PROTECT, related_name="+", to="counterparties.registration"),
                ),
                ("request", models.ForeignKey(on_delete=PROTECT, related_name="grants", to="envelopes.copyrequest")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("request", "recipient"), name="copy_grant_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("gate", "registered"), ("registration__isnull", False)),
                            models.Q(("gate", "otp"), ("registration", None)),
                            _connector="OR",
                        ),
                        name="copy_grant_has_a_gate",
                    ),
                ],
            },
        ),
    ]
