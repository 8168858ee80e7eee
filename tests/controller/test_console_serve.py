"""The console's web server, and what it believes of a proxy in front of it."""

import threading
import urllib.request

import pytest

from controller.console import serve


def scheme(environ, start_response):
    """A page that says by which scheme it thinks it was asked, and what the proxy said."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    told = environ.get("HTTP_X_FORWARDED_PROTO", "nothing")
    return [f"{environ['wsgi.url_scheme']} {told}".encode()]


@pytest.mark.parametrize(
    ("is_behind_tls", "shown"), [(True, "https https"), (False, "http nothing")]
)
def test_a_proxys_word_for_tls_counts_only_where_there_is_one(is_behind_tls, shown):
    listening = serve.listen("127.0.0.1", 0)
    server = serve.build(scheme, listening, is_behind_tls=is_behind_tls)
    thread = threading.Thread(target=server.run)
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    asked = urllib.request.Request(address, headers={"X-Forwarded-Proto": "https"})
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert answer.read().decode() == shown
    finally:
        server.close()
        thread.join(10)
