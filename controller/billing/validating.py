"""Validates a plant's month before it is billed, and estimates registers that are missing.

What is found goes to a person as a task, one a meter and month; nothing stops the bills, which
say where they rest on an estimate. One meter is one transaction.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q

from controller import clock
from controller.audit import services as audit
from controller.billing import validation
from controller.billing.models import Estimate, Validation
from controller.billing.rules import Month, read_month
from controller.billing.validation import Finding, Interval
from controller.consumers.models import Fitting
from controller.consumers.queries import find_plant
from controller.errors import Refused
from controller.profile.queries import setting
from controller.readings.models import Reading
from controller.tasks.services import raise_task

HISTORY_S = 28 * 86_400  # by what the use of a silent meter is estimated


def validate_month(*, plant_code: str, month: str, actor: str) -> list[Validation]:
    """Validates the readings of every meter that served the plant in its month `YYYY-MM` (local
    time), also of one that was removed meanwhile: each for whom, and as long as, it served.

    May be called again, also after the bills: each call leaves new rows. Raises Refused.
    """
    plant = find_plant(plant_code)
    bounds = read_month(month, plant.utc_offset_min)
    thresholds: Mapping[str, int] = setting("validation")
    found = Fitting.objects.filter(
        Q(removed_s=None) | Q(removed_s__gt=bounds.start_s),
        connection__consumer__plant=plant,
        fitted_s__lt=bounds.end_s,
    )
    rows = found.select_related("connection").order_by("connection", "fitted_s", "pk")
    return [_validate_meter(fitting, bounds, thresholds, actor) for fitting in rows]


@transaction.atomic
def _validate_meter(
    fitting: Fitting, month: Month, thresholds: Mapping[str, int], actor: str
) -> Validation:
    meter_id, connection = str(fitting.meter_id), fitting.connection
    until_s = min(month.end_s, fitting.removed_s or month.end_s)
    readings = _readings(meter_id, max(month.start_s, fitting.fitted_s), until_s)
    findings = validation.validate(readings, thresholds, connection.sanctioned_load_w)
    done = Validation.objects.create(
        meter_id=meter_id,
        connection=connection,
        month=month.name,
        readings=len(readings),
        findings=findings,
        made_s=clock.now_s(),
        actor=actor,
    )
    was_there = until_s == month.end_s
    estimate = _estimate_end(meter_id, month, actor) if was_there else None
    audit.record(
        actor, "validate readings", f"meter {meter_id}", month=month.name,
        readings=len(readings), findings=len(findings), estimated=estimate is not None,
    )  # fmt: skip
    if findings:
        _ask(done, month, findings, actor)
    return done


def _ask(done: Validation, month: Month, findings: list[Finding], actor: str) -> None:
    kinds = ", ".join(sorted({finding.kind for finding in findings}))
    raise_task(
        kind="readings",
        subject=f"consumer {done.connection.consumer_id}",
        key=f"readings:{done.connection.consumer_id}:{done.meter_id}:{month.name}",
        title=f"Readings of {done.meter_id} in {month.name} are odd: {kinds}",
        evidence={"findings": [list(finding) for finding in findings]},
        actor=actor,
    )


def _readings(meter_id: str, from_s: int, until_s: int) -> list[Interval]:
    rows = Reading.objects.filter(meter=meter_id, end_s__gte=from_s, end_s__lte=until_s)
    return [_interval(row) for row in rows.order_by("sequence")]


def _interval(row: Reading) -> Interval:
    return Interval(
        row.sequence,
        row.end_s,
        row.flags,
        row.energy_wh,
        (row.rate0_wh, row.rate1_wh, row.rate2_wh, row.rate3_wh),
        row.power_w_max,
        row.supply_s,
    )


def _estimate_end(meter_id: str, month: Month, actor: str) -> Estimate | None:
    """The registers at the month's end where no reading ends there; None: none is needed or can
    be made.
    """
    at_s = month.end_s
    of_meter = Reading.objects.filter(meter=meter_id).order_by("end_s", "sequence")
    last = of_meter.filter(end_s__lte=at_s).last()
    if last is None or last.end_s == at_s:
        return None
    before = _interval(last)
    later = of_meter.filter(end_s__gt=at_s).first()
    if later is not None:
        rate_wh: tuple[int, ...] | None = validation.estimate_between(
            before, _interval(later), at_s
        )
        method, reason = Estimate.Method.BETWEEN, "no reading at the month's end"
    else:
        history = _readings(meter_id, before.end_s - HISTORY_S, before.end_s)
        rate_wh = validation.estimate_onward(history, at_s)
        method, reason = Estimate.Method.ONWARD, "the meter was silent over the month's end"
    if rate_wh is None:
        return None
    return _store(meter_id, at_s, rate_wh, method, reason, actor)


def _store(
    meter_id: str, at_s: int, rate_wh: tuple[int, ...], method: str, reason: str, actor: str
) -> Estimate:
    return Estimate.objects.create(
        meter_id=meter_id, at_s=at_s, rate_wh=rate_wh, method=method, reason=reason,
        made_s=clock.now_s(), actor=actor,
    )  # fmt: skip


@transaction.atomic
def enter_registers(
    *, meter_id: str, at_s: int, rate_wh: tuple[int, int, int, int], reason: str, actor: str
) -> Estimate:
    """Records what a person read off the meter, or decided; bills made later take it.

    Raises Refused for registers below what the meter has signed up to then, or without a reason.
    """
    if not reason.strip() or len(reason) > 200:
        raise Refused("The reason is missing or too long", "Say in 200 characters where from.")
    signed = Reading.objects.filter(meter=meter_id, end_s__lte=at_s).order_by("end_s").last()
    if signed is not None and any(
        entered < told
        for entered, told in zip(
            rate_wh, (signed.rate0_wh, signed.rate1_wh, signed.rate2_wh, signed.rate3_wh),
            strict=True,
        )
    ):  # fmt: skip
        raise Refused(
            f"Meter {meter_id} has signed higher registers before that time",
            f"They stood at {signed.energy_wh} Wh; enter what is not below.",
        )
    estimate = _store(meter_id, at_s, rate_wh, Estimate.Method.PERSON, reason, actor)
    audit.record(
        actor, "enter registers", f"meter {meter_id}", at_s=at_s, rate_wh=list(rate_wh),
        reason=reason,
    )  # fmt: skip
    return estimate
