"""What a reconciliation found. The mismatches themselves are tasks, which outlive it."""

from django.db import models


class Report(models.Model):
    """One run over the local days `first_day` to `last_day`.

    `spans` of meters were judged; `silent` meters told no midnight in these days, and the charges
    of `open_spans` could not be rated. `receipts` are payments, deposits and refunds compared.
    `findings` holds the first FINDINGS_MAX mismatches, `mismatches` counts them all.
    """

    first_day = models.DateField()
    last_day = models.DateField()
    made_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)
    meters = models.IntegerField()
    spans = models.IntegerField()
    silent = models.IntegerField()
    open_spans = models.IntegerField()
    receipts = models.IntegerField()
    mismatches = models.IntegerField()
    findings = models.JSONField(default=list)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}: {self.mismatches} mismatches"

    @property
    def is_closed(self) -> bool:
        """Whether all that could be compared agrees."""
        return self.mismatches == 0
