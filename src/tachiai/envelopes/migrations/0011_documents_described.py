import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("envelopes", "0010_copies"),
    ]

    operations = [
        migrations.AddField(
            model_name="envelope",
            name="shown_items",
            field=models.JSONField(default=list, help_text="文書情報: the items that the other side may see."),
        ),
        migrations.CreateModel(
            name="DraftText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "step",
                    models.CharField(choices=[("files", "Files"), ("recipients", "Recipients"), ("review", "Review")], max_length=10),
                ),
                ("typed", models.JSONField(default=dict)),
                ("saved_at", models.DateTimeField()),
                (
                    "envelope",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="envelopes.envelope"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("envelope", "step"), name="draft_text_once")],
            },
        ),
    ]
