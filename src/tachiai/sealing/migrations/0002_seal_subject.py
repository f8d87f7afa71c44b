"""Earlier intents of a document are looked for at every seal; without an index that reads every seal ever made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sealing", "0001_initial")]
    operations = [migrations.AddIndex("seal", models.Index(fields=["subject"], name="seal_subject"))]
