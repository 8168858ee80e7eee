"""Accounts, entries, their transfers and the seals of days. All of it is append-only.

Lean on purpose (docs/ledger.md, "Indexes"): a month of a large utility is millions of rows.
"""

from django.db import models
from django.db.models import F, Q

from controller.append_only import AppendOnly, AppendOnlyRows


class Account(AppendOnly):
    """A place where money can be; opened by first use. It holds no balance: that is a sum."""

    class Kind(models.TextChoices):
        """What a balance means."""

        ASSET = "asset", "What we have or are owed"
        LIABILITY = "liability", "What we owe"
        INCOME = "income", "What we earned"
        EXPENSE = "expense", "What we spent"

    code = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)

    objects = AppendOnlyRows.as_manager()

    class Meta:
        verbose_name = "ledger"

    def __str__(self) -> str:
        return self.code


class Entry(AppendOnly):
    """One thing that happened to money. `day` is the local day of `at_s` in settings.TIME_ZONE.

    Kind and reference name it: what has happened once cannot be posted twice.
    """

    kind = models.CharField(max_length=24)
    reference = models.CharField(max_length=100)
    at_s = models.BigIntegerField()
    day = models.DateField()
    text = models.CharField(max_length=200)
    actor = models.CharField(max_length=80)
    reverses = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="reversals",
        null=True,
        default=None,
        db_index=False,
    )

    objects = AppendOnlyRows.as_manager()

    class Meta:
        verbose_name = "ledger"
        ordering = ["pk"]
        indexes = [models.Index(fields=["day"], name="ledger_day")]
        constraints = [
            models.UniqueConstraint(fields=["reference", "kind"], name="ledger_entry_once"),
            # Partial: nearly no entry is a reversal, so nearly none is in this index.
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(reverses__isnull=False),
                name="ledger_reversed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class Transfer(AppendOnly):
    """`amount_paise` > 0 from the credit account to the debit account, at `position` of an entry.

    Its key is its place, so that no index is needed beside it to find an entry's transfers.
    """

    pk = models.CompositePrimaryKey("entry_id", "position")
    # That they exist is checked by a trigger, once a statement (migration 0003).
    entry = models.ForeignKey(
        Entry,
        on_delete=models.PROTECT,
        related_name="transfers",
        db_index=False,
        db_constraint=False,
    )
    position = models.SmallIntegerField()
    debit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_constraint=False
    )
    credit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", db_constraint=False
    )
    amount_paise = models.BigIntegerField()

    objects = AppendOnlyRows.as_manager()

    class Meta:
        verbose_name = "ledger"
        ordering = ["entry_id", "position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_paise__gt=0), name="ledger_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=~Q(debit=F("credit")), name="ledger_between_two_accounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.debit_id} ← {self.credit_id}: {self.amount_paise}"


class DaySeal(AppendOnly):
    """The hash of a day's entries and of the seal before; after it the day takes no more."""

    day = models.DateField(unique=True)
    entries = models.IntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed_s = models.BigIntegerField()

    objects = AppendOnlyRows.as_manager()

    class Meta:
        verbose_name = "seal of a day"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.digest}"
