"""Time and names by UDP from real servers, honest and not: what the board asks, and believes."""

import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator import interpreter
from tests.micropython import run_micropython

HERE = Path(__file__).parent
NOW_S = 215_000_000
NTP_2020_S = 3_786_825_600
CHECKS = {
    "check_a_held_clock_is_moved_a_minute_forward_at_most",
    "check_a_numeric_address_is_never_looked_up",
    "check_an_address_that_served_stays_in_use_until_it_has_failed_often",
    "check_an_unset_clock_is_set_but_never_back",
    "check_while_the_controllers_time_is_there_nobody_is_asked",
}
Answers = Callable[[bytes], list[bytes]]


class Asker:
    """The chip asks a UDP server of this test, whose `answers` say what comes back."""

    def __init__(self) -> None:
        self.answers: Answers = lambda _request: []
        self.requests: list[bytes] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._chip = subprocess.Popen(
            [*interpreter.find().argv, "-X", "heapsize=512k", str(HERE / "chip_udp.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"MICROPYPATH": f"{interpreter.ROOT}:.frozen"},
        )
        self._say(str(self._socket.getsockname()[1]))
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()

    def ask(self, question: str, answers: Answers) -> str:
        self.answers = answers
        self._say(question)
        assert self._chip.stdout
        return self._chip.stdout.readline().strip()

    def end(self) -> None:
        self._chip.kill()
        self._chip.communicate()
        own = self._socket.getsockname()
        self._socket.sendto(b"", own)  # wakes the server for the last time
        self._server.join()
        self._socket.close()

    def _say(self, line: str) -> None:
        assert self._chip.stdin
        self._chip.stdin.write(line + "\n")
        self._chip.stdin.flush()

    def _serve(self) -> None:
        while True:
            request, sender = self._socket.recvfrom(512)
            if not request:
                return
            self.requests.append(request)
            for answer in self.answers(request):
                self._socket.sendto(answer, sender)


@pytest.fixture(scope="module")
def asker() -> Iterator[Asker]:
    asker = Asker()
    yield asker
    asker.end()


def tell_time(request: bytes, **lies: bytes | int) -> bytes:
    """A server's answer by RFC 4330; `lies` replace fields of it."""
    stamp = struct.pack(">II", NTP_2020_S + NOW_S, 0x80000000)
    field = {
        "head": 0x24, "stratum": 2, "delay": 0x00001000, "dispersion": 0x00002000,
        "originate": request[40:48], "receive": stamp, "transmit": stamp,
    } | lies  # fmt: skip
    packet = struct.pack(">BBbb", field["head"], field["stratum"], 6, -20)
    packet += struct.pack(">II4s", field["delay"], field["dispersion"], b"\x7f\x00\x00\x01")
    return packet + stamp + field["originate"] + field["receive"] + field["transmit"]


def test_an_honest_servers_time_is_read_to_the_second(asker: Asker) -> None:
    assert asker.ask("time", lambda request: [tell_time(request)]) == str(NOW_S)
    request = asker.requests[-1]
    assert (len(request), request[0], request[1:40]) == (48, 0x23, bytes(39))
    assert asker.ask("time", lambda request: [tell_time(request)]) == str(NOW_S)
    assert asker.requests[-1][40:] != request[40:]  # nobody can answer without having heard


def test_time_goes_on_after_the_turn_of_the_era_in_2036(asker: Asker) -> None:
    stamp = struct.pack(">II", 1000, 1)
    told = asker.ask("time", lambda r: [tell_time(r, receive=stamp, transmit=stamp)])
    assert int(told) == (1 << 32) + 1000 - NTP_2020_S


LIES: dict[str, dict[str, bytes | int]] = {
    "an answer to somebody else": {"originate": bytes(8)},
    "a request sent back": {"head": 0x23},
    "a broadcast": {"head": 0x25},
    "a server that is not synchronised": {"head": 0xE4},
    "another version": {"head": 0x0C},
    "a kiss of death": {"stratum": 0},
    "a stratum that means unsynchronised": {"stratum": 16},
    "no transmit time": {"transmit": bytes(8)},
    "no receive time": {"receive": bytes(8)},
    "an answer sent before its request came": {"receive": b"\xf0" + bytes(7)},
    "a second and more to its reference clock": {"delay": 0x00010000},
    "a negative delay of more than a second": {"delay": 0xFFFE0000},
    "an uncertainty of more than a second": {"dispersion": 0x00020000},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_that_rfc_4330_tells_to_discard_is_passed_over(asker: Asker, lie: str) -> None:
    """The honest answer comes after it, and is the one that counts."""
    told = asker.ask("time", lambda request: [tell_time(request, **LIES[lie]), tell_time(request)])
    assert told == str(NOW_S)


def test_short_and_empty_answers_are_passed_over_and_silence_ends_the_question(
    asker: Asker,
) -> None:
    told = asker.ask("time", lambda r: [b"", b"\x24", tell_time(r)[:47], tell_time(r)])
    assert told == str(NOW_S)
    assert asker.ask("time", lambda _: []) == "silence"


def name_answer(query: bytes, records: bytes, count: int, flags: int = 0x8180) -> bytes:
    return query[:2] + struct.pack(">HHHHH", flags, 1, count, 0, 0) + query[12:] + records


ALIAS = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x08\x05other\xc0\x13"
ADDRESS = b"\xc0\x2c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07"
IPV6 = b"\xc0\x0c\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10" + bytes(16)


def test_a_name_is_looked_up_through_its_aliases(asker: Asker) -> None:
    found = asker.ask("name broker.example", lambda q: [name_answer(q, ALIAS + IPV6 + ADDRESS, 3)])
    assert found == "192.0.2.7"
    query = asker.requests[-1]
    assert (
        query[2:] == b"\x01\x00\x00\x01" + bytes(6) + b"\x06broker\x07example\x00\x00\x01\x00\x01"
    )


def test_an_answer_to_another_question_is_passed_over(asker: Asker) -> None:
    def answers(query: bytes) -> list[bytes]:
        good = name_answer(query, ADDRESS, 1)
        stranger = bytes((query[0] ^ 1,)) + good[1:]
        other_name = good.replace(b"broker", b"bricks")
        return [b"", query, stranger, other_name, good]

    assert asker.ask("name broker.example", answers) == "192.0.2.7"


@pytest.mark.parametrize(
    ("records", "count", "flags"),
    [
        pytest.param(b"", 0, 0x8183, id="no such name"),
        pytest.param(b"", 0, 0x8180, id="a name without an address"),
        pytest.param(ADDRESS[:-1], 1, 0x8180, id="a record cut off"),
        pytest.param(ADDRESS[:5], 1, 0x8180, id="a record cut off early"),
        pytest.param(ALIAS, 60_000, 0x8180, id="fewer records than it says"),
        pytest.param(b"\x3f" * 400, 16, 0x8180, id="names that lead nowhere"),
        pytest.param(IPV6, 1, 0x8180, id="another kind of address only"),
    ],
)
def test_an_answer_without_an_address_is_an_error_at_once(
    asker: Asker, records: bytes, count: int, flags: int
) -> None:
    told = asker.ask("name broker.example", lambda q: [name_answer(q, records, count, flags)])
    assert told == "error the name server knows no address of broker.example"


def test_what_is_no_host_name_is_never_asked(asker: Asker) -> None:
    asked = len(asker.requests)
    for name in ("a..b", "x" * 64 + ".example"):
        assert asker.ask(f"name {name}", lambda _: []).startswith(f"error {name} is no host name")
    assert len(asker.requests) == asked


def test_what_is_believed_and_what_is_asked_again_on_the_chips_interpreter() -> None:
    printed = run_micropython(HERE / "chip_sntp.py")
    assert {line for line in printed.splitlines() if line.startswith("check_")} == CHECKS
