"""Sending at a chosen moment, and templates."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_groups"),
        ("envelopes", "0012_approvals"),
        ("vault", "0002_tombstones"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="envelope",
            name="send_at",
            field=models.DateTimeField(blank=True, help_text="送信予約: until then nobody changes the draft.", null=True),
        ),
        migrations.CreateModel(
            name="Template",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120)),
                (
                    "envelope_name",
                    models.CharField(blank=True, help_text="封筒名 of what is made from it; blank is the template's name.", max_length=120),
                ),
                ("comment", models.TextField(blank=True, max_length=1000)),
                ("deadline_days", models.PositiveSmallIntegerField(default=30)),
                ("places", models.JSONField(default=list, help_text="Who is asked what, in order; nobody's name or address.")),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("archived_at", models.DateTimeField(blank=True, help_text="No longer offered; nothing of it is gone.", null=True)),
                (
                    "created_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "organization",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="templates", to="accounts.organization"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TemplateFile",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=150)),
                ("file_name", models.CharField(max_length=200)),
                ("sha256", models.BinaryField(max_length=32)),
                ("size", models.PositiveBigIntegerField()),
                ("pages", models.PositiveIntegerField()),
                (
                    "fields",
                    models.JSONField(
                        default=list, help_text="Where signers are seen or fill something in; lengths in tenths of a millimetre."
                    ),
                ),
                ("blob", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                ("template", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="files", to="envelopes.template")),
            ],
        ),
        migrations.CreateModel(
            name="SendTask",
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
                ("acknowledged", models.JSONField(default=list, help_text="The keys of the documents whose warnings were seen.")),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "envelope",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="send_tasks", to="envelopes.envelope"),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["state", "due_at"], name="sendtask_due")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("waiting", "stuck"))), fields=("envelope",), name="send_task_once"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="template",
            index=models.Index(fields=["organization", "name"], name="template_list"),
        ),
        migrations.AddConstraint(
            model_name="templatefile",
            constraint=models.UniqueConstraint(fields=("template", "position"), name="template_file_position_once"),
        ),
    ]
