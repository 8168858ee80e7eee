"""Runs inside MicroPython: what every metering driver must do, whatever chip it drives.

Each check takes the name of a driver; all are run on all (`metering_bench.NAMES`).
"""

import micropython

from firmware.drivers.calibration import Calibration
from simulator.plant.chance import Chance
from simulator.plant.metered import current_ma, phase_voltage_dv
from tests.firmware.drivers.metering_bench import NAMES, Bench, reseal, started

NOISE = b"\x00\xff\x55\x01\x04"
DETECT_MS_MAX = 3_000
BUS_OPERATIONS_MAX = 120


def check_values_are_true_to_the_resolution(name):
    bench = started(name)
    phases = bench.model.phases
    loads = ((0, 0, 0), (1, 0, 0), (12_345, 7, 600), (3, 99_999, 250), (150_000, 150_000, 149_999))
    for load in loads:
        for voltage_dv, factor_pct in ((2300, 100), (1987, 64), (2561, 99)):
            phase_dw = load[:phases]
            bench.load(phase_dw, voltage_dv, factor_pct)
            bench.settle()
            sample = bench.sample
            volts = [phase_voltage_dv(voltage_dv, phase) for phase in range(phases)]
            amps = [current_ma(phase_dw[n], volts[n], factor_pct) for n in range(phases)]
            assert sample.phases == phases
            assert sample.voltage_dv == sum(volts) // phases, (name, sample.voltage_dv)
            assert sample.power_dw == sum(phase_dw), (name, sample.power_dw, phase_dw)
            wanted_ma = sum(amps) if bench.is_serial else min_sum(amps)
            assert near(sample.current_ma, wanted_ma, phases), (name, sample.current_ma, amps)
            most_ma = 10**6 if bench.is_serial else 65535
            apparent_dva = sum([volts[n] * min(amps[n], most_ma) // 1000 for n in range(phases)])
            assert near(sample.apparent_dva, apparent_dva, phases), (name, sample.apparent_dva)
            assert sample.frequency_dhz == 500
            if sum(phase_dw) > 1000 and max(amps) < most_ma:
                assert near(sample.power_factor_pct, factor_pct, 1), sample.power_factor_pct
            if phases > 1:
                assert list(sample.phase_voltage_dv) == volts
                assert list(sample.phase_power_dw) == list(phase_dw)


def min_sum(amps):
    """The ATM90E32 has 16 bits for a current; no test load of the others comes so far."""
    return sum([min(amp, 65535) for amp in amps])


def near(value, wanted, most):
    return -most <= value - wanted <= most


def check_the_counter_rises_with_the_energy_and_never_falls(name):
    bench = started(name)
    chance = Chance(7)
    first_wh = counter_wh = bench.sample.energy_wh
    delivered_wh = bench.model.energy_wh
    for _ in range(600):
        bench.load(tuple([chance.below(30_000) for _ in range(bench.model.phases)]))
        for _ in range(3):
            assert bench.pass_second()
        assert bench.sample.energy_wh >= counter_wh
        counter_wh = bench.sample.energy_wh
    bench.load((0,) * bench.model.phases)
    bench.settle()
    assert near(bench.sample.energy_wh - first_wh, bench.model.energy_wh - delivered_wh, 1)
    assert counter_wh - first_wh > 500


def check_a_counter_that_wraps_is_told_as_it_is(name):
    bench = started(name)
    wraps_at_wh = bench.counter_wraps_at()
    bench.load((250_000 // bench.model.phases,) * bench.model.phases)
    if wraps_at_wh is None:
        # Its own registers hold 204 Wh: five seconds between two reads lose nothing.
        before_wh = bench.model.energy_wh - bench.sample.energy_wh
        for _ in range(200):
            bench.let_pass(4000)
            bench.pass_second()
        assert near(bench.model.energy_wh - bench.sample.energy_wh, before_wh, 7)
        return
    bench.model.energy_wh = wraps_at_wh - 10
    seen = set()
    for _ in range(6):
        bench.pass_second()
        seen.add(bench.sample.energy_wh > wraps_at_wh // 2)
    assert seen == {True, False}
    assert bench.sample.energy_wh < 40


def check_energy_that_flows_back_is_counted_apart(name):
    if name == "pzem004t":
        return  # it does not tell directions
    bench = started(name)
    imported_wh = bench.sample.energy_wh
    bench.load((-20_000,) * bench.model.phases)
    for _ in range(3600):
        bench.pass_second()
    assert bench.sample.power_dw == -20_000 * bench.model.phases
    assert bench.sample.energy_wh == imported_wh
    bench.load((0,) * bench.model.phases)
    bench.settle()
    back_wh = bench.sample.reverse_wh
    assert near(back_wh, 2000 * bench.model.phases, 2), (name, back_wh)


def spoilt(bench, spoil, seconds=3):
    """Let the line be spoilt for a while; return how many samples came and what was counted."""
    faults = bench.driver.faults
    bench.bus.spoil = spoil
    good = sum([bench.pass_second() for _ in range(seconds)])
    bench.bus.spoil = None
    return good, bench.driver.faults - faults


def check_a_frame_is_found_amid_noise_echo_and_foreign_frames(name):
    bench = started(name)
    if not bench.is_serial:
        return
    for spoil in (
        lambda _, answer: NOISE + answer,
        lambda _, answer: answer + NOISE,
        lambda request, answer: bytes(request) + answer,
        lambda _, answer: answer[:9] + answer,
        lambda _, answer: reseal(answer[:5] + b"\0\0", 9) + answer,
    ):
        bench.load((5000,) * bench.model.phases)
        got = spoilt(bench, spoil, 4)
        assert got == (4, 0), (name, got)
        assert bench.sample.power_dw == 5000 * bench.model.phases, (name, bench.sample.power_dw)


def check_what_is_no_frame_is_no_sample_and_the_next_one_is(name):
    bench = started(name)
    if not bench.is_serial:
        return
    cases = (
        ("silence", lambda _, answer: b"", 0),
        (
            "a bit turned over",
            lambda _, answer: answer[:7] + bytes((answer[7] ^ 4,)) + answer[8:],
            3,
        ),
        ("half a frame", lambda _, answer: answer[: len(answer) // 2], 3),
        ("a frame without its end", lambda _, answer: answer[:-1], 3),
        ("another address", lambda _, answer: reseal(answer, address=2), 3),
        ("another function", lambda _, answer: reseal(answer, function=3), 3),
        ("an exception", lambda _, answer: reseal(answer[:3] + b"\0\0", function=0x84), 3),
        ("an echo alone", lambda request, _: bytes(request), 3),
        ("noise alone", lambda _, answer: NOISE * 9, 3),
    )
    for what, spoil, faults in cases:
        assert spoilt(bench, spoil) == (0, faults), (name, what)
        assert bench.pass_second(), (name, what)


def check_a_late_answer_gives_way_to_the_newer_one(name):
    bench = started(name)
    if not bench.is_serial:
        return
    bench.load((9000,) * bench.model.phases)
    bench.settle()
    kept = {}

    def late(request, answer):
        """Each answer comes only after the next request of its kind, before that one's own."""
        before = kept.get(bytes(request), b"")
        kept[bytes(request)] = answer
        return before + answer

    spoilt(bench, late, 1)
    bench.load((4000,) * bench.model.phases)
    bench.settle()
    spoilt(bench, late, 1)
    assert bench.sample.power_dw == 4000 * bench.model.phases


def check_words_that_differ_from_their_repetition_are_no_sample(name):
    bench = started(name)
    if bench.is_serial:
        return
    bench.load((20_000,) * bench.model.phases)
    bench.settle()
    chance = Chance(11)
    before_wh = bench.model.energy_wh - bench.sample.energy_wh

    def flips(_, value):
        return value ^ 1 << chance.below(16) if chance.below(100) < 2 else value

    samples = 0
    for _ in range(300):
        good, _ = spoilt(bench, flips, 1)
        samples += good
        if good:
            assert bench.sample.power_dw == 20_000 * bench.model.phases
    assert 250 <= samples <= 300, samples  # most words that differ are right the second time
    bench.settle()
    missed_wh = bench.model.energy_wh - bench.sample.energy_wh - before_wh
    assert 0 <= missed_wh <= 5, missed_wh  # of 166 Wh a phase


def check_silence_of_the_bus_is_no_sample(name):
    bench = started(name)
    if bench.is_serial:
        return
    for silent in (0xFFFF, 0):
        good, faults = spoilt(bench, lambda *_, word=silent: word)
        assert good == 0
        assert faults >= 3
        bench.settle()
        assert bench.pass_second()


def check_a_frozen_chip_is_told_as_it_stands(name):
    """The core judges numbers that do not move; a driver must neither move nor lose them."""
    bench = started(name)
    bench.load((7000,) * bench.model.phases)
    bench.settle()
    kept = {}

    def freeze(request, answer):
        return kept.setdefault(bytes(request), answer)

    if not bench.is_serial:
        return
    seen = set()
    bench.bus.spoil = freeze
    for second in range(10):
        bench.load((7000 + second,) * bench.model.phases)
        assert bench.pass_second()
        seen.add((bench.sample.power_dw, bench.sample.energy_wh))
    assert len(seen) <= 2, seen  # what had been asked for before, and then nothing new


def check_a_chip_that_restarts_is_read_again(name):
    bench = started(name)
    bench.load((6000,) * bench.model.phases)
    bench.settle()
    counter_wh = bench.sample.energy_wh
    bench.model.go_dark()
    bench.load((6000,) * bench.model.phases)
    bench.settle()
    assert bench.sample.valid
    assert bench.sample.power_dw == 6000 * bench.model.phases
    assert bench.sample.energy_wh >= counter_wh


def check_request_and_collect_allocate_nothing(name):
    bench = started(name)
    driver, sample = bench.driver, bench.sample
    player = Player(bench)
    for play in (player.new, player.same, player.silence, player.new):
        play()
        micropython.heap_lock()
        try:
            driver.request()
            driver.collect(sample)
        finally:
            micropython.heap_unlock()


class Player:
    """Takes the bus's place and plays what was recorded, without allocation."""

    def __init__(self, bench):
        self._bench = bench
        self._tape = []
        self._at = 0
        self._answer = None
        self._load_dw = 5000
        driver = bench.driver
        if bench.is_serial:
            driver._line._uart = self
            driver._line.readinto = self.readinto
        else:
            driver._spi = self

    def new(self):
        self._load_dw += 777
        self._bench.load((self._load_dw,) * self._bench.model.phases)
        for _ in range(3):
            self._bench.let_pass(1000)

    def same(self):
        pass

    def silence(self):
        self._bench.model.address = 99

    def write(self, request):
        """Recording allocates: so the heap is open while the model answers."""
        micropython.heap_unlock()
        clock = self._bench.clock
        self._answer = self._bench.model.answer(request, clock.second, clock.ms)
        micropython.heap_lock()

    def readinto(self, buffer):
        answer = self._answer
        if not answer:
            return None
        for index in range(len(answer)):
            buffer[index] = answer[index]
        self._answer = None
        return len(answer)

    def write_readinto(self, out, into):
        micropython.heap_unlock()
        self._bench.bus.write_readinto(out, into)
        micropython.heap_lock()


def check_a_collection_is_bounded_whatever_comes(name):
    bench = started(name)
    if bench.is_serial:
        bench.bus.spoil = lambda _, answer: NOISE * 400
    else:
        chance = Chance(3)
        bench.bus.spoil = lambda *_: chance.below(0x7000)
    for _ in range(5):
        bench.bus.operations = 0
        assert not bench.pass_second()
        assert bench.bus.operations <= BUS_OPERATIONS_MAX, bench.bus.operations


def check_detection_finds_the_chip_or_gives_up_in_time(name):
    bench = Bench(name)
    if bench.is_serial:
        bench.bus.spoil = lambda _, answer: b""
    else:
        bench.bus.spoil = lambda *_: 0xFFFF
    assert not bench.driver.detect()
    assert bench.clock.slept_ms <= DETECT_MS_MAX
    bench.bus.spoil = None
    assert bench.driver.detect()
    if bench.is_serial:
        bench = started(name, address=0, answers_at=7)
        assert bench.driver.address == 7
        assert bench.pass_second()


def check_the_first_sample_after_detection_is_whole(name):
    bench = Bench(name)
    bench.load((3000,) * bench.model.phases)
    for _ in range(3):
        bench.let_pass(1000)
    assert bench.driver.detect()
    bench.let_pass(3000)
    assert bench.pass_second()
    assert bench.sample.frequency_dhz == 500
    assert bench.sample.power_dw == 3000 * bench.model.phases


def check_calibration_scales_every_value(name):
    bench = started(name, gains=Calibration(10_000, -20_000, 5_000))
    bench.load((20_000,) * bench.model.phases)
    bench.settle()
    phases = bench.model.phases
    volts = [phase_voltage_dv(2300, phase) for phase in range(phases)]
    amps = sum([current_ma(20_000, volt, 100) for volt in volts])
    assert near(bench.sample.voltage_dv, sum(volts) // phases * 101 // 100, 2)
    assert near(bench.sample.current_ma, amps * 98 // 100, 3)
    assert bench.sample.power_dw == 20_100 * phases


checks = [name for name in sorted(globals()) if name.startswith("check_")]
for check in checks:
    for name in NAMES:
        globals()[check](name)
    print(check)
