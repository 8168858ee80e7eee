"""The reconciliation: what the plant delivered, the board counted, the office stored and billed.

Two tables at the moment that closes the month. Energy: delivered = register = sum of the stored
intervals = billed. Credit: sold = used + balance, and what was used is what the tariff says of
the stored readings. Pure: numbers in, rows out.
"""

from dataclasses import dataclass

CHIP_STEP_WH = 1  # the PZEM-004T counts whole Wh
POLL_MS = 1000  # the board asks once a second; the chip's energy counter itself does not lag

TOLERANCE = (
    "tolerance: the metering chip counts whole Wh (1 Wh), and the board reads it once a second"
    " (the load of one second, rounded up); everything behind the register must be equal"
)


def tolerance_wh(power_w: int) -> int:
    """What plant and register may differ by at `power_w`: the chip's step, and what flows in one
    second between two questions (rounded up).
    """
    return CHIP_STEP_WH + -(-power_w * POLL_MS // 3_600_000)


@dataclass(frozen=True)
class EnergyRow:
    """One meter at the closing moment; all in Wh but `delivered_mwh`, `power_w` its load then."""

    meter: str
    delivered_mwh: int
    register_wh: int
    stored_wh: int
    billed_wh: int
    power_w: int

    @property
    def equal(self) -> bool:
        """Whether register, store and bill are equal, and the plant within the tolerance."""
        delivered_wh = self.delivered_mwh // 1000
        counted = 0 <= delivered_wh - self.register_wh <= tolerance_wh(self.power_w)
        return counted and self.register_wh == self.stored_wh == self.billed_wh


@dataclass(frozen=True)
class CreditRow:
    """One prepaid account in its own unit: Wh or paise, and how it was rated at the office."""

    meter: str
    unit: str
    sold: int
    used: int
    balance: int
    rated: int

    @property
    def equal(self) -> bool:
        """Whether what was sold is used or left, and what was used is what the tariff says."""
        return self.sold == self.used + self.balance and self.used == self.rated


def energy_table(rows: list[EnergyRow]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of text: the energy of each meter in Wh."""
    columns = ["meter", "delivered Wh", "register", "stored", "billed", "tolerance", "equal"]
    return columns, [
        [
            row.meter,
            f"{row.delivered_mwh / 1000:.3f}",
            str(row.register_wh),
            str(row.stored_wh),
            str(row.billed_wh),
            f"{tolerance_wh(row.power_w)} Wh",
            "yes" if row.equal else "NO",
        ]
        for row in rows
    ]


def credit_table(rows: list[CreditRow]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of text: each prepaid account in its own unit."""
    columns = ["meter", "unit", "sold", "used", "balance", "used by tariff", "equal"]
    return columns, [
        [
            row.meter,
            row.unit,
            str(row.sold),
            str(row.used),
            str(row.balance),
            str(row.rated),
            "yes" if row.equal else "NO",
        ]
        for row in rows
    ]
