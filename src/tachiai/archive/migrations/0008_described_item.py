from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0007_folder"),
    ]

    operations = [
        migrations.CreateModel(
            name="DescribedItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.UUIDField()),
                ("code", models.CharField(max_length=20)),
                ("text", models.CharField(blank=True, max_length=500)),
                ("day", models.DateField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["code", "day"], name="described_day")],
                "constraints": [models.UniqueConstraint(fields=("subject", "code"), name="described_item_once")],
            },
        ),
    ]
