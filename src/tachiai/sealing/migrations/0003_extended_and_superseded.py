"""Closed files are extended with newer proof; a seal that stood may prove worthless, and its consent be sealed again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sealing", "0002_seal_subject"),
    ]

    operations = [
        migrations.AlterField(
            model_name="seal",
            name="act",
            field=models.CharField(
                choices=[("freeze", "Freeze"), ("consent", "Consent"), ("close", "Close"), ("extend", "Extend"), ("paper", "Paper")],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="seal",
            name="state",
            field=models.CharField(
                choices=[("intended", "Intended"), ("sealed", "Sealed"), ("abandoned", "Abandoned"), ("superseded", "Superseded")],
                default="intended",
                max_length=10,
            ),
        ),
    ]
