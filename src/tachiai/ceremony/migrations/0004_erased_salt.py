"""Erasing a consent's personal data takes the salt as well: with it, names and addresses could be tried against the commitment."""

from django.db import migrations

GONE = "BEFORE UPDATE OF salt, personal ON ceremony_consent"
SQLITE = [
    "DROP TRIGGER ceremony_consent_no_update",
    """CREATE TRIGGER ceremony_consent_no_update BEFORE UPDATE OF id, subject, body, digest, given_at ON ceremony_consent
    BEGIN SELECT RAISE(ABORT, 'a consent is never rewritten'); END""",
    f"""CREATE TRIGGER ceremony_consent_erased {GONE} WHEN length(NEW.salt) > 0 OR length(NEW.personal) > 0
    BEGIN SELECT RAISE(ABORT, 'a consent''s personal data is erased, never rewritten'); END""",
]
POSTGRESQL = [
    "DROP TRIGGER ceremony_consent_no_update ON ceremony_consent",
    """CREATE TRIGGER ceremony_consent_no_update BEFORE UPDATE OF id, subject, body, digest, given_at ON ceremony_consent
    FOR EACH STATEMENT EXECUTE FUNCTION ceremony_refuse()""",
    f"""CREATE TRIGGER ceremony_consent_erased {GONE} FOR EACH ROW WHEN (length(NEW.salt) > 0 OR length(NEW.personal) > 0)
    EXECUTE FUNCTION ceremony_refuse()""",
]


def install(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("ceremony", "0003_no_replace")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
