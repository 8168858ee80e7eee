"""Adding a customer (MG-4): from the catchment survey to the plant's register, step by step."""

import pytest

from controller.errors import Refused
from controller.headend.ingest import handle
from controller.joining import rules
from tests.controller import till
from tests.controller.till import OFFICE

NOW_S = 200_000_000
PACKAGE = "B2.1 (FD) / 500 / 0 / 650p"
AADHAAR = "2345 6789 0123"
POLE_12 = rules.Place(25_600_000, 85_100_000)
TEN_METRES_NORTH = rules.Place(25_600_090, 85_100_000)
KNOWN = {
    "name": "Ravi Mahto", "phone": "98123 45678", "address": "House 9, Katsa", "language": "hi",
    "identity_kind": "aadhaar", "identity_number": AADHAAR, "commitments_given": True,
}  # fmt: skip
DEPOSIT_PAISE = 2 * 13_000  # two months of 20 units at ₹6.50


@pytest.fixture
def plant(board, clock):
    """Katsa with a pole, staff, a package, and meter BHK01 in its store."""
    from controller.access import services as access
    from controller.consumers import services as consumers
    from controller.consumers.models import Plant
    from controller.inventory import services as inventory
    from controller.joining import services

    till.open_tills()
    consumers.design_package("B2.1", "FD", 500, price_paise=650, **OFFICE)
    services.set_pole(
        plant_code="KATS", number=12, latitude_udeg=POLE_12[0], longitude_udeg=POLE_12[1], **OFFICE
    )
    for name, role in (("sita", "sales agent"), ("ravi", "technician"), ("meena", "operator")):
        access.add_user(
            username=name, password="a lamp in the rain", roles=[role], plants=["KATS"], **OFFICE
        )
    inventory.add_store(code="KATS-1", name="Katsa", plant_code="KATS", **OFFICE)
    inventory.receive(meter_id="BHK01", store_code="KATS-1", **OFFICE)
    return Plant.objects.get(code="KATS")


def survey(**more):
    from controller.joining import services

    facts = {
        "plant_code": "KATS", "name": "Ravi Mahto", "segment": "household",
        "place": TEN_METRES_NORTH, "needs": "two lamps, a fan", "expected_wh": 20_000, **more,
    }  # fmt: skip
    return services.survey(**facts, actor="sita")


def do(name, joining, actor="sita", /, **facts):
    from controller.joining import installation, services

    module = services if hasattr(services, name) else installation
    done = getattr(module, name)(joining_id=joining.pk, actor=actor, **facts)
    joining.refresh_from_db()
    return done


def sell(joining):
    """Up to the chosen package."""
    do("contact_prospect", joining, note="village meeting")
    do("acquire", joining, way="in_person", agent="sita")
    do("identify", joining, **KNOWN)
    do("choose_package", joining, package_id=PACKAGE, sanctioned_load_w=1_000)


def install(joining):
    """Up to the wired house."""
    do("open_account", joining, "meena")
    do("hand_over", joining, "meena", meter_id="BHK01", technician="ravi")
    for name in ("finish_pole", "finish_service_wire", "finish_house_wire"):
        do(name, joining, "ravi")


def confirm(board):
    """The board applies its first programme and runs it."""
    from controller.headend.models import Command

    command = Command.objects.get(name="set_programme")
    handle([board.receipt(bytes.fromhex(command.pk), 2), board.events(1, code=1012, value=1)])


def pay_deposit(joining):
    till.pay("pay-00001", DEPOSIT_PAISE, consumer_id=joining.consumer_id, purpose="deposit")


def told_of(joining):
    """Notices to the phone that the prospect gave: (template, language, title)."""
    from controller.notices.models import Message

    messages = Message.objects.exclude(template="payment_received").order_by("pk")
    assert {message.recipient for message in messages} == {joining.phone}
    return [(message.template, message.language, message.title) for message in messages]


def test_another_package_tells_of_the_activation_charge_again_only_when_it_is_another(plant):
    """MG-4: notice of the activation charge with the package; each charge is told once."""
    till.set_profile(activation_charge_paise=10_000)
    joining = survey()
    sell(joining)
    choice = {"package_id": PACKAGE, "sanctioned_load_w": 1_000}
    do("choose_package", joining, **choice)
    assert [template for template, *_more in told_of(joining)] == ["activation_due"]
    till.set_profile(activation_charge_paise=12_000)
    do("choose_package", joining, **choice)
    assert [template for template, *_more in told_of(joining)] == ["activation_due"] * 2


def test_a_house_near_a_pole_becomes_a_consumer_in_supply(plant, board, clock):
    """MG-4, MG-5, MG-13: all steps, each with who and when, up to the plant's register."""
    from controller.joining import queries

    till.set_profile(activation_charge_paise=10_000)
    joining = survey()
    assert (joining.pole, joining.distance_m) == (12, 11)
    sell(joining)
    assert (joining.deposit_paise, joining.activation_charge_paise) == (DEPOSIT_PAISE, 10_000)
    clock(NOW_S + 60)
    install(joining)
    consumer = joining.consumer
    assert (consumer.pk, consumer.status, consumer.address) == (
        "BHKATS01201", "inactive", "House 9, Katsa",
    )  # fmt: skip
    do("pass_review", joining, "meena", note="earth and fuse seen")
    confirm(board)
    pay_deposit(joining)
    assert not queries.plant_register(plant).filter(pk=consumer.pk)
    do("activate", joining, "ravi")
    (row,) = queries.plant_register(plant).filter(pk=consumer.pk)
    assert (row.connection.meter_id, row.joining.activated_s) == ("BHK01", NOW_S + 60)
    assert till.balance(f"consumer:{consumer.pk}") == 10_000
    assert told_of(joining) == [
        ("activation_due", "hi", "सक्रियण शुल्क"), ("account_created", "hi", "स्वागत"),
        ("deposit_due", "hi", "सुरक्षा जमा"), ("connection_active", "hi", "कनेक्शन चालू"),
    ]  # fmt: skip
    assert [(step.name, step.actor, step.at_s - NOW_S) for step in joining.steps.all()] == [
        ("survey", "sita", 0), ("contact", "sita", 0), ("acquire", "sita", 0),
        ("identify", "sita", 0), ("choose_package", "sita", 0), ("open_account", "meena", 60),
        ("hand_over", "meena", 60), ("finish_pole", "ravi", 60),
        ("finish_service_wire", "ravi", 60), ("finish_house_wire", "ravi", 60),
        ("pass_review", "meena", 60), ("activate", "ravi", 60),
    ]  # fmt: skip


def test_supply_begins_with_the_boards_word_and_the_deposit(plant, board):
    """MG-4, MG-13, MG-14: no account is active before the meter runs its package."""
    joining = survey()
    sell(joining)
    install(joining)
    do("pass_review", joining, "meena", note="good")
    with pytest.raises(Refused, match="has not said"):
        do("activate", joining, "ravi")
    confirm(board)
    with pytest.raises(Refused, match=r"₹260\.00 of the security deposit"):
        do("activate", joining, "ravi")
    pay_deposit(joining)
    do("activate", joining, "ravi")
    assert joining.consumer.status == "active"


def test_a_meter_that_is_paid_in_instalments_is_laid_on_the_consumer(plant, board):
    """UP-4: twelve equal instalments, for who cannot pay meter and cable at once."""
    till.set_profile(meter_cost_paise=120_000, deposit_months=0)
    joining = survey()
    sell(joining)
    install(joining)
    do("pass_review", joining, "meena", note="good")
    confirm(board)
    do("activate", joining, "ravi")
    cost = joining.consumer.connection.meter_costs.get()
    assert (cost.total_paise, cost.instalments) == (120_000, 12)
    assert till.balance(f"debt:{joining.consumer_id}") == 120_000


def test_nobody_reviews_their_own_work_and_what_failed_is_done_again(plant):
    """MG-4, stages at pole, service wire, house wire, review."""
    joining = survey()
    sell(joining)
    install(joining)
    with pytest.raises(Refused, match="their own work"):
        do("pass_review", joining, "ravi", note="good")
    do("fail_review", joining, "meena", reason="no earth")
    assert joining.state == "service_wire"
    do("finish_house_wire", joining, "ravi")  # the meter is there already
    do("pass_review", joining, "meena", note="good")


def test_the_number_of_an_identity_proof_is_sealed_shown_by_its_end_and_wiped(plant):
    """MG-4, KYC: identity proof; kept from who reads the database, and no longer than needed."""
    from controller.audit.models import AuditEvent

    joining = survey()
    sell(joining)
    assert joining.identity_shown == "••••••••0123"
    assert b"0123" not in bytes(joining.identity_sealed)
    assert do("reveal_identity", joining, "meena", reason="bank asks") == "234567890123"
    told = [str(event.detail) for event in AuditEvent.objects.all()]
    assert not [detail for detail in told if "234567890123" in detail]
    assert AuditEvent.objects.filter(action="reveal identity", actor="meena").exists()
    do("cancel", joining, reason="moves to the town")
    assert bytes(joining.identity_sealed) == b""
    with pytest.raises(Refused, match="no identity proof"):
        do("reveal_identity", joining, "meena", reason="again")


def test_a_referral_or_an_app_needs_no_survey_but_the_house_is_measured_before_it_is_acquired(
    plant,
):
    """MG-4: in person, by referral, by self-referral in the customer app."""
    joining = survey(place=None)
    with pytest.raises(Refused, match="how far"):
        do("acquire", joining, way="self_referral", agent="sita")
    with pytest.raises(Refused, match="by a consumer"):
        do("acquire", joining, way="referral", agent="sita", pole=12, distance_m=9)
    with pytest.raises(Refused, match="nobody who could"):
        do("acquire", joining, way="in_person", agent="ravi", pole=12, distance_m=9)
    facts = {"way": "referral", "agent": "sita", "referrer_id": till.ASHA}
    do("acquire", joining, **facts, pole=12, distance_m=9)
    assert (joining.state, joining.referrer_id, joining.agent) == ("acquired", till.ASHA, "sita")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"place": rules.Place(25_600_400, 85_100_000)}, "45 m from the pole"),
        ({"place": None, "pole": 12, "distance_m": 31}, "further than 30 m"),
        ({"place": None, "pole": 12}, "Give both"),
        ({"place": TEN_METRES_NORTH, "pole": 13}, "not known where"),
        ({"place": rules.Place(91_000_000, 0)}, "no place"),
        ({"segment": "palace"}, "no segment"),
        ({"name": " "}, "no name"),
        ({"phone": "12"}, "no phone"),
        ({"expected_wh": -1}, "not expected"),
        ({"plant_code": "NONE"}, "no plant"),
    ],
)
def test_who_lives_beyond_the_catchment_or_is_nobody_is_not_surveyed(plant, facts, says):
    """MG-4: potential customers within 30 m of the poles (a setting)."""
    from controller.joining.models import Joining

    with pytest.raises(Refused, match=says):
        survey(**facts)
    assert not Joining.objects.exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"commitments_given": False},
        {"identity_number": "1234 5678 9012"},  # no Aadhaar begins with 1
        {"identity_kind": "library"},
        {"address": " "},
        {"phone": ""},
        {"language": "fr"},
        {"category": "king"},
    ],
)
def test_an_identity_needs_details_a_proof_and_the_commitments_on_paper(plant, facts):
    """MG-4, KYC: the customer gets the supplier's commitments on paper."""
    joining = survey()
    do("acquire", joining, way="in_person", agent="sita")
    with pytest.raises(Refused) as refused:
        do("identify", joining, **{**KNOWN, **facts})
    assert "9012" not in str(refused.value)
    joining.refresh_from_db()
    assert joining.state == "acquired"


def test_no_step_is_skipped(plant):
    joining = survey()
    for name, facts in (
        ("identify", KNOWN),
        ("choose_package", {"package_id": PACKAGE, "sanctioned_load_w": 1_000}),
        ("open_account", {}),
        ("hand_over", {"meter_id": "BHK01", "technician": "ravi"}),
        ("finish_house_wire", {}),
        ("pass_review", {"note": "good"}),
        ("activate", {}),
    ):
        with pytest.raises(Refused, match="it is surveyed"):
            do(name, joining, **facts)
    assert joining.steps.count() == 1


def test_a_package_that_does_not_suit_is_not_chosen_and_another_may_be_chosen_later(plant):
    """MG-4, UP-1: package assignment within load and category, open until the account is."""
    from controller.consumers.services import design_package

    prepaid = design_package("A2.1", "FD", 500, price_paise=650, **OFFICE)
    joining = survey()
    do("acquire", joining, way="in_person", agent="sita")
    do("identify", joining, **{**KNOWN, "category": "industry"})
    for package, load_w in ((prepaid.id, 1_000), (PACKAGE, 499), ("B2.1 (FD) / 9 / 0 / 1p", 9)):
        with pytest.raises(Refused):
            do("choose_package", joining, package_id=package, sanctioned_load_w=load_w)
    for load_w in (1_000, 2_000):
        do("choose_package", joining, package_id=PACKAGE, sanctioned_load_w=load_w)
    assert joining.sanctioned_load_w == 2_000


def test_a_cancelled_joining_gives_its_meter_back_and_asks_for_no_deposit(plant):
    """MG-4: what comes to nothing leaves nothing behind."""
    from controller.deposits.queries import open_demand
    from controller.inventory.models import Item

    joining = survey()
    sell(joining)
    do("open_account", joining, "meena")
    do("hand_over", joining, "meena", meter_id="BHK01", technician="ravi")
    do("cancel", joining, "meena", reason="no money")
    assert Item.objects.get(pk="BHK01").state == "in_store"
    assert open_demand(joining.consumer_id) is None
    with pytest.raises(Refused, match="begin anew"):
        do("finish_pole", joining, "ravi")


def test_a_joining_with_a_fitted_meter_is_not_cancelled_before_it_is_released(plant):
    joining = survey()
    sell(joining)
    install(joining)
    with pytest.raises(Refused, match="Release it first"):
        do("cancel", joining, "meena", reason="no money")


def test_connections_at_a_pole_are_numbered_on_and_lists_show_who_waits(plant):
    """MG-5: the ID says plant, pole and connection."""
    from controller.joining import queries

    first, second = survey(), survey()
    for joining in (first, second):
        sell(joining)
    do("open_account", first, "meena")
    do("open_account", second, "meena")
    assert [first.consumer_id, second.consumer_id] == ["BHKATS01201", "BHKATS01202"]
    assert queries.counts([plant]) == {"account": 2}
    waiting = queries.under_way([plant], "account")
    assert [row.pk for row in waiting] == [first.pk, second.pk]


def test_distances_are_those_of_the_earth():
    """One degree of latitude is 111.2 km; in Bihar one of longitude is a tenth less."""
    north = rules.distance_m(
        rules.Place(25_000_000, 85_000_000), rules.Place(26_000_000, 85_000_000)
    )
    east = rules.distance_m(
        rules.Place(25_600_000, 85_000_000), rules.Place(25_600_000, 86_000_000)
    )
    assert (north // 100, east // 100) == (1_111, 1_002)
    assert rules.distance_m(POLE_12, POLE_12) == 0
