"""From watt-hours to paise: one rating engine for the board and the controller.

The board debits a money account with differences of `total_paise`; the controller bills the same
record with `bill_lines`. Integers only, the same on CPython and 32-bit MicroPython. This module
knows nothing of calendars, accounts or storage. The record is specified in docs/rating.md.
"""

from protocol import windows
from protocol.errors import RatingError

try:
    from micropython import const
except ImportError:
    const = int


CODE = const(0)
TABLES = const(1)
FIXED_PER_KW_PAISE = const(2)
FIXED_BASIS_PCT = const(3)
FIXED_BY_UNITS_1PH = const(4)
FIXED_BY_UNITS_3PH = const(5)
MINIMUM_PER_KW = const(6)
SURCHARGE_BP = const(7)
DUTY_BP = const(8)
REBATE_BP = const(9)
RATE_ADDER_PAISE = const(10)
RATE_BANDS = const(11)

NAMES = (
    "code",
    "tables",
    "fixed_per_kw_paise",
    "fixed_basis_pct",
    "fixed_by_units_1ph",
    "fixed_by_units_3ph",
    "minimum_per_kw",
    "surcharge_bp",
    "duty_bp",
    "rebate_bp",
    "rate_adder_paise",
    "rate_bands",
)

LINE_ENERGY = const(1)  # quantity Wh, price paise a unit; one line a slab
LINE_RATE = const(2)  # quantity Wh at one of the rates 1–3, price its adder, paise a unit
LINE_FIXED = const(3)  # quantity billed load W, price paise a kW and month
LINE_SERVICE = const(4)  # quantity month's Wh that chose the band, price paise a month
LINE_SURCHARGE = const(5)  # quantity energy charge in paise, price hundredths of a percent
LINE_DUTY = const(6)  # as LINE_SURCHARGE
LINE_MINIMUM = const(7)  # quantity load W, price paise a kW; amount the top-up to the minimum
LINE_REBATE = const(8)  # quantity paise before rebate, price hundredths of a percent; negative

RATES = const(4)
_WH_PER_UNIT = const(1000)
_W_PER_KW = const(1000)
_BP_PER_WHOLE = const(10000)
_DAY_MIN = const(1440)

_CODE_CHARACTERS_MAX = const(32)
_TABLES_MAX = const(6)
_ROWS_MAX = const(12)
_BANDS_MAX = const(8)
_UNITS_MAX = const(1000000)
_KW_MAX = const(1000)
_PAISE_MAX = const(1000000)
_BASIS_PCT_MAX = const(200)


def total_paise(record, rate_wh, load_w, phases, day, days):
    """Return the month-to-date bill in paise: the sum of `bill_lines` for the same arguments.

    Allocates nothing on 32-bit MicroPython while the month stays within 30,000 units and the
    bill below 2^30 paise.
    """
    return _rate(record, rate_wh, load_w, phases, day, days, None)


def bill_lines(record, rate_wh, load_w, phases, day, days):
    """Return the month-to-date bill as a list of [kind, quantity, price, amount_paise].

    `rate_wh` holds the month's Wh at rates 0–3, `load_w` the sanctioned load (UP-5), `phases`
    1 or 3; `day` of `days` (1–31) have been supplied: they pro-rate fixed charge and minimum.
    The record must have passed `validate`. Lines of nothing are left out.
    """
    lines = []
    _rate(record, rate_wh, load_w, phases, day, days, lines)
    return lines


def rate_at(record, weekday, minute, yesterday=None):
    """Return the rate (0–3) in force at `minute` of the day.

    `weekday` 0 is Monday, 7 a special day; `yesterday` is the weekday before unless it is given.
    Allocates nothing.
    """
    if yesterday is None:
        yesterday = (weekday + 6) % 7
    band = windows.find(record[RATE_BANDS], weekday, yesterday, minute)
    return band[3] if band else 0


def _rate(record, rate_wh, load_w, phases, day, days, lines):
    total_wh = rate_wh[0] + rate_wh[1] + rate_wh[2] + rate_wh[3]
    energy = _charge_energy(record[TABLES], total_wh, lines)
    energy += _charge_rates(record[RATE_ADDER_PAISE], rate_wh, lines)
    bill = energy + _charge_load(record, load_w, day, days, lines)
    bands = record[FIXED_BY_UNITS_1PH if phases == 1 else FIXED_BY_UNITS_3PH]
    bill += _charge_service(bands, total_wh, day, days, lines)
    bill += _charge_share(LINE_SURCHARGE, energy, record[SURCHARGE_BP], lines)
    bill += _charge_share(LINE_DUTY, energy, record[DUTY_BP], lines)
    bill += _top_up(record[MINIMUM_PER_KW], bill, load_w, day, days, lines)
    return bill + _charge_share(LINE_REBATE, bill, -record[REBATE_BP], lines)


def _charge_energy(tables, total_wh, lines):
    for total_max_units, telescopic, slabs in tables:
        if total_max_units is None or total_wh <= total_max_units * _WH_PER_UNIT:
            if telescopic:
                return _charge_slabs(slabs, total_wh, lines)
            price = _row_price(slabs, total_wh)
            amount = share(total_wh, price, _WH_PER_UNIT)
            return _add(lines, LINE_ENERGY, total_wh, price, amount)
    return 0


def _charge_slabs(slabs, total_wh, lines):
    charge = 0
    lower_wh = 0
    for upper_units, price in slabs:
        upper_wh = total_wh
        if upper_units is not None and upper_units * _WH_PER_UNIT < total_wh:
            upper_wh = upper_units * _WH_PER_UNIT
        quantity_wh = upper_wh - lower_wh
        amount = share(quantity_wh, price, _WH_PER_UNIT)
        charge += _add(lines, LINE_ENERGY, quantity_wh, price, amount)
        lower_wh = upper_wh
    return charge


def _charge_rates(adders, rate_wh, lines):
    charge = 0
    for rate in range(1, RATES):
        adder = adders[rate - 1]
        if adder:
            quantity_wh = rate_wh[rate]
            amount = share(quantity_wh, adder, _WH_PER_UNIT)
            charge += _add(lines, LINE_RATE, quantity_wh, adder, amount)
    return charge


def _charge_load(record, load_w, day, days, lines):
    price = record[FIXED_PER_KW_PAISE]
    if not price:
        return 0
    billed_w = share(load_w, record[FIXED_BASIS_PCT], 100)
    amount = share(billed_w * day, price, _W_PER_KW * days)
    return _add(lines, LINE_FIXED, billed_w, price, amount)


def _charge_service(bands, total_wh, day, days, lines):
    if not bands:
        return 0
    price = _row_price(bands, total_wh)
    if not price:
        return 0
    # A month with service but without energy still shows its line: quantity at least 1 Wh.
    return _add(lines, LINE_SERVICE, total_wh or 1, price, share(price, day, days))


def _charge_share(kind, base_paise, basis_points, lines):
    if not basis_points:
        return 0
    amount = share(base_paise, basis_points, _BP_PER_WHOLE)
    return _add(lines, kind, base_paise, basis_points, amount)


def _top_up(rows, bill, load_w, day, days, lines):
    if not rows:
        return 0
    price = _row_price(rows, load_w)
    missing = share(load_w * day, price, _W_PER_KW * days) - bill
    if missing <= 0:
        return 0
    return _add(lines, LINE_MINIMUM, load_w, price, missing)


def _row_price(rows, quantity):
    """Return the price of the first [upper or null, price] row whose upper is not exceeded.

    `quantity` counts thousandths of `upper`: Wh for units, W for kW.
    """
    for upper, price in rows:
        if upper is None or quantity <= upper * 1000:
            return price
    return 0


def _add(lines, kind, quantity, price, amount):
    if lines is not None and quantity:
        lines.append([kind, quantity, price, amount])
    return amount


def share(amount, numerator, denominator):
    """Return amount × numerator ÷ denominator, rounded half away from zero.

    Exact; no intermediate value passes 2^30 (and so none is allocated on a 32-bit chip) while
    |numerator| < 2^20, denominator ≤ 2^18 and the result is below 2^30: the remainder is
    multiplied by the numerator's upper and lower ten bits in turn.
    """
    if numerator < 0:
        return -share(amount, -numerator, denominator)
    if amount < 0:
        return -share(-amount, numerator, denominator)
    rest = amount % denominator
    upper = rest * (numerator >> 10)
    lower = ((upper % denominator) << 10) + rest * (numerator & 1023)
    rounded = (lower + denominator // 2) // denominator
    return amount // denominator * numerator + ((upper // denominator) << 10) + rounded


def from_names(names):
    """Return the record for a dict in the JSON form; absent names take their neutral value.

    Raises RatingError for a name that no tariff has, and whatever `validate` raises.
    """
    for name in names:
        if name not in NAMES:
            raise RatingError(f"tariff: unknown name {name!r}; use {', '.join(NAMES)}")
    record = {key: names.get(name, _neutral(key)) for key, name in enumerate(NAMES)}
    validate(record)
    return record


def to_names(record):
    """Return the JSON form of a record."""
    return {name: record[key] for key, name in enumerate(NAMES)}


def _neutral(key):
    if key in (FIXED_BY_UNITS_1PH, FIXED_BY_UNITS_3PH, MINIMUM_PER_KW, RATE_BANDS):
        return []
    if key == RATE_ADDER_PAISE:
        return [0, 0, 0]
    if key == FIXED_BASIS_PCT:
        return 100
    return None if key in (CODE, TABLES) else 0


def validate(record):
    """Check a tariff record from outside; raise RatingError saying what to correct."""
    if not isinstance(record, dict) or len(record) != len(NAMES):
        raise RatingError("tariff: must be a map with exactly the keys 0 to 11")
    for key in range(len(NAMES)):
        if key not in record:
            raise RatingError(f"tariff: key {key} ({NAMES[key]}) is missing")
    code = record[CODE]
    if not isinstance(code, str) or not 1 <= len(code) <= _CODE_CHARACTERS_MAX:
        raise RatingError("tariff: code must be a text of 1 to 32 characters")
    _check_tables(record[TABLES])
    _check_integer("fixed_per_kw_paise", record[FIXED_PER_KW_PAISE], 0, _PAISE_MAX)
    _check_integer("fixed_basis_pct", record[FIXED_BASIS_PCT], 1, _BASIS_PCT_MAX)
    for key in (FIXED_BY_UNITS_1PH, FIXED_BY_UNITS_3PH):
        if record[key] != []:
            _check_rows(NAMES[key], record[key], _UNITS_MAX, None)
    if record[MINIMUM_PER_KW] != []:
        _check_rows("minimum_per_kw", record[MINIMUM_PER_KW], _KW_MAX, None)
    for key in (SURCHARGE_BP, DUTY_BP, REBATE_BP):
        _check_integer(NAMES[key], record[key], 0, _BP_PER_WHOLE)
    _check_adders(record[RATE_ADDER_PAISE], record[TABLES])
    _check_bands(record[RATE_BANDS])


def _check_tables(tables):
    _check_list("tables", tables, 1, _TABLES_MAX)
    lower = 0
    for number, table in enumerate(tables):
        _check_list("a table", table, 3, 3)
        total_max, telescopic, slabs = table
        if not isinstance(telescopic, bool):
            raise RatingError("tables: telescopic must be true or false")
        is_last = number == len(tables) - 1
        if (total_max is None) != is_last:
            raise RatingError("tables: exactly the last table must be open (total null)")
        if not is_last:
            _check_integer("tables: total", total_max, lower + 1, _UNITS_MAX)
            lower = total_max
        _check_rows("slabs", slabs, _UNITS_MAX, total_max)


def _check_rows(name, rows, upper_max, total_max):
    """Check [[upper or null, paise], …]: ascending, and covering everything up to `total_max`."""
    _check_list(name, rows, 1, _ROWS_MAX)
    lower = 0
    for number, row in enumerate(rows):
        _check_list(name + ": a row", row, 2, 2)
        upper, paise = row
        _check_integer(name + ": price in paise", paise, 0, _PAISE_MAX)
        if upper is None and number == len(rows) - 1:
            return
        _check_integer(name + ": upper bounds must ascend; bound", upper, lower + 1, upper_max)
        lower = upper
    if total_max is None or lower < total_max:
        raise RatingError(name + ": the last row must be open (upper bound null)")


def _check_adders(adders, tables):
    _check_list("rate_adder_paise", adders, RATES - 1, RATES - 1)
    for adder in adders:
        _check_integer("rate_adder_paise", adder, -_PAISE_MAX, _PAISE_MAX)
    lowest = min(min(price for _, price in table[2]) for table in tables)
    if lowest + min(adders) < 0:
        raise RatingError("rate_adder_paise: a unit would cost less than nothing; raise the adder")


def _check_bands(bands):
    _check_list("rate_bands", bands, 0, _BANDS_MAX)
    for band in bands:
        _check_list("rate_bands: a band", band, 4, 4)
        mask, start_min, end_min, rate = band
        _check_integer("rate_bands: weekday mask", mask, 1, windows.MASK_MAX)
        _check_integer("rate_bands: start minute", start_min, 0, _DAY_MIN - 1)
        _check_integer("rate_bands: end minute", end_min, 1, _DAY_MIN)
        _check_integer("rate_bands: rate", rate, 1, RATES - 1)
    if windows.overlap(bands):
        raise RatingError("rate_bands: two bands overlap; let one end where the next begins")


def _check_list(name, value, length_min, length_max):
    if not isinstance(value, list) or not length_min <= len(value) <= length_max:
        raise RatingError(f"{name}: must be a list of {length_min} to {length_max} entries")


def _check_integer(name, value, lowest, highest):
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise RatingError(f"{name}: must be a whole number from {lowest} to {highest}")
