"""When the operator was told of an alarm. What stands already is told once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("work", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="alarm",
            name="told_at",
            field=models.DateTimeField(blank=True, help_text="When the operator was mailed.", null=True),
        ),
    ]
