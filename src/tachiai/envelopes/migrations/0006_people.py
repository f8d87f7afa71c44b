"""People of every kind: reviewers, copies, any one of several, who stands in whose place. Who is there already signs, as before."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

STATES = [
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
]
KINDS = [("signer", "署名者"), ("reviewer", "確認者"), ("approver", "承認者"), ("copy", "受領者")]
GATES = [("registered", "届出のアクセスコード"), ("otp", "認証コード"), ("none", "なし")]
SOMEBODY = (
    Q(side="counterparty", gate="registered", registration__isnull=False, member=None)
    | Q(side="counterparty", gate__in=["otp", "none"], member=None)
    | Q(side="own", member__isnull=False, registration=None)
)


def place(apps, schema_editor):
    apps.get_model("envelopes", "Recipient").objects.update(position=F("slot"))


class Migration(migrations.Migration):
    dependencies = [("envelopes", "0005_strong_mode")]
    operations = [
        migrations.AddField("recipient", "position", models.PositiveSmallIntegerField(default=0), preserve_default=False),
        migrations.RunPython(place, migrations.RunPython.noop),
        migrations.RemoveConstraint("recipient", "recipient_slot_once"),
        migrations.RemoveConstraint("recipient", "recipient_is_somebody"),
        migrations.AddField("recipient", "kind", models.CharField(choices=KINDS, default="signer", max_length=10)),
        migrations.AlterField("recipient", "slot", models.PositiveSmallIntegerField(blank=True, null=True)),
        migrations.AddField(
            "recipient",
            "any_one",
            models.BooleanField(default=False, help_text="いずれか1人: equal for all of one order; one of them suffices."),
        ),
        migrations.AddField(
            "recipient",
            "gate",
            models.CharField(choices=GATES, default="registered", help_text="Of a counterparty alone.", max_length=10),
        ),
        migrations.AddField(
            "recipient",
            "deadline",
            models.DateField(blank=True, help_text="署名期限 of their own; NULL is the envelope's.", null=True),
        ),
        migrations.AddField(
            "recipient",
            "documents",
            models.ManyToManyField(
                blank=True, help_text="送る文書; none is all of them.", related_name="meant_for", to="envelopes.document"
            ),
        ),
        migrations.AddField(
            "recipient",
            "may_reassign",
            models.BooleanField(default=False, help_text="署名者変更を許可: they may name somebody else in their place."),
        ),
        migrations.AddField(
            "recipient",
            "wants_copy",
            models.BooleanField(default=True, help_text="完了通知: they are told when the envelope is concluded."),
        ),
        migrations.AddField(
            "recipient",
            "replaces",
            models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="envelopes.recipient",
            ),
        ),
        migrations.AlterField("recipient", "state", models.CharField(choices=STATES, default="waiting", max_length=10)),
        migrations.AddConstraint("recipient", models.UniqueConstraint(fields=("envelope", "position"), name="recipient_position_once")),
        migrations.AddConstraint("recipient", models.CheckConstraint(condition=SOMEBODY, name="recipient_is_somebody")),
        migrations.AddConstraint(
            "recipient",
            models.CheckConstraint(
                condition=Q(kind="signer", slot__isnull=False) | (~Q(kind="signer") & Q(slot=None)),
                name="recipient_slot_of_signer",
            ),
        ),
    ]
