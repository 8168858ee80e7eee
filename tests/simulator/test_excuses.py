"""What the inspectors excuse, and that each excuse ends: with its cause, or a while after."""

import pytest

from protocol import commands, messages
from simulator.excuses import (
    BUTTON_ENDS,
    BUTTON_SETTLES_S,
    RELAY_TRIED_AGAIN_S,
    Endings,
    RelayIllness,
)
from simulator.truth import Truth

CLOSED = Truth(relay_closed=True)
LOADED = Truth(relay_closed=True, load_dw=5_000)


def follow(illness, at_s, truth=CLOSED, *, stuck=False, sense=False, told=False):
    """One look; the contacts are closed, and told to be open unless the test says so."""
    return illness.follow(at_s, truth, is_stuck=stuck, is_sense_wrong=sense, told=told)


@pytest.mark.parametrize("stood_s", [20, 900])
def test_a_relay_that_stuck_is_excused_until_it_is_pulsed_again_and_no_longer(stood_s):
    illness = RelayIllness()
    assert follow(illness, 0, stuck=True)
    assert follow(illness, stood_s)  # repaired, or its last missed pulse is used up
    assert follow(illness, stood_s + RELAY_TRIED_AGAIN_S - 1)
    assert not follow(illness, stood_s + RELAY_TRIED_AGAIN_S)


def test_contacts_as_told_end_the_excuse_at_once():
    illness = RelayIllness()
    assert follow(illness, 0, stuck=True)
    assert not follow(illness, 10, told=True)
    assert not follow(illness, 20)


def test_a_wrong_sense_alone_excuses_nothing():
    illness = RelayIllness()
    assert not follow(illness, 0, sense=True)
    assert not follow(illness, 10, LOADED, sense=True)


def test_a_wrong_sense_hides_what_stuck_before_until_a_load_belies_it():
    illness = RelayIllness()
    assert follow(illness, 0, stuck=True)
    for at_s in (900, 1_800, 2_700):
        assert follow(illness, at_s, sense=True)
    assert follow(illness, 3_600, LOADED, sense=True)
    assert not follow(illness, 3_600 + RELAY_TRIED_AGAIN_S, LOADED, sense=True)


def test_a_blind_chip_belies_no_sense():
    illness = RelayIllness()
    follow(illness, 0, stuck=True)
    silent = Truth(relay_closed=True, load_dw=5_000, chip_fault="silent")
    for at_s in (900, 1_800, 2_700):
        assert follow(illness, at_s, silent, sense=True)


def test_a_command_may_have_ended_its_hold_until_the_board_was_seen_after_it():
    endings = Endings()
    under_way = [commands.RECONNECT, commands.READ_REGISTERS]
    assert endings.tell(under_way) == messages.HOLD_OPERATOR
    endings.seen(100)
    assert endings.tell([]) == 0
    endings.conclude(commands.CREDIT, 200)  # by the first look after a cut: it shows a status
    assert endings.tell([]) == messages.HOLD_CREDIT
    endings.seen(200)
    assert endings.tell([]) == 0


def test_a_press_may_end_its_holds_until_it_has_acted():
    endings = Endings()
    endings.press(100)
    endings.seen(100)  # a look at the very moment of the press shows nothing of it yet
    assert endings.tell([]) == BUTTON_ENDS
    endings.seen(100 + BUTTON_SETTLES_S)
    assert endings.tell([]) == 0
