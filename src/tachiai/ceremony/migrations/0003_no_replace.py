"""SQLite's REPLACE removes the row in its way without asking the triggers of 0002; so nothing may be put where a consent is."""

from django.db import migrations

SQLITE = """CREATE TRIGGER ceremony_consent_no_replace BEFORE INSERT ON ceremony_consent
WHEN EXISTS (SELECT 1 FROM ceremony_consent WHERE id = NEW.id OR subject = NEW.subject OR digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'a consent is never rewritten'); END"""


def install(apps, schema_editor):
    # PostgreSQL's ON CONFLICT DO UPDATE is an update, which is refused already.
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(SQLITE, params=None)


class Migration(migrations.Migration):
    dependencies = [("ceremony", "0002_consents_stand")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
