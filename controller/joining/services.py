"""The sales side of joining: survey, marketing, acquisition, identity, package, account (MG-4).

What the technical team does is in `installation`.
"""

from typing import Any

from django.db import transaction
from django.db.models import Max

from controller import clock, workflow
from controller.access.services import check_member
from controller.audit import services as audit
from controller.consumers import identity
from controller.consumers import queries as consumers
from controller.consumers import services as consumer_services
from controller.consumers.models import Category, Connection, Consumer, Plant, Sector
from controller.contact import rules as contact
from controller.deposits import queries as deposits
from controller.deposits import services as deposit_services
from controller.errors import Refused
from controller.fleet import sealing
from controller.inventory import services as inventory
from controller.inventory.models import Item
from controller.joining import rules
from controller.joining.models import Joining, Pole
from controller.joining.signals import joining_moved
from controller.profile.queries import setting

NOT_FOUND = "Take one from the list of joinings."


@transaction.atomic
def set_pole(
    *, plant_code: str, number: int, latitude_udeg: int, longitude_udeg: int, actor: str
) -> Pole:
    """Says where a pole stands (millionths of a degree). Raises Refused."""
    plant = consumers.find_plant(plant_code)
    identity.consumer_id(identity.ConsumerParts(plant.state, plant.code, number, 1))
    rules.check_place(rules.Place(latitude_udeg, longitude_udeg))
    place = {"latitude_udeg": latitude_udeg, "longitude_udeg": longitude_udeg}
    pole, _is_new = Pole.objects.update_or_create(plant=plant, number=number, defaults=place)
    audit.record(actor, "set pole", f"plant {plant.code}", number=number, **place)
    return pole


@transaction.atomic
def survey(
    *,
    plant_code: str,
    name: str,
    segment: str,
    pole: int | None = None,
    distance_m: int | None = None,
    place: rules.Place | None = None,
    phone: str = "",
    needs: str = "",
    expected_wh: int | None = None,
    actor: str,
) -> Joining:
    """Notes a prospect within the catchment of a pole, with segment and needs (MG-4).

    By `place` the distance is measured, to `pole` or to the nearest one that is known; else it is
    said. Without any (a referral) it is found out at the acquisition. Raises Refused.
    """
    plant = consumers.find_plant(plant_code)
    rules.check_survey(name, segment, needs, expected_wh)
    number, metres = _measure(plant, pole, distance_m, place)
    joining = Joining.objects.create(
        plant=plant,
        name=name.strip(),
        phone=contact.read_phone(phone) if phone else "",
        pole=number,
        distance_m=metres,
        segment=segment,
        needs=needs.strip(),
        expected_wh=expected_wh,
        surveyed_s=clock.now_s(),
    )
    taken = workflow.note_step(joining, "survey", actor=actor, plant=plant.code, pole=number)
    joining_moved.send(sender=Joining, joining=joining, step=taken)
    return joining


@transaction.atomic
def contact_prospect(*, joining_id: int, note: str, actor: str) -> Joining:
    """Marketing: they heard what is offered, and how (`note`). Raises Refused."""
    workflow.check_reason(note)
    return step(lock(joining_id), "contact", actor=actor, note=note)


@transaction.atomic
def acquire(
    *,
    joining_id: int,
    way: str,
    agent: str,
    referrer_id: str | None = None,
    pole: int | None = None,
    distance_m: int | None = None,
    place: rules.Place | None = None,
    actor: str,
) -> Joining:
    """They ask to be connected: in person, referred by a consumer, or by themselves in the app.

    The request is assigned to `agent` of the sales team. Raises Refused while it is not known
    that the house lies within the catchment.
    """
    joining = lock(joining_id)
    if way not in rules.WAYS:
        raise Refused(f"There is no way {way!r}", f"Use one of {', '.join(rules.WAYS)}.")
    if (way == "referral") != (referrer_id is not None):
        raise Refused("A referral is by a consumer", "Say by whom, or choose another way.")
    check_member(agent, "joining.sell", joining.plant)
    if pole is not None or distance_m is not None or place is not None:
        joining.pole, joining.distance_m = _measure(joining.plant, pole, distance_m, place)
    if joining.pole is None:
        raise Refused("It is not known how far the house is from a pole", "Measure it.")
    joining.way, joining.agent = way, agent
    joining.referrer = consumers.find_consumer(referrer_id) if referrer_id else None
    return step(joining, "acquire", actor=actor, way=way, agent=agent)


@transaction.atomic
def identify(
    *,
    joining_id: int,
    name: str,
    phone: str,
    address: str,
    language: str,
    identity_kind: str,
    identity_number: str,
    commitments_given: bool,
    category: str = Category.DOMESTIC,
    sector: str = Sector.PRIVATE,
    actor: str,
) -> Joining:
    """KYC: details and identity proof; the supplier's commitments are handed over on paper.

    The number is sealed; only its end is shown. Raises Refused.
    """
    joining = lock(joining_id)
    rules.check_survey(name, joining.segment, joining.needs, joining.expected_wh)
    details = contact.read_details(
        {"phone": phone, "address": address, "language": language}, setting("languages")
    )
    if not details["address"]:
        raise Refused("The address is missing", "Write it down.")
    if not commitments_given:
        raise Refused(
            "The supplier's commitments were not handed over", "Print them and hand them over."
        )
    if category not in Category.values or sector not in Sector.values:
        raise Refused(f"{category!r}, {sector!r} is no category", "Choose one of the list.")
    number = rules.read_identity(identity_kind, identity_number)
    joining.name, joining.phone = name.strip(), details["phone"]
    joining.address, joining.language = details["address"], details["language"]
    joining.category, joining.sector = category, sector
    joining.identity_kind, joining.identity_shown = identity_kind, rules.mask(number)
    joining.identity_sealed = sealing.seal(_seal_name(joining), number.encode())
    joining.commitments_s = clock.now_s()
    return step(joining, "identify", actor=actor, identity_kind=identity_kind)


@transaction.atomic
def reveal_identity(*, joining_id: int, reason: str, actor: str) -> str:
    """The whole number of the identity proof; who asked and why is recorded. Raises Refused."""
    workflow.check_reason(reason)
    joining = lock(joining_id)
    if not joining.identity_sealed:
        raise Refused(
            "There is no identity proof", "It is taken at the KYC, and wiped at the end."
        )
    audit.record(actor, "reveal identity", joining.subject, joining=joining.pk, reason=reason)
    return sealing.unseal(_seal_name(joining), bytes(joining.identity_sealed)).decode()


@transaction.atomic
def choose_package(
    *, joining_id: int, package_id: str, sanctioned_load_w: int, phases: int = 1, actor: str
) -> Joining:
    """Chooses a package that suits (UP-1); says what deposit and activation charge are due.

    May be done again until the account is opened. Raises Refused.
    """
    joining = lock(joining_id)
    package = consumers.find_package(package_id)
    consumer_services.check_load(sanctioned_load_w, phases)
    wanted = Connection(sanctioned_load_w=sanctioned_load_w, phases=phases)
    wanted.consumer = Consumer(plant=joining.plant, category=joining.category)
    consumer_services.check_suits(wanted, package, sanctioned_load_w)
    joining.package, joining.phases = package, phases
    joining.sanctioned_load_w = sanctioned_load_w
    joining.deposit_paise = deposits.needed_paise(wanted, package, use_wh=joining.expected_wh)
    joining.activation_charge_paise = setting("activation_charge_paise")
    return step(
        joining, "choose_package", actor=actor, package=package.pk,
        deposit_paise=joining.deposit_paise,
        activation_charge_paise=joining.activation_charge_paise,
    )  # fmt: skip


@transaction.atomic
def open_account(*, joining_id: int, number: int | None = None, actor: str) -> Joining:
    """Opens the account: a consumer with the ID of plant, pole and connection (MG-5).

    Without `number` the next free connection of the pole. The consumer is inactive until the
    connection is; the deposit is demanded (MG-13). Raises Refused.
    """
    joining = lock(joining_id)
    workflow.check_possible(joining, "open_account")
    assert joining.pole is not None, "an acquired prospect has a pole"
    assert joining.sanctioned_load_w is not None, "with a package goes a load"
    Plant.objects.select_for_update().get(pk=joining.plant_id)  # two desks, one pole
    consumer = consumer_services.add_consumer(
        joining.plant_id,
        joining.name,
        joining.pole,
        number or _next_number(joining.plant, joining.pole),
        joining.sanctioned_load_w,
        joining.phases,
        joining.phone,
        joining.category,
        joining.sector,
        address=joining.address,
        language=joining.language,
        status=Consumer.Status.INACTIVE,
        actor=actor,
    )
    joining.consumer = consumer
    step(joining, "open_account", actor=actor, consumer=consumer.pk)
    if joining.deposit_paise:
        deposit_services.demand(
            consumer_id=consumer.pk, needed_paise=joining.deposit_paise,
            reason=f"joining {joining.pk}", actor=actor,
        )  # fmt: skip
    return joining


@transaction.atomic
def cancel(*, joining_id: int, reason: str, actor: str) -> Joining:
    """It comes to nothing: the identity number is wiped, a kept meter goes back. Raises Refused
    while a meter is fitted.
    """
    workflow.check_reason(reason)
    joining = lock(joining_id)
    if joining.consumer is not None:
        _give_up_account(joining, actor)
    joining.identity_sealed = b""
    return step(joining, "cancel", actor=actor, note=reason)


def _give_up_account(joining: Joining, actor: str) -> None:
    assert joining.consumer is not None, "there is an account to give up"
    connection = joining.consumer.connection
    if connection.meter_id is not None:
        raise Refused(f"Meter {connection.meter_id} is fitted there", "Release it first.")
    reason = f"joining {joining.pk} is cancelled"
    kept = Item.objects.filter(connection=connection).first()
    if kept is not None:
        inventory.free(meter_id=kept.meter_id, reason=reason, actor=actor)
    deposit_services.cancel_demand(consumer_id=joining.consumer.pk, reason=reason, actor=actor)


def step(joining: Joining, name: str, *, actor: str, note: str = "", **facts: Any) -> Joining:
    """Takes a step of a joining, whose row is locked, and tells who listens. Raises Refused."""
    taken = workflow.move(joining, name, actor=actor, note=note, **facts)
    joining_moved.send(sender=Joining, joining=joining, step=taken)
    return joining


def lock(joining_id: int) -> Joining:
    """The joining, to this transaction alone. Raises Refused."""
    found = Joining.objects.select_for_update(of=("self",))
    joining = found.select_related("plant", "package__tariff").filter(pk=joining_id).first()
    if joining is None:
        raise Refused(f"There is no joining {joining_id}", NOT_FOUND)
    return joining


def _measure(
    plant: Plant, pole: int | None, distance_m: int | None, place: rules.Place | None
) -> tuple[int | None, int | None]:
    """Pole and distance, if anything was said of them; within the catchment."""
    if place is not None:
        rules.check_place(place)
        poles = plant.poles.all() if pole is None else plant.poles.filter(number=pole)
        measured = sorted((rules.distance_m(place, each.place), each.number) for each in poles)
        if not measured:
            raise Refused("It is not known where the pole stands", "Say where, or the distance.")
        distance_m, pole = measured[0]
    if pole is None and distance_m is None:
        return None, None
    if pole is None or distance_m is None:
        raise Refused("A place is a pole and the distance from it", "Give both.")
    identity.consumer_id(identity.ConsumerParts(plant.state, plant.code, pole, 1))
    rules.check_catchment(distance_m, setting("catchment_m"))
    return pole, distance_m


def _next_number(plant: Plant, pole: int) -> int:
    connections = Connection.objects.filter(consumer__plant=plant, pole=pole)
    return (connections.aggregate(last=Max("number"))["last"] or 0) + 1


def _seal_name(joining: Joining) -> str:
    return f"joining {joining.pk}"
