"""What the console puts on the wire, measured over HTTP with all that `bijli up` does to it."""

import gzip
import http.client
import re
import socket
from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from django.test.testcases import LiveServerThread

from controller.console import serve
from controller.errors import Refused
from controller.fleet.models import MeterState
from tests.controller.village import settle_village

COLD_PAGE_BYTES_MAX = 20_000
REFRESH_BYTES_MAX = 2_000
HOST = "127.0.0.1"


class Browser:
    """Counts every byte of what comes back: status line, headers and the compressed body.

    It asks for gzip, as browsers do of a server without TLS; brotli they take over TLS only.
    """

    def __init__(self, port: int, cookie: str) -> None:
        self._port = port
        self._headers = {"Accept-Encoding": "gzip", "Cookie": cookie}

    def fetch(self, address: str) -> tuple[int, bytes, int]:
        """Status, body as it was before compression, and bytes on the wire."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=10)
        connection.request("GET", address, headers=self._headers)
        answer = connection.getresponse()
        body = answer.read()
        head = sum(len(f"{name}: {value}\r\n") for name, value in answer.getheaders())
        connection.close()
        size = len(f"HTTP/1.1 {answer.status} {answer.reason}\r\n\r\n") + head + len(body)
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return answer.status, body, size


@pytest.fixture
def browser(transactional_db: None) -> Iterator[Browser]:
    """A browser in which a user has logged in, at a console with fifty meters."""
    settle_village()
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("asha"))
    # A database in memory is one connection's; another one gives each thread its own.
    shared = {
        connection.alias: connection
        for connection in connections.all()
        if connection.vendor == "sqlite" and connection.is_in_memory_db()
    }
    for connection in shared.values():
        connection.inc_thread_sharing()
    # Without a handler of its own for static files: those, too, come the way of real use.
    server = LiveServerThread(HOST, static_handler=lambda site: site, connections_override=shared)
    server.start()
    server.is_ready.wait()
    yield Browser(server.port, f"sessionid={client.cookies['sessionid'].value}")
    server.terminate()
    for connection in shared.values():
        connection.dec_thread_sharing()


def test_a_cold_list_of_fifty_meters_takes_at_most_20_kilobytes(browser: Browser) -> None:
    status, page, total = browser.fetch("/meters/")
    assert status == 200
    assert page.count(b'id="m-') == 50
    parts = {"page": total}
    for address in set(re.findall(rb'(?:src|href)="(/static/[^"]+)"', page)):
        parts[address.decode()] = browser.fetch(address.decode())[2]
    assert sum(parts.values()) <= COLD_PAGE_BYTES_MAX, parts


@pytest.mark.parametrize("address", ["/meters/", "/meters/BJ2400001/"])
def test_a_refresh_takes_at_most_2_kilobytes_and_none_when_nothing_changed(
    browser: Browser, address: str
) -> None:
    _, page, _ = browser.fetch(address)
    live = re.search(rb'data-live="([^"]+)"', page)
    assert live
    question = live[1].decode().replace("&amp;", "&")

    def seen(markup: bytes) -> str:
        return ".".join(re.findall(r'data-v=\\?"([^"\\]+)', markup.decode()))

    status, _, size = browser.fetch(question + seen(page))
    assert (status, size <= 700) == (204, True), size
    MeterState.objects.update(relay=0, holds=1 | 2 | 4, power_w=0, balance=-12_345)
    status, _, size = browser.fetch(question + seen(page))
    assert status == 200
    assert size <= REFRESH_BYTES_MAX, size


def test_every_change_arrives_in_the_end_however_many_there_are(browser: Browser) -> None:
    """A refresh has a largest size; what does not fit comes with the next ones."""
    _, page, _ = browser.fetch("/meters/")
    shown = dict(re.findall(r'id="([\w-]+)" data-v="([^"]+)"', page.decode()))
    MeterState.objects.update(voltage_v=1, power_w=7)
    for _ in range(10):
        status, body, _ = browser.fetch("/meters/live?page=1&seen=" + ".".join(shown.values()))
        if status == 204:
            break
        shown.update(re.findall(r'id=\\"([\w-]+)\\" data-v=\\"([^"\\]+)', body.decode()))
    assert status == 204


def test_a_port_in_use_is_refused_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(Refused, match="choose another"):
            serve.listen(HOST, taken.getsockname()[1])
