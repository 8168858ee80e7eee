"""Tariffs and their dated versions. A version is never edited, only superseded by a later one."""

from django.db import models

from controller.append_only import AppendOnly, AppendOnlyRows


class Tariff(models.Model):
    """A named tariff; what it charges stands in its versions. `code` has no spaces.

    `for_categories` are the categories of consumers that it is made for; none: for all (UP-2).
    """

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, default="INR")
    for_categories = models.JSONField(default=list)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class TariffVersion(AppendOnly):
    """What the tariff charges from `valid_from` (local date) on; `record` as in docs/rating.md.

    A version that is not in force yet is superseded by one of the same date and a higher
    `revision`. `rate_names` is what people call rates 1–3, `clauses` the text that asks for each
    kind of line, `order` the order in which all that stands. Null: the utility profile says it.
    """

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    valid_from = models.DateField()
    revision = models.PositiveSmallIntegerField(default=1)
    record = models.JSONField()
    order = models.CharField(max_length=200, blank=True, default="")
    clauses = models.JSONField(default=dict)
    rate_names = models.JSONField(default=list)
    subsidies = models.JSONField(default=list)  # docs/tariffs.md, in the form of rules
    prepaid_rebate_bp = models.PositiveSmallIntegerField(null=True, default=None)
    late_charge_bp = models.PositiveSmallIntegerField(null=True, default=None)  # a month

    objects = AppendOnlyRows.as_manager()

    class Meta:
        verbose_name = "tariff version"
        ordering = ["tariff", "valid_from", "revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["tariff", "valid_from", "revision"], name="tariff_version_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff.code} from {self.valid_from}"
