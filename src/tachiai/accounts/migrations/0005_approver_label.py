"""What an organization calls those who approve an envelope without signing it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_groups"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="approver_label",
            field=models.CharField(
                blank=True, default="", help_text="What 承認者 of an envelope are called; empty: 承認者.", max_length=20
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="organization",
            name="approver_label_en",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
    ]
