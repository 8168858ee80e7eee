"""The throw-away PostgreSQL is a real one, and leaves nothing behind."""

from pathlib import Path

import psycopg

from tools import postgres


def test_the_server_answers_and_is_gone_afterwards():
    with postgres.server() as url:
        with psycopg.connect(url) as connection:
            (encoding,) = connection.execute("SHOW server_encoding").fetchone()
        socket_folder = Path(url.partition("host=")[2])
        assert encoding == "UTF8"
        assert socket_folder.exists()
    assert not socket_folder.exists()
