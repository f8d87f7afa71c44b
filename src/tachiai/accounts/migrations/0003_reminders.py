"""Whether an organization has reminders sent by the clock."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_house_identity"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="reminds",
            field=models.BooleanField(
                default=True, help_text="Policy: whoever has not signed is reminded by the clock before the deadline."
            ),
        ),
    ]
