"""Further tokens of a checkpoint that stayed the newest for a day or longer; appended and nothing else."""

import django.db.models.deletion
from django.db import migrations, models

TABLE = "ledger_laterstamp"
REFUSE = "SELECT RAISE(ABORT, 'the log is append-only')"
SQLITE = (
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} BEGIN {REFUSE}; END",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} BEGIN {REFUSE}; END",
    f"""CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE}
    WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id OR (checkpoint_id = NEW.checkpoint_id AND number = NEW.number))
    BEGIN {REFUSE}; END""",  # noqa: S608  # names of our own
)
POSTGRESQL = (
    f"""CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()""",
)


def install(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_tree")]

    operations = [
        migrations.CreateModel(
            name="LaterStamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.BinaryField()),
                ("stamped_at", models.DateTimeField(help_text="The token's own time.")),
                ("authority", models.CharField(max_length=300)),
                ("accredited", models.BooleanField()),
                ("number", models.PositiveIntegerField()),
                (
                    "checkpoint",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="later_stamps", to="ledger.checkpoint"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="laterstamp",
            constraint=models.UniqueConstraint(fields=("checkpoint", "number"), name="later_stamp_once"),
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
