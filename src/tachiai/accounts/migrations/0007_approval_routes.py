import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_item_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalRoute",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                (
                    "timing",
                    models.CharField(choices=[("before", "Before"), ("after", "After")], default="before", max_length=6),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, help_text="No longer offered; what was asked along it goes on.", null=True),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="routes", to="accounts.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RouteStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("any_one", models.BooleanField(default=False)),
                ("approvers", models.ManyToManyField(related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "route",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="accounts.approvalroute"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Deputyship",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("starts", models.DateField()),
                ("ends", models.DateField()),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, help_text="Ended before its day.", null=True)),
                (
                    "approver",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="deputyships", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "deputy",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="standing_in", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "set_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="approvalroute",
            constraint=models.UniqueConstraint(
                models.F("organization"),
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("ended_at", None)),
                name="route_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="routestep",
            constraint=models.UniqueConstraint(fields=("route", "number"), name="route_step_once"),
        ),
        migrations.AddIndex(
            model_name="deputyship",
            index=models.Index(fields=["deputy", "starts", "ends"], name="deputy_in_force"),
        ),
        migrations.AddField(
            model_name="organization",
            name="requires_route",
            field=models.BooleanField(default=False, help_text="Policy: nothing is sent that was not approved along a route."),
        ),
        migrations.AddField(
            model_name="organization",
            name="default_route",
            field=models.ForeignKey(
                blank=True,
                help_text="Chosen beforehand.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.approvalroute",
            ),
        ),
    ]
