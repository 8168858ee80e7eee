"""How numbers are written for people: Indian grouping, rupees, units. Integers in, text out.

Pure, and the same in every language that we speak (all write 0-9). Knows no page, no paper.
"""

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def grouped(number: int) -> str:
    """A number not below 0 with Indian grouping: 1234567 is 12,34,567."""
    digits = str(number)
    head, tail = digits[:-3], digits[-3:]
    while head:
        head, tail = head[:-2], f"{head[-2:]},{tail}"
    return tail


def decimal(number: int, places: int) -> str:
    """An integer of the smallest unit, written with `places` decimals (1 or more)."""
    whole, part = divmod(abs(number), 10**places)
    sign = MINUS if number < 0 else ""
    return f"{sign}{grouped(whole)}.{part:0{places}d}"


def rupees(paise: int) -> str:
    """Paise as rupees with two decimals: 123450 is ₹1,234.50."""
    amount = decimal(abs(paise), 2)
    return f"{MINUS}₹{amount}" if paise < 0 else f"₹{amount}"


def kwh(energy_wh: int) -> str:
    """Watt-hours as a register in kWh with three decimals."""
    return f"{decimal(energy_wh, 3)}{NARROW_SPACE}kWh"


def watts(power_w: int) -> str:
    """A power in W."""
    return f"{MINUS if power_w < 0 else ''}{grouped(abs(power_w))}{NARROW_SPACE}W"
