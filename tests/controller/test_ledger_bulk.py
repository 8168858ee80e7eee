"""Many entries posted at once are what they would be one by one."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from controller.errors import Refused
from controller.ledger import bulk, queries, rules, services
from controller.ledger.bulk import NewEntry
from controller.ledger.models import Entry, Transfer

DAY_S = 86_400
RAM, SITA = "consumer:BHKATS01112", "consumer:BHKATS01201"


@pytest.fixture
def accounts(db):
    """The ids of four accounts by their codes."""
    return services.open_accounts([RAM, SITA, "income:energy", "payable:duty"])


def two_bills(accounts):
    energy, duty = accounts["income:energy"], accounts["payable:duty"]
    return [
        NewEntry("bill:1", "Bill 1", [(accounts[RAM], energy, 500), (accounts[RAM], duty, 25)]),
        NewEntry("bill:2", "Bill \\2\t\N{INDIAN RUPEE SIGN}", [(accounts[SITA], energy, 700)]),
    ]


def post_many(entries, kind="bill"):
    return bulk.post_many(kind=kind, entries=entries, actor="bill run")


def test_entries_posted_at_once_are_those_posted_one_by_one(accounts):
    first, second = post_many(two_bills(accounts))
    assert queries.find_entry("bill", "bill:1").pk == first
    stored = Entry.objects.get(pk=second)
    assert (stored.text, stored.actor) == ("Bill \\2\t\N{INDIAN RUPEE SIGN}", "bill run")
    assert stored.day == services.local_day(stored.at_s)
    again = services.post(
        kind="bill", reference="bill:1", text="Bill 1", actor="meena",
        transfers=[(RAM, "income:energy", 500), (RAM, "payable:duty", 25)],
    )  # fmt: skip
    assert again.pk == first
    assert queries.balances([RAM, SITA]) == {RAM: 525, SITA: 700}


def test_ids_taken_for_many_are_nobody_elses(accounts):
    ids = post_many(two_bills(accounts))
    later = services.post(
        kind="bill", reference="bill:3", transfers=[(RAM, SITA, 1)], text="x", actor="x"
    )
    ids += [later.pk, *post_many([NewEntry("bill:4", "x", [(accounts[RAM], accounts[SITA], 1)])])]
    assert len(set(ids)) == 4
    assert Entry.objects.count() == 4


def test_if_one_was_posted_already_none_is(accounts):
    bills = two_bills(accounts)
    post_many(bills[:1])
    with pytest.raises(Refused, match="posted already"):
        post_many(bills)
    assert queries.trial_balance()[SITA] == 0


@pytest.mark.parametrize(
    ("kind", "reference", "text", "transfers"),
    [
        ("Bill", "bill:1", "x", [(1, 2, 5)]),
        ("bill", "bill 1", "x", [(1, 2, 5)]),
        ("bill", "bill:1", "", [(1, 2, 5)]),
        ("bill", "bill:1", "x", []),
        ("bill", "bill:1", "x", [(1, 1, 5)]),
        ("bill", "bill:1", "x", [(1, 2, 0)]),
        ("bill", "bill:1", "x", [(1, 2, rules.AMOUNT_MAX_PAISE + 1)]),
    ],
)
def test_what_cannot_be_posted_one_by_one_cannot_be_posted_at_once(
    db, kind, reference, text, transfers
):
    with pytest.raises(Refused):
        post_many([NewEntry(reference, text, transfers)], kind)


def test_a_call_has_a_bound(accounts, monkeypatch):
    monkeypatch.setattr(bulk, "ENTRIES_MAX", 1)
    with pytest.raises(Refused, match="2 entries are too many"):
        post_many(two_bills(accounts))
    assert not Entry.objects.exists()


@pytest.mark.parametrize("place", ["entry", "debit", "credit"])
def test_a_transfer_of_no_entry_or_between_no_accounts_is_refused_by_the_database(accounts, place):
    ids = post_many(two_bills(accounts))
    values = {"entry_id": ids[0], "debit_id": accounts[RAM], "credit_id": accounts[SITA]}
    with pytest.raises(IntegrityError, match="no entry"), transaction.atomic():
        Transfer.objects.create(position=9, amount_paise=1, **values | {f"{place}_id": 10**9})
    with pytest.raises(Refused, match="names no account"):
        post_many([NewEntry("bill:9", "x", [(accounts[RAM], 10**9, 5)])])


def test_a_sealed_day_takes_no_more_at_once_either(accounts, clock):
    clock(100 * DAY_S)
    bills = two_bills(accounts)
    post_many(bills[:1])
    clock(101 * DAY_S)
    services.seal_past_days(actor="nightly")
    assert queries.verify() == []
    clock(100 * DAY_S)
    with pytest.raises(Refused, match="sealed up to"):
        post_many(bills[1:])


def test_the_triggers_stand_beside_it(guarded_tables):
    accounts = services.open_accounts([RAM, SITA, "income:energy", "payable:duty"])
    post_many(two_bills(accounts))
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM ledger_transfer")
