"""A filed file may grow by proof that is appended later; the digests of the copies handed out before are kept, and found."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "EarlierFile",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.BinaryField(db_index=True, max_length=32)),
                ("size", models.PositiveBigIntegerField()),
                ("until", models.DateTimeField()),
                (
                    "file",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="earlier", to="archive.recordfile"),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("file", "size"), name="earlier_file_once")]},
        ),
    ]
