"""One meter's page: gathers what is known of the meter into the pieces that the page shows."""

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from controller.billing.models import Bill
from controller.console import queries, rules, series
from controller.console.actions import ACTIONS
from controller.console.chart import load_chart
from controller.console.forms import connection_of
from controller.console.pieces import Piece
from controller.console.reach import Rights
from controller.console.templatetags.format import seen
from controller.console.words import said, say
from controller.consumers.models import WAITING, AssignmentState
from controller.fleet import queries as fleet
from controller.fleet.models import Meter
from controller.headend.queries import command_history, reason_text
from controller.readings.queries import latest_events

COMMANDS_SHOWN = 8
EVENTS_SHOWN = 15
BILLS_SHOWN = 12


class Portrait:
    """What the page of one meter shows; the meter comes with its state and consumer."""

    def __init__(self, meter: Meter, rights: Rights) -> None:
        self.meter = meter
        self.rights = rights
        self.state = meter.state

    def context(self) -> dict[str, Any]:
        """What the page's template shows."""
        connection = connection_of(self.meter)
        return {
            "meter": self.meter,
            "connection": connection,
            "live_url": reverse("console:meter_live", args=[self.meter.id]) + "?seen=",
            "actions": [one for one in ACTIONS.values() if self.rights.may(one.needs)],
            "chart": self._chart(),
            "bills": Bill.objects.filter(connection=connection)
            .select_related("period")
            .order_by("-period__month")[:BILLS_SHOWN],
            **{piece.id: piece for piece in self.pieces()},
        }

    def pieces(self) -> list[Piece]:
        """All that changes on the page by itself; the chart does not."""
        return [self._now(), self._package(), self._commands(), self._events()]

    def _now(self) -> Piece:
        supply, line = fleet.supply(self.state), said(fleet.why_off(self.state) or "Supply is on.")
        if self.state.received_s and not fleet.is_online(self.state):
            since = say("Not heard since {0}.", seen(self.state.received_s))
            supply, line = queries.SILENT, f"{since} {line}"
        return _piece(
            "now",
            state=self.state,
            supply=supply,
            headline=line,
            load_percent=rules.load_percent(self.state.power_w, self.state.limit_w),
        )

    def _package(self) -> Piece:
        found = self.meter.assignments.filter(state__in=[AssignmentState.ACTIVE, *WAITING])
        rows = list(found.select_related("package").order_by("programme_version"))
        active = [row for row in rows if row.state == AssignmentState.ACTIVE]
        return _piece(
            "package",
            active=active[-1] if active else None,
            waiting=[(row, rules.ASSIGNMENTS[row.state]) for row in rows if row.state in WAITING],
        )

    def _commands(self) -> Piece:
        history = command_history(self.meter.id, COMMANDS_SHOWN)
        rows = [
            {
                "command": row,
                "words": rules.command_words(row.name),
                "became": rules.command_state(row.state, reason_text(row.reason)),
                "answered_s": max((one.received_s for one in row.receipts.all()), default=0),
            }
            for row in history
        ]
        return _piece("commands", rows=rows)

    def _events(self) -> Piece:
        latest = latest_events(self.meter.id, EVENTS_SHOWN)
        rows = [(event.time_s, rules.event_words(event.code, event.value)) for event in latest]
        return _piece("events", events=rows)

    def _chart(self) -> SafeString:
        loads_w, ticks = queries.load_steps(self.meter.id)
        limit_w = self.state.limit_w
        description = said(series.describe(loads_w, limit_w))
        title = say("Load of {0}, last {1} days", self.meter.id, series.DAYS)
        # load_chart escapes its texts; the rest of it are numbers.
        limit = say("limit {0}")
        return SafeString(load_chart(loads_w, limit_w, ticks, title, description, limit))


def _piece(name: str, **context: Any) -> Piece:
    """A section of the page, drawn by the template of its name."""
    return Piece("section", name, render_to_string(f"console/{name}.html", context))
