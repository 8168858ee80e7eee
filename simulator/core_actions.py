"""What can be done to a house around the core, by the names of `simulator/faults.py`, and a few
that only a memory inside the computer allows.

An action is a map of which one key names it; the other keys are options. It must not know why.
"""

from simulator.core_store import PowerCut
from simulator.plant.world import SENSE_DEAD, SENSE_LIVE

_SENSES = {"dead": SENSE_DEAD, "live": SENSE_LIVE, "well": None}


def do(house, action):
    """One thing happens now. Raises KeyError for what no house around the core knows."""
    for name in action:
        if name in ACTIONS:
            options = {key: action[key] for key in action if key != name}
            ACTIONS[name](house, action[name], **options)
            return
    raise KeyError(str(action))


def appliance(house, name, power_w=0, inrush_w=0, inrush_ms=0, duty=None):
    """Somebody switches something on, or off with 0 W."""
    house.world.switch(name, power_w, inrush_w, inrush_ms, duty)


def button(house, _value, **_bounces):
    """Somebody presses it; what bounces in the contacts a driver has filtered out."""
    house.tell(lambda board, now_s, uptime_s: board.press_button(now_s, uptime_s))


def mains(house, _present, off_s=30, warned=False):
    """The mains go, and come back; `warned`: the power-fail line tells the board in time."""
    if warned:
        announced(house, off_s)
    else:
        house.lose_power(off_s)


def announced(house, off_s):
    """The same, and the power-fail line tells the board in time."""
    board = house.board
    if board:
        try:
            board.power_failing(board.clock.now_s(house.uptime_s))
        except PowerCut:
            house.store.cut_after = None  # it goes anyway, now
        house.lose_power(off_s)


def brown_out(house, times, off_s=10):
    """Power comes for a few seconds and goes again, so many times."""
    house.world.brown_outs = [times, 5000, off_s]
    house.lose_power(house.world.brown_out_s())


def sag(house, _value):
    """The board resets, mains and chip go on."""
    house.reset()


def cut_write(house, after, tear=0, off_s=30):
    """The power fails at the write `after` from now; `tear`: see `simulator.core_store`."""
    house.cut_off_s = off_s
    house.store.tear = tear
    house.store.cut_after = after


def worn(house, is_worn):
    """The flash refuses every write, or takes them again."""
    house.set_fault("worn", is_worn)
    house.store.is_worn = bool(is_worn)


def chip(house, fault, value=1):
    """A fault between chip and board; `value` 0 ends it."""
    house.world.disturbance.set(fault, value)
    house.set_fault("chip " + fault, value)


def chip_reset(house, _value):
    """Somebody zeroes the chip's counter on its bus."""
    house.link.note("chip_reset")
    house.world.chip.reset_energy()


def chip_jump_wh(house, energy_wh):
    """The counter jumps ahead."""
    house.link.note("chip_jump")
    house.world.chip.energy_wh += energy_wh


def weld(house, is_welded):
    """The contacts weld, or are repaired."""
    house.world.weld(bool(is_welded))
    house.set_fault("weld", is_welded)


def misses(house, pulses):
    """So many pulses will move nothing."""
    house.world.relay.misses = pulses


def bounce_ms(house, duration_ms):
    """Worn contacts bounce so long."""
    house.world.relay.bounce_ms = duration_ms


def load_sense(house, says):
    """The sense behind the contacts is "dead", "live" or "well"."""
    house.world.load_sense = _SENSES[says]
    house.set_fault("sense", "" if says == "well" else says)


def generator(house, runs):
    """A generator feeds the house, or the mains do again."""
    house.world.mains.generator = bool(runs)
    house.follow_inputs()


def cover_open(house, is_open):
    """Somebody opens the meter, or closes it."""
    house.world.cover_open = bool(is_open)
    house.follow_inputs()


def rtc_ppm(house, ppm):
    """The real-time clock gains."""
    house.world.drift_rtc(ppm)


def rtc_jump_s(house, jump_s):
    """The real-time clock steps; until the next hello nobody can know."""
    house.set_fault("rtc", 1)
    house.world.set_rtc(house.world.rtc_s() + jump_s)


def rtc_lost(house, _value):
    """Its battery is empty."""
    house.world.lose_rtc()


def far_clock_s(house, ahead_s):
    """The far end's clock is wrong."""
    house.link.ahead_s = ahead_s
    house.set_fault("far clock", ahead_s)


def network(house, is_there):
    """The way to the far end goes, or comes."""
    house.link.is_online = bool(is_there)


def other_access_point(_house, _value):
    """Another one takes its place: nothing that the core could see."""


def session(house, lost):
    """The board talks to the far end; `lost` on the way: 1 receipts, 2 acknowledgements."""
    house.link.meet(lost)


def command(house, identity, name=0, arguments=None):
    """From now on the far end asks for this."""
    house.link.ask(identity, name, arguments)


ACTIONS = {
    "appliance": appliance,
    "button": button,
    "mains": mains,
    "announced": announced,
    "brown_out": brown_out,
    "sag": sag,
    "cut_write": cut_write,
    "worn": worn,
    "chip": chip,
    "chip_reset": chip_reset,
    "chip_jump_wh": chip_jump_wh,
    "weld": weld,
    "misses": misses,
    "bounce_ms": bounce_ms,
    "load_sense": load_sense,
    "generator": generator,
    "cover_open": cover_open,
    "rtc_ppm": rtc_ppm,
    "rtc_jump_s": rtc_jump_s,
    "rtc_lost": rtc_lost,
    "far_clock_s": far_clock_s,
    "wifi": network,
    "access_point": other_access_point,
    "broker": network,
    "session": session,
    "command": command,
}
