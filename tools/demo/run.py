"""Runs the demo: brings the stack up, tells the story, reconciles, and says whether all held."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from simulator import interpreter
from simulator.fleet import DATA_BYTES, heap_budget
from tools import office
from tools.broker import free_port
from tools.demo import accounts, reconcile
from tools.demo.chaos import Chaos
from tools.demo.commission import commission
from tools.demo.minigrid import PAPERS, tell_month
from tools.demo.narrator import Narrator
from tools.demo.saur import Calendar
from tools.demo.story import LAST_MOMENT_S, STORY
from tools.demo.village import Village
from tools.stack import Stack

HELD, NOT_HELD = 0, 1
CHIP_BITS = 32


def run_demo(
    seed: int,
    profile: str | None,
    *,
    days: int,
    keep: bool,
    chaos: bool,
    home: Path | None,
    as_json: bool,
) -> int:
    """Exit status 0 only if every step and every row of the reconciliations held.

    After the story of the boards come `days` days of a mini-grid's month; 0: none.
    """
    narrator = Narrator(Console(stderr=as_json))
    with _folder(home, keep) as folder:
        village = _village(folder, narrator)
        villages = [village]
        try:
            narrator.chapter("The controller starts")
            village.stack.start(narrator.say, console=keep or days > 0)
            facts = _tell(village, folder, profile, seed, chaos=chaos)
            if days:
                village.fleet.stop()
                calendar = Calendar(days)
                villages.append(
                    Village(village.stack, folder / "clock", narrator, calendar.start_s)
                )
                facts["month"] = tell_month(villages[-1], calendar, seed)
            narrator.say(
                f"{len(narrator.steps)} statements checked, {narrator.failures} did not hold"
            )
            facts |= {"steps": narrator.steps, "failures": narrator.failures}
            if as_json:
                print(json.dumps(facts, indent=1))
            if keep:
                if days:  # boards have mains in the evening only
                    villages[-1].run_to(calendar.next_evening_s)
                _keep_running(villages)
        finally:
            for told in villages:
                told.fleet.stop()
            village.stack.stop()
    return NOT_HELD if narrator.failures else HELD


@contextmanager
def _folder(home: Path | None, keep: bool) -> Iterator[Path]:
    """The demo's data: a temporary folder unless one was named; a kept one is new each time."""
    if home is not None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield home.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="bijli-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            _remove(folder)


def _remove(folder: Path) -> None:
    """All but the papers that were printed, and the folder with them if there are none."""
    for found in folder.iterdir():
        if found.name == PAPERS:
            continue
        if found.is_dir():
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink()
    if not (folder / PAPERS).exists():
        folder.rmdir()


def _village(folder: Path, narrator: Narrator) -> Village:
    clock_file = folder / "clock"
    stack = Stack(folder, broker_port=0, console_port=free_port(), clock_file=clock_file)
    return Village(stack, clock_file, narrator)


def _tell(
    village: Village, folder: Path, profile: str | None, seed: int, *, chaos: bool
) -> dict[str, object]:
    narrator = village.narrator
    narrator.chapter("Three consumers get a meter board each")
    found = interpreter.find()
    narrator.say(f"the boards run on MicroPython {found.version}, {found.bits} bit")
    if found.bits != CHIP_BITS:
        narrator.say("this machine has no 32-bit one: heap figures are not those of a chip")
    commission(village, folder, profile, seed)
    village.fleet.start()
    village.chaos = Chaos(village.stack, seed) if chaos else None
    with village.chaos or nullcontext():
        for scene in STORY:
            scene(village)
    if village.chaos:
        village.stack.watch()
        narrator.say(f"killed meanwhile: {dict(village.chaos.kills)}")
    kills = dict(village.chaos.kills) if village.chaos else {}
    return _reconcile(village) | _heap(village) | {"kills": kills}


def _reconcile(village: Village) -> dict[str, object]:
    narrator = village.narrator
    narrator.chapter("Reconciliation")
    homes = list(village.homes.values())
    energy = [accounts.energy_row(home, LAST_MOMENT_S) for home in homes]
    credit = [accounts.credit_row(home) for home in (village.energy, village.money)]
    narrator.table("Energy at the month's end", *reconcile.energy_table(energy))
    narrator.say(reconcile.TOLERANCE)
    narrator.table("Prepaid credit", *reconcile.credit_table(credit))
    rows: list[reconcile.EnergyRow | reconcile.CreditRow] = [*energy, *credit]
    for row in rows:
        narrator.check(f"{row.meter}: the row is equal", row.equal)
    return {
        "energy": [asdict(row) | {"equal": row.equal} for row in energy],
        "credit": [asdict(row) | {"equal": row.equal} for row in credit],
    }


def _heap(village: Village) -> dict[str, object]:
    """What the boards needed: memory, and real time a virtual second."""
    budget = heap_budget()
    village.narrator.say(
        f"each board lived in a heap of {budget} B: simulator and code, and {DATA_BYTES} B"
    )
    facts: dict[str, object] = {"heap_bytes": budget}
    for home in village.homes.values():
        seen = village.look(home)
        facts[home.meter] = {**seen["heap"], "pass_us": seen["pass_us"]}
        village.narrator.say(
            f"{home.meter}: code {seen['heap']['code_bytes']} B, live data at most"
            f" {seen['heap']['data_bytes_peak']} B, {seen['pass_us']} µs a second of its life"
        )
    return {"boards": facts}


def _keep_running(villages: list[Village]) -> None:
    """Boards go on in real time, the controller's clock with them, until Ctrl-C."""
    latest = villages[-1]
    for village in villages:
        village.go_live(latest.now_s)
    login = office.ensure_operator()
    narrator, stack = latest.narrator, latest.stack
    narrator.chapter("Everything stays up until Ctrl-C")
    narrator.say(f"console: {stack.console_url}  {login}")
    narrator.say(f"command line: add --home {stack.home} to any bijli command")
    try:
        while True:
            time.sleep(1)
            latest.follow_boards()
            stack.watch()
    except KeyboardInterrupt:
        narrator.say("stopping")
