"""The console's web server, and what it believes of a proxy in front of it."""

import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from waitress import wasyncore

from controller.console import serve


def scheme(environ, start_response):
    """A page that says by which scheme it thinks it was asked, and what the proxy said."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    told = environ.get("HTTP_X_FORWARDED_PROTO", "nothing")
    return [f"{environ['wsgi.url_scheme']} {told}".encode()]


def ask(port: int) -> str:
    """What the server answers to a proxy that says it was asked by TLS."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/", headers={"X-Forwarded-Proto": "https", "Connection": "close"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 (our own)
        return answer.read().decode()


@pytest.mark.parametrize(
    ("is_behind_tls", "shown"), [(True, "https https"), (False, "http nothing")]
)
def test_a_proxys_word_for_tls_counts_only_where_there_is_one(is_behind_tls, shown):
    listening = serve.listen("127.0.0.1", 0)
    server = serve.build(scheme, listening, is_behind_tls=is_behind_tls)
    try:
        with ThreadPoolExecutor(1) as browser:
            answer = browser.submit(ask, listening.getsockname()[1])
            while not answer.done():
                wasyncore.loop(timeout=0.05, map=server._map, count=1)
        assert answer.result() == shown
    finally:
        server.task_dispatcher.shutdown()
        wasyncore.close_all(server._map)  # also what the browser left open
