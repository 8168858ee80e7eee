"""A village of the demo: consumers with simulated boards, and the controller that runs them.

It knows how to move virtual time, touch a house, and ask the controller; what happens when is the
story's business, and how the village came to be is `commission`'s.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from protocol import messages as m
from protocol.limits import EPOCH_UNIX_S
from simulator.fleet import House
from simulator.village import Fleet
from tools.demo.chaos import Chaos
from tools.demo.narrator import Narrator
from tools.office import FINAL, wait_for_receipt
from tools.stack import Stack

IST = timezone(timedelta(hours=5, minutes=30))
FIRST_DAY = datetime(2026, 1, 29, tzinfo=IST)
START_S = int(FIRST_DAY.timestamp()) - EPOCH_UNIX_S

ACTOR = "demo"

RECEIPT_TIMEOUT_S = 45.0  # real seconds, also enough for a restart of headend or broker
INGEST_TIMEOUT_S = 45.0
PATIENCE_S = 3.0  # real seconds for which an answer may take no virtual time
POLL_S = 0.05
CHAOS_STRETCH_S = 1800  # shorter stretches are left in peace: their scene looks at seconds
OUTAGE_S_MAX = 12 * 3600
READING_WAIT_S = 120  # virtual; a board writes a reading within a second of its boundary
START_DELAY_S = 75  # the random start delay after an outage is at most 60 s
STEP_S = 5  # virtual seconds between two looks while waiting for something

STATUS_OF_INTEREST = {
    "holds": m.STATUS_HOLDS,
    "energy_wh": m.STATUS_ENERGY_WH,
    "balance": m.STATUS_BALANCE,
    "credited_total": m.STATUS_CREDITED_TOTAL,
    "limit_w": m.STATUS_LIMIT_W,
    "last_reading": m.STATUS_LAST_READING,
    "last_event": m.STATUS_LAST_EVENT,
}


def moment_s(day: int, clock: str) -> int:
    """Board time of a local wall-clock time, `day` counted from 1: `moment_s(2, "08:30")`."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return START_S + (day - 1) * 86400 + hours * 3600 + minutes * 60 + sum(seconds)


def clock_text(t_s: int) -> str:
    """`29 Jan 09:00:10`, local time."""
    return datetime.fromtimestamp(t_s + EPOCH_UNIX_S, IST).strftime("%d %b %H:%M:%S")


@dataclass
class Home:
    """One consumer of a story: the simulated house and what the office knows of it."""

    role: str
    meter: str
    consumer: str
    connection: int
    house: House
    package: str
    limit_w: int
    mean_w: int  # of its load, so that the story can sell credit to measure
    morning_wh: int = 0  # of its load, from the story's first midnight to noon
    spare_w: int = 0  # what may be added to its largest load without a trip
    status: dict[str, int] = field(default_factory=dict)  # when it was last looked at
    month_end: dict[str, Any] = field(default_factory=dict)


class Village:
    """Stack, fleet and the homes by role, from board time `start_s` on."""

    def __init__(self, stack: Stack, clock_file: Path, narrator: Narrator, start_s: int = START_S):
        self.stack = stack
        self.narrator = narrator
        self.homes: dict[str, Home] = {}
        self.fleet = Fleet([])
        self.now_s = start_s
        self.chaos: Chaos | None = None
        self._clock_file = clock_file
        self.set_clock(start_s)

    def settle_in(self, homes: list[Home]) -> None:
        """The houses of the village, once they are built."""
        self.homes = {home.role: home for home in homes}
        self.fleet = Fleet([home.house for home in homes])

    @property
    def postpaid(self) -> Home:
        """The home that pays after the month."""
        return self.homes["postpaid"]

    @property
    def energy(self) -> Home:
        """The home that buys units ahead."""
        return self.homes["energy"]

    @property
    def money(self) -> Home:
        """The home that buys credit in rupees ahead."""
        return self.homes["money"]

    def set_clock(self, t_s: int) -> None:
        """Tell the controller the time of the village."""
        self.now_s = t_s
        draft = self._clock_file.with_suffix(".new")
        draft.write_text(str(t_s))
        draft.replace(self._clock_file)  # at once: nobody may read a file without a number

    # --- time -------------------------------------------------------------------------------

    def run_to(self, t_s: int) -> None:
        """Let every house live until board time `t_s`, with a progress bar."""
        start_s = self.now_s
        label = f"{clock_text(start_s)} → {clock_text(t_s)}"
        with self.narrator.progress(label, t_s - start_s) as bar:
            if self.chaos and t_s - start_s >= CHAOS_STRETCH_S:
                self.fleet.run_until((start_s + t_s) // 2)
                self.chaos.kill_a_board(self.fleet.houses, t_s)
            self.fleet.run_until(t_s, progress=lambda now_s: bar.show(now_s - start_s))
        self.set_clock(t_s)

    def run_for(self, seconds: int) -> None:
        """Let every house live for `seconds` of virtual time."""
        self.run_to(self.now_s + seconds)

    def run_while(self, waiting: Callable[[], bool], within_s: int, step_s: int = STEP_S) -> bool:
        """Move on in small steps until `waiting` says no; False if it still does at the end."""
        end_s = self.now_s + within_s
        while waiting() and self.now_s < end_s:
            self.run_for(min(step_s, end_s - self.now_s))
        return not waiting()

    def go_live(self, now_s: int) -> None:
        """From `now_s` on the boards live in real time; who was without mains gets them."""
        for home in self.homes.values():
            if home.house.dark or home.house.now_s < now_s:
                home.house.stop()
                home.house.wake(now_s)
            home.house.live(1)

    def follow_boards(self) -> None:
        """Set the controller's clock to that of the board that is furthest."""
        self.set_clock(max(home.house.observe()["t_s"] for home in self.homes.values()))

    # --- the consumer's side ----------------------------------------------------------------

    def act(self, home: Home, **action: Any) -> None:
        """Something happens in the house (`House.act`)."""
        home.house.act(**action)

    def press_button(self, home: Home) -> None:
        """The push button, and two seconds for the board to answer."""
        home.house.act(button=True)
        self.run_for(2)

    def look(self, home: Home) -> dict[str, Any]:
        """What is to be seen at the house now: the plant's facts, display, the board's status.

        Of a board without mains: the status it had when it was last looked at.
        """
        seen: dict[str, Any] = home.house.observe()
        if "status" in seen:
            status = seen["status"]
            home.status = {name: status[str(key)] for name, key in STATUS_OF_INTEREST.items()}
        return {**seen, **home.status}

    def wait_for_mains(self, *homes: Home) -> None:
        """A measured profile has outages of its own; go on when all of `homes` have mains."""

        def is_dark() -> bool:
            return not all(self.look(home)["mains"] for home in homes)

        if is_dark():
            names = ", ".join(home.meter for home in homes)
            self.narrator.say(f"{names}: an outage of the profile itself; waiting")
            self.run_while(is_dark, OUTAGE_S_MAX, step_s=60)
            self.run_for(START_DELAY_S)

    def display(self, home: Home) -> str:
        """Both lines of the board's display."""
        return " | ".join(line.strip() for line in self.look(home)["display"])

    def holds(self, home: Home) -> int:
        """The bits of what keeps the supply off (docs/wire.md); 0 when it is on."""
        return int(self.look(home)["holds"])

    # --- the controller's side --------------------------------------------------------------

    def receipt(self, command_id: str) -> Any:
        """The command after the board's final receipt (or as it stands after the time-out).

        Time stands still meanwhile, unless somebody is away: a board that must connect anew
        needs time to pass.
        """
        deadline = time.monotonic() + RECEIPT_TIMEOUT_S
        command = wait_for_receipt(command_id, PATIENCE_S)
        while command.state not in FINAL and time.monotonic() < deadline:
            self.run_for(STEP_S)
            command = wait_for_receipt(command_id, POLL_S)
        return command

    def command(self, home: Home, name: str, arguments: dict[int, object] | None = None) -> Any:
        """Send a command (docs/wire.md); it, after its receipt."""
        from controller.headend.services import queue_command

        queued = queue_command(home.meter, name, arguments or {}, actor=ACTOR)
        return self.receipt(queued.pk)

    def sell(self, home: Home, amount: int, unit: str, paid_paise: int) -> Any:
        """Sell credit (`unit` energy: Wh, money: paise); the command, after its receipt."""
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
            time.sleep(POLL_S)
        return False

    def settle(self) -> None:
        """Wait (bounded real time) until the controller holds all readings and events."""
        started = time.monotonic()
        for home in self.homes.values():
            while not self._is_up_to_date(home) and time.monotonic() < started + INGEST_TIMEOUT_S:
                time.sleep(POLL_S)
                if time.monotonic() > started + PATIENCE_S:
                    self.run_for(STEP_S)

    def _is_up_to_date(self, home: Home) -> bool:
        from controller.readings.models import Event, Reading

        seen = self.look(home)
        readings = Reading.objects.filter(meter_id=home.meter, sequence=seen["last_reading"])
        events = Event.objects.filter(meter_id=home.meter, sequence=seen["last_event"])
        return (not seen["last_reading"] or readings.exists()) and events.exists()

    def why_off(self, home: Home) -> str:
        """Why the supply is off, as the console says it."""
        from controller.fleet.queries import why_off

        return str(why_off(self.state(home)))

    def event_codes(self, home: Home) -> set[int]:
        """The kinds of events (docs/wire.md) that the controller holds of the meter."""
        from controller.readings.models import Event

        return set(Event.objects.filter(meter_id=home.meter).values_list("code", flat=True))

    def stored_readings(self) -> int:
        """How many readings of all meters the controller holds."""
        from controller.readings.models import Reading

        return int(Reading.objects.count())

    def missing_and_doubled(self, home: Home) -> tuple[int, int]:
        """How many sequence numbers are missing up to the last one, and how many stand twice."""
        from controller.readings.models import Reading

        rows = list(Reading.objects.filter(meter_id=home.meter).values_list("sequence", flat=True))
        return max(rows, default=0) - len(set(rows)), len(rows) - len(set(rows))

    def assign(self, home: Home, package: str, activation_s: int = 0) -> str:
        """Programme a package into the board; the state of the command after its receipt."""
        from controller.consumers.services import assign_package

        assignment = assign_package(home.connection, package, activation_s, actor=ACTOR)
        home.package = package
        return str(self.receipt(assignment.command_id).state)

    def watch_month_end(self, end_s: int) -> None:
        """Note plant and register, for the reconciliation, as each board writes the last reading.

        It does so at its first second that is not before `end_s`; the plant is looked at with it.
        """
        last_seen = {home.role: self.look(home)["last_reading"] for home in self.homes.values()}
        self.run_to(end_s)
        for _ in range(READING_WAIT_S):
            waiting = [home for home in self.homes.values() if not home.month_end]
            for home in waiting:
                seen = self.look(home)
                if seen["last_reading"] > last_seen[home.role]:
                    home.month_end = seen
            if not waiting:
                return
            self.run_for(1)
        for home in waiting:  # no reading came: what is seen now will tell
            home.month_end = home.month_end or self.look(home)
