"""What the display shows, in which order, and what the keypad's codes open."""

import pytest

from firmware.core import holds, pages, texts_hi
from firmware.core.panel import ANSWER_S, PRESENT_S, REST_TURN_S, TURN_S, Panel
from protocol import sts
from tests.firmware.core import vending

TOKEN = "12345678901234567890"


@pytest.fixture
def panel(bench):
    return Panel(bench.board, "BHKATS01112", "bijli 0.1.0", bench.sample)


def live(bench, panel, seconds):
    """Every different pair of lines that was shown in so many seconds, in order."""
    seen = []
    for _ in range(seconds):
        bench.run(1)
        lines = panel.lines(bench.uptime_s)
        assert all(len(line) <= 16 for line in lines)
        if not seen or seen[-1] != lines:
            seen.append(lines)
    return seen


def type_in(bench, panel, keys):
    for key in keys:
        panel.press_key(key, bench.uptime_s)
    return panel.lines(bench.uptime_s)


def test_pages_turn_by_themselves_and_tell_everything(bench, panel):
    bench.install(2, credit={"mode": 1, "low_1": 100})
    bench.command(4, {0: b"purchase", 1: 1, 2: 12_340})
    bench.run(2)
    assert live(bench, panel, 6 * REST_TURN_S)[:6] == [
        ("0/1000 W", "Bal 12.34 kWh"),
        ("Bal 12.34 kWh", "Use not known"),
        ("0/1000 W", "Limit 1000 W"),
        ("Total", "0.00 kWh"),
        ("Last token", "none"),
        ("BHKATS01112", "bijli 0.1.0"),
    ]


def test_a_press_turns_the_page_and_the_pages_turn_faster_while_somebody_is_there(bench, panel):
    bench.run(PRESENT_S + 1, power_w=100)
    panel.lines(bench.uptime_s)
    live(bench, panel, PRESENT_S + REST_TURN_S)
    first = panel.lines(bench.uptime_s)
    panel.press(bench.uptime_s)
    second = panel.lines(bench.uptime_s)
    assert second != first
    assert len(live(bench, panel, 3 * TURN_S)) > 3


def test_a_trip_comes_first_whatever_page_stood_there(bench, panel):
    live(bench, panel, 2 * REST_TURN_S)
    bench.run(1, power_w=2500)
    assert panel.lines(bench.uptime_s) == ("OVERLOAD 2500 W", "Wait 10 s")
    bench.run(10, power_w=0)
    assert panel.lines(bench.uptime_s) == ("OVERLOAD 2500 W", "Load off, press")


@pytest.mark.parametrize(
    ("hold", "english", "hindi"),
    [
        (holds.OPERATOR, "OFF BY OPERATOR", "OPERATOR SE BAND"),
        (holds.CREDIT, "NO CREDIT", "PAISA KHATAM"),
        (holds.WINDOW, "SUPPLY HOURS END", "BIJLI SAMAY PURA"),
        (holds.OVERLOAD, "OVERLOAD 0 W", "ADHIK 0 W"),
        (holds.LOCKOUT, "TOO MANY TRIPS", "BAR BAR TRIP"),
        (holds.TAMPER, "COVER OPENED", "DHAKKAN KHULA"),
        (holds.FAULT, "METER FAULT", "METER KHARAB"),
        (holds.START, "POWER IS BACK", "BIJLI AA GAYI"),
        (holds.CONFIRM, "READY", "TAIYAR HAI"),
    ],
)
def test_every_hold_says_why_the_supply_is_off_and_what_to_do(bench, panel, hold, english, hindi):
    bench.board.supply.holds = hold
    for language, title in enumerate((english, hindi)):
        bench.board.programmes.active = dict(bench.board.programmes.active)
        bench.board.programmes.active[11] = language
        first, second = panel.lines(bench.uptime_s)
        assert first == title
        assert second
        assert bench.board.display_lines() == (first, second)


def test_holds_that_stand_together_are_told_in_turn_and_a_lockout_tells_of_its_overload(
    bench, panel
):
    bench.board.supply.holds = holds.OPERATOR | holds.LOCKOUT | holds.OVERLOAD
    titles = []
    for _ in range(2 * TURN_S + 1):
        bench.uptime_s += 1
        titles.append(panel.lines(bench.uptime_s)[0])
    assert list(dict.fromkeys(titles)) == ["OFF BY OPERATOR", "TOO MANY TRIPS"]


@pytest.mark.parametrize(
    ("state", "title"),
    [(1, "METER SILENT"), (2, "METER READS ODD"), (3, "METER READS ZERO"), (4, "METER FROZEN")],
)
def test_a_metering_fault_says_which(bench, panel, state, title):
    bench.board.supply.holds = holds.FAULT
    bench.board.supply.metering.state = state
    assert panel.lines(bench.uptime_s) == (title, "Call operator")


def test_low_credit_comes_before_the_load(bench, panel):
    bench.install(2, credit={"mode": 1, "low_1": 1000})
    bench.command(4, {0: b"purchase", 1: 1, 2: 2000})
    bench.run(2)
    assert panel.lines(bench.uptime_s)[0] == "0/1000 W"
    bench.board.account.charge(1500)
    bench.run(1)
    assert panel.lines(bench.uptime_s) == ("LOW CREDIT", "Bal 0.50 kWh")


def test_a_message_stands_before_every_page(bench, panel):
    bench.board.show_message("Water supply    tomorrow 6:00", 60)
    assert panel.lines(bench.uptime_s) == ("Water supply    ", "tomorrow 6:00")
    bench.run(61)
    assert panel.lines(bench.uptime_s)[0] == "0/1000 W"


@pytest.mark.parametrize(
    ("watts", "line"),
    [
        ((9999, 9999, 999), "9999 9999 999"),
        ((23_000, 23_000, 23_000), "23.0 23.0 23.0kW"),
        ((-12_345, 66_667, 20_000), "-12.3 66.6 20.0"),
        ((200_000, -50, 100_000), "200.0 -0.0 100.0"),
    ],
)
def test_the_loads_of_three_phases_are_never_cut_to_other_numbers(bench, panel, watts, line):
    bench.sample.phases = 3
    for phase, power_w in enumerate(watts):
        bench.sample.phase_power_dw[phase] = power_w * 10
    assert type_in(bench, panel, "002#")[1] == line


def test_a_flat_package_that_nobody_paid_for_yet_shows_no_date(bench, panel):
    bench.install(2, credit={"mode": 3})
    assert type_in(bench, panel, "001#") == ("Paid until", "none")


def test_three_phases_show_the_load_of_each(bench, panel):
    bench.sample.phases = 3
    for phase, power_dw in enumerate((1230, 4560, 7890)):
        bench.sample.phase_power_dw[phase] = power_dw
    assert type_in(bench, panel, "002#")[1] == "123 456 789"


@pytest.mark.parametrize(
    ("keys", "title"),
    [
        ("001#", "Postpaid"),
        ("003#", "Total"),
        ("004#", "Last token"),
        ("005#", "BHKATS01112"),
        ("006#", "0/1000 W"),
        ("999#", "NO SUCH CODE"),
        ("1234#", "WRONG NUMBER"),
        (TOKEN + "#", "TOKEN REFUSED"),
    ],
)
def test_what_the_keypad_enters_is_answered_and_the_pages_go_on(bench, panel, keys, title):
    assert type_in(bench, panel, keys)[0] == title
    bench.run(ANSWER_S)
    assert panel.lines(bench.uptime_s)[0] == "0/1000 W"


def test_digits_being_typed_are_shown(bench, panel):
    assert type_in(bench, panel, TOKEN[:14]) == ("1234 5678 9012", "34_")


def test_a_voucher_is_answered_and_the_last_token_page_remembers_it(start):
    """UP-11."""
    bench = start()
    panel = Panel(bench.board, "BHKATS01112", "bijli 0.1.0", bench.sample)
    assert type_in(bench, panel, TOKEN + "#") == ("TOKEN REFUSED", "Not supported")
    vending.give_key(bench)
    keys = vending.voucher(1000, 256) + "#"
    assert type_in(bench, panel, keys) == ("TOKEN ACCEPTED", "+25.6 kWh")
    assert not bench.holds
    assert type_in(bench, panel, "004#") == ("Last token", "+25.6 kWh")
    assert type_in(bench, panel, keys) == ("TOKEN REFUSED", "Used already")
    assert type_in(bench, panel, "004#") == ("Last token", "Used already")
    key_token = vending.change(old=vending.KEY)[0]
    assert type_in(bench, panel, key_token + "#") == ("KEY TOKEN TAKEN", "Enter the next")


def test_a_locked_entry_says_how_long_to_wait(start):
    bench = start()
    panel = Panel(bench.board)
    vending.identify(bench)
    for _ in range(3):
        assert type_in(bench, panel, TOKEN + "#") == ("TOKEN REFUSED", "Check digits")
    bench.run(3)
    assert type_in(bench, panel, TOKEN + "#") == ("ENTRY LOCKED", "Wait 7 s")


def test_every_answer_of_a_meter_has_its_words(start):
    bench = start()
    panel = Panel(bench.board)
    panel.lines(bench.uptime_s)
    for answer in range(len(sts.ANSWERS)):
        bench.board.tokens.answer = answer
        if answer == sts.ACCEPTED:
            vending.enter(bench, vending.change()[0])
        assert all(pages.answer_token(panel))


def test_a_programme_in_hindi_changes_every_word(bench, panel, tariff):
    bench.install(2, language=1, credit={"mode": 2}, tariff=tariff)
    bench.command(4, {0: b"purchase", 1: 2, 2: 1250})
    bench.run(2)
    assert type_in(bench, panel, "001#") == ("Baki Rs 10.89", texts_hi.USE_UNKNOWN)


class Store:
    trouble = 0


@pytest.mark.parametrize(
    ("prepare", "page"),
    [
        (lambda bench, panel: setattr(panel.store, "trouble", 1), "MEMORY FAULT"),
        (lambda bench, panel: setattr(bench.board.supervision, "is_safe", True), "SAFE MODE"),
        (
            lambda bench, panel: setattr(bench.board.account, "recharge_overdue_days", 12),
            "RECHARGE DUE",
        ),
        (lambda bench, panel: setattr(panel, "supply_ends_min", 4), "SUPPLY ENDS"),
        (lambda bench, panel: setattr(bench.board, "inputs", 2), "GENERATOR"),
        (lambda bench, panel: bench.command(5, {0: 300, 1: bench.now_s + 999}), "LIMIT LOWERED"),
    ],
)
def test_news_stand_before_the_load(bench, panel, prepare, page):
    panel.store = Store()
    prepare(bench, panel)
    bench.run(3)
    assert page in [lines[0] for lines in live(bench, panel, 2 * TURN_S)]


def test_contacts_that_do_not_open_are_told_beside_the_hold(bench, panel):
    bench.board.supply.holds = holds.OPERATOR
    bench.board.supply.relay.is_welded = True
    titles = []
    for _ in range(3 * TURN_S):
        bench.uptime_s += 1
        titles.append(panel.lines(bench.uptime_s)[0])
    assert list(dict.fromkeys(titles)) == ["OFF BY OPERATOR", "RELAY STUCK"]


def test_emergency_credit_is_offered_taken_and_told_until_it_is_repaid(bench, panel):
    bench.install(2, credit={"mode": 1, "emergency": 500, "emergency_below": 0})
    bench.run(2)
    assert ("LOAN: HOLD 3 s", "0.50 kWh") in live(bench, panel, 4 * TURN_S)
    assert bench.holds
    bench.drive(bench.board.accept_emergency(bench.now_s, bench.uptime_s))
    assert not bench.holds
    bench.board.account.charge(200)
    assert ("Loan to repay", "0.20 kWh") in live(bench, panel, 4 * TURN_S)


def test_a_flat_package_shows_its_days(bench, panel):
    bench.install(2, credit={"mode": 3})
    bench.command(4, {0: b"purchase", 1: 3, 2: 30})
    bench.run(2)
    assert panel.lines(bench.uptime_s) == ("0/1000 W", "Bal 30 days")
    assert type_in(bench, panel, "001#")[0] == "Paid until"
