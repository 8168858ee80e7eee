"""The vectors pin the wire: on CPython, on the chip's interpreter, and against other libraries."""

import hmac
from pathlib import Path

import cbor2
import pytest

from tests.micropython import run_micropython
from tests.vectors import run

FOLDER = Path(run.__file__).parent
CASES = [(name, case) for name in run.CHECKS for case in run.load(str(FOLDER), name)]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{n}: {c['what']}" for n, c in CASES])
def test_vector_holds_on_cpython(name, case):
    assert run.CHECKS[name](case)


def test_all_vectors_hold_on_micropython():
    printed = run_micropython(FOLDER / "run.py")
    assert len(printed.splitlines()) == len(run.CHECKS), printed


@pytest.mark.parametrize("case", [c for n, c in CASES if n == "cbor" and "value" in c])
def test_cbor_vector_is_what_cbor2_writes(case):
    value = run.from_json(case["value"])
    assert cbor2.dumps(value, canonical=True).hex() == case["data"]


@pytest.mark.parametrize("case", [c for n, c in CASES if n == "cose" and "payload" in c])
def test_envelope_vector_is_what_rfc_9052_says_in_another_library(case):
    protected = cbor2.dumps({1: 5})
    payload = bytes.fromhex(case["payload"])
    to_sign = cbor2.dumps(["MAC0", protected, bytes.fromhex(case["aad"]), payload])
    tag = hmac.digest(bytes.fromhex(case["key"]), to_sign, "sha256")
    kid = case["epoch"].to_bytes((case["epoch"].bit_length() + 7) // 8, "big")
    envelope = cbor2.CBORTag(17, [protected, {4: kid}, payload, tag])
    assert cbor2.dumps(envelope).hex() == case["sealed"]


@pytest.mark.parametrize("case", [c for n, c in CASES if n == "messages" and "sealed" in c])
def test_message_vector_carries_its_facts_in_clear(case):
    envelope = cbor2.loads(bytes.fromhex(case["sealed"]))
    payload = cbor2.loads(envelope.value[2])
    assert [payload[key] for key in range(3)] == [case["kind"], case["counter"], case["sent_s"]]
    assert payload[3] == run.from_json(case["body"])
