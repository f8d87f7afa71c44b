import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0004_evidence_records"),
        ("ledger", "0004_tree"),
    ]

    operations = [
        migrations.AddField(
            model_name="record",
            name="anchor",
            field=models.ForeignKey(
                help_text="The stamped checkpoint that the certificate and the mails carry; empty for what is older than the log.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.checkpoint",
            ),
        ),
    ]
