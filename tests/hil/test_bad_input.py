"""Whatever comes down the wire, the real firmware refuses it by its reason and stays as it was.

After each bad message a good command is applied: nothing wedges a board.
"""

from types import SimpleNamespace

import pytest

from protocol import cbor, commands, cose, keys, messages, programme, records
from protocol.limits import PAYLOAD_MAX_BYTES
from simulator.fleet import House
from tests.hil.desk import EPOCH, PASSWORD, Desk
from tools.broker import HEADEND_USER, Broker

METER = "SIM1"
ROOT_KEY = bytes(range(32))
START_S = 200_000_000
CREDIT_WH = 1_000
VERSION = 5
ENERGY, MONEY = 1, 2
RECEIVED = (commands.STAGE_RECEIVED, 0)
APPLIED = (commands.STAGE_APPLIED, 0)
REFUSED, EXPIRED = commands.STAGE_REFUSED, commands.STAGE_EXPIRED
UNAUTHENTIC = 100 + commands.REASON_AUTHENTICATION
REFUSALS_TOLD_EVERY_S = 60

# What no bad message may change: by the numbers of the status map.
STANDING = ("1", "2", "5", "6", "8", "9", "10", "11", "13", "15")
NAMES = {
    "version": VERSION,
    "package_id": "HIL",
    "activation_s": 0,
    "utc_offset_min": 330,
    "load": {"limit_w": 500},
    "windows": [],
    "supply_clock_unset": True,
    "credit": {
        "mode": ENERGY,
        "low_1": 0,
        "low_2": 0,
        "reconnect": 1,
        "friendly_windows": [],
        "sanctioned_load_w": 500,
        "phases": 1,
        "opened_s": 0,
    },
    "tariff": None,
    "interval_s": 900,
    "start_delay_s": 0,
    "language": 0,
}


def make_programme(**changes):
    """A valid programme's bytes, then changed key by key without asking whether it may be."""
    record = programme.from_names(NAMES | {"version": VERSION + 1})
    for name, value in changes.items():
        record[programme.NAMES.index(name)] = value
    return cbor.encode(plain(record))


def plain(record):
    """Leave out what says nothing, as `programme.encode` does for programmes that are good."""
    brief = records.without(record, programme.NEUTRAL)
    if isinstance(brief[programme.LOAD], dict):
        brief[programme.LOAD] = records.without(brief[programme.LOAD], programme.NEUTRAL_LOAD)
    brief[programme.CREDIT] = records.without(brief[programme.CREDIT], programme.NEUTRAL_CREDIT)
    return brief


def make_load(limit_w):
    return programme.from_names(NAMES)[programme.LOAD] | {programme.LOAD_LIMIT_W: limit_w}


def make_tariff(slabs):
    named = {"code": "T", "tables": [[None, True, [[None, 600]]]]}
    record = programme.from_names(NAMES | {"tariff": named})[programme.TARIFF]
    return record | {1: [[None, True, slabs]]}


@pytest.fixture(scope="module")
def far_end(tmp_path_factory):
    """A broker, and a way to begin a house with its desk."""
    folder = tmp_path_factory.mktemp("bad-input")
    broker = Broker(folder / "broker")
    broker.set_user(HEADEND_USER, PASSWORD)
    opened = []

    def begin(meter):
        password = keys.role_key(ROOT_KEY, 0, keys.ROLE_BROKER, meter).hex()
        broker.set_user(meter, password)
        clock = folder / f"{meter}.clock"
        house = House(folder / meter, meter, ROOT_KEY, broker.port, 7, START_S, clock_file=clock)
        desk = Desk(broker.port, meter, ROOT_KEY, lambda: int(clock.read_text()))
        opened.extend((house.kill, desk.close))
        house.start()
        return SimpleNamespace(house=house, desk=desk)

    broker.start()
    yield begin
    for close in opened:
        close()
    broker.stop()


@pytest.fixture(scope="module")
def board(far_end):
    """A board on energy credit of 1,000 Wh, programme 5, limit 500 W; a lamp of 100 W is on."""
    board = far_end(METER)
    board.house.act(appliance="lamp", power_w=100)
    board.house.run_until(START_S + 90)
    record = programme.encode(programme.from_names(NAMES))
    assert board.desk.order(commands.SET_PROGRAMME, {0: record}) == [RECEIVED, APPLIED]
    board.house.run_until(board.house.now_s + 5)
    bought = {0: b"purchase", 1: ENERGY, 2: CREDIT_WH}
    assert board.desk.order(commands.CREDIT, bought) == [RECEIVED, APPLIED]
    board.house.run_until(board.house.now_s + 600)
    return board


def standing(board):
    status = board.house.observe()["status"]
    return {key: status[key] for key in STANDING}


def assert_well(board):
    """A good command is applied."""
    assert board.desk.order(commands.READ_REGISTERS, {}) == [RECEIVED, APPLIED]


COMMANDS = [
    ("unknown name", 99, {}, REFUSED, commands.REASON_UNKNOWN_NAME),
    ("a name of a later release", 10, {}, REFUSED, commands.REASON_NOT_SUPPORTED),
    ("an argument too many", commands.DISCONNECT, {0: 1}, REFUSED, commands.REASON_BAD_ARGUMENTS),
    ("an argument missing", commands.CREDIT, {0: b"purchas2", 1: ENERGY}, REFUSED, 2),
    ("text for a number", commands.CREDIT, {0: b"purchas2", 1: ENERGY, 2: "5"}, REFUSED, 2),
    ("true for a number", commands.SET_CLOCK, {0: True}, REFUSED, 2),
    ("a short purchase id", commands.CREDIT, {0: b"short", 1: ENERGY, 2: 5}, REFUSED, 2),
    ("credit 0", commands.CREDIT, {0: b"purchas2", 1: ENERGY, 2: 0}, REFUSED, 3),
    ("credit negative", commands.CREDIT, {0: b"purchas2", 1: ENERGY, 2: -5}, REFUSED, 3),
    ("credit beyond 10^9", commands.CREDIT, {0: b"purchas2", 1: ENERGY, 2: 10**9 + 1}, REFUSED, 3),
    ("money for energy", commands.CREDIT, {0: b"purchas2", 1: MONEY, 2: 5}, REFUSED, 4),
    ("days for energy", commands.CREDIT, {0: b"purchas2", 1: 3, 2: 5}, REFUSED, 4),
    ("a fourth unit", commands.CREDIT, {0: b"purchas2", 1: 4, 2: 5}, REFUSED, 3),
    ("a purchase twice", commands.CREDIT, {0: b"purchase", 1: ENERGY, 2: CREDIT_WH}, REFUSED, 7),
    ("a time before time", commands.SET_CLOCK, {0: -1}, REFUSED, 3),
    ("a profile too long", commands.READ_PROFILE, {0: 1, 1: 961}, REFUSED, 3),
    ("a profile backwards", commands.READ_PROFILE, {0: 5, 1: 4}, REFUSED, 3),
    ("words too long", commands.SHOW_MESSAGE, {0: "x" * 33, 1: 5}, REFUSED, 3),
    ("a version not newer", 3, {0: make_programme(version=VERSION)}, REFUSED, 6),
    ("load 0", 3, {0: make_programme(load=make_load(0))}, REFUSED, 3),
    ("windows overlap", 3, {0: make_programme(windows=[[1, 0, 20], [1, 10, 30]])}, REFUSED, 3),
    (
        "slabs not ascending",
        commands.SET_PROGRAMME,
        {0: make_programme(tariff=make_tariff([[200, 1], [100, 2], [None, 3]]))},
        REFUSED,
        commands.REASON_OUT_OF_RANGE,
    ),
    ("a programme cut short", 3, {0: make_programme()[:-1]}, REFUSED, 3),
    ("a programme of 1,025 bytes", 3, {0: bytes(1025)}, REFUSED, 3),
    ("a programme that is text", 3, {0: "programme"}, REFUSED, 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "stage", "reason"),
    [pytest.param(*case[1:], id=case[0]) for case in COMMANDS],
)
def test_a_command_that_cannot_be_gets_its_reason_and_changes_nothing(
    board, name, arguments, stage, reason
):
    before = standing(board)
    assert board.desk.order(name, arguments) == [RECEIVED, (stage, reason)]
    assert standing(board) == before
    assert_well(board)


@pytest.mark.parametrize(
    ("frame", "outcome"),
    [
        pytest.param({"expires_s": START_S}, (EXPIRED, 12), id="expired"),
        pytest.param({"not_before_s": START_S + 10**8}, (REFUSED, 5), id="not yet"),
    ],
)
def test_a_command_out_of_its_time_gets_its_reason_and_changes_nothing(board, frame, outcome):
    before = standing(board)
    assert board.desk.order(commands.DISCONNECT, {}, **frame) == [RECEIVED, outcome]
    assert standing(board) == before
    assert_well(board)


def test_a_command_id_that_was_concluded_gets_its_last_receipt_again_and_does_nothing(board):
    """Whatever it asks for this time; `received` is not said again."""
    before = standing(board)
    bought = {0: b"purchas3", 1: ENERGY, 2: 7}
    good = board.desk.order(commands.CREDIT, bought, identity=b"repeated")
    again = board.desk.order(commands.DISCONNECT, {}, identity=b"repeated")
    refused = board.desk.order(commands.CREDIT, bought, identity=b"refused1")
    refused_again = board.desk.order(commands.DISCONNECT, {}, identity=b"refused1")
    assert (good, again) == ([RECEIVED, APPLIED], [APPLIED])
    assert (refused, refused_again) == ([RECEIVED, (REFUSED, 7)], [(REFUSED, 7)])
    credited = {key: before[key] + 7 for key in ("6", "8")}
    assert standing(board) == before | credited


def envelope(desk, **other):
    """A good `disconnect`, or one that is not quite the board's."""
    return desk.seal(messages.COMMAND, desk.body(commands.DISCONNECT, {}), **other)


def flip(position):
    def make(desk):
        data = bytearray(envelope(desk))
        data[position] ^= 0x04
        return bytes(data)

    return make


def seal_payload(payload):
    """A genuine envelope around something that is no message."""

    def make(desk):
        aad = keys.external_aad(messages.DOWN, desk.meter, EPOCH)
        return cose.seal(desk.key, payload, EPOCH, aad)

    return make


def seal_frame(**changes):
    """A genuine message whose command frame is wrong at the given keys."""

    def make(desk):
        body = desk.body(commands.DISCONNECT, {}) | {int(key[1:]): v for key, v in changes.items()}
        return seal_payload(cbor.encode({0: messages.COMMAND, 1: 10**6, 2: 0, 3: body}))(desk)

    return make


def seal_upwards(desk):
    aad = keys.external_aad(messages.UP, desk.meter, EPOCH)
    payload = messages.pack(messages.COMMAND, 10**6, 0, desk.body(commands.DISCONNECT, {}))
    return cose.seal(desk.key, payload, EPOCH, aad)


OTHER_METER_KEY = keys.role_key(ROOT_KEY, EPOCH, keys.ROLE_DOWNLINK, "SIM2")
UPLINK_KEY = keys.role_key(ROOT_KEY, EPOCH, keys.ROLE_UPLINK, METER)
NEXT_EPOCH_KEY = keys.role_key(ROOT_KEY, EPOCH + 1, keys.ROLE_DOWNLINK, METER)

MESSAGES = [
    ("counter 1 again", lambda desk: envelope(desk, counter=1), commands.REASON_STALE_COUNTER),
    ("the newest counter again", lambda desk: envelope(desk, counter=desk.counter), 11),
    (
        "another meter's",
        lambda desk: envelope(desk, meter="SIM2", key=OTHER_METER_KEY),
        UNAUTHENTIC,
    ),
    ("another meter's name", lambda desk: envelope(desk, meter="SIM2"), UNAUTHENTIC),
    ("signed with the uplink key", lambda desk: envelope(desk, key=UPLINK_KEY), UNAUTHENTIC),
    ("signed for the other direction", seal_upwards, UNAUTHENTIC),
    ("another key epoch", lambda desk: envelope(desk, epoch=2, key=NEXT_EPOCH_KEY), UNAUTHENTIC),
    ("another epoch's number", lambda desk: envelope(desk, epoch=2), UNAUTHENTIC),
    ("nothing", lambda desk: b"", commands.REASON_UNDECODABLE),
    ("cut after a byte", lambda desk: envelope(desk)[:1], 14),
    ("cut in the middle", lambda desk: envelope(desk)[:40], 14),
    ("cut by a byte", lambda desk: envelope(desk)[:-1], 14),
    ("a byte more", lambda desk: envelope(desk) + b"\0", 14),
    ("4,097 bytes", lambda desk: b"\xd1" * (PAYLOAD_MAX_BYTES + 1), commands.REASON_TOO_LARGE),
    ("9,000 bytes", lambda desk: bytes(9000), 15),
    ("a bit of the tag 17", flip(0), 14),
    ("a bit of the array's head", flip(1), 14),
    ("a bit of the algorithm", flip(5), 14),
    ("a bit of the key epoch", flip(9), UNAUTHENTIC),
    ("a bit of the payload", flip(16), UNAUTHENTIC),
    ("a bit of the signature", flip(-1), UNAUTHENTIC),
    ("genuine, but no message", seal_payload(b"\x80"), 14),
    ("genuine, but not our CBOR", seal_payload(b"\xbf\xff"), 14),
    ("a kind that does not exist", seal_payload(cbor.encode({0: 99, 1: 10**6, 2: 0, 3: {}})), 14),
    ("a command id of 7 bytes", seal_frame(_0=b"1234567"), 14),
    ("a name that is text", seal_frame(_4="disconnect"), 14),
    ("arguments that are a list", seal_frame(_5=[]), 14),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "reason"), [pytest.param(*case[1:], id=case[0]) for case in MESSAGES]
)
def test_a_message_that_fails_is_counted_never_answered_and_changes_nothing(board, make, reason):
    """Event 1019 tells the reason, at most once a minute."""
    board.house.run_until(board.house.now_s + REFUSALS_TOLD_EVERY_S + 1)
    before = standing(board)
    board.desk.send(make(board.desk))
    assert_well(board)
    assert board.desk.await_event(messages.EVENT_MESSAGE_REFUSED) == reason
    assert standing(board) == before
    assert board.desk.receipts.empty()


def test_a_command_that_was_overtaken_is_not_taken_any_more(board):
    board.house.run_until(board.house.now_s + REFUSALS_TOLD_EVERY_S + 1)
    first = envelope(board.desk)
    assert_well(board)
    board.desk.send(first)
    assert_well(board)
    assert board.desk.await_event(messages.EVENT_MESSAGE_REFUSED) == commands.REASON_STALE_COUNTER


def test_only_the_clock_may_be_set_before_the_time_is_known(far_end):
    board = far_end("SIM3")
    board.desk.answers = False
    board.house.begin(START_S + 90)
    hello = board.desk.hellos.get(timeout=20)
    refused = (REFUSED, commands.REASON_CLOCK_UNSET)
    assert board.desk.order(commands.DISCONNECT, {}) == [RECEIVED, refused]
    board.desk.answers = True
    board.desk.answer_hello(hello)
    board.house.finish()
    assert_well(board)
