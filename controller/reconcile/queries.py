"""Finds the reports of reconciliations."""

from django.db.models import QuerySet

from controller.errors import Refused
from controller.reconcile.models import Report


def reports() -> QuerySet[Report]:
    """All reports, the newest first."""
    return Report.objects.order_by("-pk")


def find_report(number: int) -> Report:
    """One report. Raises Refused."""
    report = Report.objects.filter(pk=number).first()
    if report is None:
        raise Refused(f"There is no report {number}", "Take one from the list.")
    return report
