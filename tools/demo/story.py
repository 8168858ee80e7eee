"""The story, scene by scene. Every scene moves the village on and checks what must be so.

A scene is a function of the village; STORY at the end is their order. Times are local.
"""

from collections.abc import Callable

from protocol import messages as m
from tools.demo.accounts import close_month
from tools.demo.commission import LIMIT_STEP_W, PLANS, PLANT, PRICE_PAISE, design
from tools.demo.reconcile import tolerance_wh
from tools.demo.village import START_DELAY_S, STEP_S, Home, Village, clock_text, moment_s

LAST_MOMENT_S = moment_s(4, "00:00")  # the month's end: the moment that is billed and reconciled

WAIT_S = 12  # the wait after a trip (10 s), and two seconds
OUTAGE_S = 300
HEATER_PERCENT = 135  # of the limit: over the second band (125 %, 10 s)
DUTY_PERCENT = 112  # over the first band (105 %, 60 s) only
DUTY_S = [40, 20]  # on, off: on average the line is under its limit
MORNING_SPARE_WH = 2_500  # over the first warning level, so that both warnings come in the scene
RECHARGE_DAYS = 5


def _share_w(home: Home, percent: int) -> int:
    return home.limit_w * percent // 100


def _wait_for_hold(v: Village, home: Home, hold: int, within_s: int, step_s: int = 5) -> bool:
    return v.run_while(lambda: not v.holds(home) & hold, within_s, step_s)


def _reset(v: Village, home: Home) -> bool:
    """Excess load gone, wait over, button: is there supply again?"""
    v.run_for(WAIT_S)
    v.press_button(home)
    return bool(v.look(home)["relay_closed"])


def packages_are_programmed(v: Village) -> None:
    """Every board confirms its package and its first credit; by 05:01 all have supply."""
    v.narrator.chapter("Packages are programmed into the boards; each board confirms")
    v.narrator.say("the fitter leaves each house's main switch off until its board is programmed")
    for home in v.homes.values():
        v.act(home, main_switch=False)
    v.run_for(START_DELAY_S)
    for home in v.homes.values():
        state = v.assign(home, home.package)
        v.narrator.check(
            f"{home.meter} confirmed '{home.package}' by its own signed receipt",
            state == "applied",
            state,
        )
    v.run_for(START_DELAY_S)
    for home in v.homes.values():
        limit_w = v.look(home)["limit_w"]
        v.narrator.check(
            f"{home.meter} limits at {home.limit_w} W", limit_w == home.limit_w, f"{limit_w} W"
        )
        v.act(home, main_switch=True)
    for home, amount, unit, paid_paise in _first_purchases(v):
        command = v.sell(home, amount, unit, paid_paise)
        v.narrator.check(
            f"{home.meter} confirmed its first credit of {amount} {unit}",
            command.state == "applied",
            command.state,
        )
    v.run_to(moment_s(1, "05:01"))
    v.wait_for_mains(*v.homes.values())
    supplied = all(v.look(home)["relay_closed"] for home in v.homes.values())
    v.narrator.check("at 05:01 all three houses have supply", supplied)


def _first_purchases(v: Village) -> list[tuple[Home, int, str, int]]:
    """Energy for the first morning and a little more; money for all three days and more."""
    energy_wh = v.energy.morning_wh + MORNING_SPARE_WH
    money_paise = 20_000 + v.money.mean_w * 24 * 4  # at most ₹ 10 a unit for four days
    return [
        (v.energy, energy_wh, "energy", energy_wh * PRICE_PAISE // 1000),
        (v.money, money_paise, "money", money_paise),
    ]


def a_heater_overloads_the_line(v: Village) -> None:
    """Over the second band: trip, reset with the load on, trip, reset without it."""
    v.narrator.chapter("A heater overloads the line: the board trips, and says why")
    home = v.postpaid
    v.run_to(moment_s(1, "09:00"))
    v.wait_for_mains(home)
    v.act(home, appliance="heater", power_w=_share_w(home, HEATER_PERCENT))
    v.narrator.say(f"{clock_text(v.now_s)}: a heater of {HEATER_PERCENT} % of the limit goes on")
    v.narrator.check("the board trips by itself", _wait_for_hold(v, home, m.HOLD_OVERLOAD, 60))
    seen = v.look(home)
    v.narrator.check("the line is dead", not seen["relay_closed"] and seen["power_w"] == 0)
    v.narrator.check("the display says why", "OVERLOAD" in v.display(home), v.display(home))
    v.narrator.check("button pressed with the heater still on: supply …", _reset(v, home))
    v.narrator.check("… and it trips again", _wait_for_hold(v, home, m.HOLD_OVERLOAD, 60))
    v.act(home, appliance="heater", power_w=0)
    v.narrator.check("heater off, button: supply again", _reset(v, home))


def a_duty_cycled_overload_trips_too(v: Village) -> None:
    """Over the first band for two thirds of the time only."""
    v.narrator.chapter("An overload that switches itself off and on trips too")
    home = v.postpaid
    v.run_to(moment_s(1, "10:00"))
    v.wait_for_mains(home)
    v.act(home, appliance="welder", power_w=_share_w(home, DUTY_PERCENT), duty=DUTY_S)
    v.narrator.say(
        f"{clock_text(v.now_s)}: {DUTY_S[0]} s over the limit, {DUTY_S[1]} s off, again and again"
    )
    v.narrator.check("the board trips", _wait_for_hold(v, home, m.HOLD_OVERLOAD, 1200))
    v.act(home, appliance="welder", power_w=0)
    v.narrator.check("load removed, button: supply", _reset(v, home))


def credit_runs_down(v: Village) -> None:
    """Two warnings, the cut, a button that does not help, a recharge."""
    v.narrator.chapter("Prepaid credit runs down: warnings, cut, recharge, supply")
    home = v.energy
    v.run_to(moment_s(1, "12:00"))
    v.wait_for_mains(home)
    v.act(home, appliance="rice cooker", power_w=home.spare_w)
    cut = _wait_for_hold(v, home, m.HOLD_CREDIT, 12 * 3600, step_s=300)
    v.wait_for_mains(home)
    v.act(home, appliance="rice cooker", power_w=0)
    v.narrator.check("supply is cut when the credit is used up", cut, clock_text(v.now_s))
    v.narrator.check("the display says so", "CREDIT" in v.display(home).upper(), v.display(home))
    v.settle()
    codes = v.event_codes(home)
    v.narrator.check(
        "two warnings came before the cut",
        {m.EVENT_CREDIT_LOW_1, m.EVENT_CREDIT_LOW_2, m.EVENT_CREDIT_EXHAUSTED} <= codes,
    )
    v.press_button(home)
    v.narrator.check("the button does not help", not v.look(home)["relay_closed"])
    energy_wh = home.mean_w * 24 * RECHARGE_DAYS + MORNING_SPARE_WH
    command = v.sell(home, energy_wh, "energy", energy_wh * PRICE_PAISE // 1000)
    v.narrator.check(f"recharge of {energy_wh} Wh confirmed", command.state == "applied")
    v.run_for(5)
    v.narrator.check("supply is back", bool(v.look(home)["relay_closed"]))


def supply_hours_end_and_begin(v: Village) -> None:
    """Off within 5 s of 23:00, on within 5 s of 05:00."""
    v.narrator.chapter("Supply hours end and begin")
    home = v.money
    for day, clock, expected in ((1, "22:59:30", True), (1, "23:00:05", False),
                                 (2, "04:59:30", False), (2, "05:00:05", True)):  # fmt: skip
        v.run_to(moment_s(day, clock))
        v.wait_for_mains(home)
        v.narrator.check(
            f"at {clock} supply is {'on' if expected else 'off'}",
            bool(v.look(home)["relay_closed"]) is expected,
            v.display(home),
        )


def operator_disconnects_and_reconnects(v: Village) -> None:
    """Half an hour without supply, and nobody at the house can end it."""
    v.narrator.chapter(
        "The operator disconnects; the button does not help; the operator reconnects"
    )
    home = v.postpaid
    v.run_to(moment_s(2, "08:00"))
    v.wait_for_mains(home)
    v.narrator.check("disconnect confirmed", v.command(home, "disconnect").state == "applied")
    v.run_for(2)
    v.narrator.check("supply is off", not v.look(home)["relay_closed"], v.display(home))
    v.press_button(home)
    v.narrator.check("the button does not help", not v.look(home)["relay_closed"])
    v.settle()
    v.narrator.say(f"the console says: {v.why_off(home)}")
    v.run_to(moment_s(2, "08:30"))
    v.wait_for_mains(home)
    v.narrator.check("reconnect confirmed", v.command(home, "reconnect").state == "applied")
    v.run_for(2)
    v.narrator.check("supply is on", bool(v.look(home)["relay_closed"]))


def power_is_cut_in_the_middle(v: Village) -> None:
    """Cuts of five minutes at the worst moments; nothing that must last is lost."""
    v.narrator.chapter("Power cuts in the middle of everything")
    home = v.postpaid
    v.run_to(moment_s(2, "11:00"))
    v.wait_for_mains(home)
    v.act(home, appliance="heater", power_w=_share_w(home, HEATER_PERCENT))
    _wait_for_hold(v, home, m.HOLD_OVERLOAD, 60, step_s=1)
    _cut(v, [home], "3 s after a trip")
    v.narrator.check(
        "the trip still holds", bool(v.holds(home) & m.HOLD_OVERLOAD), v.display(home)
    )
    v.act(home, appliance="heater", power_w=0)
    v.narrator.check("heater off, button: supply", _reset(v, home))
    v.run_for(400)
    _cut(v, [v.energy], "while energy is counted")
    _cut(v, [v.energy], "and again, a minute later")
    v.narrator.check(
        "a command just before a cut is confirmed",
        v.command(v.money, "disconnect").state == "applied",
    )
    _cut(v, list(v.homes.values()), "everywhere at once, a disconnection just applied")
    v.narrator.check("off stays off", bool(v.holds(v.money) & m.HOLD_OPERATOR))
    v.narrator.check("reconnected", v.command(v.money, "reconnect").state == "applied")
    v.run_for(5)


def _cut(v: Village, homes: list[Home], when: str) -> None:
    """Take the mains from `homes`, give them back, and compare what must have been kept."""
    v.wait_for_mains(*homes)
    v.run_for(3)
    before = {home.role: v.look(home) for home in homes}
    for home in homes:
        v.act(home, mains=False)
    v.run_for(OUTAGE_S)
    for home in homes:
        v.act(home, mains=True)
    v.run_for(START_DELAY_S)
    kept = [_kept(before[home.role], v.look(home)) for home in homes]
    names = ", ".join(home.meter for home in homes)
    v.narrator.check(
        f"{names}: registers, credit and holds are what they were ({when})",
        all(not lost for lost in kept),
        "; ".join(lost for lost in kept if lost),
    )


def _kept(before: dict[str, int], after: dict[str, int]) -> str:
    """What a cut changed that it must not, in words; empty when all is well.

    The board may count on for what the plant delivered meanwhile, and 1 Wh for the chip's step.
    """
    used_wh = (after["delivered_mwh"] - before["delivered_mwh"]) // 1000
    counted_wh = after["energy_wh"] - before["energy_wh"]
    if not 0 <= counted_wh <= used_wh + tolerance_wh(before["power_w"]):
        return f"register moved {counted_wh} Wh, plant delivered {used_wh} Wh"
    if after["credited_total"] != before["credited_total"]:
        return "credit bought changed"
    if after["balance"] > before["balance"]:
        return "the balance rose"
    lasting = m.HOLD_OPERATOR | m.HOLD_CREDIT | m.HOLD_OVERLOAD | m.HOLD_LOCKOUT
    if (after["holds"] ^ before["holds"]) & lasting:
        return f"holds {before['holds']} became {after['holds']}"
    return ""


def the_broker_is_gone_for_a_day(v: Village) -> None:
    """Readings of 24 h wait on the boards, and all of them arrive once."""
    v.narrator.chapter("The broker is gone for a day; the boards go on alone")
    v.run_to(moment_s(2, "14:00"))
    v.settle()
    stored = v.stored_readings()
    v.stack.lose_broker()
    v.run_to(moment_s(3, "14:00"))
    v.narrator.check("no reading arrived meanwhile", v.stored_readings() == stored)
    v.stack.raise_broker()
    v.stack.wait_for_headend()
    v.narrator.say("broker back")
    v.run_for(1800)
    v.settle()
    for home in v.homes.values():
        missing, doubled = v.missing_and_doubled(home)
        v.narrator.check(
            f"{home.meter}: none missing, none twice",
            v.wait_until_stored(home, moment_s(3, "14:15")) and not missing and not doubled,
            f"{missing} missing, {doubled} twice",
        )


def the_package_changes_at_a_minute(v: Village) -> None:
    """A programme sent hours ahead takes effect at 17:30 and not before."""
    v.narrator.chapter("A package is changed at run time, active from a given minute")
    home = v.money
    change_s = moment_s(3, "17:30")
    v.run_to(moment_s(3, "15:00"))
    before_w = home.limit_w
    home.limit_w = before_w + LIMIT_STEP_W
    package = design(PLANS[2], home.limit_w)
    state = v.assign(home, package, change_s)
    v.narrator.check("the new programme is stored and confirmed", state == "applied", state)
    v.run_to(change_s - 5)
    v.narrator.check("5 s before: the old limit", v.look(home)["limit_w"] == before_w)
    v.run_to(change_s + 2)
    seen_w = v.look(home)["limit_w"]
    v.narrator.check("2 s after: the new limit", seen_w == home.limit_w, f"{seen_w} W")


def the_month_closes(v: Village) -> None:
    """The readings of the last midnight arrive; bills are made from them."""
    v.narrator.chapter("The month closes: bills from signed readings")
    v.run_to(LAST_MOMENT_S - STEP_S)
    v.watch_month_end(LAST_MOMENT_S)
    v.run_for(600)
    v.settle()
    for home in v.homes.values():
        v.narrator.check(
            f"{home.meter}: the midnight reading is stored",
            v.wait_until_stored(home, LAST_MOMENT_S),
        )
    for bill in close_month(PLANT):
        v.narrator.say(bill)


Scene = Callable[[Village], None]

STORY: list[Scene] = [
    packages_are_programmed,
    a_heater_overloads_the_line,
    a_duty_cycled_overload_trips_too,
    credit_runs_down,
    supply_hours_end_and_begin,
    operator_disconnects_and_reconnects,
    power_is_cut_in_the_middle,
    the_broker_is_gone_for_a_day,
    the_package_changes_at_a_minute,
    the_month_closes,
]
