"""20-digit tokens on the command line: one to digits and back, and the key of a meter.

Works without a data folder: keys come from the command line, nothing is looked up or kept.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from protocol import sts, token_keys
from protocol.errors import LimitError, TokenError
from tools.printing import NOT_DONE, JsonOption, fail, show_facts

# The 4 random bits of the published vectors: the same fields give the same digits.
PUBLISHED_RANDOM = 5

token_app = typer.Typer(
    no_args_is_help=True, help="20-digit tokens (STS format, uncertified): docs/tokens.md."
)
_ANY_DASH = {"token_normalize_func": lambda word: word.replace("_", "-")}

KeyOption = Annotated[str, typer.Option(help="Decoder key, 32 digits 0-9 a-f.")]
BaseOption = Annotated[int, typer.Option(help="Year from which minutes count: 1993, 2014, 2035.")]


@token_app.command("decode", context_settings=_ANY_DASH)
def decode_token(
    token: Annotated[str, typer.Argument(help="20 digits; blanks between them do not count.")],
    key: KeyOption,
    base: BaseOption = 2014,
    as_json: JsonOption = False,
) -> None:
    """Say what a token carries; a bad one: `refused` with the meter's answer, exit status 1."""
    _check_base(base)
    try:
        read = sts.decode(token, _bytes(key, "key", 16))
    except TokenError as error:
        facts: dict[str, object] = {"refused": sts.ANSWERS[error.answer], "text": str(error)}
        show_facts(facts, as_json=as_json)
        raise SystemExit(NOT_DONE) from None
    show_facts(_facts(read, base), as_json=as_json)


@token_app.command("encode", context_settings=_ANY_DASH)
def encode_token(
    key: KeyOption,
    base: BaseOption = 2014,
    kind: Annotated[int, typer.Option("--class", help="0 credit, 2 management.")] = sts.CREDIT,
    subclass: Annotated[int, typer.Option(help="Credit: 0 electricity, 1 water, …")] = 0,
    tid_minutes: Annotated[
        int | None, typer.Option(help="Identity: whole minutes since the base date.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Instead of the identity: 2026-04-01T10:30 (UTC).")
    ] = None,
    data: Annotated[int | None, typer.Option(help="The 16 bits of data.")] = None,
    amount_tenths: Annotated[
        int | None, typer.Option(help="Instead of data: tenths of a unit, rounded up.")
    ] = None,
    random: Annotated[int, typer.Option(help="4 random bits.")] = PUBLISHED_RANDOM,
    as_json: JsonOption = False,
) -> None:
    """Give the 20 digits of a token with these fields (class 1: see docs/tokens.md)."""
    _check_base(base)
    if kind not in (sts.CREDIT, sts.MANAGEMENT):
        fail("Give --class 0 (credit) or 2 (management).")
    if tid_minutes is None:
        tid_minutes = _minutes(time, base)
    secret = _bytes(key, "key", 16)
    try:
        if data is None:
            if amount_tenths is None:
                fail("Give --data or --amount-tenths.")
            data = sts.data_for(amount_tenths)
        token = sts.make(kind, subclass, tid_minutes, data, random)
    except LimitError as error:
        fail(f"{error}.")
    show_facts({"token": sts.encode(token, secret), **_facts(token, base)}, as_json=as_json)


@token_app.command("derive-key", context_settings=_ANY_DASH)
def derive_key(
    vending_key: Annotated[str, typer.Option(help="40 digits 0-9 a-f.")],
    sgc: Annotated[str, typer.Option(help="Supply group code, 6 digits.")],
    pan: Annotated[str, typer.Option(help="The meter's primary account number, 18 digits.")],
    ti: Annotated[str, typer.Option(help="Tariff index, 2 digits.")] = "01",
    kt: Annotated[
        int, typer.Option(help="Key type: 0 initial, 1 default, 2 unique, 3 common.")
    ] = 2,
    krn: Annotated[int, typer.Option(help="Key revision, 1-9.")] = 1,
    base: BaseOption = 2014,
    ea: Annotated[int, typer.Option(help="Encryption algorithm: 11.")] = token_keys.EA_MISTY1,
    as_json: JsonOption = False,
) -> None:
    """Derive a meter's decoder key from a vending key (DKGA04)."""
    secret = _bytes(vending_key, "vending key", token_keys.VENDING_KEY_BYTES)
    fields = (sgc, ti, kt, krn, pan, base, ea)
    try:
        key = token_keys.derive_key(secret, *fields)
        message = token_keys.derivation_message(*fields)
    except LimitError as error:
        fail(f"{error}.")
    show_facts({"key": key.hex(), "message": message.hex()}, as_json=as_json)


def _facts(token: sts.Token, base: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"class": token.kind, "subclass": token.subclass}
    if token.kind == sts.TEST:
        control, manufacturer = sts.test_fields(token)
        return facts | {"control": control, "manufacturer": manufacturer}
    if not token.has_tid:
        return facts | {"section": sts.KEY_SECTIONS.index(token.subclass) + 1}
    facts |= {"tid_minutes": token.tid_minutes, "data": token.data, "random": token.random}
    facts["time"] = _time(token.tid_minutes, base)
    if token.kind == sts.CREDIT:
        facts["amount_tenths"] = token.amount_tenths
    elif token.subclass == sts.MAX_POWER:
        facts["power_w"] = token.amount_tenths
    return facts


def _time(tid_minutes: int, base: int) -> str:
    moment = datetime(base, 1, 1, tzinfo=UTC) + timedelta(minutes=tid_minutes)
    return moment.strftime("%Y-%m-%dT%H:%M")


def _minutes(time: str | None, base: int) -> int:
    """The identity for a time that a person gave; the reserved minute 00:01 becomes 00:02."""
    if time is None:
        fail("Give --tid-minutes or --time.")
    try:
        moment = datetime.fromisoformat(time).replace(tzinfo=UTC)
    except ValueError:
        fail(f"'{time}' is no time. Write it like 2026-04-01T10:30.")
    try:
        return sts.free_tid((moment - datetime(base, 1, 1, tzinfo=UTC)) // timedelta(minutes=1))
    except LimitError as error:
        fail(f"{error}.")


def _check_base(base: int) -> None:
    if base not in sts.BASES:
        fail("Give --base 1993, 2014 or 2035.")


def _bytes(text: str, what: str, count: int) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != count:
        fail(f"A {what} has {2 * count} digits 0-9 a-f.")
    return value
