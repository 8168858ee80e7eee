"""What papers were issued: their data as it was then. The files are made anew when asked for."""

from django.db import models

from controller.append_only import AppendOnly, AppendOnlyRows


class Snapshot(AppendOnly):
    """The data of one paper (rules.py has its shape), with its SHA-256; never changed.

    `subject` is what it is about, such as `bill BHKATS01112-2026-01`; `language` is the one that
    it was issued in. A receipt's tokens stand in `token_sealed` only (rules.SECRETS, as JSON).
    """

    class Kind(models.TextChoices):
        """As in rules.KINDS."""

        BILL = "bill", "Bill"
        RECEIPT = "receipt", "Receipt"
        STATEMENT = "statement", "Statement"
        SLIP = "slip", "Deposit slip"
        LEDGER = "ledger", "Ledger page"

    kind = models.CharField(max_length=9, choices=Kind.choices)
    subject = models.CharField(max_length=120)
    language = models.CharField(max_length=2)
    data = models.JSONField()
    token_sealed = models.BinaryField(blank=True, default=b"")
    digest = models.CharField(max_length=64)
    made_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    objects = AppendOnlyRows.as_manager()

    class Meta:
        verbose_name = "paper"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "language", "digest"], name="snapshot_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} ({self.language})"
