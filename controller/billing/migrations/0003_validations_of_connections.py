"""A validation names the connection that its meter served: the one it was fitted at when it was
made, as meters without one were not validated.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def name_connections(apps, schema_editor):
    """From the fitting that began last before the validation was made."""
    fittings = apps.get_model("consumers", "Fitting").objects.filter(
        meter=OuterRef("meter"), fitted_s__lte=OuterRef("made_s")
    )
    latest = fittings.order_by("-fitted_s", "-pk").values("connection")[:1]
    apps.get_model("billing", "Validation").objects.update(connection=Subquery(latest))


def connection(**options):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="validations",
        to="consumers.connection",
        **options,
    )


class Migration(migrations.Migration):
    # PostgreSQL alters no table whose rows were changed in the same transaction.
    atomic = False
    dependencies = [("billing", "0002_order_of_indexes"), ("consumers", "0004_batches")]
    operations = [
        migrations.AddField("validation", "connection", connection(null=True)),
        migrations.RunPython(name_connections, migrations.RunPython.noop),
        migrations.AlterField("validation", "connection", connection()),
    ]
