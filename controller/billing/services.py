"""Closes a month, and makes a bill anew where it was wrong."""

from django.db import transaction

from controller.audit import services as audit
from controller.billing import evidence, queries, rules, runs
from controller.billing.models import Bill, Period
from controller.billing.posting import BILL, EARNING, post_drafts
from controller.consumers.queries import lock_connection
from controller.errors import Refused
from controller.ledger.queries import find_entry
from controller.ledger.rules import TEXT_MAX
from controller.ledger.services import reverse

REVISIONS_MAX = 20


def close_period(plant_code: str, month: str, actor: str) -> Period:
    """Bills the plant's month `YYYY-MM` (local time) to its end, and closes it.

    A connection without a meter, or whose board confirmed no package, gets no bill; one whose
    bill cannot be made gets a task, and the month stays open. Raises Refused for a month that is
    not over, is closed already, or leaves one out.
    """
    run = runs.start_run(plants=[plant_code], month=month, actor=actor)
    runs.run_to_end(run.pk)
    return Period.objects.get(plant=plant_code, month=month)


@transaction.atomic
def rebill(*, number: str, reason: str, actor: str) -> Bill:
    """Makes a connection's latest bill anew from what is known now; reverses the old one.

    The old bill stays as it was, and names the one that took its place. Raises Refused for a
    bill that is replaced already, or that later bills build on.
    """
    if not reason.strip() or len(reason) > 200:
        raise Refused("The reason is missing or too long", "Say in 200 characters what was wrong.")
    old = queries.find_bill(number)
    lock_connection(old.connection_id)
    old = Bill.objects.select_for_update().get(number=number)
    _check_latest(old)
    _reverse(old, reason, actor)
    month = rules.read_month(old.period.month, old.period.plant.utc_offset_min)
    found = evidence.collect([old.connection_id], month)
    office = runs.office_of(old.period, month)
    made, failures = runs.draft_all(found, office, old.revision + 1)
    if not made:
        reason = str(failures[0][1]) if failures else "its meter or package is gone"
        raise Refused(f"Bill {number} cannot be made anew: {reason}", "Mend that first.")
    old.replaced_by = made[0][0].number
    old.save(update_fields=["replaced_by"])
    post_drafts(made, actor)
    new = Bill.objects.get(number=old.replaced_by)
    audit.record(
        actor, "make bill anew", f"consumer {old.connection.consumer_id}", bill=number,
        by=new.number, reason=reason, before_paise=old.total_paise, after_paise=new.total_paise,
    )  # fmt: skip
    return new


def _check_latest(bill: Bill) -> None:
    if bill.replaced_by:
        raise Refused(f"Bill {bill.number} was made anew as {bill.replaced_by}", "Take that one.")
    if bill.revision >= REVISIONS_MAX:
        raise Refused(f"Bill {bill.number} was made anew too often", "Correct it by an entry.")
    later = Bill.objects.filter(
        connection=bill.connection_id, period__month__gt=bill.period.month, replaced_by=None
    ).first()
    if later is not None:
        raise Refused(
            f"Bill {later.number} begins where {bill.number} ends",
            "Only the latest bill of a connection can be made anew.",
        )


def _reverse(bill: Bill, reason: str, actor: str) -> None:
    for kind in (BILL, EARNING):
        entry = find_entry(kind, bill.number)
        if entry is not None:
            said = f"{bill.number} made anew: {reason}"[:TEXT_MAX]
            reverse(entry_id=entry.pk, reason=said, actor=actor)
