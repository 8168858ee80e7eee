"""How the demo's village came to be: plant, tariff, packages, consumers, meters, houses.

Limits and purchases are made to measure for the loads that were given (`--profile`), so that a
house in Sceaux and one in Bareilly can both play their part.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from simulator import profile as profiles
from simulator.fleet import House, find_profile
from tools.demo.village import ACTOR, Home, Village
from tools.office import register_meter

PLANT = "KATS"
STATE = "BH"
TARIFF = "RURAL"
PRICE_PAISE = 800  # a unit, of the prepaid energy package
LIMIT_STEP_W = 500
LIMIT_W_MIN = 1000
HEADROOM_PERCENT = 120  # the limit stands so far over the largest load of the profile
SUPPLY_HOURS = [[127, 300, 1380]]  # 05:00–23:00
SHIPPED = {"postpaid": "middle", "energy": "low", "money": "shop"}

TARIFF_RECORD = {
    "code": TARIFF,
    "tables": [[None, True, [[20, 400], [50, 525], [100, 600], [None, 725]]]],
    "fixed_per_kw_paise": 5000,
    "fixed_basis_pct": 100,
    "duty_bp": 500,
    "surcharge_bp": 238,
    "rate_adder_paise": [75, 0, 0],
    "rate_bands": [[127, 1080, 1320, 1]],  # the evening, 18:00–22:00
}


@dataclass(frozen=True)
class Plan:
    """What makes one of the three homes what it is."""

    role: str
    name: str
    number: int
    kind: str  # package type, docs/packages.md
    timing: str
    line: str  # how the metering chip is reached

    @property
    def meter(self) -> str:
        """The serial number of its board: the plant, and its number there."""
        return f"{PLANT}{self.number:04d}"


PLANS = [
    Plan("postpaid", "Asha Devi", 1, "B2.1", "FD", "pty"),
    Plan("energy", "Ravi Kumar", 2, "A2.1", "FD", "model"),
    Plan("money", "Meena Stores", 3, "A2.2", "C1", "model"),
]


def commission(village: Village, folder: Path, profile: str | None, seed: int) -> None:
    """Register everything in the office, build the houses, and let the village settle in."""
    _open_plant()
    homes = []
    for plan in PLANS:
        source = _source(plan, profile)
        load = find_profile(source).from_day(seed - 1)  # another seed, other days
        mean_w, peak_w = mean_and_peak_w(load)
        village.narrator.say(
            f"{plan.meter}: {plan.name}, loads of '{Path(source).name}',"
            f" mean {mean_w} W, peak {peak_w} W"
        )
        homes.append(_home(village, plan, load, folder, seed))
    village.settle_in(homes)


def _open_plant() -> None:
    from controller.consumers.services import add_plant
    from controller.tariffs.services import add_tariff, add_version

    add_plant(PLANT, STATE, "Katsa", actor=ACTOR)
    add_tariff(TARIFF, "Rural households", actor=ACTOR)
    add_version(TARIFF, date(2025, 4, 1), TARIFF_RECORD, actor=ACTOR)


def _source(plan: Plan, profile: str | None) -> str:
    """Measured loads for the first two homes where they were given; the shop keeps its own.

    Of a file with several meters the homes take the first two.
    """
    if profile is None or plan.role == "money":
        return SHIPPED[plan.role]
    others = profiles.meters(profile)[1:]
    if plan.role == "energy" and others and "#" not in profile:
        return f"{profile}#{others[0]}"
    return profile


def mean_and_peak_w(load: profiles.Profile) -> tuple[int, int]:
    """The mean and the largest of its powers."""
    powers_w = [power_w for power_w, _, _ in load.records]
    return sum(powers_w) // len(powers_w), max(powers_w)


def _home(village: Village, plan: Plan, load: profiles.Profile, folder: Path, seed: int) -> Home:
    from controller.consumers.services import add_consumer, fit_meter

    mean_w, peak_w = mean_and_peak_w(load)
    limit_w = limit_w_for(peak_w)
    package = design(plan, limit_w)
    consumer = add_consumer(
        PLANT, plan.name, pole=11, number=plan.number, sanctioned_load_w=2 * limit_w, actor=ACTOR
    )
    register_meter(village.stack.home, plan.meter, note=plan.name)
    connection = fit_meter(consumer.id, plan.meter, actor=ACTOR)
    house = build_house(village, plan.meter, load, folder, seed * 100 + plan.number, plan.line)
    return Home(
        plan.role,
        plan.meter,
        consumer.pk,
        connection.pk,
        house,
        package,
        limit_w,
        mean_w,
        morning_wh=_morning_wh(load),
        spare_w=limit_w - peak_w,
    )


def build_house(
    village: Village,
    meter: str,
    load: profiles.Profile,
    folder: Path,
    seed: int,
    line: str = "model",
) -> House:
    """The house at a registered meter, from the village's present moment on."""
    from controller.fleet.services import reveal_root_key

    return House(
        folder / meter,
        meter,
        reveal_root_key(meter, actor=ACTOR),
        village.stack.broker.port,
        seed,
        village.now_s,
        profile=load,
        line=line,
        clock_file=village.stack.home / f"clock.{meter}",
    )


def _morning_wh(load: profiles.Profile) -> int:
    """What the load takes in its first twelve hours after the first midnight of the story."""
    first = -(load.start.hour * 60 + load.start.minute) % profiles.DAY_MINUTES
    minutes = (load.records[(first + n) % len(load.records)] for n in range(720))
    return sum(power_w for power_w, _, _ in minutes) // 60


def limit_w_for(peak_w: int) -> int:
    """A limit that the largest load keeps well below."""
    needed_w = max(peak_w * HEADROOM_PERCENT // 100, LIMIT_W_MIN)
    return -(-needed_w // LIMIT_STEP_W) * LIMIT_STEP_W


def design(plan: Plan, limit_w: int) -> str:
    """The package of a plan at a limit; its ID says all of it (MG-2)."""
    from controller.consumers.services import design_package

    priced = {"price_paise": PRICE_PAISE} if plan.role == "energy" else {"tariff_code": TARIFF}
    windows = SUPPLY_HOURS if plan.timing.startswith("C") else None
    package = design_package(
        plan.kind, plan.timing, limit_w, **priced, windows=windows, actor=ACTOR
    )
    return str(package.id)
