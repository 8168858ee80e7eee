"""Staff and a board's word at one moment: whoever comes second waits, and nobody is thrown out.

Only PostgreSQL locks rows; on SQLite one writes at a time.
"""

import threading
import time

import pytest
from django.db import connection, transaction

from tests.controller import till
from tests.controller.till import ASHA, CLERK, OFFICE


@pytest.fixture
def asha(transactional_db, clock, make_board):
    """Asha, supplied through BHK01; gives the board's far end. Only where rows are locked."""
    from controller.consumers import services

    if connection.vendor != "postgresql":
        pytest.skip("one writes at a time")
    board = make_board("BHK01")
    till.open_tills()
    till.supply(ASHA, "BHK01")
    till.set_profile(smallest_voucher_paise=1_000)
    services.programme_activated("BHK01", 1, 200_000_060)
    return board


def programme(board):
    """The board has stored and runs its programme."""
    from controller.headend.models import Command

    command = Command.objects.get(name="set_programme")
    return [board.receipt(bytes.fromhex(command.pk), 2), board.events(1, code=1012, value=1)]


def disconnected(board):
    """The board has cut supply, as an approved change ordered."""
    from controller.changes import orders, services
    from controller.headend.models import Command

    change = services.request_supply(
        consumer_id=ASHA, is_on=False, channel="office", actor="gopal"
    )
    services.approve(change_id=change.pk, **OFFICE)
    orders.process(change_id=change.pk, **OFFICE)
    command = Command.objects.get(name="disconnect")
    return [board.receipt(bytes.fromhex(command.pk), 2)]


def credited(board):
    """The board has taken a recharge."""
    purchase = till.recharge(paise=50_000)
    return [board.receipt(bytes.fromhex(purchase.command_id), 2)]


def change_something():
    from controller.changes.services import request_package

    request_package(
        consumer_id=ASHA, package_id="B2.1 (FD) / 1500 / 0 / 650p", channel="agent", actor="gopal"
    )


def sell():
    till.recharge("key-of-the-race", 50_000)


def release():
    from controller.consumers.services import release_meter

    release_meter(ASHA, reason="swap", **OFFICE)


def give_credit():
    from controller.prepay.services import sell_credit

    sell_credit("BHK01", 1_000, "energy", 650, **CLERK)


@pytest.mark.parametrize("act", [change_something, sell, release, give_credit])
@pytest.mark.parametrize("word", [programme, disconnected, credited])
def test_a_boards_word_waits_for_staff_and_is_then_stored(asha, word, act, caplog):
    """MG-14, MG-6, UP-12: staff have the consumer, the board's receipt comes, staff go on to the
    meter. In another order of locks each would wait for the other.
    """
    from controller.consumers.models import Consumer
    from controller.consumers.services import design_package
    from controller.headend.ingest import handle
    from controller.headend.models import Receipt

    design_package("B2.1", "FD", 1500, price_paise=650, **OFFICE)
    batch, wrong = word(asha), []

    def hear():
        try:
            handle(batch)
        except Exception as error:  # noqa: BLE001 - raised below, in the test's thread
            wrong.append(error)
        finally:
            connection.close()

    board = threading.Thread(target=hear)
    with transaction.atomic():
        Consumer.objects.select_for_update().get(pk=ASHA)
        board.start()
        while board.is_alive() and not somebody_waits():
            time.sleep(0.01)
        act()
    board.join()
    assert not wrong
    assert "the database is busy" not in caplog.text  # nobody was ended, and had to do it again
    assert Receipt.objects.count() == 1


def somebody_waits() -> bool:
    """Whether another session waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
