"""SQLite's REPLACE removes the row in its way without asking the triggers of 0002; so nothing may be put where an entry is."""

from django.db import migrations

SQLITE = [
    """CREATE TRIGGER ledger_entry_no_replace BEFORE INSERT ON ledger_entry
    WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.id OR (stream_id = NEW.stream_id AND number = NEW.number))
    BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only'); END""",
    """CREATE TRIGGER ledger_personal_no_replace BEFORE INSERT ON ledger_personal
    WHEN EXISTS (SELECT 1 FROM ledger_personal WHERE id = NEW.id OR entry_id = NEW.entry_id)
    BEGIN SELECT RAISE(ABORT, 'personal data is erased, never rewritten'); END""",
]


def install(apps, schema_editor):
    # PostgreSQL's ON CONFLICT DO UPDATE is an update, which is refused already.
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else []:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
