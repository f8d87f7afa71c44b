"""Entries, and the tree over them: appended and nothing else. The database itself refuses to change or remove one."""

import django.db.models.deletion
from django.db import migrations, models

from tachiai.lineage import CreateModels

# What no second row of each table may share with a first. SQLite's REPLACE would remove that one without asking the other triggers;
# PostgreSQL's ON CONFLICT DO UPDATE is an update, which is refused already.
PLACES = {
    "ledger_entry": "id = NEW.id OR (stream_id = NEW.stream_id AND number = NEW.number)",
    "ledger_personal": "id = NEW.id OR entry_id = NEW.entry_id",
    "ledger_epoch": "id = NEW.id OR number = NEW.number OR origin = NEW.origin",
    "ledger_leaf": (
        'id = NEW.id OR (epoch_id = NEW.epoch_id AND "index" = NEW."index") OR (entry_id = NEW.entry_id AND epoch_id = NEW.epoch_id)'
    ),
    "ledger_tile": 'id = NEW.id OR (epoch_id = NEW.epoch_id AND level = NEW.level AND "index" = NEW."index")',
    "ledger_checkpoint": "id = NEW.id OR (epoch_id = NEW.epoch_id AND size = NEW.size)",
    "ledger_checkpointstamp": "id = NEW.id OR checkpoint_id = NEW.checkpoint_id",
    "ledger_laterstamp": "id = NEW.id OR (checkpoint_id = NEW.checkpoint_id AND number = NEW.number)",
}
ERASABLE = "ledger_personal"  # a row of it may go, and nothing else
WORDS = {"ledger_entry": "ledger entries are append-only", ERASABLE: "personal data is erased, never rewritten"}


def _sqlite(table, same):
    refuse = f"BEGIN SELECT RAISE(ABORT, '{WORDS.get(table, 'the log is append-only')}'); END"
    yield f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}"
    if table != ERASABLE:
        yield f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}"
    occupied = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  # names of our own
    yield f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {occupied} {refuse}"


def _postgresql(table, _same):
    name, acts = ("no_update", "UPDATE") if table == ERASABLE else ("append_only", "UPDATE OR DELETE OR TRUNCATE")
    yield f"CREATE TRIGGER {table}_{name} BEFORE {acts} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'ledger entries are append-only'; END $$""",
            params=None,
        )
    statements = _postgresql if schema_editor.connection.vendor == "postgresql" else _sqlite
    for table, same in PLACES.items():
        for statement in statements(table, same):
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    replaces = [
        ("ledger", "0001_initial"),
        ("ledger", "0002_append_only"),
        ("ledger", "0003_no_replace"),
        ("ledger", "0004_tree"),
        ("ledger", "0005_later_stamps"),
    ]
    initial = True
    dependencies = []

    operations = [
        CreateModels(
            migrations.CreateModel(
                name="Stream",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("name", models.CharField(max_length=80, unique=True)),
                    ("length", models.PositiveBigIntegerField(default=0)),
                    (
                        "head",
                        models.BinaryField(
                            default=b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
                            max_length=32,
                        ),
                    ),
                ],
            ),
            migrations.CreateModel(
                name="Entry",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("stream", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="ledger.stream")),
                    ("number", models.PositiveBigIntegerField()),
                    ("event", models.CharField(max_length=60)),
                    ("at", models.DateTimeField()),
                    ("body", models.BinaryField()),
                    ("digest", models.BinaryField(max_length=32)),
                ],
                options={
                    "indexes": [models.Index(fields=["event", "at"], name="entry_event")],
                    "constraints": [models.UniqueConstraint(fields=("stream", "number"), name="entry_number_once")],
                },
            ),
            migrations.CreateModel(
                name="Personal",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "entry",
                        models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="personal", to="ledger.entry"),
                    ),
                    ("salt", models.BinaryField(max_length=32)),
                    ("body", models.BinaryField()),
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
                name="Leaf",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("epoch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="leaves", to="ledger.epoch")),
                    ("index", models.PositiveBigIntegerField()),
                    ("entry", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="leaves", to="ledger.entry")),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(fields=("epoch", "index"), name="leaf_place_once"),
                        models.UniqueConstraint(fields=("entry", "epoch"), name="leaf_entry_once"),
                    ],
                },
            ),
            migrations.CreateModel(
                name="Tile",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("epoch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="tiles", to="ledger.epoch")),
                    ("level", models.PositiveSmallIntegerField()),
                    ("index", models.PositiveBigIntegerField()),
                    ("root", models.BinaryField(max_length=32)),
                    ("hashes", models.BinaryField(max_length=8192)),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("epoch", "level", "index"), name="tile_once")],
                },
            ),
            migrations.CreateModel(
                name="Checkpoint",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    (
                        "epoch",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="checkpoints", to="ledger.epoch"),
                    ),
                    ("size", models.PositiveBigIntegerField()),
                    ("root", models.BinaryField(max_length=32)),
                    ("note", models.TextField()),
                    ("made_at", models.DateTimeField()),
                    ("reason", models.CharField(max_length=20)),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("epoch", "size"), name="checkpoint_once")],
                },
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
            migrations.CreateModel(
                name="LaterStamp",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("token", models.BinaryField()),
                    ("stamped_at", models.DateTimeField(help_text="The token's own time.")),
                    ("authority", models.CharField(max_length=300)),
                    ("accredited", models.BooleanField()),
                    (
                        "checkpoint",
                        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="later_stamps", to="ledger.checkpoint"),
                    ),
                    ("number", models.PositiveIntegerField()),
                ],
                options={
                    "constraints": [models.UniqueConstraint(fields=("checkpoint", "number"), name="later_stamp_once")],
                },
            ),
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
