"""The ledger: every paisa goes from one account to another, once, and what was posted stays."""

import threading

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from controller.audit.models import AuditEvent
from controller.errors import Refused
from controller.ledger import queries, rules, services
from controller.ledger.models import Account, Entry, Transfer

HOUR_S = 3_600
DAY_S = 86_400
RAM, SITA = "consumer:BHKATS01112", "consumer:BHKATS01201"
BILL = [(RAM, "income:energy", 40_000), (RAM, "payable:duty", 2_000)]


def post(kind="bill", reference="bill:1", transfers=BILL, text="Bill 1", actor="meena"):
    return services.post(
        kind=kind, reference=reference, transfers=transfers, text=text, actor=actor
    )


def test_debits_equal_credits_and_a_balance_is_their_sum(db):
    post()
    post("payment", "receipt:1", [("cash:counter", RAM, 30_000)], "Cash")
    assert queries.balance_paise(RAM) == 12_000
    assert queries.trial_balance() == {
        "cash:counter": 30_000, RAM: 12_000, "income:energy": -40_000, "payable:duty": -2_000,
    }  # fmt: skip
    assert sum(queries.trial_balance().values()) == 0


def test_balances_cost_two_queries_however_many_accounts(db, django_assert_num_queries):
    post()
    with django_assert_num_queries(2):
        found = queries.balances([RAM, SITA, "bank"])
    assert found == {RAM: 42_000, SITA: 0, "bank": 0}
    assert queries.balances_of("consumer") == {RAM: 42_000}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (RAM, "asset"), ("deposit:BHKATS01112", "liability"), ("prepaid:BHKATS01112", "liability"),
        ("debt:BHKATS01112", "asset"), ("cash:agent-7", "asset"), ("bank", "asset"),
        ("clearing:razorpay", "asset"), ("income:late_charge", "income"),
        ("payable:duty", "liability"), ("expense:fuel", "expense"),
    ],
)  # fmt: skip
def test_an_account_is_opened_by_first_use_with_the_kind_that_its_code_says(db, code, kind):
    other = "income:other" if code != "income:other" else "bank"
    post(transfers=[(code, other, 1)])
    assert Account.objects.get(code=code).kind == kind


@pytest.mark.parametrize(
    "code", ["", "bank:1", "cash", "cash:", "gold:1", "cash:a b", "Cash:a", "cash:" + "a" * 41]
)
def test_what_is_no_account_is_refused(db, code):
    with pytest.raises(Refused, match="is no account"):
        post(transfers=[(code, "income:energy", 1)])
    with pytest.raises(Refused, match="is no account"):
        queries.balance_paise(code)
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"transfers": []},
        {"transfers": [(RAM, RAM, 5)]},
        {"transfers": [(RAM, "income:energy", 0)]},
        {"transfers": [(RAM, "income:energy", -5)]},
        {"transfers": [(RAM, "income:energy", 1.5)]},
        {"transfers": [(RAM, "income:energy", True)]},
        {"transfers": [(RAM, "income:energy", rules.AMOUNT_MAX_PAISE + 1)]},
        {"transfers": [(RAM, "income:energy", 1)] * (rules.TRANSFERS_MAX + 1)},
        {"kind": "Bill"},
        {"kind": rules.REVERSAL},
        {"reference": ""},
        {"reference": "bill 1"},
        {"text": " "},
        {"text": "x" * 201},
    ],
    ids=lambda wrong: repr(wrong)[:40],
)
def test_what_cannot_be_posted_is_refused_and_nothing_is_changed(db, wrong):
    with pytest.raises(Refused):
        post(**wrong)
    assert not Entry.objects.exists()
    assert not Account.objects.exists()


def test_the_same_thing_said_again_is_posted_once(db):
    first = post()
    assert post(transfers=BILL[::-1], text="Bill 1, again") == first
    assert Transfer.objects.count() == 2


def test_another_thing_under_the_same_reference_is_refused(db):
    post()
    with pytest.raises(Refused, match="posted already, with other amounts"):
        post(transfers=BILL[:1])
    post("payment", "bill:1", BILL[:1])  # another kind has references of its own
    assert Entry.objects.count() == 2


def test_a_reversal_undoes_an_entry_once_and_both_stay(db):
    entry = post()
    undone = services.reverse(entry_id=entry.pk, reason="Wrong meter", actor="ravi")
    assert queries.balance_paise(RAM) == 0
    assert undone.reverses == entry
    assert queries.moves(undone) == [move.turned() for move in queries.moves(entry)]
    for number, words in ((entry.pk, "reversed already"), (undone.pk, "is a reversal"), (0, "no")):
        with pytest.raises(Refused, match=words):
            services.reverse(entry_id=number, reason="Again", actor="ravi")
    assert Entry.objects.count() == 2
    assert AuditEvent.objects.get().action == "reverse entry"


def test_a_reversal_says_why(db):
    with pytest.raises(Refused, match="says what it is"):
        services.reverse(entry_id=post().pk, reason="", actor="ravi")


def test_a_statement_runs_from_the_opening_to_the_closing_balance(db, clock):
    clock(10 * DAY_S)
    post()
    clock(11 * DAY_S)
    post("payment", "receipt:1", [("cash:counter", RAM, 30_000)], "Cash")
    post("bill", "bill:2", [(RAM, "income:energy", 500)], "Bill 2")
    clock(12 * DAY_S)
    post("bill", "bill:3", [(RAM, "income:energy", 7)], "Bill 3")
    found = queries.statement(RAM, 11 * DAY_S, 12 * DAY_S)
    assert (found.opening_paise, found.closing_paise) == (42_000, 12_500)
    assert [(line.entry.reference, *line[1:]) for line in found.lines] == [
        ("receipt:1", "cash:counter", 0, 30_000, 12_000),
        ("bill:2", "income:energy", 500, 0, 12_500),
    ]
    assert queries.statement(SITA, 0, DAY_S) == (SITA, 0, [], 0)


def test_a_statement_has_a_bound(db, monkeypatch):
    monkeypatch.setattr(queries, "STATEMENT_LINES_MAX", 1)
    post()
    with pytest.raises(Refused, match="Ask for less"):
        queries.statement(RAM, 0, 2**40)


@pytest.mark.parametrize(
    "wrong", [{"amount_paise": 0}, {"amount_paise": -1}, {"debit_id": "credit"}], ids=str
)
def test_the_database_itself_refuses_a_transfer_that_cannot_be(db, wrong):
    entry = post()
    model = Transfer.objects.first()
    values = {"debit_id": model.debit_id, "credit_id": model.credit_id, "amount_paise": 1} | wrong
    if values["debit_id"] == "credit":
        values["debit_id"] = model.credit_id
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(entry=entry, position=9, **values)


@pytest.mark.parametrize("table", ["account", "entry", "transfer", "dayseal"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {}"])
def test_the_database_itself_refuses_to_change_what_was_posted(
    guarded_tables, clock, table, statement
):
    clock(10 * DAY_S)
    entry = post()
    clock(12 * DAY_S)
    services.seal_past_days(actor="nightly")
    column = {"account": "code = 'x'", "entry": "text = 'x'", "transfer": "amount_paise = 1",
              "dayseal": "entries = 0"}[table]  # fmt: skip
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(f"ledger_{table}", column))
    for change in (entry.save, entry.delete, Entry.objects.all().delete):
        with pytest.raises(Refused, match="ledger cannot be changed"):
            change()


# --- the chain of days --------------------------------------------------------------------------


@pytest.fixture
def three_days(db, clock):
    """Three local days with entries, all sealed."""
    for number in range(3):
        clock((100 + number) * DAY_S)
        post(reference=f"bill:{number}")
        post("payment", f"receipt:{number}", [("bank", RAM, 10 + number)], "Transfer")
    clock(104 * DAY_S)
    return services.seal_past_days(actor="nightly")


def test_days_are_sealed_in_a_chain_that_can_be_verified(three_days):
    assert [seal.entries for seal in three_days] == [2, 2, 2]
    assert [seal.previous for seal in three_days] == [
        rules.GENESIS, three_days[0].digest, three_days[1].digest,
    ]  # fmt: skip
    assert queries.verify() == []
    assert services.seal_past_days(actor="nightly") == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE ledger_transfer SET amount_paise = 11 WHERE amount_paise = 10", "not those"),
        ("UPDATE ledger_entry SET text = 'x' WHERE reference = 'bill:0'", "not those"),
        ("UPDATE ledger_entry SET actor = 'x' WHERE reference = 'bill:0'", "not those"),
        ("UPDATE ledger_entry SET at_s = at_s + 1 WHERE reference = 'bill:0'", "not those"),
        ("UPDATE ledger_account SET code = 'bank:2' WHERE code = 'bank'", "not those"),
        ("DELETE FROM ledger_transfer WHERE amount_paise = 10", "instead of 2"),
        ("UPDATE ledger_dayseal SET digest = 'forged' WHERE entries = 2", "not those"),
        ("DELETE FROM ledger_dayseal", "its seal is not the one that was made"),
    ],
)
def test_tampering_past_the_triggers_is_found(three_days, statement, words):
    with connection.cursor() as cursor:
        cursor.execute(statement)
    breaches = queries.verify()
    assert any(words in breach.what for breach in breaches)
    assert breaches[0].day == three_days[0].day


def test_a_chain_made_anew_from_its_start_is_found_by_a_hash_that_was_kept_apart(three_days):
    kept = {three_days[-1].day: three_days[-1].digest}
    assert queries.verify(kept) == []
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_dayseal")
        cursor.execute("DELETE FROM audit_auditevent")
        cursor.execute("UPDATE ledger_transfer SET amount_paise = 11 WHERE amount_paise = 10")
    services.seal_past_days(actor="thief")
    assert queries.verify() == []
    assert [breach.day for breach in queries.verify(kept)] == [three_days[-1].day]


def test_an_entry_slipped_in_later_is_found(three_days):
    first = Entry.objects.first()
    Entry.objects.create(kind="bill", reference="x", at_s=0, day=first.day, text="x", actor="x")
    assert [breach.what for breach in queries.verify()] == ["3 entries instead of 2"]


def test_an_entry_slipped_in_on_a_day_without_entries_is_found(db, clock):
    clock(100 * DAY_S)
    day = post().day
    clock(102 * DAY_S)
    post(reference="bill:2")
    clock(103 * DAY_S)
    services.seal_past_days(actor="nightly")
    Entry.objects.create(
        kind="bill", reference="x", at_s=0, day=day.replace(day=day.day + 1), text="x", actor="x"
    )
    assert [breach.what for breach in queries.verify()] == [
        "there are entries that came after its time"
    ]


def test_a_sealed_day_takes_no_more(three_days, clock):
    clock(102 * DAY_S)
    with pytest.raises(Refused, match="sealed up to"):
        post(reference="bill:9")
    assert post(reference="bill:0") == Entry.objects.first()  # it is there: nothing is posted


def test_a_day_is_sealed_when_it_is_over_once_and_in_its_turn(db, clock):
    clock(100 * DAY_S)
    day = post().day
    with pytest.raises(Refused, match="is not over"):
        services.seal_day(day=day, actor="nightly")
    clock(101 * DAY_S)
    post(reference="bill:2")
    clock(102 * DAY_S)
    with pytest.raises(Refused, match="is not sealed"):
        services.seal_day(day=day.replace(day=day.day + 1), actor="nightly")
    services.seal_day(day=day, actor="nightly")
    with pytest.raises(Refused, match="Seal a later day"):
        services.seal_day(day=day, actor="nightly")


def test_the_day_is_that_of_the_utility_not_of_greenwich(db, clock):
    clock(10 * DAY_S + 19 * HOUR_S)  # 00:30 in India
    assert post().day.isoformat() == "2020-01-12"


def test_who_began_to_post_before_midnight_is_waited_for(clock, shared_database):
    clock(100 * DAY_S)
    day = post().day
    began, may_end = threading.Event(), threading.Event()

    def post_slowly() -> None:
        with transaction.atomic():
            post(reference="bill:late")
            began.set()
            may_end.wait(10)
        connection.close()

    slow = threading.Thread(target=post_slowly)
    slow.start()
    assert began.wait(10)
    clock(101 * DAY_S)
    threading.Timer(0.2, may_end.set).start()
    if connection.vendor == "postgresql":
        with pytest.raises(Refused, match="still being posted to"):
            services.seal_day(day=day, actor="nightly")
    assert services.seal_day(day=day, actor="nightly").entries == 2
    slow.join()
    assert queries.verify() == []


# --- several at once ----------------------------------------------------------------------------


def test_one_reference_posted_by_several_at_once_is_one_entry(at_once):
    entries = at_once(6, lambda _number: post())
    assert {entry.pk for entry in entries} == {Entry.objects.get().pk}
    assert queries.balance_paise(RAM) == 42_000


def test_several_who_open_the_same_accounts_at_once_open_them_once(at_once):
    at_once(6, lambda number: post(reference=f"bill:{number}", transfers=BILL[:: (-1) ** number]))
    assert Entry.objects.count() == 6
    assert queries.balance_paise(RAM) == 6 * 42_000


def test_of_several_who_reverse_one_entry_one_succeeds(at_once):
    entry = post()
    found = at_once(
        4, lambda _n: services.reverse(entry_id=entry.pk, reason="Wrong", actor="ravi")
    )
    assert sum(isinstance(each, Refused) for each in found) == 3
    assert queries.balance_paise(RAM) == 0
