"""The demo's village: three consumers with simulated boards, and the controller that runs them.

It knows how to move virtual time, touch a house, and ask the controller; what happens when is the
story's business.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from protocol.limits import EPOCH_UNIX_S
from simulator.fleet import Fleet, House
from tools.demo.narrator import Narrator
from tools.office import register_meter, wait_for_receipt
from tools.stack import Stack

IST = timezone(timedelta(hours=5, minutes=30))
FIRST_DAY = datetime(2026, 1, 29, tzinfo=IST)
START_S = int(FIRST_DAY.timestamp()) - EPOCH_UNIX_S

PLANT = "KATS"
MONTH = "2026-01"
ACTOR = "demo"

RECEIPT_TIMEOUT_S = 45.0  # real seconds, also enough for a restart of headend or broker
INGEST_TIMEOUT_S = 45.0
STEP_S = 5  # virtual seconds between two looks while waiting for something


def moment_s(day: int, clock: str) -> int:
    """Board time of a local wall-clock time, `day` counted from 1: `moment_s(2, "08:30")`."""
    hours, minutes = clock.split(":")
    return START_S + (day - 1) * 86400 + int(hours) * 3600 + int(minutes) * 60


def clock_text(t_s: int) -> str:
    """`29 Jan 09:00:10`, local time."""
    return datetime.fromtimestamp(t_s + EPOCH_UNIX_S, IST).strftime("%d %b %H:%M:%S")


@dataclass
class Home:
    """One consumer of the story: the simulated house and what the office knows of it."""

    role: str
    meter: str
    house: House
    limit_w: int
    consumer: str = ""


class Village:
    """Stack, fleet and the homes by role: `postpaid`, `energy`, `money`."""

    def __init__(self, stack: Stack, clock_file: Path, narrator: Narrator, seed: int):
        self.stack = stack
        self.narrator = narrator
        self.homes: dict[str, Home] = {}
        self.fleet = Fleet([])
        self.now_s = START_S
        self._clock_file = clock_file
        self._random = random.Random(seed)
        self.set_clock(START_S)

    @property
    def postpaid(self) -> Home:
        return self.homes["postpaid"]

    @property
    def energy(self) -> Home:
        return self.homes["energy"]

    @property
    def money(self) -> Home:
        return self.homes["money"]

    def set_clock(self, t_s: int) -> None:
        self.now_s = t_s
        self._clock_file.write_text(str(t_s))

    # --- time -------------------------------------------------------------------------------

    def run_to(self, t_s: int) -> None:
        """Let every house live until board time `t_s`, with a progress bar."""
        start_s = self.now_s
        label = f"{clock_text(start_s)} → {clock_text(t_s)}"
        with self.narrator.progress(label, t_s - start_s) as bar:
            self.fleet.run_until(t_s, progress=lambda now_s: bar.show(now_s - start_s))
        self.set_clock(t_s)

    def run_for(self, seconds: int) -> None:
        self.run_to(self.now_s + seconds)

    def run_while(self, waiting: Callable[[], bool], within_s: int, step_s: int = STEP_S) -> bool:
        """Move on in small steps until `waiting` says no; False if it still does at the end."""
        end_s = self.now_s + within_s
        while waiting() and self.now_s < end_s:
            self.run_for(min(step_s, end_s - self.now_s))
        return not waiting()

    # --- the consumer's side ----------------------------------------------------------------

    def act(self, home: Home, **action: Any) -> None:
        home.house.act(**action)

    def press_button(self, home: Home) -> None:
        """The push button, and two seconds for the board to answer."""
        home.house.act(button=True)
        self.run_for(2)

    def look(self, home: Home) -> dict[str, Any]:
        seen: dict[str, Any] = home.house.observe()
        return seen

    def display(self, home: Home) -> str:
        return " | ".join(line.strip() for line in self.look(home)["display"])

    def holds(self, home: Home) -> int:
        return int(self.look(home)["holds"])

    # --- the controller's side --------------------------------------------------------------

    def receipt(self, command_id: str) -> Any:
        """The command after the board's final receipt (or as it stands after the time-out)."""
        return wait_for_receipt(command_id, RECEIPT_TIMEOUT_S)

    def command(self, home: Home, name: str, arguments: dict[int, object] | None = None) -> Any:
        from controller.headend.services import queue_command

        queued = queue_command(home.meter, name, arguments or {}, actor=ACTOR)
        return self.receipt(queued.pk)

    def sell(self, home: Home, amount: int, unit: str, paid_paise: int) -> Any:
        from controller.prepay.services import sell_credit

        purchase = sell_credit(
            meter_id=home.meter, amount=amount, unit=unit, paid_paise=paid_paise, actor=ACTOR
        )
        return self.receipt(purchase.command_id)

    def state(self, home: Home) -> Any:
        """What the controller knows of the meter now."""
        from controller.fleet.models import MeterState

        return MeterState.objects.get(meter_id=home.meter)

    def wait_until_stored(self, home: Home, end_s: int) -> bool:
        """Wait (real time, bounded) until the reading that ends at `end_s` is in the database."""
        from controller.readings.models import Reading

        deadline = time.monotonic() + INGEST_TIMEOUT_S
        while time.monotonic() < deadline:
            if Reading.objects.filter(meter_id=home.meter, end_s=end_s).exists():
                return True
            time.sleep(0.1)
        return False
