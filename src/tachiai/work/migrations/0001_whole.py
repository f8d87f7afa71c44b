"""Alarms, and when the operator was told of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("work", "0001_initial"), ("work", "0002_told_alarms")]

    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=120)),
                ("detail", models.CharField(blank=True, max_length=500)),
                ("raised_at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, help_text="When the operator was mailed.", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("cleared_at", None)), fields=("kind", "subject"), name="alarm_open_once")
                ],
            },
        ),
    ]
