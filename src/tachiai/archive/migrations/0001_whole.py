"""What was concluded, until when it proves itself, and the samples drawn from it."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tachiai.lineage import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("archive", "0001_initial"),
        ("archive", "0002_earlier_file"),
        ("archive", "0003_renewal"),
        ("archive", "0004_evidence_records"),
        ("archive", "0005_record_anchor"),
        ("archive", "0006_samples"),
        ("archive", "0007_folder"),
        ("archive", "0008_described_item"),
    ]
    initial = True
    dependencies = [
        ("accounts", "0001_whole"),
        ("ledger", "0001_whole"),
        ("vault", "0001_whole"),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Record",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="records", to="accounts.organization"),
                    ),
                    ("origin", models.UUIDField(help_text="What it came from (an envelope), by id.", unique=True)),
                    (
                        "owner",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                    ),
                    (
                        "folder",
                        models.ForeignKey(
                            blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.folder"
                        ),
                    ),
                    ("number", models.CharField(help_text="管理番号", max_length=40)),
                    ("title", models.CharField(max_length=200)),
                    ("certificate_number", models.CharField(max_length=24, unique=True)),
                    ("transaction_date", models.DateField(blank=True, null=True)),
                    ("counterparty", models.CharField(blank=True, max_length=200)),
                    (
                        "counterparty_key",
                        models.CharField(blank=True, help_text="The name as compared: width, case and 株式会社 apart.", max_length=200),
                    ),
                    ("amount", models.BigIntegerField(blank=True, help_text="Yen; blank is 'not stated', which is not 0.", null=True)),
                    ("concluded_at", models.DateTimeField(help_text="締結日時: the time of the last timestamp.")),
                    (
                        "anchor",
                        models.ForeignKey(
                            help_text="The stamped checkpoint that the certificate and the mails carry; empty for what is older than the log.",
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="ledger.checkpoint",
                        ),
                    ),
                    (
                        "measure",
                        models.PositiveSmallIntegerField(
                            help_text="規則4条1項 1号: 1 when an accredited token precedes the hand-over.", null=True
                        ),
                    ),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "indexes": [
                        models.Index(fields=["organization", "transaction_date"], name="record_date"),
                        models.Index(fields=["organization", "amount"], name="record_amount"),
                        models.Index(fields=["organization", "concluded_at"], name="record_concluded"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="DescribedItem",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("subject", models.UUIDField()),
                    ("code", models.CharField(max_length=20)),
                    ("text", models.CharField(blank=True, max_length=500)),
                    ("day", models.DateField(blank=True, null=True)),
                ],
                options={
                    "indexes": [models.Index(fields=["code", "day"], name="described_day")],
                    "constraints": [models.UniqueConstraint(fields=("subject", "code"), name="described_item_once")],
                },
            ),
            migrations.CreateModel(
                name="RecordFile",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("record", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="files", to="archive.record")),
                    ("position", models.PositiveSmallIntegerField()),
                    ("kind", models.CharField(choices=[("document", "Document"), ("certificate", "Certificate")], max_length=12)),
                    ("name", models.CharField(max_length=200)),
                    ("blob", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob")),
                    ("sha256", models.BinaryField(db_index=True, max_length=32)),
                    ("size", models.PositiveBigIntegerField()),
                    ("stamped_at", models.DateTimeField(help_text="The time of its last document timestamp.", null=True)),
                    ("stamped_by", models.CharField(blank=True, max_length=300)),
                    ("verifiable_until", models.DateTimeField(db_index=True, null=True)),
                    (
                        "until_cause",
                        models.CharField(
                            blank=True,
                            choices=[
                                ("timestamp_certificate", "Timestamp Certificate"),
                                ("certificate", "Certificate"),
                                ("algorithm", "Algorithm"),
                            ],
                            max_length=24,
                        ),
                    ),
                    ("weakest", models.CharField(blank=True, help_text="The weakest algorithm that carries the proof.", max_length=40)),
                    ("renew_at", models.DateTimeField(db_index=True, null=True)),
                    ("assessed_at", models.DateTimeField(help_text="When somebody last looked, with or without success.", null=True)),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("record", "position"), name="record_file_once")],
                },
            ),
            migrations.CreateModel(
                name="EarlierFile",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "file",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="earlier", to="archive.recordfile"),
                    ),
                    ("sha256", models.BinaryField(db_index=True, max_length=32)),
                    ("size", models.PositiveBigIntegerField()),
                    ("until", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("file", "size"), name="earlier_file_once")],
                },
            ),
            migrations.CreateModel(
                name="EvidenceStamp",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "digest",
                        models.CharField(help_text="Of the tree and of the token's imprint: sha256, sha384, sha512.", max_length=10),
                    ),
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
                        "renewed_by",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="renews",
                            to="archive.evidencestamp",
                        ),
                    ),
                    (
                        "renewed_path",
                        models.BinaryField(default=bytes, help_text="The reducedHashtree (DER) that leads from this token to its renewal."),
                    ),
                ],
            ),
            migrations.CreateModel(
                name="EvidenceBatch",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    ("generation", models.PositiveSmallIntegerField()),
                    ("count", models.PositiveIntegerField()),
                    ("stamp", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="archive.evidencestamp")),
                    (
                        "last",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="holds_up", to="archive.evidencestamp"),
                    ),
                    ("renew_at", models.DateTimeField()),
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
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "indexes": [models.Index(fields=["continued_by", "renew_at"], name="evidence_renewal")],
                },
            ),
            migrations.CreateModel(
                name="EvidenceMember",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "batch",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="members", to="archive.evidencebatch"),
                    ),
                    (
                        "file",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="archive.recordfile"),
                    ),
                    ("size", models.PositiveBigIntegerField()),
                    ("hash", models.BinaryField(max_length=64)),
                    (
                        "path",
                        models.BinaryField(default=bytes, help_text="The reducedHashtree (DER) from the file to the batch's first stamp."),
                    ),
                    ("first", models.BooleanField(help_text="Of the file's first batch.")),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(fields=("batch", "file"), name="evidence_member_once"),
                        models.UniqueConstraint(condition=models.Q(("first", True)), fields=("file",), name="evidence_begun_once"),
                    ],
                },
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
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="tasks",
                            to="archive.evidencebatch",
                        ),
                    ),
                ],
                options={
                    "indexes": [models.Index(fields=["state", "due_at"], name="evidencetask_due")],
                },
            ),
            migrations.CreateModel(
                name="RenewalTask",
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
                        "file",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="renewals", to="archive.recordfile"),
                    ),
                    ("head", models.BinaryField(max_length=32)),
                    ("early", models.BooleanField(default=False)),
                    ("held_up", models.CharField(blank=True, max_length=60)),
                ],
                options={
                    "indexes": [models.Index(fields=["state", "due_at"], name="renewaltask_due")],
                    "constraints": [
                        models.UniqueConstraint(
                            condition=models.Q(("state", "cancelled"), _negated=True), fields=("file", "head"), name="renewal_once"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Sample",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "organization",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="samples", to="accounts.organization"),
                    ),
                    (
                        "drawn_by",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                    ),
                    ("language", models.CharField(max_length=2)),
                    ("conditions", models.JSONField(default=list)),
                    ("population", models.PositiveIntegerField()),
                    (
                        "population_sha256",
                        models.BinaryField(help_text="Of all the records' ids that the lot was drawn from, in order.", max_length=32),
                    ),
                    ("seed", models.BinaryField(max_length=32)),
                    ("drawn_at", models.DateTimeField()),
                    (
                        "report",
                        models.ForeignKey(
                            blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob"
                        ),
                    ),
                    ("report_sha256", models.BinaryField(max_length=32, null=True)),
                    ("finished_at", models.DateTimeField(null=True)),
                    ("expires_at", models.DateTimeField()),
                ],
                options={
                    "indexes": [models.Index(fields=["organization", "drawn_at"], name="sample_drawn")],
                },
            ),
            migrations.CreateModel(
                name="SampleItem",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("sample", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="items", to="archive.sample")),
                    ("position", models.PositiveSmallIntegerField()),
                    ("record", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="archive.record")),
                    ("judged", models.JSONField(default=list)),
                    (
                        "sound",
                        models.BooleanField(
                            help_text="Every file is as filed and its signatures hold; empty until somebody has looked.", null=True
                        ),
                    ),
                    (
                        "bundle",
                        models.ForeignKey(
                            blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vault.blob"
                        ),
                    ),
                    ("bundle_sha256", models.BinaryField(max_length=32, null=True)),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(fields=("sample", "position"), name="sample_item_once"),
                        models.UniqueConstraint(fields=("sample", "record"), name="sample_record_once"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="SampleTask",
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
                    ("sample", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="task", to="archive.sample")),
                ],
                options={
                    "indexes": [models.Index(fields=["state", "due_at"], name="sampletask_due")],
                },
            ),
        ),
    ]
