"""How each recipient proves themselves, as the sender asks; and room for the longer names of the stronger levels."""

from django.db import migrations, models

LEVELS = [
    ("mail-only", "Mail Only"),
    ("mail-and-registered-code", "Mail And Code"),
    ("mail-and-registered-code-and-totp", "Mail Code And Totp"),
    ("mail-and-registered-code-and-passkey", "Mail Code And Passkey"),
    ("desk-password", "Password"),
    ("desk-password-and-totp", "Password And Totp"),
]


class Migration(migrations.Migration):
    dependencies = [("envelopes", "0004_held_uploads"), ("ceremony", "0005_strong_mode")]
    operations = [
        migrations.AddField(
            model_name="recipient",
            name="proof",
            field=models.CharField(
                choices=[("plain", "Plain"), ("totp", "Totp"), ("passkey", "Passkey")],
                default="plain",
                help_text="What the sender asks of them.",
                max_length=10,
            ),
        ),
        migrations.AlterField(model_name="recipient", name="level", field=models.CharField(blank=True, choices=LEVELS, max_length=40)),
    ]
