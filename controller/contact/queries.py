"""Finds edits of contact details: what waits for a code, and what was changed by whom."""

from django.db.models import QuerySet

from controller.consumers.models import Consumer
from controller.contact.models import ContactEdit, EditState


def open_edit(consumer: Consumer) -> ContactEdit | None:
    """The edit that waits for the consumer's code, if there is one."""
    return consumer.contact_edits.filter(state=EditState.REQUESTED).first()


def history(consumer: Consumer) -> QuerySet[ContactEdit]:
    """All edits of the consumer's details, the newest first, with their steps."""
    return consumer.contact_edits.order_by("-pk").prefetch_related("steps")
