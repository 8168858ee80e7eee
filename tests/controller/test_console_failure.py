"""What a browser is told when a page does not exist or the console cannot do its work."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection
from django.test import Client

pytestmark = pytest.mark.django_db


@contextmanager
def failing(error: Exception) -> Iterator[None]:
    """Every statement ends in `error`."""

    def fail(_execute: object, _sql: str, _parameters: object, _many: bool, _context: object):
        raise error

    with connection.execute_wrapper(fail):
        yield


@pytest.fixture
def clerk() -> Client:
    """A browser that is logged in and shows errors instead of raising them."""
    client = Client(raise_request_exception=False)
    client.force_login(get_user_model().objects.create_superuser("asha"))
    return client


def test_a_locked_database_is_a_page_that_says_to_try_again(clerk: Client) -> None:
    with failing(OperationalError("database is locked")):
        answer = clerk.get("/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    page = answer.content.decode()
    assert "The database is busy" in page
    assert "try again" in page
    assert "OperationalError" not in page


def test_an_order_that_ended_in_an_error_says_to_look_before_giving_it_again(
    clerk: Client,
) -> None:
    with failing(RuntimeError("a fault of ours")):
        answer = clerk.post("/meters/BJ1/disconnect/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "before you give it again" in page
    assert "a fault of ours" not in page


def test_an_address_that_does_not_exist_leads_back_to_the_meters(clerk: Client) -> None:
    for address in ("/meters/NOBODY/", "/bills/NONE/", "/nowhere"):
        answer = clerk.get(address)
        assert answer.status_code == 404
        assert 'href="/"' in answer.content.decode()
