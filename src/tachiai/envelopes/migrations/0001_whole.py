"""Envelopes, their documents and people, the approvals and templates, and the tasks that carry them."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tachiai.lineage import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("envelopes", "0001_initial"),
        ("envelopes", "0002_document_plan"),
        ("envelopes", "0003_top_up_and_superseded"),
        ("envelopes", "0004_held_uploads"),
        ("envelopes", "0005_strong_mode"),
        ("envelopes", "0006_people"),
        ("envelopes", "0007_fields"),
        ("envelopes", "0008_reminders"),
        ("envelopes", "0009_folder"),
        ("envelopes", "0010_copies"),
        ("envelopes", "0011_documents_described"),
        ("envelopes", "0012_approvals"),
        ("envelopes", "0013_sending"),
    ]
    initial = True
    dependencies = [
        ("accounts", "0001_whole"),
        ("ceremony", "0001_whole"),
        ("counterparties", "0001_whole"),
        ("vault", "0001_whole"),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="CopyRequest",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"),
                    ),
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
                    ("decided_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "checked",
                        models.TextField(blank=True, help_text="How it was made sure who asks; never told to them.", max_length=1000),
                    ),
                    ("reason", models.TextField(blank=True, help_text="Why it was refused; told to who asked.", max_length=1000)),
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
                name="SealImage",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="seal_images", to="accounts.organization"
                        ),
                    ),
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
                    ("name", models.CharField(max_length=60)),
                    ("blob", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                    ("created_at", models.DateTimeField()),
                    ("ended_at", models.DateTimeField(blank=True, help_text="No longer offered; what bears it keeps it.", null=True)),
                ],
            ),
            migrations.CreateModel(
                name="Template",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="templates", to="accounts.organization"
                        ),
                    ),
                    ("name", models.CharField(max_length=120)),
                    (
                        "envelope_name",
                        models.CharField(
                            blank=True, help_text="封筒名 of what is made from it; blank is the template's name.", max_length=120
                        ),
                    ),
                    ("comment", models.TextField(blank=True, max_length=1000)),
                    ("deadline_days", models.PositiveSmallIntegerField(default=30)),
                    ("places", models.JSONField(default=list, help_text="Who is asked what, in order; nobody's name or address.")),
                    (
                        "created_by",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                    ),
                    ("created_at", models.DateTimeField()),
                    ("updated_at", models.DateTimeField()),
                    ("archived_at", models.DateTimeField(blank=True, help_text="No longer offered; nothing of it is gone.", null=True)),
                ],
                options={
                    "indexes": [models.Index(fields=["organization", "name"], name="template_list")],
                },
            ),
            migrations.CreateModel(
                name="TemplateFile",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "template",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="files", to="envelopes.template"),
                    ),
                    ("position", models.PositiveSmallIntegerField()),
                    ("name", models.CharField(max_length=150)),
                    ("file_name", models.CharField(max_length=200)),
                    ("blob", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                    ("sha256", models.BinaryField(max_length=32)),
                    ("size", models.PositiveBigIntegerField()),
                    ("pages", models.PositiveIntegerField()),
                    (
                        "fields",
                        models.JSONField(
                            default=list, help_text="Where signers are seen or fill something in; lengths in tenths of a millimetre."
                        ),
                    ),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("template", "position"), name="template_file_position_once")],
                },
            ),
            migrations.CreateModel(
                name="Envelope",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="envelopes", to="accounts.organization"
                        ),
                    ),
                    (
                        "sender",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="sent_envelopes", to=settings.AUTH_USER_MODEL
                        ),
                    ),
                    ("number", models.CharField(help_text="管理番号: never used twice.", max_length=40)),
                    ("name", models.CharField(blank=True, max_length=120)),
                    ("comment", models.TextField(blank=True, max_length=1000)),
                    (
                        "state",
                        models.CharField(
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
                    ("transaction_date", models.DateField(blank=True, help_text="取引年月日", null=True)),
                    ("counterparty", models.CharField(blank=True, help_text="取引先", max_length=200)),
                    ("amount", models.BigIntegerField(blank=True, help_text="取引金額 in yen; blank is not 0.", null=True)),
                    ("described", models.BooleanField(default=False, help_text="The three items were entered (perhaps as not stated).")),
                    ("shown_items", models.JSONField(default=list, help_text="文書情報: the items that the other side may see.")),
                    ("deadline", models.DateField(blank=True, help_text="署名期限: holds to 23:59:59 of that day in Japan.", null=True)),
                    ("reason", models.TextField(blank=True, help_text="Why it was withdrawn or declined.", max_length=1000)),
                    ("awaits_approval", models.BooleanField(default=False, help_text="承認: our own signers are asked only after it.")),
                    (
                        "folder",
                        models.ForeignKey(
                            blank=True,
                            help_text="保管フォルダ",
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="accounts.folder",
                        ),
                    ),
                    (
                        "recreated_from",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="recreations",
                            to="envelopes.envelope",
                        ),
                    ),
                    (
                        "certificate",
                        models.ForeignKey(
                            blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob"
                        ),
                    ),
                    ("created_at", models.DateTimeField()),
                    ("send_at", models.DateTimeField(blank=True, help_text="送信予約: until then nobody changes the draft.", null=True)),
                    ("sent_at", models.DateTimeField(blank=True, null=True)),
                    ("ended_at", models.DateTimeField(blank=True, help_text="Declined, withdrawn or expired at.", null=True)),
                    ("concluded_at", models.DateTimeField(blank=True, help_text="締結日時: the last timestamp's time.", null=True)),
                    ("updated_at", models.DateTimeField()),
                ],
                options={
                    "indexes": [models.Index(fields=["organization", "state", "-updated_at"], name="envelope_list")],
                    "constraints": [models.UniqueConstraint(fields=("organization", "number"), name="envelope_number_once")],
                },
            ),
            migrations.CreateModel(
                name="Approval",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "envelope",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="approvals", to="envelopes.envelope"),
                    ),
                    (
                        "route",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.approvalroute"),
                    ),
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
                    (
                        "asked_by",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                    ),
                    ("asked_at", models.DateTimeField()),
                    ("ended_at", models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("state__in", ["held", "waiting"])), fields=("envelope",), name="approval_once"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="ApprovalPlace",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "approval",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="places", to="envelopes.approval"),
                    ),
                    ("step", models.PositiveSmallIntegerField()),
                    ("any_one", models.BooleanField(default=False)),
                    (
                        "member",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="approval_places", to=settings.AUTH_USER_MODEL
                        ),
                    ),
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
                    ("decided_at", models.DateTimeField(blank=True, null=True)),
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
                ],
                options={
                    "indexes": [models.Index(fields=["member", "state"], name="approval_of_member")],
                    "constraints": [models.UniqueConstraint(fields=("approval", "step", "member"), name="approval_place_once")],
                },
            ),
            migrations.CreateModel(
                name="DraftText",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("envelope", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="envelopes.envelope")),
                    (
                        "step",
                        models.CharField(choices=[("files", "Files"), ("recipients", "Recipients"), ("review", "Review")], max_length=10),
                    ),
                    ("typed", models.JSONField(default=dict)),
                    ("saved_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("envelope", "step"), name="draft_text_once")],
                },
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
                    (
                        "envelope",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="send_tasks", to="envelopes.envelope"),
                    ),
                    ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ("acknowledged", models.JSONField(default=list, help_text="The keys of the documents whose warnings were seen.")),
                ],
                options={
                    "indexes": [models.Index(fields=["state", "due_at"], name="sendtask_due")],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("state__in", ("waiting", "stuck"))), fields=("envelope",), name="send_task_once"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Document",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "envelope",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="envelopes.envelope"),
                    ),
                    ("position", models.PositiveSmallIntegerField()),
                    ("name", models.CharField(max_length=150)),
                    ("file_name", models.CharField(max_length=200)),
                    ("blob", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                    (
                        "page_pack",
                        models.ForeignKey(
                            blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob"
                        ),
                    ),
                    ("pages", models.PositiveIntegerField()),
                    ("foreign_signatures", models.PositiveSmallIntegerField(default=0)),
                    ("findings", models.JSONField(default=list, help_text="What the inspection of the upload had to say, by code.")),
                    (
                        "normalised_from",
                        models.BinaryField(help_text="SHA-256 of the file as given, if it had to be rewritten.", max_length=32, null=True),
                    ),
                    ("head_number", models.PositiveIntegerField(default=0)),
                    ("head_sha256", models.BinaryField(max_length=32)),
                    (
                        "plan",
                        models.BinaryField(
                            help_text="The plan of the head (docs/formats/plan.md), locked under the blob's own key.", null=True
                        ),
                    ),
                    (
                        "excerpts",
                        models.BinaryField(
                            help_text="Words of the document that findings speak of (JSON by code), locked likewise.", null=True
                        ),
                    ),
                    (
                        "laid",
                        models.JSONField(
                            default=dict, help_text="Which fields were laid in at freezing: slot → number and kind of its blanks."
                        ),
                    ),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("envelope", "position"), name="document_position_once")],
                },
            ),
            migrations.CreateModel(
                name="Field",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "document",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="fields", to="envelopes.document"),
                    ),
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
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("document", "slot", "number"), name="field_number_once")],
                },
            ),
            migrations.CreateModel(
                name="HeldUpload",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "envelope",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="uploads", to="envelopes.envelope"),
                    ),
                    (
                        "given_by",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                    ),
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
                    ("given", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
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
                    (
                        "rewritten",
                        models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob"),
                    ),
                    ("rewritten_sha256", models.BinaryField(max_length=32, null=True)),
                    ("rewritten_size", models.PositiveBigIntegerField(null=True)),
                    ("pages", models.PositiveIntegerField(default=0, help_text="Pages of the rewritten file.")),
                    (
                        "given_pages",
                        models.PositiveIntegerField(default=0, help_text="Pages of the given file; 0 when it cannot be drawn."),
                    ),
                    ("differing", models.JSONField(default=list, help_text="Pages that do not look the same in both.")),
                    ("foreign_signatures", models.PositiveSmallIntegerField(default=0)),
                    ("findings", models.JSONField(default=list, help_text="As a document's, of the rewritten file.")),
                    ("plan", models.BinaryField(help_text="As a document's, locked under the rewritten blob's own key.", null=True)),
                    ("excerpts", models.BinaryField(help_text="As a document's, locked likewise.", null=True)),
                    ("created_at", models.DateTimeField()),
                    ("expires_at", models.DateTimeField()),
                    ("settled_at", models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    "indexes": [
                        models.Index(fields=["envelope", "state"], name="upload_of_draft"),
                        models.Index(fields=["state", "expires_at"], name="upload_expiry"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Revision",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "document",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="revisions", to="envelopes.document"),
                    ),
                    ("number", models.PositiveIntegerField()),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("upload", "Upload"),
                                ("frozen", "Frozen"),
                                ("signed", "Signed"),
                                ("closed", "Closed"),
                                ("extended", "Extended"),
                            ],
                            max_length=8,
                        ),
                    ),
                    ("sha256", models.BinaryField(max_length=32)),
                    ("size", models.PositiveBigIntegerField()),
                    (
                        "consent",
                        models.ForeignKey(
                            blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ceremony.consent"
                        ),
                    ),
                    ("stamped_at", models.DateTimeField(blank=True, null=True)),
                    ("stamped_by", models.CharField(blank=True, max_length=300)),
                    ("accredited", models.BooleanField(null=True)),
                    ("made_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(fields=("document", "number"), name="revision_number_once"),
                        models.UniqueConstraint(
                            condition=models.Q(("consent__isnull", False)), fields=("document", "consent"), name="consent_once"
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="SupersededRevision",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "document",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="superseded", to="envelopes.document"),
                    ),
                    ("blob", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                    ("number", models.PositiveIntegerField()),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("upload", "Upload"),
                                ("frozen", "Frozen"),
                                ("signed", "Signed"),
                                ("closed", "Closed"),
                                ("extended", "Extended"),
                            ],
                            max_length=8,
                        ),
                    ),
                    ("sha256", models.BinaryField(max_length=32)),
                    ("size", models.PositiveBigIntegerField()),
                    (
                        "consent",
                        models.ForeignKey(
                            blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ceremony.consent"
                        ),
                    ),
                    ("stamped_at", models.DateTimeField(blank=True, null=True)),
                    ("stamped_by", models.CharField(blank=True, max_length=300)),
                    ("accredited", models.BooleanField(null=True)),
                    ("made_at", models.DateTimeField()),
                    ("superseded_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("blob", "number"), name="superseded_once")],
                },
            ),
            migrations.CreateModel(
                name="PageImage",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "document",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="page_images", to="envelopes.document"),
                    ),
                    ("number", models.PositiveIntegerField()),
                    ("width", models.PositiveIntegerField()),
                    ("height", models.PositiveIntegerField()),
                    ("offset", models.PositiveBigIntegerField()),
                    ("length", models.PositiveIntegerField()),
                    ("text_offset", models.PositiveBigIntegerField()),
                    ("text_length", models.PositiveIntegerField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("document", "number"), name="page_once")],
                },
            ),
            migrations.CreateModel(
                name="Recipient",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "envelope",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="recipients", to="envelopes.envelope"),
                    ),
                    ("position", models.PositiveSmallIntegerField()),
                    (
                        "kind",
                        models.CharField(
                            choices=[("signer", "署名者"), ("reviewer", "確認者"), ("approver", "承認者"), ("copy", "受領者")],
                            default="signer",
                            max_length=10,
                        ),
                    ),
                    ("slot", models.PositiveSmallIntegerField(blank=True, null=True)),
                    ("order", models.PositiveSmallIntegerField()),
                    (
                        "any_one",
                        models.BooleanField(default=False, help_text="いずれか1人: equal for all of one order; one of them suffices."),
                    ),
                    ("side", models.CharField(choices=[("counterparty", "相手方"), ("own", "当方")], max_length=12)),
                    (
                        "registration",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="counterparties.registration",
                        ),
                    ),
                    (
                        "member",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="signing_places",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    ("organization_name", models.CharField(max_length=200)),
                    ("title", models.CharField(blank=True, max_length=100)),
                    ("name", models.CharField(max_length=100)),
                    ("mail", models.EmailField(max_length=254)),
                    ("language", models.CharField(choices=[("ja", "日本語"), ("en", "English")], default="ja", max_length=2)),
                    (
                        "state",
                        models.CharField(
                            choices=[
                                ("waiting", "Waiting"),
                                ("requested", "Requested"),
                                ("opened", "Opened"),
                                ("consented", "Consented"),
                                ("signed", "Signed"),
                                ("reviewed", "Reviewed"),
                                ("forwarded", "Forwarded"),
                                ("delivered", "Delivered"),
                                ("declined", "Declined"),
                                ("expired", "Expired"),
                                ("cancelled", "Cancelled"),
                            ],
                            default="waiting",
                            max_length=10,
                        ),
                    ),
                    ("undelivered", models.BooleanField(default=False, help_text="不達: the last request to this address was refused.")),
                    (
                        "gate",
                        models.CharField(
                            choices=[("registered", "届出のアクセスコード"), ("otp", "認証コード"), ("none", "なし")],
                            default="registered",
                            help_text="Of a counterparty alone.",
                            max_length=10,
                        ),
                    ),
                    (
                        "proof",
                        models.CharField(
                            choices=[("plain", "Plain"), ("totp", "Totp"), ("passkey", "Passkey")],
                            default="plain",
                            help_text="What the sender asks of them.",
                            max_length=10,
                        ),
                    ),
                    ("deadline", models.DateField(blank=True, help_text="署名期限 of their own; NULL is the envelope's.", null=True)),
                    (
                        "may_reassign",
                        models.BooleanField(default=False, help_text="署名者変更を許可: they may name somebody else in their place."),
                    ),
                    ("wants_copy", models.BooleanField(default=True, help_text="完了通知: they are told when the envelope is concluded.")),
                    (
                        "replaces",
                        models.OneToOneField(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="replaced_by",
                            to="envelopes.recipient",
                        ),
                    ),
                    (
                        "level",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("mail-only", "Mail Only"),
                                ("mail-and-registered-code", "Mail And Code"),
                                ("mail-and-registered-code-and-totp", "Mail Code And Totp"),
                                ("mail-and-registered-code-and-passkey", "Mail Code And Passkey"),
                                ("desk-password", "Password"),
                                ("desk-password-and-totp", "Password And Totp"),
                            ],
                            max_length=40,
                        ),
                    ),
                    ("reason", models.TextField(blank=True, max_length=1000)),
                    ("requested_at", models.DateTimeField(blank=True, null=True)),
                    ("opened_at", models.DateTimeField(blank=True, null=True)),
                    ("consented_at", models.DateTimeField(blank=True, null=True)),
                    ("signed_at", models.DateTimeField(blank=True, null=True)),
                    ("ended_at", models.DateTimeField(blank=True, null=True)),
                    (
                        "downloaded_at",
                        models.DateTimeField(
                            blank=True, help_text="When they first took a concluded file home through their link.", null=True
                        ),
                    ),
                    ("address", models.GenericIPAddressField(blank=True, help_text="Where the consent came from.", null=True)),
                    (
                        "documents",
                        models.ManyToManyField(
                            blank=True, help_text="送る文書; none is all of them.", related_name="meant_for", to="envelopes.document"
                        ),
                    ),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(fields=("envelope", "position"), name="recipient_position_once"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("gate", "registered"), ("member", None), ("registration__isnull", False), ("side", "counterparty")
                                ),
                                models.Q(("gate__in", ["otp", "none"]), ("member", None), ("side", "counterparty")),
                                models.Q(("member__isnull", False), ("registration", None), ("side", "own")),
                                _connector="OR",
                            ),
                            name="recipient_is_somebody",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("kind", "signer"), ("slot__isnull", False)),
                                models.Q(models.Q(("kind", "signer"), _negated=True), ("slot", None)),
                                _connector="OR",
                            ),
                            name="recipient_slot_of_signer",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="CopyGrant",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "request",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="grants", to="envelopes.copyrequest"),
                    ),
                    (
                        "recipient",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="grants", to="envelopes.recipient"),
                    ),
                    (
                        "registration",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="counterparties.registration",
                        ),
                    ),
                    ("gate", models.CharField(max_length=10)),
                    ("organization_name", models.CharField(max_length=200)),
                    ("title", models.CharField(blank=True, max_length=100)),
                    ("name", models.CharField(max_length=100)),
                    ("mail", models.EmailField(max_length=254)),
                    ("language", models.CharField(choices=[("ja", "日本語"), ("en", "English")], default="ja", max_length=2)),
                    (
                        "granted_by",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                    ),
                    ("granted_at", models.DateTimeField()),
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
            migrations.CreateModel(
                name="FieldEntry",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "recipient",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="envelopes.recipient"),
                    ),
                    ("field", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="envelopes.field")),
                    ("text", models.TextField(max_length=4000)),
                    ("appearance", models.BinaryField(null=True)),
                    ("at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("recipient", "field"), name="entry_once")],
                },
            ),
            migrations.CreateModel(
                name="Reminder",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "envelope",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="envelopes.envelope"),
                    ),
                    (
                        "recipient",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="reminders",
                            to="envelopes.recipient",
                        ),
                    ),
                    (
                        "kind",
                        models.CharField(
                            choices=[("signature", "Signature"), ("deadline", "Deadline"), ("download", "Download")], max_length=10
                        ),
                    ),
                    ("until", models.DateField()),
                    ("days", models.PositiveSmallIntegerField()),
                    ("at", models.DateTimeField()),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("recipient__isnull", False)),
                            fields=("recipient", "kind", "until", "days"),
                            name="reminder_once",
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("recipient", None)),
                            fields=("envelope", "kind", "until", "days"),
                            name="reminder_of_sender_once",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="ShownDocument",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "recipient",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="shown", to="envelopes.recipient"),
                    ),
                    ("document", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="envelopes.document")),
                    ("at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("recipient", "document"), name="shown_once")],
                },
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
                    "indexes": [models.Index(fields=["state", "due_at"], name="inspecttask_due")],
                },
            ),
            migrations.CreateModel(
                name="FreezeTask",
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
                        "document",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT, related_name="freeze_task", to="envelopes.document"
                        ),
                    ),
                ],
                options={
                    "indexes": [models.Index(fields=["state", "due_at"], name="freezetask_due")],
                },
            ),
            migrations.CreateModel(
                name="SealTask",
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
                        "document",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="seal_tasks", to="envelopes.document"),
                    ),
                    (
                        "recipient",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="seal_tasks", to="envelopes.recipient"),
                    ),
                    ("consent", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ceremony.consent")),
                ],
                options={
                    "indexes": [models.Index(fields=["state", "due_at"], name="sealtask_due")],
                    "constraints": [models.UniqueConstraint(fields=("document", "consent"), name="seal_task_once")],
                },
            ),
            migrations.CreateModel(
                name="CloseTask",
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
                        "envelope",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT, related_name="close_task", to="envelopes.envelope"
                        ),
                    ),
                ],
                options={
                    "indexes": [models.Index(fields=["state", "due_at"], name="closetask_due")],
                },
            ),
            migrations.CreateModel(
                name="TopUpTask",
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
                        "envelope",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="top_up_tasks", to="envelopes.envelope"
                        ),
                    ),
                    (
                        "document",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="top_up_tasks",
                            to="envelopes.document",
                        ),
                    ),
                ],
                options={
                    "indexes": [models.Index(fields=["state", "due_at"], name="topuptask_due")],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("document__isnull", False)), fields=("document",), name="top_up_document_once"
                        ),
                        models.UniqueConstraint(
                            condition=models.Q(("document", None)), fields=("envelope",), name="top_up_certificate_once"
                        ),
                    ],
                },
            ),
        ),
    ]
