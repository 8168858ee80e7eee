"""Random histories of the ledger, against a model that a person could keep on paper."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from controller.errors import Refused
from controller.ledger import queries, services

DAY_S = 86_400
CODES = ("consumer:BHKATS01112", "cash:counter", "bank", "income:energy", "prepaid:BHKATS01112")
transfers = st.lists(
    st.tuples(st.permutations(CODES), st.integers(1, 10**9)).map(
        lambda drawn: (drawn[0][0], drawn[0][1], drawn[1])
    ),
    min_size=1,
    max_size=4,
)


class Books(RuleBasedStateMachine):
    """Posts, repeats, contradicts, reverses, and lets days pass; `clock` is given by the test."""

    clock = None

    def __init__(self):
        super().__init__()
        self.now_s = 1_000 * DAY_S
        self.clock(self.now_s)
        self.posted = {}  # reference: (entry id, transfers)
        self.reversed = set()
        self.expected = dict.fromkeys(CODES, 0)

    def _count(self, moves):
        for debit, credit, paise in moves:
            self.expected[debit] += paise
            self.expected[credit] -= paise

    def _post(self, reference, moves):
        return services.post(
            kind="test", reference=reference, transfers=moves, text="Test", actor="test"
        )

    @rule(moves=transfers)
    def post_anew(self, moves):
        reference = f"test:{len(self.posted)}"
        entry = self._post(reference, moves)
        self.posted[reference] = (entry.pk, moves)
        self._count(moves)

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def say_again(self, data):
        reference = data.draw(st.sampled_from(sorted(self.posted)))
        identity, moves = self.posted[reference]
        assert self._post(reference, moves).pk == identity

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def contradict(self, data):
        reference = data.draw(st.sampled_from(sorted(self.posted)))
        moves = [*self.posted[reference][1], (CODES[0], CODES[1], 1)]
        with pytest.raises(Refused):
            self._post(reference, moves)

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def reverse_one(self, data):
        reference = data.draw(st.sampled_from(sorted(self.posted)))
        identity, moves = self.posted[reference]
        if identity in self.reversed:
            with pytest.raises(Refused):
                services.reverse(entry_id=identity, reason="Again", actor="test")
            return
        services.reverse(entry_id=identity, reason="Wrong", actor="test")
        self.reversed.add(identity)
        self._count([(credit, debit, paise) for debit, credit, paise in moves])

    @rule(days=st.integers(1, 3), seals=st.booleans())
    def let_days_pass(self, days, seals):
        self.now_s += days * DAY_S
        self.clock(self.now_s)
        if seals:
            services.seal_past_days(actor="nightly")

    @precondition(lambda self: self.posted)
    @rule()
    def turn_the_clock_back(self):
        """Behind a seal nothing new can be posted; in front of it everything can."""
        seal = services.DaySeal.objects.last()
        if seal is None:
            return
        back = services.local_day(self.now_s) - seal.day
        self.clock(self.now_s - back // timedelta(days=1) * DAY_S)
        with pytest.raises(Refused, match="sealed up to"):
            self._post("late", [(CODES[0], CODES[1], 1)])
        self.clock(self.now_s)

    @invariant()
    def the_books_are_those_on_paper(self):
        assert queries.balances(CODES) == self.expected
        assert sum(queries.trial_balance().values()) == 0

    def teardown(self):
        assert queries.verify() == []
        for code in CODES:
            found = queries.statement(code, 0, 2**40)
            assert found.closing_paise == self.expected[code]


def test_debits_equal_credits_and_the_chain_holds_in_random_histories(db, clock):
    """Each history runs in a savepoint of its own, so that it starts with empty books."""
    from django.db import transaction

    class Empty(Books):
        def __init__(self):
            self.savepoint = transaction.savepoint()
            super().__init__()

        def teardown(self):
            try:
                super().teardown()
            finally:
                transaction.savepoint_rollback(self.savepoint)

    Empty.clock = staticmethod(clock)
    run_state_machine_as_test(
        Empty,
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
