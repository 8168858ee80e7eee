"""`bijli token`: every published vector there and back; what is bad is said, with a status."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from protocol import sts
from tests.vectors import run
from tools.cli import app

CASES = run.load(str(Path(run.__file__).parent), "tokens")
TOKENS = [case for case in CASES if "token" in case and "kind" in case]
KEYS = [case for case in CASES if "vending_key" in case]
REFUSED = [case for case in CASES if "refused" in case]
KEY = TOKENS[0]["key"]


def say(*words):
    result = CliRunner().invoke(app, ["token", *map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout) if result.stdout else None


def named(case):
    return case["what"]


@pytest.mark.parametrize("case", TOKENS, ids=named)
def test_a_published_token_is_read_and_given_back(case):
    status, facts = say("decode", "--key", case["key"], "--base", "1993", case["token"])
    assert status == 0
    expected = {name: case[name] for name in ("subclass", "tid_minutes", "data", "random")}
    assert expected.items() <= facts.items()
    assert facts["class"] == case["kind"]
    assert facts.get("amount_tenths") == (
        sts.amount_of(case["data"]) if case["kind"] == sts.CREDIT else None
    )
    words = [f"--{name}={facts[name]}" for name in ("class", "subclass", "tid_minutes", "data")]
    status, facts = say("encode", "--key", case["key"], "--base", "1993", *words)
    assert (status, facts["token"]) == (0, case["token"])


@pytest.mark.parametrize("case", KEYS, ids=named)
def test_a_published_key_is_derived(case):
    words = [
        f"--{name.replace('_', '-')}={case[name]}"
        for name in ("vending_key", "sgc", "ti", "kt", "krn", "pan", "base")
    ]
    status, facts = say("derive-key", *words, "--ea=11")
    assert (status, facts["key"]) == (0, case["key"])


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_bad_token_is_refused_with_the_meters_answer(case):
    status, facts = say("decode", "--key", case["key"], case["refused"])
    assert (status, facts["refused"]) == (1, sts.ANSWERS[case["answer"]])


def test_an_amount_and_a_time_make_the_published_token():
    words = ("--time", "2004-04-01T00:45", "--amount-tenths", "20000")
    status, facts = say("encode", "--key", KEY, "--base", "1993", *words)
    assert (status, facts["token"], facts["amount_tenths"]) == (0, "08362487434932116862", 20_004)


def test_a_test_token_and_a_key_section_have_facts_of_their_own():
    status, facts = say("decode", "--key", KEY, "18446744073843772416")
    assert (status, facts["control"], facts["manufacturer"]) == (0, 8, 0)
    change = next(case for case in CASES if "tokens" in case)
    status, facts = say("decode", "--key", change["old_key"], change["tokens"][2])
    assert (status, facts) == (0, {"class": 2, "subclass": 8, "section": 3})


@pytest.mark.parametrize(
    "words",
    [
        ("decode", "--key", "12", "59386323472137426967"),
        ("decode", "--key", KEY, "--base", "2020", "59386323472137426967"),
        ("encode", "--key", KEY, "--data", "1"),
        ("encode", "--key", KEY, "--tid-minutes", "1"),
        ("encode", "--key", KEY, "--tid-minutes", "1", "--data", "65536"),
        ("encode", "--key", KEY, "--tid-minutes", "1", "--data", "1", "--class", "1"),
        ("encode", "--key", KEY, "--time", "soon", "--data", "1"),
        ("encode", "--key", KEY, "--base", "2035", "--time", "2026-01-01", "--data", "1"),
        ("derive-key", "--vending-key", "ab" * 20, "--sgc", "1", "--pan", "6" * 18),
        ("derive-key", "--vending-key", "ab", "--sgc", "123457", "--pan", "6" * 18),
    ],
)
def test_bad_input_is_said_and_told_by_the_status(words):
    result = CliRunner().invoke(app, ["token", *words])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr
