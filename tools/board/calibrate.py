"""Calibration on the bench: what the meter shows under a known load, against what is true.

The board measures with its own driver, uncalibrated, and its own code judges and writes the gains
(firmware/drivers/calibration.py). This module must not know how a chip is read.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tools.board.device import Device
from tools.errors import ToolError

SECONDS_MIN = 5
SECONDS_MAX = 300
STEADY_PCT = 2  # the reference was read once: a load that moves more cannot be compared with it

_MEASURE = """
import time
from firmware.core.energy import Sample
from firmware.drivers import calibration, metering
calibration.load = lambda chip: calibration.Calibration()
definition = __import__('firmware.boards.{board}', None, None, ('NAME',))
chip = metering.build(definition)
def measure(seconds):
    sample = Sample()
    rows = []
    for _ in range(seconds):
        chip.request()
        time.sleep_ms(chip.answer_ms)
        if chip.collect(sample):
            rows.append((sample.voltage_dv, sample.current_ma, sample.power_dw))
        time.sleep_ms(1000 - chip.answer_ms)
    return rows
measured = measure({seconds})
"""
_SOLVE = """
gains = [calibration.solve(r, m) for r, m in zip({reference!r}, {mean!r})]
text = calibration.encode(chip.name, {date_s}, gains[0], gains[1], gains[2])
calibration.decode(text, chip.name)
"""


@dataclass(frozen=True)
class Reference:
    """What the reference meter shows: tenths of volts, milliamperes, tenths of watts."""

    voltage_dv: int
    current_ma: int
    power_dw: int


@dataclass(frozen=True)
class Calibrated:
    """Which chip was corrected by how much, in ppm, and the mean of what it had shown."""

    chip: str
    gains_ppm: tuple[int, int, int]
    measured: Reference


def calibrate(
    device: Device,
    board: str,
    reference: Reference,
    date_s: int,
    seconds: int,
    say: Callable[[str], None],
) -> Calibrated:
    """Measure, solve, and write `calibration.json`. Raises ToolError; nothing is written then."""
    if not board.isidentifier():
        raise ToolError(f"{board!r} is no board.", "name one that `bijli board pins` knows.")
    if not SECONDS_MIN <= seconds <= SECONDS_MAX:
        raise ToolError(
            f"{seconds} s cannot be measured over.", f"give {SECONDS_MIN} to {SECONDS_MAX} s."
        )
    say(f"measuring for {seconds} s: keep the load steady")
    device.run(_MEASURE.format(board=board, seconds=seconds), seconds + 30)
    mean = _mean(device.ask("measured"), seconds)
    true = (reference.voltage_dv, reference.current_ma, reference.power_dw)
    device.run(_SOLVE.format(reference=true, mean=mean, date_s=date_s))
    gains = device.ask("tuple(gains)")
    text = str(device.ask("text"))
    device.write("calibration.json", text.encode())
    if not isinstance(gains, tuple):
        raise ToolError(f"The board answered {gains!r}.", "install its firmware anew.")
    return Calibrated(str(device.ask("chip.name")), gains, Reference(*mean))


def _mean(rows: object, seconds: int) -> tuple[int, int, int]:
    """The rounded mean of what was measured. Raises ToolError unless it was enough and steady."""
    if not isinstance(rows, list) or len(rows) < seconds * 3 // 4:
        count = len(rows) if isinstance(rows, list) else 0
        raise ToolError(
            f"The metering chip answered only {count} times in {seconds} s.",
            "see to its wiring (docs/fitting.md) and to mains on its terminals.",
        )
    powers = sorted(row[2] for row in rows)
    if (powers[-1] - powers[0]) * 100 > powers[len(powers) // 2] * STEADY_PCT:
        raise ToolError(
            f"The load moved from {powers[0] / 10} to {powers[-1] / 10} W meanwhile.",
            "take a resistive load that is warm, and start when it is steady.",
        )
    count = len(rows)
    voltage_dv, current_ma, power_dw = (
        (2 * sum(row[index] for row in rows) + count) // (2 * count) for index in range(3)
    )
    return voltage_dv, current_ma, power_dw
