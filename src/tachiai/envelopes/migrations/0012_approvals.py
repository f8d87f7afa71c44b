import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_approval_routes"),
        ("envelopes", "0011_documents_described"),
    ]

    operations = [
        migrations.AlterField(
            model_name="envelope",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("awaiting_approval", "Awaiting Approval"),
                    ("returned", "Returned"),
                    ("sending", "Sending"),
                    ("in_progress", "In Progress"),
                    ("closing", "Closing"),
                    ("concluded", "Concluded"),
                    ("declined", "Declined"),
                    ("withdrawn", "Withdrawn"),
                    ("expired", "Expired"),
                ],
                default="draft",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="envelope",
            name="awaits_approval",
            field=models.BooleanField(default=False, help_text="承認: our own signers are asked only after it."),
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("timing", models.CharField(choices=[("before", "Before"), ("after", "After")], max_length=6)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "Held"),
                            ("waiting", "Waiting"),
                            ("approved", "Approved"),
                            ("returned", "Returned"),
                            ("taken_back", "Taken Back"),
                            ("ended", "Ended"),
                        ],
                        max_length=10,
                    ),
                ),
                ("digest", models.BinaryField(max_length=32, null=True)),
                ("salt", models.BinaryField(max_length=32, null=True)),
                ("asked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "envelope",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="approvals", to="envelopes.envelope"),
                ),
                (
                    "route",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.approvalroute"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApprovalPlace",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("step", models.PositiveSmallIntegerField()),
                ("any_one", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("pending", "Pending"),
                            ("approved", "Approved"),
                            ("returned", "Returned"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approval",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="places", to="envelopes.approval"),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deputy_told",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who got M18 last.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="approval_places", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["held", "waiting"])), fields=("envelope",), name="approval_once"
            ),
        ),
        migrations.AddIndex(
            model_name="approvalplace",
            index=models.Index(fields=["member", "state"], name="approval_of_member"),
        ),
        migrations.AddConstraint(
            model_name="approvalplace",
            constraint=models.UniqueConstraint(fields=("approval", "step", "member"), name="approval_place_once"),
        ),
    ]
