"""Demands security deposits, takes them in, uses them for dues and gives them back (MG-13).

All money moves by `ledger.services.post`, between `consumer:…` and `deposit:…`.
"""

from django.db import transaction

from controller import clock, workflow
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.consumers.models import Consumer
from controller.deposits import queries, rules
from controller.deposits.models import Demand, Movement
from controller.deposits.signals import deposit_demanded, deposit_moved
from controller.errors import Refused
from controller.ledger import services as ledger
from controller.ledger.queries import balance_paise
from controller.ledger.rules import Move


@transaction.atomic
def demand(*, consumer_id: str, needed_paise: int, reason: str, actor: str) -> Demand | None:
    """Says how large the deposit must be; None where it is already. Raises Refused.

    A later demand takes the place of one that is still open.
    """
    workflow.check_reason(reason)
    consumer = lock_consumer(consumer_id)
    _cancel_open(consumer.pk, "another demand took its place", actor)
    due = rules.due_paise(needed_paise, queries.held_paise(consumer.pk))
    if not due:
        return None
    made = Demand.objects.create(
        consumer=consumer,
        needed_paise=needed_paise,
        amount_paise=due,
        reason=reason,
        demanded_s=clock.now_s(),
    )
    workflow.note_step(made, "demand", actor=actor, note=reason, amount_paise=due)
    deposit_demanded.send(sender=Demand, demand=made)
    return made


@transaction.atomic
def cancel_demand(*, consumer_id: str, reason: str, actor: str) -> None:
    """The deposit needs not be larger after all."""
    workflow.check_reason(reason)
    _cancel_open(lock_consumer(consumer_id).pk, reason, actor)


@transaction.atomic
def collect(*, consumer_id: str, amount_paise: int, payment: str, actor: str) -> Movement:
    """Puts what the consumer paid (a payment, or credit on the account) into the deposit.

    `payment` names it: the same again returns the first movement.
    """
    consumer = lock_consumer(consumer_id)
    known = Movement.objects.filter(
        consumer=consumer, kind=Movement.Kind.COLLECTED, payment=payment
    ).first()
    if known is not None:
        return known
    move = Move(f"consumer:{consumer.pk}", f"deposit:{consumer.pk}", amount_paise)
    made = _record(consumer, Movement.Kind.COLLECTED, move, "Security deposit", actor, payment)
    open_demand = queries.open_demand(consumer.pk)
    if open_demand and queries.held_paise(consumer.pk) >= open_demand.needed_paise:
        workflow.move(open_demand, "meet", actor=actor)
    return made


@transaction.atomic
def undo_collection(*, consumer_id: str, payment: str, actor: str) -> None:
    """The payment behind a collection is taken back. Raises Refused where the deposit is used."""
    consumer = lock_consumer(consumer_id)
    found = Movement.objects.filter(consumer=consumer, payment=payment)
    first = found.filter(kind=Movement.Kind.COLLECTED).first()
    if first is None or found.filter(kind=Movement.Kind.REVERSED).exists():
        return
    if queries.held_paise(consumer.pk) < first.amount_paise:
        raise Refused("The deposit was used already", "Post what is right by hand.")
    entry = ledger.reverse(entry_id=first.entry_id, reason="The payment is reversed", actor=actor)
    _store(
        consumer, Movement.Kind.REVERSED, first.amount_paise, payment, entry.pk, entry.text, actor
    )


@transaction.atomic
def use_for_dues(
    *, consumer_id: str, amount_paise: int | None = None, reason: str, actor: str
) -> Movement:
    """Recovers dues from the deposit where payment is irregular; without an amount, all it can.

    The deposit is then smaller than it must be: that is demanded anew. Raises Refused.
    """
    workflow.check_reason(reason)
    consumer = lock_consumer(consumer_id)
    made = _use(consumer, amount_paise, reason, actor)
    running = consumers.active_assignment(consumer.connection)
    if running is not None:
        needed = queries.needed_paise(consumer.connection, running.package)
        demand(consumer_id=consumer.pk, needed_paise=needed, reason="used for dues", actor=actor)
    return made


@transaction.atomic
def give_back(*, consumer_id: str, account: str, actor: str) -> int:
    """Returns the deposit of a connection that is given up, less dues; paise that were paid out.

    `account` is `bank` or `cash:POINT-OF-SALE`. Raises Refused while the consumer is supplied or
    a meter is fitted, as more may become due.
    """
    consumer = lock_consumer(consumer_id)
    if consumer.status == Consumer.Status.ACTIVE or consumer.connection.meter_id is not None:
        raise Refused(
            f"{consumer.pk} is connected", "Deactivate the connection and release its meter first."
        )
    _cancel_open(consumer.pk, "the connection is given up", actor)
    if balance_paise(f"consumer:{consumer.pk}") > 0 < queries.held_paise(consumer.pk):
        _use(consumer, None, "the connection is given up", actor)
    left = queries.held_paise(consumer.pk)
    if left <= 0:
        return 0
    held = 0 if account == rules.BANK else balance_paise(account)
    rules.check_source(account, held, left)
    move = Move(f"deposit:{consumer.pk}", account, left)
    _record(consumer, Movement.Kind.RETURNED, move, "The connection is given up", actor)
    return left


def lock_consumer(consumer_id: str) -> Consumer:
    """The consumer, to this transaction alone: deposits move in turn. Raises Refused."""
    plain = consumers.find_consumer(consumer_id).pk
    found = Consumer.objects.select_for_update(of=("self",)).select_related("connection")
    return found.get(pk=plain)


def _use(consumer: Consumer, amount_paise: int | None, reason: str, actor: str) -> Movement:
    usable = rules.usable_paise(
        amount_paise, queries.held_paise(consumer.pk), balance_paise(f"consumer:{consumer.pk}")
    )
    move = Move(f"deposit:{consumer.pk}", f"consumer:{consumer.pk}", usable)
    return _record(consumer, Movement.Kind.USED, move, reason, actor)


def _cancel_open(consumer_id: str, reason: str, actor: str) -> None:
    known = queries.open_demand(consumer_id)
    if known is not None:
        workflow.move(known, "cancel", actor=actor, note=reason)


def _record(
    consumer: Consumer, kind: str, move: Move, reason: str, actor: str, payment: str = ""
) -> Movement:
    """Posts a movement and stores it; its number in the consumer's deposit names the entry."""
    number = consumer.deposit_moves.count() + 1
    entry = ledger.post(
        kind=f"deposit_{kind}",
        reference=f"{consumer.pk}-{number}",
        transfers=[move],
        text=reason,
        actor=actor,
    )
    return _store(consumer, kind, move.amount_paise, payment, entry.pk, reason, actor)


def _store(
    consumer: Consumer, kind: str, amount_paise: int, payment: str, entry_id: int, reason: str,
    actor: str,
) -> Movement:  # fmt: skip
    made = Movement.objects.create(
        consumer=consumer,
        kind=kind,
        amount_paise=amount_paise,
        payment=payment,
        entry_id=entry_id,
        at_s=clock.now_s(),
        reason=reason,
        actor=actor,
    )
    audit.record(
        actor, f"deposit {kind}", f"consumer {consumer.pk}", amount_paise=amount_paise,
        payment=payment, reason=reason,
    )  # fmt: skip
    deposit_moved.send(sender=Movement, movement=made)
    return made
