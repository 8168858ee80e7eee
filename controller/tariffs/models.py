"""Tariffs and their dated versions. A version is never edited, only superseded by a later one."""

from django.db import models


class Tariff(models.Model):
    """A named tariff; what it charges stands in its versions. `code` has no spaces."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, default="INR")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class TariffVersion(models.Model):
    """What the tariff charges from `valid_from` (local date) on; `record` as in docs/rating.md."""

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    valid_from = models.DateField()
    record = models.JSONField()

    class Meta:
        ordering = ["tariff", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["tariff", "valid_from"], name="tariff_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.tariff.code} from {self.valid_from}"
