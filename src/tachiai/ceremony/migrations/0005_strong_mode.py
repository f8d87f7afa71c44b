"""Passkeys and authenticator apps, what they have said to consents, and the house's own mark on every consent."""

import hashlib
import hmac
import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LEVELS = [
    ("mail-only", "Mail Only"),
    ("mail-and-registered-code", "Mail And Code"),
    ("mail-and-registered-code-and-totp", "Mail Code And Totp"),
    ("mail-and-registered-code-and-passkey", "Mail Code And Passkey"),
    ("desk-password", "Password"),
    ("desk-password-and-totp", "Password And Totp"),
]
SQLITE = [
    """CREATE TRIGGER ceremony_passkeyproof_no_update BEFORE UPDATE ON ceremony_passkeyproof
    BEGIN SELECT RAISE(ABORT, 'a consent is never rewritten'); END""",
    """CREATE TRIGGER ceremony_passkeyproof_no_delete BEFORE DELETE ON ceremony_passkeyproof
    BEGIN SELECT RAISE(ABORT, 'a consent is never removed'); END""",
    """CREATE TRIGGER ceremony_passkeyproof_no_replace BEFORE INSERT ON ceremony_passkeyproof
    WHEN EXISTS (SELECT 1 FROM ceremony_passkeyproof WHERE id = NEW.id OR consent_id = NEW.consent_id)
    BEGIN SELECT RAISE(ABORT, 'a consent is never rewritten'); END""",
]
POSTGRESQL = [
    """CREATE TRIGGER ceremony_passkeyproof_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ceremony_passkeyproof
    FOR EACH STATEMENT EXECUTE FUNCTION ceremony_refuse()""",
]


def mark_consents(apps, schema_editor):
    """What was recorded before this release is taken as it stands; from here on only the house itself can make a mark.

    The marks are computed here and not by the room, whose code may change while this migration may not.
    """
    consents = apps.get_model("ceremony", "Consent").objects.filter(mark=None)
    if not consents.exists():
        return
    key = hmac.new(settings.TACHIAI.secret("pepper"), b"tachiai-ceremony-consent-mark-v1", hashlib.sha256).digest()
    for pk, digest in consents.values_list("pk", "digest"):
        told = (32).to_bytes(4, "big") + bytes(digest)
        consents.filter(pk=pk).update(mark=hmac.new(key, told, hashlib.sha256).digest())


def install(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("ceremony", "0004_erased_salt")]
    operations = [
        # Nullable, so that no database makes the table anew: its triggers would be gone.
        migrations.AddField(
            model_name="consent",
            name="mark",
            field=models.BinaryField(help_text="The house's own mark (HMAC) on the digest.", max_length=32, null=True),
        ),
        migrations.RunPython(mark_consents, migrations.RunPython.noop),
        migrations.AlterField(model_name="ceremony", name="level", field=models.CharField(choices=LEVELS, max_length=40)),
        migrations.CreateModel(
            name="Authenticator",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("registration", models.UUIDField(help_text="Whose it is, by id.")),
                ("box", models.BinaryField(help_text="The secret, locked under a key that is not in the database.")),
                ("last_step", models.PositiveBigIntegerField()),
                ("enrolled_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("ended_at", None)), fields=("registration",), name="one_live_authenticator")
                ]
            },
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("registration", models.UUIDField(help_text="Whose it is, by id.")),
                ("credential", models.BinaryField(max_length=1023, unique=True)),
                ("public_key", models.BinaryField(help_text="COSE (RFC 9052).")),
                ("counter", models.PositiveBigIntegerField()),
                ("aaguid", models.BinaryField(max_length=16)),
                ("rp_id", models.CharField(max_length=253)),
                ("origin", models.CharField(max_length=300)),
                ("mark", models.BinaryField(help_text="The house's own mark (HMAC): whose key this is.", max_length=32)),
                ("enrolled_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("ended_at", None)), fields=("registration",), name="one_live_passkey")
                ]
            },
        ),
        migrations.CreateModel(
            name="PasskeyProof",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("authenticator_data", models.BinaryField()),
                ("client_data", models.BinaryField()),
                ("signature", models.BinaryField()),
                (
                    "consent",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="passkey_proof", to="ceremony.consent"),
                ),
                (
                    "passkey",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="proofs", to="ceremony.passkey"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="ceremony",
            name="authenticator",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ceremony.authenticator",
            ),
        ),
        migrations.AddField(
            model_name="ceremony",
            name="step",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="The step of the one-time password given here (RFC 6238).", null=True
            ),
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
