"""How the demo's mini-grid came to be: its profile, people, tills, consumers, boards and houses.

The generator of Saur runs in the evening only; for the rest of the day its houses have no mains.
Loads are measured ones, scaled so that they keep within the limits of the packages.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from protocol.limits import EPOCH_UNIX_S
from simulator import profile as profiles
from simulator.fleet import find_profile
from simulator.plant.loads import NO_MAINS
from tools.demo.commission import TARIFF_RECORD, build_house, mean_and_peak_w
from tools.demo.village import ACTOR, IST, Home, Village
from tools.office import register_meter

PLANT = "SAUR"
STATE = "BH"
TARIFF = "SAUR-D"
MONTH = "2026-02"
LAST_DAY = date(2026, 2, 28)
DAYS_MIN = 3  # of the month
GENERATOR_MINUTES = range(18 * 60, 21 * 60)
LOAD_SHARE = 80  # percent of its limit that a house draws at most
VOLTAGE_DV = 2300

COUNTER, AGENT, ONLINE = "SAUR1", "AG7", "WEB"
PROVIDER = "acme"
SUPPLY_GROUP = "123457"  # of its vending keys
PROFILE = {
    "utility_name": "Saur Mini-Grid", "languages": ["hi", "en", "ml"], "due_days": 10,
    "debt_limit_paise": 60_000, "expected_load_pct": 10,
}  # fmt: skip

# Who works there: login, role. Whoever asks for a change is not who approves it.
CLERK, SALES, OPERATOR, APPROVER, TECHNICIAN, HEAD = (
    "meena", "ravi", "gita", "mohan", "sunil", "usha",
)  # fmt: skip
PEOPLE = {
    CLERK: "clerk", SALES: "sales agent", OPERATOR: "operator", APPROVER: "cluster in-charge",
    TECHNICIAN: "technician", HEAD: "head office",
}  # fmt: skip


@dataclass(frozen=True)
class Settler:
    """What makes one of the six homes what it is."""

    role: str
    name: str
    number: int
    kind: str  # package type, docs/packages.md
    timing: str
    limit_w: int
    price: dict[str, Any]
    load: str  # a shipped profile
    language: str
    category: str = "domestic"
    sector: str = "private"

    @property
    def meter(self) -> str:
        """The serial number of its board."""
        return f"{PLANT}{self.number:04d}"


SETTLERS = [
    Settler("lights", "Budhni Devi", 1, "A1.1", "EE", 100, {"monthly_rupees": 150}, "low", "hi"),
    Settler("energy", "Harish Yadav", 2, "A2.1", "FD", 500, {"price_paise": 650}, "middle", "en"),
    Settler("shop", "Kiran Stores", 3, "A2.2", "FD", 800,
            {"price_paise": 700, "monthly_rupees": 20}, "shop", "ml", category="commercial"),
    Settler("house", "Sarita Kumari", 4, "B2.1", "FD", 500, {"tariff_code": TARIFF}, "middle",
            "hi"),
    Settler("lamps", "Lakhan Ram", 5, "B1.1", "EE", 60, {"monthly_rupees": 90}, "low", "ml"),
    Settler("school", "Government School", 6, "B2.1", "FD", 1000,
            {"tariff_code": TARIFF, "parameters": {"friendly_windows": [[127, 1080, 1110]]}},
            "high", "en", category="institution", sector="government"),
]  # fmt: skip


@dataclass(frozen=True)
class Calendar:
    """The evenings that are told, counted from 1; the last of the month is number `days`."""

    days: int

    @property
    def first_day(self) -> date:
        """The day of the first evening."""
        return LAST_DAY - timedelta(days=self.days - 1)

    def at_s(self, evening: int, clock: str) -> int:
        """Board time of a local time on an evening; `days + 1` is the first of March."""
        day = self.first_day + timedelta(days=evening - 1)
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=IST)
        return int(moment.timestamp()) - EPOCH_UNIX_S

    @property
    def start_s(self) -> int:
        """When the generator starts for the first time."""
        return self.at_s(1, "18:00")

    @property
    def end_s(self) -> int:
        """The month's last moment."""
        return self.at_s(self.days + 1, "00:00")

    @property
    def next_evening_s(self) -> int:
        """When all boards are up again after the books were closed."""
        return self.at_s(self.days + 2, "18:02")


def settle(village: Village, folder: Path, seed: int) -> str:
    """Set up the office and build the houses; the secret that the payment provider signs with."""
    secret = _open_office()
    village.settle_in(list(_homes(village, folder, seed)))
    village.fleet.start()
    return secret


def _open_office() -> str:
    from controller.access.services import add_user
    from controller.consumers.services import add_plant
    from controller.payments import points
    from controller.profile import services as profile
    from controller.tariffs.services import add_tariff, add_version
    from controller.vouchers.services import add_key

    profile.load(profile="minigrid", actor=ACTOR)
    profile.load(profile=PROFILE, actor=ACTOR)
    add_plant(PLANT, STATE, "Saur", actor=ACTOR)
    add_tariff(TARIFF, "Households and institutions of Saur", actor=ACTOR)
    add_version(TARIFF, date(2025, 4, 1), {**TARIFF_RECORD, "code": TARIFF}, actor=ACTOR)
    for login, role in PEOPLE.items():
        password = secrets.token_urlsafe(12)
        add_user(username=login, password=password, roles=[role], plants=[PLANT], actor=ACTOR)
    for code, name, kind, user in (
        (COUNTER, "Saur counter", "counter", CLERK),
        (AGENT, "Ravi, in the village", "agent", SALES),
        (ONLINE, "Website", "online", ""),
    ):
        points.add_point_of_sale(
            code=code, name=name, kind=kind, plant_code=PLANT, user=user, actor=ACTOR
        )
    add_key(supply_group=SUPPLY_GROUP, revision=1, base_year=2014, actor=ACTOR)
    secret = secrets.token_urlsafe(32)
    points.add_provider(
        code=PROVIDER, scheme="generic", point_of_sale=ONLINE, secret=secret, actor=ACTOR
    )
    return secret


def _homes(village: Village, folder: Path, seed: int) -> Iterator[Home]:
    from controller.consumers.services import add_consumer, design_package, fit_meter

    for settler in SETTLERS:
        load = evening_load(settler, seed)
        package = design_package(
            settler.kind, settler.timing, settler.limit_w, **settler.price, actor=ACTOR
        )
        consumer = add_consumer(
            PLANT, settler.name, pole=7, number=settler.number, sanctioned_load_w=2_000,
            category=settler.category, sector=settler.sector, language=settler.language,
            actor=ACTOR,
        )  # fmt: skip
        register_meter(village.stack.home, settler.meter, note=settler.name)
        connection = fit_meter(consumer.pk, settler.meter, actor=ACTOR)
        house = build_house(village, settler.meter, load, folder, seed * 100 + settler.number)
        mean_w, _peak_w = mean_and_peak_w(load)
        village.narrator.say(f"{settler.meter}: {settler.name}, {package}")
        yield Home(
            settler.role, settler.meter, consumer.pk, connection.pk, house, package.pk,
            settler.limit_w, mean_w,
        )  # fmt: skip


def evening_load(settler: Settler, seed: int) -> profiles.Profile:
    """Its measured loads while the generator runs, within its limit; no mains else."""
    load = find_profile(settler.load).from_day(seed - 1 + settler.number)
    first = load.start.hour * 60 + load.start.minute
    minutes = [(first + at) % profiles.DAY_MINUTES for at in range(len(load.records))]
    evening = [
        power_w if minute in GENERATOR_MINUTES else 0
        for minute, (power_w, _, _) in zip(minutes, load.records, strict=True)
    ]
    most_w = settler.limit_w * LOAD_SHARE // 100
    peak_w = max(*evening, most_w)
    records = [
        (power_w * most_w // peak_w, 0, VOLTAGE_DV)
        if minute in GENERATOR_MINUTES
        else (0, 0, NO_MAINS)
        for minute, power_w in zip(minutes, evening, strict=True)
    ]
    return replace(load, records=records)
