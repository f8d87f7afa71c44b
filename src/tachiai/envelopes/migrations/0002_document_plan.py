"""The plan of each document's head lies beside it, so that sealing does not parse the file again. Absent, it is made anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("envelopes", "0001_initial")]
    operations = [
        migrations.AddField(
            "document",
            "plan",
            models.BinaryField(help_text="The plan of the head (docs/formats/plan.md), locked under the blob's own key.", null=True),
        ),
    ]
