"""Who runs the house, who works in it, and which house it is."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from tachiai.lineage import CreateModels


def give_identity(apps, schema_editor):
    """Every database belongs to one house from its first day."""
    apps.get_model("accounts", "HouseIdentity").objects.get_or_create(only=1)


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_house_identity"),
        ("accounts", "0003_reminders"),
        ("accounts", "0004_groups"),
        ("accounts", "0005_approver_label"),
        ("accounts", "0006_item_rules"),
        ("accounts", "0007_approval_routes"),
    ]
    initial = True
    dependencies = []

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="HouseIdentity",
                fields=[
                    ("only", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                    ("house", models.UUIDField(default=uuid.uuid4)),
                    (
                        "bound",
                        models.BooleanField(
                            default=False, help_text="The twin was written; where it is missing now, these are not its keys."
                        ),
                    ),
                    (
                        "is_copy",
                        models.BooleanField(
                            default=False, help_text="A copy for trials: it never uses a key of production, nor mails anybody."
                        ),
                    ),
                    ("held_why", models.CharField(blank=True, max_length=60)),
                    ("held_since", models.DateTimeField(blank=True, null=True)),
                    (
                        "accepted_at",
                        models.DateTimeField(blank=True, help_text="When a restored house was last allowed to act.", null=True),
                    ),
                ],
                options={
                    "constraints": [models.CheckConstraint(condition=models.Q(("only", 1)), name="house_identity_once")],
                },
            ),
            migrations.CreateModel(
                name="Operator",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("name", models.CharField(max_length=200)),
                    ("name_en", models.CharField(blank=True, max_length=200)),
                    ("address", models.CharField(blank=True, max_length=300)),
                    ("phone", models.CharField(blank=True, max_length=40)),
                    ("mail", models.EmailField(blank=True, max_length=254)),
                    ("created_at", models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name="Organization",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "operator",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="organizations", to="accounts.operator"
                        ),
                    ),
                    ("slug", models.SlugField(max_length=40, unique=True)),
                    ("name", models.CharField(max_length=200)),
                    ("name_en", models.CharField(blank=True, max_length=200)),
                    ("department", models.CharField(blank=True, max_length=200)),
                    ("phone", models.CharField(blank=True, max_length=40)),
                    ("mail", models.EmailField(blank=True, max_length=254)),
                    ("number_prefix", models.CharField(help_text="The first part of control numbers (管理番号).", max_length=12)),
                    (
                        "last_number",
                        models.PositiveIntegerField(default=0, help_text="Counts up only: a control number is never used twice."),
                    ),
                    (
                        "is_operator",
                        models.BooleanField(default=False, help_text="The operator is itself a party to this organization's contracts."),
                    ),
                    (
                        "sender_may_sign",
                        models.BooleanField(default=False, help_text="Policy: the sender of an envelope may be its own signer."),
                    ),
                    (
                        "reminds",
                        models.BooleanField(
                            default=True, help_text="Policy: whoever has not signed is reminded by the clock before the deadline."
                        ),
                    ),
                    (
                        "requires_second_factor",
                        models.BooleanField(default=False, help_text="Policy: the desk opens only to a login with a second factor."),
                    ),
                    (
                        "staff_may_download",
                        models.BooleanField(default=True, help_text="Policy: 担当者 may take files of their own envelopes away."),
                    ),
                    (
                        "approver_label",
                        models.CharField(blank=True, help_text="What 承認者 of an envelope are called; empty: 承認者.", max_length=20),
                    ),
                    ("approver_label_en", models.CharField(blank=True, max_length=40)),
                    ("item_rules", models.JSONField(default=dict, help_text="文書情報: items required, and items usually shown.")),
                    (
                        "requires_route",
                        models.BooleanField(default=False, help_text="Policy: nothing is sent that was not approved along a route."),
                    ),
                    (
                        "default_route",
                        models.ForeignKey(
                            blank=True,
                            help_text="Chosen beforehand.",
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="accounts.approvalroute",
                        ),
                    ),
                    ("created_at", models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name="ApprovalRoute",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="routes", to="accounts.organization"),
                    ),
                    ("name", models.CharField(max_length=60)),
                    ("timing", models.CharField(choices=[("before", "Before"), ("after", "After")], default="before", max_length=6)),
                    ("created_at", models.DateTimeField()),
                    (
                        "ended_at",
                        models.DateTimeField(blank=True, help_text="No longer offered; what was asked along it goes on.", null=True),
                    ),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(
                            models.F("organization"),
                            django.db.models.functions.text.Lower("name"),
                            condition=models.Q(("ended_at", None)),
                            name="route_name_once",
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Member",
                fields=[
                    ("password", models.CharField(max_length=128, verbose_name="password")),
                    ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="members", to="accounts.organization"),
                    ),
                    ("mail", models.EmailField(max_length=254, unique=True)),
                    ("name", models.CharField(max_length=100)),
                    ("title", models.CharField(blank=True, max_length=100)),
                    ("department", models.CharField(blank=True, max_length=100)),
                    ("phone", models.CharField(blank=True, max_length=40)),
                    ("language", models.CharField(choices=[("ja", "日本語"), ("en", "English")], default="ja", max_length=2)),
                    (
                        "role",
                        models.CharField(
                            choices=[
                                ("admin", "全体管理者"),
                                ("manager", "文書管理者"),
                                ("staff", "担当者"),
                                ("auditor", "監査担当"),
                                ("system", "システム管理者"),
                            ],
                            default="staff",
                            max_length=10,
                        ),
                    ),
                    ("may_sign", models.BooleanField(default=False, help_text="署名権限: may sign for the organization.")),
                    ("may_approve", models.BooleanField(default=False, help_text="承認権限: may approve registrations and envelopes.")),
                    (
                        "reads_from",
                        models.DateField(blank=True, help_text="監査担当: the first day (Japan) on which anything is shown.", null=True),
                    ),
                    ("reads_until", models.DateField(blank=True, help_text="監査担当: the last such day.", null=True)),
                    ("is_active", models.BooleanField(default=True)),
                    (
                        "session_epoch",
                        models.PositiveIntegerField(default=0, help_text="Part of every session's hash: counting up ends them all."),
                    ),
                    (
                        "invited_until",
                        models.DateTimeField(
                            blank=True, help_text="Until when the invitation can be taken up; NULL: none is open.", null=True
                        ),
                    ),
                    (
                        "invitation_digest",
                        models.BinaryField(help_text="SHA-256 of the invitation's token.", max_length=32, null=True, unique=True),
                    ),
                    (
                        "invitation_generation",
                        models.PositiveIntegerField(default=0, help_text="Counts up with each invitation, which ends the one before."),
                    ),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(django.db.models.functions.text.Lower("mail"), name="member_mail_once")],
                },
            ),
            migrations.CreateModel(
                name="RouteStep",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "route",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="accounts.approvalroute"),
                    ),
                    ("number", models.PositiveSmallIntegerField()),
                    ("any_one", models.BooleanField(default=False)),
                    ("approvers", models.ManyToManyField(related_name="+", to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("route", "number"), name="route_step_once")],
                },
            ),
            migrations.CreateModel(
                name="Deputyship",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "approver",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="deputyships", to=settings.AUTH_USER_MODEL
                        ),
                    ),
                    (
                        "deputy",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="standing_in", to=settings.AUTH_USER_MODEL
                        ),
                    ),
                    ("starts", models.DateField()),
                    ("ends", models.DateField()),
                    (
                        "set_by",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                    ),
                    ("created_at", models.DateTimeField()),
                    ("ended_at", models.DateTimeField(blank=True, help_text="Ended before its day.", null=True)),
                ],
                options={
                    "indexes": [models.Index(fields=["deputy", "starts", "ends"], name="deputy_in_force")],
                },
            ),
            migrations.CreateModel(
                name="KnownBrowser",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "member",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="browsers", to=settings.AUTH_USER_MODEL
                        ),
                    ),
                    ("digest", models.BinaryField(max_length=32)),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("member", "digest"), name="browser_once")],
                },
            ),
            migrations.CreateModel(
                name="Folder",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="folders", to="accounts.organization"),
                    ),
                    ("name", models.CharField(max_length=60)),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(
                            models.F("organization"), django.db.models.functions.text.Lower("name"), name="folder_name_once"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Group",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="groups", to="accounts.organization"),
                    ),
                    ("name", models.CharField(max_length=60)),
                    (
                        "folder",
                        models.ForeignKey(
                            blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.folder"
                        ),
                    ),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(
                            models.F("organization"), django.db.models.functions.text.Lower("name"), name="group_name_once"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Membership",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "group",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="accounts.group"),
                    ),
                    (
                        "member",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to=settings.AUTH_USER_MODEL
                        ),
                    ),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("group", "member"), name="membership_once")],
                },
            ),
            migrations.CreateModel(
                name="FolderGroup",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "folder",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="openings", to="accounts.folder"),
                    ),
                    ("group", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="openings", to="accounts.group")),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("folder", "group"), name="folder_group_once")],
                },
            ),
            migrations.CreateModel(
                name="Sharing",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("subject", models.UUIDField()),
                    (
                        "member",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="sharings", to=settings.AUTH_USER_MODEL
                        ),
                    ),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "indexes": [models.Index(fields=["member", "subject"], name="sharing_of_member")],
                    "constraints": [models.UniqueConstraint(fields=("subject", "member"), name="sharing_once")],
                },
            ),
        ),
        migrations.RunPython(give_identity, migrations.RunPython.noop),
    ]
