"""Vending keys, the meters that take tokens under them, and every token that was issued.

Keys and tokens stand here sealed only (fleet/sealing.py).
"""

from django.db import models

from controller.append_only import AppendOnly, AppendOnlyRows
from controller.fleet.models import Meter
from protocol import sts, token_keys


class VendingKey(models.Model):
    """A revision of the vending key of a supply group; meters' keys are derived from it.

    Tokens under it count their minutes from `base_year` and expire when the top 8 bits of their
    identity are above `expiry_number`. It vends from `valid_from_s` until before `valid_until_s`
    (null: until a newer revision is valid).
    """

    class Type(models.IntegerChoices):
        """Whose key is derived: nobody's yet (takes no credit), or each meter's own."""

        DEFAULT = token_keys.DEFAULT, "Default"
        UNIQUE = token_keys.UNIQUE, "Unique"

    supply_group = models.CharField(max_length=6)
    revision = models.SmallIntegerField()
    key_type = models.SmallIntegerField(choices=Type.choices, default=Type.UNIQUE)
    base_year = models.SmallIntegerField()
    expiry_number = models.SmallIntegerField(default=token_keys.KEN_MAX)
    key_sealed = models.BinaryField(max_length=64)
    valid_from_s = models.BigIntegerField()
    valid_until_s = models.BigIntegerField(null=True, default=None)
    created_s = models.BigIntegerField()

    class Meta:
        ordering = ["supply_group", "revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["supply_group", "revision"], name="vending_key_revision_once"
            ),
        ]

    def __str__(self) -> str:
        return f"vending key {self.supply_group}/{self.revision}"


class TokenAccount(models.Model):
    """A meter as the tokens know it: its primary account number and whose key it takes.

    `noted_key` is the key that somebody saw on a board that never reports; a board that reports
    says so itself (`rules.KEY_FIELD` of its state).
    """

    meter = models.OneToOneField(
        Meter, on_delete=models.PROTECT, primary_key=True, related_name="token_account"
    )
    serial = models.PositiveIntegerField(unique=True)
    pan = models.CharField(max_length=18, unique=True)
    tariff_index = models.CharField(max_length=2, default="01")
    supply_group = models.CharField(max_length=6)
    noted_key = models.ForeignKey(
        VendingKey, on_delete=models.PROTECT, null=True, default=None, related_name="+"
    )

    def __str__(self) -> str:
        return f"token account of {self.meter_id}"


class Voucher(AppendOnly):
    """One token with an identity that was issued, credit or management; never changed.

    `purchase_id` is derived from meter, base and identity: the board derives the same.
    `token_sealed` holds the digits, `key_change_sealed` those to be keyed in before them.
    """

    class Kind(models.IntegerChoices):
        """The token's class."""

        CREDIT = sts.CREDIT, "Credit"
        MANAGEMENT = sts.MANAGEMENT, "Management"

    purchase_id = models.CharField(primary_key=True, max_length=16)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="vouchers")
    key = models.ForeignKey(VendingKey, on_delete=models.PROTECT, related_name="vouchers")
    kind = models.SmallIntegerField(choices=Kind.choices)
    subclass = models.SmallIntegerField()
    base_year = models.SmallIntegerField()
    tid_minutes = models.IntegerField()
    data = models.IntegerField()
    token_sealed = models.BinaryField(max_length=64)
    key_change_sealed = models.BinaryField(max_length=128, blank=True, default=b"")
    issued_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    objects = AppendOnlyRows.as_manager()

    class Meta:
        ordering = ["-issued_s", "purchase_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "base_year", "tid_minutes"], name="voucher_identity_once"
            ),
        ]

    def __str__(self) -> str:
        return f"voucher {self.purchase_id}"

    @property
    def amount_tenths(self) -> int:
        """What a credit voucher brings, in tenths of a kWh; 0 for a management token."""
        tenths: int = sts.amount_of(self.data) if self.kind == sts.CREDIT else 0
        return tenths


class PaygoDevice(models.Model):
    """A device of another maker that takes OpenPAYGO tokens; `count` is that of its last token.

    `starting_code` is null where the maker takes the usual one.
    """

    id = models.CharField(primary_key=True, max_length=32)
    key_sealed = models.BinaryField(max_length=64)
    starting_code = models.IntegerField(null=True, default=None)
    extended = models.BooleanField(default=False)
    restricted = models.BooleanField(default=False)
    count = models.IntegerField(default=0)
    created_s = models.BigIntegerField()

    def __str__(self) -> str:
        return f"device {self.id}"


class PaygoToken(AppendOnly):
    """One OpenPAYGO token that was issued; never changed."""

    purchase_id = models.CharField(primary_key=True, max_length=16)
    device = models.ForeignKey(PaygoDevice, on_delete=models.PROTECT, related_name="tokens")
    count = models.IntegerField()
    kind = models.CharField(max_length=8)
    value = models.IntegerField(null=True)
    token_sealed = models.BinaryField(max_length=64)
    issued_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    objects = AppendOnlyRows.as_manager()

    class Meta:
        ordering = ["-issued_s", "purchase_id"]
        constraints = [
            models.UniqueConstraint(fields=["device", "count"], name="paygo_count_once"),
        ]

    def __str__(self) -> str:
        return f"OpenPAYGO token {self.purchase_id}"
