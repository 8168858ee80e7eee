"""Real time: `bijli up` (the controller for real use) and `bijli sim` (houses to play with)."""

import select
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tools import office
from tools.broker import LOOPBACK
from tools.office import DEFAULT_HOME, HomeOption
from tools.printing import console, fail
from tools.stack import BROKER_PORT, CONSOLE_PORT, Stack

WATCH_S = 1.0
EVERYWHERE = "0.0.0.0"  # noqa: S104 - only when asked for
BOARDS_MAX = 64
MULTIPLE_MAX = 3600

HELP = """on NAME WATTS [ON_S OFF_S]   switch something on, with a duty cycle if you like
off NAME                     switch it off
button                       press the push button
power off | power on         the mains
fault NAME[=N][@TIME][/FOR]  break something; fault NAME off mends it; faults lists them
show                         the display, relay, load and energy of the moment
use METER                    another house
quit                         leave; the houses stop

The relay opens some seconds after an overload begins: type show again."""


def up(
    home: HomeOption = DEFAULT_HOME,
    broker_port: Annotated[int, typer.Option(help="For the boards.")] = BROKER_PORT,
    all_addresses: Annotated[
        bool, typer.Option(help="Let boards in from the network, not only from this machine.")
    ] = False,
    console_port: Annotated[int, typer.Option(help="For browsers.")] = CONSOLE_PORT,
) -> None:
    """Start broker, headend, console and routine processes; keep them up until Ctrl-C."""
    for name in (signal.SIGINT, signal.SIGTERM):  # also when started in the background
        signal.signal(name, signal.default_int_handler)
    stack = Stack(
        home.resolve(),
        broker_port=broker_port,
        broker_address=EVERYWHERE if all_addresses else LOOPBACK,
        console_port=console_port,
    )
    try:
        stack.start(_say, beside=True)
        console.print(f"Console: {stack.console_url}  {office.ensure_operator()}")
        console.print("Ctrl-C ends it.")
        while True:
            time.sleep(WATCH_S)
            stack.watch(_say)
    except KeyboardInterrupt:
        console.print("stopping")
    finally:
        stack.stop()


def _say(line: str) -> None:
    console.print(f"· {line}", highlight=False)


def simulate(
    boards: Annotated[int, typer.Option(help="How many houses.")] = 1,
    meter: Annotated[str, typer.Option(help="One house, at this registered meter.")] = "",
    profile: Annotated[
        str, typer.Option(help="A CSV of loads, or low, middle, high, shop; default: nothing on.")
    ] = "",
    multiple: Annotated[
        int, typer.Option(help="Virtual seconds in a real one.", min=1, max=MULTIPLE_MAX)
    ] = 1,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME, or NAME=VALUE@TIME/DURATION, of docs/simulator.md; may be repeated."
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Plug simulated boards into a running `bijli up`; a prompt lets you live in the houses."""
    from simulator import faults
    from simulator.village import Fleet

    if not 1 <= boards <= BOARDS_MAX:
        fail(f"{boards} boards: choose 1 to {BOARDS_MAX}.")
    told = [event for spec in fault or [] for event in faults.parse(spec)]
    office.open_office(home)
    names = [meter] if meter else [f"SIM{number:04d}" for number in range(1, boards + 1)]
    proxies = [_proxy(home) for _ in names]
    houses = [
        _house(home.resolve(), name, profile, proxy.port, may_register=not meter)
        for name, proxy in zip(names, proxies, strict=True)
    ]
    fleet = Fleet(houses)
    try:
        for house in houses:
            house.wake(_now_s())
            house.live(multiple)
            console.print(f"· board {house.meter} is up; its log: {house.log}")
        _Prompt(houses, told, proxies).run()
    finally:
        fleet.stop()
        for proxy in proxies:
            proxy.stop()


def _now_s() -> int:
    from controller import clock

    return clock.now_s()


def _proxy(home: Path) -> Any:
    """A house's own way to the broker, which can be spoilt."""
    from simulator.proxy import Proxy
    from tools.broker import Broker

    proxy = Proxy(Broker(home / "broker").configured_port())
    proxy.start()
    return proxy


def _house(home: Path, meter: str, profile: str, broker_port: int, *, may_register: bool) -> Any:
    """The house at `meter`; a meter SIMnnnn is registered when it is not there yet."""
    from controller.fleet import services
    from controller.fleet.models import Meter
    from simulator.fleet import House

    if not Meter.objects.filter(id=meter).exists():
        if not may_register:
            fail(f"No meter {meter} is registered. Do so first: bijli meter add {meter}")
        office.register_meter(home, meter, note="simulated")
    return House(
        home / "houses" / meter,
        meter,
        services.reveal_root_key(meter, actor=office.ACTOR),
        broker_port,
        seed=1,
        start_s=_now_s(),
        profile=profile or None,
    )


class _Prompt:
    """Reads a line, does it to the house in use, says what came of it."""

    def __init__(self, houses: list[Any], told: list[Any], proxies: list[Any]):
        from simulator.injection import Injector

        self._houses = {house.meter: house for house in houses}
        self._house = houses[0]
        self._injectors = {
            house.meter: Injector(house, told, house.observe()["t_s"], _outside(proxy))
            for house, proxy in zip(houses, proxies, strict=True)
        }
        self._verbs: dict[str, Callable[[list[str]], None]] = {
            "on": self._on,
            "off": lambda words: self._house.act(appliance=words[0], power_w=0),
            "button": lambda _words: self._house.act(button=True),
            "power": lambda words: self._house.act(mains=_is_on(words)),
            "fault": self._break,
            "faults": lambda _words: self._list_faults(),
            "show": lambda _words: self._show(),
            "use": self._use,
            "help": lambda _words: console.print(HELP, highlight=False),
        }

    def run(self) -> None:
        console.print("Type help, or quit.")
        while True:
            try:
                words = shlex.split(self._read(), comments=True)
            except ValueError as error:
                console.print(f"not understood: {error}")
                continue
            except (EOFError, KeyboardInterrupt):
                return
            if words[:1] == ["quit"]:
                return
            if words:
                self._obey(words)
                self._tend()

    def _read(self) -> str:
        """A line that was typed; until it is there, the houses' outages come and go."""
        if not sys.stdin.isatty():
            return input()
        print(f"{self._house.meter}> ", end="", flush=True)
        while not select.select([sys.stdin], [], [], WATCH_S)[0]:
            self._tend()
        return input()

    def _tend(self) -> None:
        """Outages come and go, and faults fall due."""
        for meter, house in self._houses.items():
            house.tend()
            injector = self._injectors[meter]
            if injector.next_s() is not None:
                for event in injector.step(house.observe()["t_s"]):
                    verb = "begins" if event.begins else "ends"
                    console.print(f"  {meter}: {event.fault} {verb}", highlight=False)

    def _obey(self, words: list[str]) -> None:
        from simulator.errors import SimulatorError

        verb = self._verbs.get(words[0])
        if verb is None:
            console.print(f"There is no '{words[0]}' here. Type help.")
            return
        try:
            verb(words[1:])
        except (IndexError, ValueError):
            console.print(f"'{' '.join(words)}' is not complete. Type help.")
        except SimulatorError as error:
            console.print(str(error))

    def _on(self, words: list[str]) -> None:
        duty = [int(words[2]), int(words[3])] if len(words) > 2 else None
        self._house.act(appliance=words[0], power_w=int(words[1]), duty=duty)

    def _break(self, words: list[str]) -> None:
        """Let a fault begin, or end the one that stands."""
        from simulator import faults

        now_s = self._house.observe()["t_s"]
        told = faults.parse(words[0])
        if words[1:] == ["off"]:
            told = [
                event for event in faults.events(told[0].fault, None, 0, 0) if not event.begins
            ]
        self._injectors[self._house.meter].add(told, now_s)

    def _list_faults(self) -> None:
        from simulator import faults

        console.print(faults.describe(), highlight=False)
        standing = ", ".join(self._injectors[self._house.meter].standing) or "none"
        console.print(f"standing here: {standing}", highlight=False)

    def _use(self, words: list[str]) -> None:
        if words[0] not in self._houses:
            console.print(f"No house {words[0]}; there are {', '.join(self._houses)}.")
            return
        self._house = self._houses[words[0]]

    def _show(self) -> None:
        seen = self._house.observe()
        for line in seen["display"]:
            console.print(f"  ▐{line:<16}▌", highlight=False)
        supply = "closed" if seen["relay_closed"] else "open"
        mains = f"{seen.get('voltage_dv', 0) / 10:.0f} V" if seen["mains"] else "no mains"
        console.print(
            f"  relay {supply}, {mains}, load {seen['power_w']} W,"
            f" delivered {seen['delivered_mwh'] / 1_000_000:.3f} kWh",
            highlight=False,
        )


def _outside(proxy: Any) -> dict[str, Callable[[Any], None]]:
    """What the proxy can do to the broker, as far as its house can see."""
    return {
        "broker": lambda is_there: proxy.set("pass" if is_there else "reset"),
        "broker_mode": lambda told: proxy.set(*told),
    }


def _is_on(words: list[str]) -> bool:
    if words[0] not in ("on", "off"):
        raise ValueError(words[0])
    return words[0] == "on"
