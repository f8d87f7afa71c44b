"""Invitations, ceremonies and consents. A consent is given once and never rewritten: the database refuses, save for erasing its personal data."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from tachiai.lineage import CreateModels

# SQLite makes a table anew when a column is changed, and leaves its triggers behind: what comes later to these tables is nullable.
# Its REPLACE removes the row in its way without asking the other triggers; so nothing may be put where a row is.
# Erasing a consent's personal data takes the salt as well: with it, names and addresses could be tried against the commitment.
REWRITTEN = "BEGIN SELECT RAISE(ABORT, 'a consent is never rewritten'); END"
REMOVED = "BEGIN SELECT RAISE(ABORT, 'a consent is never removed'); END"
KEPT = "BEFORE UPDATE OF id, subject, body, digest, given_at ON ceremony_consent"
GONE = "BEFORE UPDATE OF salt, personal ON ceremony_consent"
SQLITE = [
    f"CREATE TRIGGER ceremony_consent_no_update {KEPT} {REWRITTEN}",
    f"CREATE TRIGGER ceremony_consent_no_delete BEFORE DELETE ON ceremony_consent {REMOVED}",
    f"""CREATE TRIGGER ceremony_consent_no_replace BEFORE INSERT ON ceremony_consent
    WHEN EXISTS (SELECT 1 FROM ceremony_consent WHERE id = NEW.id OR subject = NEW.subject OR digest = NEW.digest) {REWRITTEN}""",  # noqa: S608  # names of our own
    f"""CREATE TRIGGER ceremony_consent_erased {GONE} WHEN length(NEW.salt) > 0 OR length(NEW.personal) > 0
    BEGIN SELECT RAISE(ABORT, 'a consent''s personal data is erased, never rewritten'); END""",
    f"CREATE TRIGGER ceremony_passkeyproof_no_update BEFORE UPDATE ON ceremony_passkeyproof {REWRITTEN}",
    f"CREATE TRIGGER ceremony_passkeyproof_no_delete BEFORE DELETE ON ceremony_passkeyproof {REMOVED}",
    f"""CREATE TRIGGER ceremony_passkeyproof_no_replace BEFORE INSERT ON ceremony_passkeyproof
    WHEN EXISTS (SELECT 1 FROM ceremony_passkeyproof WHERE id = NEW.id OR consent_id = NEW.consent_id) {REWRITTEN}""",  # noqa: S608
]
REFUSE = "EXECUTE FUNCTION ceremony_refuse()"
POSTGRESQL = [
    """CREATE FUNCTION ceremony_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a consent is never rewritten'; END $$""",
    f"CREATE TRIGGER ceremony_consent_no_update {KEPT} FOR EACH STATEMENT {REFUSE}",
    f"CREATE TRIGGER ceremony_consent_no_delete BEFORE DELETE OR TRUNCATE ON ceremony_consent FOR EACH STATEMENT {REFUSE}",
    f"""CREATE TRIGGER ceremony_consent_erased {GONE} FOR EACH ROW WHEN (length(NEW.salt) > 0 OR length(NEW.personal) > 0)
    {REFUSE}""",
    f"""CREATE TRIGGER ceremony_passkeyproof_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ceremony_passkeyproof
    FOR EACH STATEMENT {REFUSE}""",
]


def install(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    replaces = [
        ("ceremony", "0001_initial"),
        ("ceremony", "0002_consents_stand"),
        ("ceremony", "0003_no_replace"),
        ("ceremony", "0004_erased_salt"),
        ("ceremony", "0005_strong_mode"),
    ]
    initial = True
    dependencies = []

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Invitation",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "purpose",
                        models.CharField(choices=[("sign", "Sign"), ("download", "Download"), ("confirm", "Confirm")], max_length=10),
                    ),
                    ("subject", models.UUIDField()),
                    ("generation", models.PositiveIntegerField(default=1)),
                    ("token_digest", models.BinaryField(max_length=32, unique=True)),
                    ("expires_at", models.DateTimeField()),
                    ("closed_at", models.DateTimeField(blank=True, null=True)),
                    ("tries", models.PositiveSmallIntegerField(default=0, help_text="Wrong since the last success or lock.")),
                    ("tries_in_life", models.PositiveSmallIntegerField(default=0)),
                    ("locked_until", models.DateTimeField(blank=True, null=True)),
                    ("created_at", models.DateTimeField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("purpose", "subject"), name="invitation_once")],
                },
            ),
            migrations.CreateModel(
                name="FormerLink",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "invitation",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="former_links", to="ceremony.invitation"
                        ),
                    ),
                    ("token_digest", models.BinaryField(max_length=32, unique=True)),
                    ("replaced_at", models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name="WrongCode",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "invitation",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="wrong_codes", to="ceremony.invitation"
                        ),
                    ),
                    ("verifier", models.UUIDField(help_text="The registration whose code was tried, by id.", null=True)),
                    ("address_digest", models.BinaryField(max_length=32)),
                    ("at", models.DateTimeField()),
                ],
                options={
                    "indexes": [
                        models.Index(fields=["verifier", "at"], name="wrong_code_verifier"),
                        models.Index(fields=["address_digest", "at"], name="wrong_code_address"),
                        models.Index(fields=["at"], name="wrong_code_at"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Consent",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    ("subject", models.UUIDField(help_text="Who consented, by id: a recipient consents once.", unique=True)),
                    ("body", models.BinaryField()),
                    ("digest", models.BinaryField(max_length=32, unique=True)),
                    ("salt", models.BinaryField(max_length=32)),
                    ("personal", models.BinaryField(help_text="The personal data the body commits to; erasable.")),
                    ("mark", models.BinaryField(help_text="The house's own mark (HMAC) on the digest.", max_length=32, null=True)),
                    ("given_at", models.DateTimeField()),
                ],
            ),
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
                        models.UniqueConstraint(
                            condition=models.Q(("ended_at", None)), fields=("registration",), name="one_live_authenticator"
                        )
                    ],
                },
            ),
            migrations.CreateModel(
                name="Ceremony",
                fields=[
                    ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    (
                        "invitation",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="ceremonies", to="ceremony.invitation"),
                    ),
                    ("generation", models.PositiveIntegerField()),
                    ("key_digest", models.BinaryField(max_length=32, unique=True)),
                    (
                        "level",
                        models.CharField(
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
                    (
                        "authenticator",
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="ceremony.authenticator",
                        ),
                    ),
                    (
                        "step",
                        models.PositiveBigIntegerField(
                            blank=True, help_text="The step of the one-time password given here (RFC 6238).", null=True
                        ),
                    ),
                    ("began_at", models.DateTimeField()),
                    ("seen_at", models.DateTimeField()),
                    ("ended_at", models.DateTimeField(blank=True, null=True)),
                ],
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
                    ],
                },
            ),
            migrations.CreateModel(
                name="PasskeyProof",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "consent",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT, related_name="passkey_proof", to="ceremony.consent"
                        ),
                    ),
                    (
                        "passkey",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="proofs", to="ceremony.passkey"),
                    ),
                    ("authenticator_data", models.BinaryField()),
                    ("client_data", models.BinaryField()),
                    ("signature", models.BinaryField()),
                ],
            ),
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
