"""Counterparties, their registrations, and the public form they come by."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tachiai.lineage import CreateModels


class Migration(migrations.Migration):
    replaces = [("counterparties", "0001_initial"), ("counterparties", "0002_online_registration")]

    initial = True
    dependencies = [
        ("accounts", "0001_whole"),
        ("vault", "0001_whole"),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Counterparty",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="counterparties", to="accounts.organization"
                        ),
                    ),
                    ("name", models.CharField(max_length=200)),
                    ("address", models.CharField(blank=True, max_length=300)),
                    ("corporate_number", models.CharField(blank=True, help_text="法人番号", max_length=13)),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("organization", "name"), name="counterparty_name_once")],
                },
            ),
            migrations.CreateModel(
                name="Registration",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "counterparty",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="registrations", to="counterparties.counterparty"
                        ),
                    ),
                    ("number", models.CharField(help_text="受付番号", max_length=20)),
                    ("title", models.CharField(blank=True, max_length=100)),
                    ("name", models.CharField(max_length=100)),
                    ("mail", models.EmailField(max_length=254)),
                    ("phone", models.CharField(blank=True, max_length=40)),
                    ("language", models.CharField(choices=[("ja", "日本語"), ("en", "English")], default="ja", max_length=2)),
                    (
                        "method",
                        models.CharField(choices=[("paper", "書面（職員入力）"), ("online", "オンライン（本人入力）")], max_length=10),
                    ),
                    (
                        "scope",
                        models.CharField(
                            choices=[("contract", "この契約のみ"), ("lasting", "今後の契約にも")], default="lasting", max_length=10
                        ),
                    ),
                    ("case_name", models.CharField(blank=True, help_text="契約件名", max_length=200)),
                    ("case_number", models.CharField(blank=True, help_text="案件番号", max_length=60)),
                    ("address", models.CharField(blank=True, max_length=300)),
                    ("corporate_number", models.CharField(blank=True, help_text="法人番号, as the person told it.", max_length=13)),
                    ("representative_title", models.CharField(blank=True, max_length=100)),
                    ("representative", models.CharField(blank=True, help_text="代表者", max_length=100)),
                    ("contact", models.CharField(blank=True, help_text="担当者", max_length=100)),
                    ("consent", models.TextField(blank=True, help_text="The words that the person agreed to.")),
                    (
                        "attorney",
                        models.ForeignKey(
                            blank=True,
                            help_text="委任状",
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="vault.blob",
                        ),
                    ),
                    ("attorney_name", models.CharField(blank=True, max_length=200)),
                    (
                        "verifier",
                        models.CharField(
                            blank=True,
                            help_text="argon2id over the peppered code; the code itself is nowhere. Empty until it is chosen.",
                            max_length=200,
                        ),
                    ),
                    (
                        "pending_verifier",
                        models.CharField(blank=True, help_text="Of a code chosen anew, until a second member approves it.", max_length=200),
                    ),
                    ("pending_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "code_asked_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "code_asked_at",
                        models.DateTimeField(
                            blank=True, help_text="コードの再届出: the person was asked to choose a code anew.", null=True
                        ),
                    ),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("entered", "メール確認待ち"),
                                ("confirmed", "承認待ち"),
                                ("approved", "承認済み"),
                                ("returned", "差戻し"),
                                ("revoked", "失効"),
                            ],
                            default="entered",
                            max_length=10,
                        ),
                    ),
                    ("suspended_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "entered_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("entered_at", models.DateTimeField()),
                    ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "approved_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("approved_at", models.DateTimeField(blank=True, null=True)),
                    ("returned_at", models.DateTimeField(blank=True, null=True)),
                    ("return_reason", models.CharField(blank=True, max_length=1000)),
                    ("valid_from", models.DateField(blank=True, null=True)),
                    ("valid_until", models.DateField(blank=True, null=True)),
                    ("revoked_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "replaced_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="replaces",
                            to="counterparties.registration",
                        ),
                    ),
                ],
                options={
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                ("approved_by", None),
                                ("entered_by", None),
                                models.Q(("approved_by", models.F("entered_by")), _negated=True),
                                _connector="OR",
                            ),
                            name="registration_second_member",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Reviewer",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "registration",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="reviewers", to="counterparties.registration"
                        ),
                    ),
                    ("position", models.PositiveSmallIntegerField()),
                    ("name", models.CharField(max_length=100)),
                    ("mail", models.EmailField(max_length=254)),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("registration", "position"), name="reviewer_position_once")],
                },
            ),
            migrations.CreateModel(
                name="OneTimeCode",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "registration",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="one_time_codes", to="counterparties.registration"
                        ),
                    ),
                    ("verifier", models.CharField(max_length=200)),
                    ("sent_at", models.DateTimeField()),
                    ("expires_at", models.DateTimeField()),
                    ("tries", models.PositiveSmallIntegerField(default=0)),
                    ("used_at", models.DateTimeField(blank=True, null=True)),
                ],
            ),
            migrations.CreateModel(
                name="RegistrationForm",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "organization",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT, related_name="registration_form", to="accounts.organization"
                        ),
                    ),
                    ("is_open", models.BooleanField(default=False)),
                    ("opens_on", models.DateField(blank=True, null=True)),
                    ("closes_on", models.DateField(blank=True, null=True)),
                    ("title", models.CharField(blank=True, max_length=100)),
                    ("title_en", models.CharField(blank=True, max_length=100)),
                    ("guide", models.TextField(blank=True, max_length=2000)),
                    ("guide_en", models.TextField(blank=True, max_length=2000)),
                    ("consent", models.TextField(blank=True, max_length=4000)),
                    ("consent_en", models.TextField(blank=True, max_length=4000)),
                    ("changed_at", models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name="RegistrationDraft",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"),
                    ),
                    ("key_digest", models.BinaryField(max_length=32, unique=True)),
                    ("values", models.JSONField(default=dict)),
                    ("language", models.CharField(choices=[("ja", "日本語"), ("en", "English")], default="ja", max_length=2)),
                    ("consent", models.TextField(blank=True)),
                    ("verifier", models.CharField(blank=True, max_length=200)),
                    (
                        "attorney",
                        models.ForeignKey(
                            blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob"
                        ),
                    ),
                    ("attorney_name", models.CharField(blank=True, max_length=200)),
                    (
                        "corrects",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="counterparties.registration",
                        ),
                    ),
                    ("one_time_verifier", models.CharField(blank=True, max_length=200)),
                    ("one_time_tries", models.PositiveSmallIntegerField(default=0)),
                    ("one_time_sent_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "submitted",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="counterparties.registration",
                        ),
                    ),
                    ("created_at", models.DateTimeField()),
                    ("expires_at", models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name="FormUse",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("address_digest", models.BinaryField(max_length=32)),
                    ("mail_digest", models.BinaryField(help_text="Of the address that a one-time code went to.", max_length=32, null=True)),
                    (
                        "organization",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"),
                    ),
                    ("at", models.DateTimeField()),
                ],
                options={
                    "indexes": [
                        models.Index(fields=["address_digest", "at"], name="form_use_address"),
                        models.Index(fields=["mail_digest", "at"], name="form_use_mail"),
                        models.Index(fields=["at"], name="form_use_at"),
                    ],
                },
            ),
        ),
    ]
