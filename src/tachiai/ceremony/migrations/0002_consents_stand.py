"""A consent is given once and never rewritten: the database refuses, save for erasing its personal data."""

from django.db import migrations

SQLITE = [
    """CREATE TRIGGER ceremony_consent_no_update BEFORE UPDATE OF id, subject, body, digest, salt, given_at ON ceremony_consent
    BEGIN SELECT RAISE(ABORT, 'a consent is never rewritten'); END""",
    """CREATE TRIGGER ceremony_consent_no_delete BEFORE DELETE ON ceremony_consent
    BEGIN SELECT RAISE(ABORT, 'a consent is never removed'); END""",
]
POSTGRESQL = [
    """CREATE FUNCTION ceremony_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a consent is never rewritten'; END $$""",
    """CREATE TRIGGER ceremony_consent_no_update BEFORE UPDATE OF id, subject, body, digest, salt, given_at ON ceremony_consent
    FOR EACH STATEMENT EXECUTE FUNCTION ceremony_refuse()""",
    """CREATE TRIGGER ceremony_consent_no_delete BEFORE DELETE OR TRUNCATE ON ceremony_consent
    FOR EACH STATEMENT EXECUTE FUNCTION ceremony_refuse()""",
]


def install(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("ceremony", "0001_initial")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
