"""`python -m controller.console.serve HOST PORT`: the console behind a real web server (waitress).

`bijli up` starts it, and with it the rounds that work on callbacks left by a killed process.
It migrates nothing and knows nothing of the pages.
"""

import logging
import socket
import sys
from typing import Any

from waitress import create_server

from controller.errors import Refused

THREADS = 8
CONNECTIONS_MAX = 200
PROXY = "127.0.0.1"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at `host` and `port`. Raises Refused when that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise Refused(
            f"The console cannot listen on {host} port {port}: {error.strerror or error}",
            "Stop what uses that port, or choose another one.",
        ) from error


def serve(host: str, port: int) -> None:
    """Serves the console until the process is ended. Raises Refused when it cannot listen."""
    listening = listen(host, port)
    from django.conf import settings

    from controller.wsgi import application  # sets Django up, which takes a moment

    logging.getLogger(__name__).info("console on http://%s:%s/", host, port)
    build(application, listening, is_behind_tls=settings.SESSION_COOKIE_SECURE).run()


def build(application: Any, listening: socket.socket, *, is_behind_tls: bool) -> Any:
    """The web server; behind a proxy of this machine that speaks TLS, it believes that one alone
    when it says so (`X-Forwarded-Proto`).
    """
    proxy = (
        {"trusted_proxy": PROXY, "trusted_proxy_headers": {"x-forwarded-proto"}}
        if is_behind_tls
        else {}
    )
    return create_server(
        application,
        sockets=[listening],
        threads=THREADS,
        connection_limit=CONNECTIONS_MAX,
        ident=None,
        **proxy,
    )


def main(arguments: list[str]) -> None:
    """Reads HOST and PORT and serves; ends the process with what to do when that fails."""
    if len(arguments) != 2 or not arguments[1].isdecimal():
        sys.exit("Give two arguments: HOST PORT, for example 127.0.0.1 8000.")
    try:
        serve(arguments[0], int(arguments[1]))
    except Refused as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    main(sys.argv[1:])
