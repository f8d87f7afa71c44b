"""The tree over all entries: places, tiles, checkpoints and their tokens, appended and nothing else, like the entries themselves."""

import django.db.models.deletion
from django.db import migrations, models

# What no second row of each table may share with a first (REPLACE on SQLite would remove that one without asking).
TABLES = {
    "ledger_epoch": "id = NEW.id OR number = NEW.number OR origin = NEW.origin",
    "ledger_leaf": (
        'id = NEW.id OR (epoch_id = NEW.epoch_id AND "index" = NEW."index") OR (entry_id = NEW.entry_id AND epoch_id = NEW.epoch_id)'
    ),
    "ledger_tile": 'id = NEW.id OR (epoch_id = NEW.epoch_id AND level = NEW.level AND "index" = NEW."index")',
    "ledger_checkpoint": "id = NEW.id OR (epoch_id = NEW.epoch_id AND size = NEW.size)",
    "ledger_checkpointstamp": "id = NEW.id OR checkpoint_id = NEW.checkpoint_id",
}


def _sqlite(table, same):
    refuse = "SELECT RAISE(ABORT, 'the log is append-only')"
    yield f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN {refuse}; END"
    yield f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refuse}; END"
    occupied = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  # names of our own
    yield f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {occupied} BEGIN {refuse}; END"


def _postgresql(table, _same):
    yield f"""CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"""


def install(apps, schema_editor):
    statements = _postgresql if schema_editor.connection.vendor == "postgresql" else _sqlite
    for table, same in TABLES.items():
        for statement in statements(table, same):
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_no_replace"),
    ]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.PositiveBigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("reason", models.CharField(max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True)),
                ("origin", models.CharField(help_text="The log's name, and that of its key.", max_length=255, unique=True)),
                ("begun_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "known",
                    models.JSONField(default=list, help_text="The last checkpoints that were known of the epoch before: whole notes."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CheckpointStamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.BinaryField()),
                ("stamped_at", models.DateTimeField(help_text="The token's own time.")),
                ("authority", models.CharField(max_length=300)),
                ("accredited", models.BooleanField()),
                (
                    "checkpoint",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="stamp", to="ledger.checkpoint"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="epoch",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="checkpoints", to="ledger.epoch"),
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("index", models.PositiveBigIntegerField()),
                ("entry", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="leaves", to="ledger.entry")),
                ("epoch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="leaves", to="ledger.epoch")),
            ],
        ),
        migrations.CreateModel(
            name="Tile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.PositiveSmallIntegerField()),
                ("index", models.PositiveBigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("hashes", models.BinaryField(max_length=8192)),
                ("epoch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="tiles", to="ledger.epoch")),
            ],
        ),
        migrations.AddConstraint(
            model_name="checkpoint",
            constraint=models.UniqueConstraint(fields=("epoch", "size"), name="checkpoint_once"),
        ),
        migrations.AddConstraint(
            model_name="leaf",
            constraint=models.UniqueConstraint(fields=("epoch", "index"), name="leaf_place_once"),
        ),
        migrations.AddConstraint(
            model_name="leaf",
            constraint=models.UniqueConstraint(fields=("entry", "epoch"), name="leaf_entry_once"),
        ),
        migrations.AddConstraint(
            model_name="tile",
            constraint=models.UniqueConstraint(fields=("epoch", "level", "index"), name="tile_once"),
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
