"""Calibration: gains are solved, kept with a checksum, and refused when they cannot be right."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.micropython import run_micropython

SCRIPT = """
from firmware.drivers import calibration

for text, chip in {texts!r}:
    try:
        read = calibration.decode(text, chip)
        print(read.voltage_ppm, read.current_ppm, read.power_ppm, read.date_s)
    except calibration.CalibrationError as error:
        print(error)
"""


def encoded(**changes: object) -> str:
    written = run_micropython(
        "from firmware.drivers import calibration\n"
        "print(calibration.encode('sdm120', 200000000, 1000, -2000, 99999))"
    )
    return json.dumps({**json.loads(written), **changes})


def test_what_was_written_is_read_and_what_was_changed_is_refused() -> None:
    texts = [
        (encoded(), "sdm120"),
        (encoded(), "sdm630"),
        (encoded(power_ppm=99998), "sdm120"),
        (encoded(date_s=1), "sdm120"),
        ("{}", "sdm120"),
        ("no JSON", "sdm120"),
    ]
    printed = run_micropython(SCRIPT.format(texts=texts)).splitlines()
    assert printed[0] == "1000 -2000 99999 200000000"
    assert printed[1] == "calibration.json is for a sdm120, this is a sdm630: calibrate again"
    for line in printed[2:4]:
        assert line == "calibration.json has a wrong checksum: calibrate again"
    for line in printed[4:]:
        assert line == "calibration.json cannot be read: calibrate again"


@pytest.mark.parametrize(
    ("reference", "measured", "ppm"),
    [(1000, 1000, 0), (1010, 1000, 10_000), (990, 1000, -10_000), (2301, 2300, 435)],
)
def test_a_gain_brings_the_meter_to_the_reference(reference: int, measured: int, ppm: int) -> None:
    printed = run_micropython(
        "from firmware.drivers import calibration as c\n"
        f"ppm = c.solve({reference}, {measured}); print(ppm, c.scaled({measured}, ppm))"
    )
    assert printed.split() == [str(ppm), str(reference)]


@pytest.mark.parametrize(("reference", "measured"), [(0, 1000), (1000, 0), (1200, 1000)])
def test_no_gain_is_made_of_nothing_or_of_a_fault(reference: int, measured: int) -> None:
    printed = run_micropython(
        "from firmware.drivers import calibration as c\n"
        "try:\n"
        f"    print(c.solve({reference}, {measured}))\n"
        "except c.CalibrationError as error:\n"
        "    print('refused:', error)"
    )
    assert printed.startswith("refused: ")


@given(
    st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-2e6, max_value=2e6),
        min_size=1,
        max_size=300,
    )
)
def test_a_float_becomes_the_integer_next_to_it(values: list[float]) -> None:
    """Compared with the computer's own arithmetic on doubles, for 1, 10 and 1000 a unit."""
    octets = b"".join(struct.pack(">f", value) for value in values)
    script = (
        "from firmware.drivers.sdm import scaled_float\n"
        f"data = bytes.fromhex({octets.hex()!r})\n"
        "for at in range(0, len(data), 4):\n"
        "    print(*[scaled_float(data, at, tens) for tens in (0, 1, 3)])"
    )
    for value, line in zip(values, run_micropython(script).splitlines(), strict=True):
        for text, scale in zip(line.split(), (1, 10, 1000), strict=True):
            exact = value * scale
            if abs(exact) >= 2**30:
                assert abs(int(text)) == 2**30 - 1
            else:
                assert abs(int(text) - exact) <= 0.5 + abs(exact) / 2**24
