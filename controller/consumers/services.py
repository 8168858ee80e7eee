"""Adds plants, consumers and packages, and programmes packages into meters.

A package change is complete only when the board has confirmed it (MG-14): `confirmation` moves
assignments on, nothing here does.
"""

from typing import Any

from django.db import transaction
from django.db.models import Max

from controller import clock
from controller.audit import services as audit
from controller.consumers import identity, queries, rules
from controller.consumers.confirmation import programme_activated, programme_receipted
from controller.consumers.fitting import fit_meter, release_meter
from controller.consumers.models import (
    AssignmentState,
    Category,
    Connection,
    Consumer,
    Package,
    PackageAssignment,
    Plant,
    Sector,
)
from controller.consumers.signals import status_changed
from controller.errors import Refused
from controller.fleet.models import Meter
from controller.headend.rules import TTL_S
from controller.headend.services import queue_command
from controller.profile.queries import settings
from controller.tariffs.queries import find_tariff
from protocol import limits, programme

# Asked for here by callers of all other commands.
__all__ = ["fit_meter", "programme_activated", "programme_receipted", "release_meter"]

INDIA_OFFSET_MIN = 330
LOAD_W_MAX = limits.LIMIT_MAX_W
PHASES = (1, 3)
PLANT_NAME_MAX, CONSUMER_NAME_MAX, PHONE_MAX, ADDRESS_MAX = 80, 120, 20, 200  # characters
LANGUAGE_MAX = 2
CAPACITY_W_MAX = 100_000_000


@transaction.atomic
def add_plant(
    code: str, state: str, name: str, utc_offset_min: int = INDIA_OFFSET_MIN, *, actor: str
) -> Plant:
    """Adds a plant: four letters, in a state of two. Raises Refused."""
    identity.consumer_id(identity.ConsumerParts(state, code, 1, 1))
    if not limits.UTC_OFFSET_MIN_MIN <= utc_offset_min <= limits.UTC_OFFSET_MIN_MAX:
        raise Refused(f"{utc_offset_min} is no UTC offset in minutes", "India has 330.")
    _check_name("plant", name, PLANT_NAME_MAX)
    if Plant.objects.filter(code=code).exists():
        raise Refused(f"Plant {code} exists already", "Choose another code.")
    plant = Plant.objects.create(code=code, state=state, name=name, utc_offset_min=utc_offset_min)
    audit.record(actor, "add plant", f"plant {code}", name=name, state=state)
    return plant


@transaction.atomic
def set_capacity(plant_code: str, capacity_w: int, *, actor: str) -> Plant:
    """Says what a plant can supply at once, in W; 0 where nobody knows (MG-6). Raises Refused."""
    queries.find_plant(plant_code)
    plant = Plant.objects.select_for_update().get(pk=plant_code)
    if not 0 <= capacity_w <= CAPACITY_W_MAX:
        raise Refused(f"{capacity_w} W is no capacity", f"Use 0 to {CAPACITY_W_MAX} W.")
    before, plant.capacity_w = plant.capacity_w, capacity_w
    plant.save(update_fields=["capacity_w"])
    audit.record(actor, "set capacity", f"plant {plant.code}", before=before, after=capacity_w)
    return plant


@transaction.atomic
def add_consumer(
    plant_code: str,
    name: str,
    pole: int,
    number: int,
    sanctioned_load_w: int,
    phases: int = 1,
    phone: str = "",
    category: str = Category.DOMESTIC,
    sector: str = Sector.PRIVATE,
    address: str = "",
    language: str = "",
    status: str = Consumer.Status.ACTIVE,
    *,
    actor: str,
) -> Consumer:
    """Adds a consumer, with the ID constructed from its place (MG-5), and the connection.

    `category` says what the supply is for (UP-1), `sector` whether the government is the consumer.
    """
    plant = queries.find_plant(plant_code)
    consumer_id = identity.consumer_id(
        identity.ConsumerParts(plant.state, plant.code, pole, number)
    )
    _check_name("consumer", name, CONSUMER_NAME_MAX)
    _check_contact(phone, address, language)
    check_load(sanctioned_load_w, phases)
    _check_choice("category", category, Category.values)
    _check_choice("sector", sector, Sector.values)
    if Consumer.objects.filter(id=consumer_id).exists():
        raise Refused(
            f"Consumer {consumer_id} exists already", "Use the next connection number at the pole."
        )
    consumer = Consumer.objects.create(
        id=consumer_id, plant=plant, name=name, phone=phone, category=category, sector=sector,
        address=address, language=language, status=status,
    )  # fmt: skip
    Connection.objects.create(
        consumer=consumer,
        pole=pole,
        number=number,
        phases=phases,
        sanctioned_load_w=sanctioned_load_w,
    )
    audit.record(
        actor, "add consumer", f"consumer {consumer_id}", name=name,
        sanctioned_load_w=sanctioned_load_w, phases=phases, category=category, sector=sector,
    )  # fmt: skip
    return consumer


def _check_contact(phone: str, address: str, language: str) -> None:
    """What the columns have room for; what may be in them is the business of `contact`."""
    if len(phone) > PHONE_MAX:
        raise Refused(f"{phone!r} is no phone number", f"Use at most {PHONE_MAX} characters.")
    if len(address) > ADDRESS_MAX:
        raise Refused("The address is too long", f"Use at most {ADDRESS_MAX} characters.")
    if len(language) > LANGUAGE_MAX:
        raise Refused(f"{language!r} is no language", "Use its two letters.")


def check_load(sanctioned_load_w: int, phases: int) -> None:
    """Raises Refused for a load that no connection has."""
    if not 1 <= sanctioned_load_w <= LOAD_W_MAX or phases not in PHASES:
        raise Refused(
            f"{sanctioned_load_w} W on {phases} phases cannot be supplied",
            f"Use 1 to {LOAD_W_MAX} W on 1 or 3 phases.",
        )


def _check_choice(of: str, value: str, known: list[str]) -> None:
    if value not in known:
        raise Refused(f"{value!r} is no {of} of a consumer", f"Use one of {', '.join(known)}.")


def _check_name(of: str, name: str, longest: int) -> None:
    if not name.strip() or len(name) > longest:
        raise Refused(f"{name!r} is no name of a {of}", f"Use 1 to {longest} characters.")


@transaction.atomic
def set_status(consumer_id: str, status: str, reason: str, *, actor: str) -> Consumer:
    """Records whether the consumer is supplied (MG-6), and why; the board has confirmed it."""
    consumer = Consumer.objects.select_for_update().get(pk=consumer_id)
    before = consumer.status
    if status != before:
        consumer.status = status
        consumer.save(update_fields=["status"])
        audit.record(
            actor, "set status", f"consumer {consumer_id}", before=before, after=status,
            reason=reason,
        )  # fmt: skip
        status_changed.send(sender=Consumer, consumer=consumer, before=before)
    return consumer


@transaction.atomic
def design_package(
    kind: str,
    timing: str,
    limit_w: int,
    monthly_rupees: int = 0,
    price_paise: int | None = None,
    tariff_code: str | None = None,
    windows: list[list[int]] | None = None,
    parameters: dict[str, Any] | None = None,
    *,
    actor: str,
) -> Package:
    """Adds a package; its ID is constructed from the fields (MG-2, docs/packages.md).

    `windows` only with a timing code of our own, C0 to CZ, and there always the same ones.
    """
    parts = identity.PackageParts(kind, timing, limit_w, monthly_rupees, price_paise, tariff_code)
    package_id = identity.package_id(parts)
    if Package.objects.filter(id=package_id).exists():
        raise Refused(f"Package {package_id} exists already", "Use it, or change a field.")
    package = Package(
        id=package_id,
        kind=kind,
        timing=timing,
        limit_w=limit_w,
        monthly_paise=monthly_rupees * 100,
        mode=rules.MODES[kind],
        price_paise=price_paise,
        tariff=find_tariff(tariff_code) if tariff_code else None,
        windows=_windows_of(timing, windows),
        parameters=parameters or {},
    )
    _check_prepaid(kind, rules.Supply(None, limit_w))
    _check_design(package)
    package.save(force_insert=True)
    audit.record(
        actor, "design package", f"package {package_id}",
        windows=package.windows, parameters=package.parameters,
    )  # fmt: skip
    return package


@transaction.atomic
def assign_package(
    connection_id: int,
    package_id: str,
    activation_s: int = 0,
    sanctioned_load_w: int | None = None,
    ttl_s: int = TTL_S,
    *,
    actor: str,
) -> PackageAssignment:
    """Queues the package's programme for the connection's meter; 0 activates at once.

    The board must take it within `ttl_s`. With `sanctioned_load_w` the connection gets another
    load by this programme (UP-7): agreed when the board confirms it. Raises Refused when there is
    no meter, the package may not be given (UP-1, UP-2) or allows more than the sanctioned load,
    its tariff is not in force on the day of activation, or that day is over.
    """
    connection = queries.lock_connection(connection_id)
    package = queries.find_package(package_id)
    if sanctioned_load_w is not None:
        check_load(sanctioned_load_w, connection.phases)
        connection.sanctioned_load_w = sanctioned_load_w  # of the programme; not saved here
    meter = _meter_for(connection, package)
    now_s = _check_time(activation_s)
    record = queries.tariff_record(package, connection.consumer.plant, activation_s or now_s)
    version = _next_version(meter)
    opened_s = _opened_s(connection, package, activation_s or now_s)
    terms = _programme(connection, package, record, version, activation_s, opened_s)
    encoded = programme.encode(terms)
    command = queue_command(meter.id, "set_programme", {0: encoded}, actor, ttl_s=ttl_s)
    assignment = PackageAssignment.objects.create(
        connection=connection,
        meter=meter,
        package=package,
        programme_version=version,
        programme=encoded,
        tariff_record=record,
        sanctioned_load_w=connection.sanctioned_load_w,
        phases=connection.phases,
        activation_s=activation_s,
        opened_s=opened_s,
        command=command,
        assigned_s=now_s,
        actor=actor,
    )
    audit.record(
        actor, "assign package", f"consumer {connection.consumer_id}", package=package.id,
        meter=meter.id, programme_version=version, activation_s=activation_s,
        sanctioned_load_w=assignment.sanctioned_load_w,
    )  # fmt: skip
    return assignment


def _check_time(activation_s: int) -> int:
    """Now; raises Refused when the activation is to be before."""
    now_s = clock.now_s()
    if activation_s and activation_s <= now_s:
        raise Refused("The activation lies in the past", "Choose a later time, or 0 for now.")
    return now_s


def _windows_of(timing: str, windows: list[list[int]] | None) -> list[list[int]]:
    if timing in identity.TIMINGS:
        if windows is not None:
            raise Refused(
                f"Timing {timing} has its own windows", "Use a code C0 to CZ for others."
            )
        return identity.TIMINGS[timing]
    known = Package.objects.filter(timing=timing).first()
    if known is None and not windows:
        raise Refused(f"Timing {timing} has no windows yet", "Give its windows.")
    if known is not None and windows is not None and windows != known.windows:
        raise Refused(
            f"Timing {timing} means {known.windows} already", "Use another code for these windows."
        )
    return known.windows if known is not None else windows or []


def _check_design(package: Package) -> None:
    """Builds a trial programme, so that a package that no board would take is never offered."""
    rules.check_parameters(package.parameters)
    if package.tariff is None:
        record = rules.price_record(package.price_paise or 0, package.monthly_paise)
    else:
        latest = package.tariff.versions.last()
        if latest is None:
            raise Refused(f"Tariff {package.tariff.code} has no version", "Add a version first.")
        record = latest.record
    trial = Connection(sanctioned_load_w=package.limit_w, phases=1)
    trial.consumer = Consumer(plant=Plant(utc_offset_min=INDIA_OFFSET_MIN))
    programme.encode(_programme(trial, package, record, 1, 0, 0))


def _programme(
    connection: Connection,
    package: Package,
    record: dict[str, Any],
    version: int,
    activation_s: int,
    opened_s: int,
) -> dict[int, Any]:
    rules.check_hours(package.mode, record)
    return rules.build_programme(
        version=version,
        package_id=package.id,
        mode=package.mode,
        limit_w=package.limit_w,
        windows=package.windows,
        parameters=package.parameters,
        tariff_record=None if package.kind in identity.UNMETERED else record,
        sanctioned_load_w=connection.sanctioned_load_w,
        phases=connection.phases,
        utc_offset_min=connection.consumer.plant.utc_offset_min,
        activation_s=activation_s,
        opened_s=opened_s,
    )


def _meter_for(connection: Connection, package: Package) -> Meter:
    if connection.meter is None:
        raise Refused(f"Consumer {connection.consumer_id} has no meter", "Fit a meter first.")
    check_suits(connection, package, connection.sanctioned_load_w)
    return connection.meter


def check_suits(connection: Connection, package: Package, sanctioned_load_w: int) -> None:
    """Raises Refused for a package that this consumer may not have with this load.

    UP-1: prepaid or not; UP-2: by the tariff of the consumer's category; UP-7: within the load.
    """
    category = connection.consumer.category
    _check_prepaid(package.kind, rules.Supply(category, sanctioned_load_w))
    rules.check_within_load(package.limit_w, sanctioned_load_w)
    if package.tariff is not None:
        rules.check_category(package.tariff.code, package.tariff.for_categories, category)


def _check_prepaid(kind: str, supply: rules.Supply) -> None:
    """UP-1, as the utility profile has it. Raises Refused."""
    if kind in identity.PREPAID:
        found = settings(["prepaid_load_max_w", "prepaid_excluded_categories"])
        rules.check_eligible(
            kind, supply, found["prepaid_load_max_w"], found["prepaid_excluded_categories"]
        )


def _next_version(meter: Meter) -> int:
    """Above all that we sent and all that the board has reported (it may know more than we)."""
    sent = PackageAssignment.objects.filter(meter=meter).aggregate(top=Max("programme_version"))
    state = meter.state
    return max(sent["top"] or 0, state.programme_version, state.passive_version) + 1


def _opened_s(connection: Connection, package: Package, from_s: int) -> int:
    """Since when the account pays: kept while packages follow each other in the same mode.

    A money account that a new meter goes on with begins on the next day: the old one charged this.
    """
    last = queries.assignments(connection).exclude(state=AssignmentState.REFUSED).last()
    if last is None or last.package.mode != package.mode:
        return from_s
    if last.meter_id != connection.meter_id and package.mode == Package.Mode.MONEY:
        return rules.next_midnight_s(from_s, connection.consumer.plant.utc_offset_min)
    return last.opened_s
