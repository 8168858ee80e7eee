from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="meterstate",
            name="further",
            field=models.JSONField(default=dict),
        ),
    ]
