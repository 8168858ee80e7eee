"""Checks the shared code against the vectors beside this file, on CPython and on MicroPython.

Prints one line a file and exits with 1 if any case fails. In the JSON files bytes are written
`{"hex": "…"}` and maps with integer keys `{"map": [[key, value], …]}`.
"""

import json
import sys

from protocol import (
    cbor,
    commands,
    cose,
    keys,
    messages,
    misty1,
    programme,
    sts,
    token_keys,
    windows,
)
from protocol.errors import CommandError, ProtocolError, ReplayError, TokenError
from protocol.replay import Window


def from_json(value):
    """Return the value that a vector file writes as JSON."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if isinstance(value, dict):
        if "hex" in value:
            return bytes.fromhex(value["hex"])
        return {key: from_json(item) for key, item in value["map"]}
    return value


def refused_as(function, *arguments):
    """Return the name of the error that a call ends in, or None."""
    try:
        function(*arguments)
    except ProtocolError as error:
        return type(error).__name__
    return None


def check_cbor(case):
    """One value has exactly one form; every other form is refused."""
    data = bytes.fromhex(case["data"])
    if "error" in case:
        return refused_as(cbor.decode, data) == case["error"]
    value = from_json(case["value"])
    return cbor.encode(value) == data and cbor.decode(data) == value


def check_cose(case):
    """An envelope opens under its own key and external data only."""
    key = bytes.fromhex(case["key"])
    aad = bytes.fromhex(case["aad"])
    sealed = bytes.fromhex(case["sealed"])
    if "error" in case:
        return refused_as(cose.open_sealed, key, sealed, aad) == case["error"]
    payload = bytes.fromhex(case["payload"])
    return (
        cose.seal(key, payload, case["epoch"], aad) == sealed
        and cose.open_sealed(key, sealed, aad) == payload
        and cose.peek_epoch(sealed) == case["epoch"]
    )


def check_keys(case):
    """RFC 4231, RFC 5869, and the role keys of a meter."""
    expected = bytes.fromhex(case["out"])
    if "role" in case:
        root = bytes.fromhex(case["root"])
        return keys.role_key(root, case["epoch"], case["role"], case["meter"]) == expected
    if "salt" in case:
        secret, salt, info = [bytes.fromhex(case[name]) for name in ("secret", "salt", "info")]
        return keys.hkdf_sha256(secret, salt, info, len(expected)) == expected
    tag = keys.hmac_sha256(bytes.fromhex(case["key"]), bytes.fromhex(case["data"]))
    return tag[: len(expected)] == expected


def check_messages(case):
    """A whole message, as it goes over the wire; or a body that no message may have."""
    body = from_json(case["body"])
    if "error" in case:
        payload = cbor.encode({0: case["kind"], 1: case["counter"], 2: case["sent_s"], 3: body})
        return refused_as(messages.unpack, payload) == case["error"]
    meter, epoch, direction = case["meter"], case["epoch"], case["direction"]
    role = keys.ROLE_UPLINK if direction == messages.UP else keys.ROLE_DOWNLINK
    key = keys.role_key(bytes.fromhex(case["root"]), epoch, role, meter)
    message = [case["kind"], case["counter"], case["sent_s"], body]
    sealed = bytes.fromhex(case["sealed"])
    return (
        cose.peek_epoch(sealed) == epoch
        and messages.seal_message(key, meter, epoch, direction, *message) == sealed
        and messages.open_message(key, meter, direction, sealed)[1:] == tuple(message)
    )


def check_commands(case):
    """The reason that a receipt gives for a command's arguments; 0: they are good."""
    try:
        commands.validate(case["number"], from_json(case["arguments"]))
    except CommandError as error:
        return error.reason == case["reason"]
    return case["reason"] == 0


def check_programme(case):
    """A programme and its bytes; or one that no board may run."""
    if "error" in case:
        data = bytes.fromhex(case["data"])
        return refused_as(programme.decode, data) == case["error"]
    record = programme.from_names(case["names"])
    data = bytes.fromhex(case["data"])
    return programme.encode(record) == data and programme.decode(data) == record


def check_windows(case):
    """Whether a minute of the week lies in a window, over midnight and Sunday too."""
    return windows.inside(case["windows"], case["weekday"], case["minute"]) == case["inside"]


def check_replay(case):
    """Counters in the order of arrival, and what the window says of each."""
    window = Window()
    for counter, expected in case["arrivals"]:
        try:
            answer = "new" if window.accept(counter) else "seen"
        except ReplayError:
            answer = "too old"
        if answer != expected:
            return False
    return (window.highest, window.bitmap) == (case["highest"], case["bitmap"])


def check_tokens(case):
    """Tokens, the cipher and keys under them, and what a meter answers to digits that are none."""
    for name, check in TOKEN_CHECKS.items():
        if name in case:
            return check(case)
    return False


def check_cipher(case):
    """One block of MISTY1, there and back."""
    cipher = misty1.Cipher(bytes.fromhex(case["cipher_key"]))
    plain, sealed = bytes.fromhex(case["plain"]), bytes.fromhex(case["cipher"])
    return cipher.encrypt(plain) == sealed and cipher.decrypt(sealed) == plain


def derivation(case):
    """The fields of a derivation, in the order of its arguments."""
    return [case[name] for name in ("sgc", "ti", "kt", "krn", "pan", "base")]


def check_derived_key(case):
    """A decoder key by DKGA04."""
    secret = bytes.fromhex(case["vending_key"])
    return token_keys.derive_key(secret, *derivation(case)).hex() == case["key"]


def check_token(case):
    """20 digits say one token, and it gives the same digits."""
    key = bytes.fromhex(case.get("key", "00" * 16))
    token = sts.decode(case["token"], key)
    if "control" in case:
        fields = [case[name] for name in ("test_subclass", "control", "manufacturer")]
        made = sts.make_test(*fields)
        said = token.subclass == fields[0] and sts.test_fields(token) == tuple(fields[1:])
    else:
        fields = [case[name] for name in ("kind", "subclass", "tid_minutes", "data", "random")]
        made = sts.make(*fields)
        said = [token.kind, token.subclass, token.tid_minutes, token.data, token.random] == fields
    return said and sts.encode(made, key) == case["token"]


def check_key_change(case):
    """The four sections of a key change, by layout and as tokens under the old key, and back."""
    old, new = bytes.fromhex(case["old_key"]), bytes.fromhex(case["new_key"])
    change = token_keys.KeyChange(new, *(case["numbers"] + [case["rollover"]]))
    sections = token_keys.key_sections(change)
    blocks = [sts.decode(token, old).block for token in case["tokens"]]
    joined = token_keys.join_sections(blocks)
    return (
        [section.block.hex() for section in sections] == case["blocks"]
        and [sts.encode(section, old) for section in sections] == case["tokens"]
        and joined.key == new
        and [joined.krn, joined.kt, joined.ken, joined.ti, joined.sgc] == case["numbers"]
        and joined.rollover == case["rollover"]
    )


def check_refused_token(case):
    """The answer to digits that are no token of this key."""
    try:
        sts.decode(case["refused"], bytes.fromhex(case["key"]))
    except TokenError as error:
        return error.answer == case["answer"]
    return False


def check_purchase(case):
    """What names the purchase of a token on both ways to a board."""
    made = sts.purchase_id(case["meter"], case["base_year"], case["tid_minutes"])
    found = sts.voucher_of(case["meter"], made)
    return made.hex() == case["purchase"] and found == (case["base_year"], case["tid_minutes"])


TOKEN_CHECKS = {
    "cipher_key": check_cipher,
    "vending_key": check_derived_key,
    "message": lambda case: (
        token_keys.derivation_message(*derivation(case)).hex() == case["message"]
    ),
    "crc": lambda case: sts.crc16(case["kind"], bytes.fromhex(case["block"])) == case["crc"],
    "tenths": lambda case: sts.data_for(case["tenths"]) == case["code"],
    "time_s": lambda case: sts.tid_at(case["time_s"], case["base_year"]) == case["tid"],
    "token": check_token,
    "tokens": check_key_change,
    "refused": check_refused_token,
    "purchase": check_purchase,
}

CHECKS = {
    "cbor": check_cbor,
    "cose": check_cose,
    "keys": check_keys,
    "messages": check_messages,
    "commands": check_commands,
    "programme": check_programme,
    "windows": check_windows,
    "replay": check_replay,
    "tokens": check_tokens,
}


def load(folder, name):
    """Return the cases of one vector file."""
    with open(folder + "/" + name + ".json") as file:  # noqa: PTH123  no pathlib on the chip
        return json.load(file)


def main(folder):
    """Run all files; return the number of cases that failed."""
    failed = 0
    for name in sorted(CHECKS):
        cases = load(folder, name)
        bad = [case["what"] for case in cases if not CHECKS[name](case)]
        print(name, len(cases) - len(bad), "of", len(cases))
        for what in bad:
            print("  failed:", what)
        failed += len(bad)
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(__file__.rsplit("/", 1)[0]) else 0)
