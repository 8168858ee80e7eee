"""Lives of the whole firmware under random loads, commands and faults break no invariant."""

import pytest

from simulator import trial_firmware
from tools.bench.far_end import open_far_end

LIVES = 2
LIFE_DAYS = 0.12
FAULT_GAP_S = 900


@pytest.fixture(scope="module")
def mixture():
    return trial_firmware.run(
        LIVES * LIFE_DAYS, 7, 2, open_far_end, fault_gap_s=FAULT_GAP_S, life_days=LIFE_DAYS
    )


def test_a_short_mixture_of_lives_breaks_no_invariant(mixture):
    assert mixture["violations"] == []


def test_the_mixture_was_worth_living_through(mixture):
    checks = {invariant["name"]: invariant["checks"] for invariant in mixture["invariants"]}
    assert mixture["trips"] >= 3
    assert mixture["starts"] >= 6
    assert sum(mixture["faults"].values()) >= 15
    for name in ("registers", "not above", "not below", "relay", "overload", "credit", "stored"):
        assert checks[name] > 10, name


def test_one_seed_is_one_life(tmp_path):
    def live():
        told = trial_firmware.run(0.06, 8, 1, open_far_end, fault_gap_s=600)
        return {key: told[key] for key in ("looks", "starts", "trips", "faults", "violations")}

    assert live() == live()
