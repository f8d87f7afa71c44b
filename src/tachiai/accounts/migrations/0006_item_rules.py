from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_approver_label"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="item_rules",
            field=models.JSONField(default=dict, help_text="文書情報: items required, and items usually shown."),
        ),
    ]
