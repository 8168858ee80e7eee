"""The way through the console: groups of pages, of which each user sees what their roles allow.

The home page shows all of it with counts of what waits; the head of every page the groups, and
the pages of the group that is in view.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from controller.console import approvals, cash, decisions, pending, service
from controller.console.reach import Rights
from controller.console.words import word


@dataclass(frozen=True)
class Entry:
    """One page in the menu; `waiting` counts what somebody has to decide or do there."""

    label: str
    page: str
    needs: str
    waiting: Callable[[Rights], int] | None = None

    @property
    def url(self) -> str:
        """Where it leads."""
        return reverse(f"console:{self.page}")


@dataclass(frozen=True)
class Group:
    """Pages of one kind of work."""

    label: str
    entries: tuple[Entry, ...]


MENU: tuple[Group, ...] = (
    Group(
        word("Counter"),
        (
            Entry(word("Counter"), "counter", "counter.see"),
            Entry(word("Cash"), "cash", "cash.see", cash.waiting),
        ),
    ),
    Group(
        word("Consumers"),
        (Entry(word("Consumers"), "consumers", "consumers.see"),),
    ),
    Group(
        word("Work"),
        (
            Entry(word("Tasks"), "tasks", "tasks.see", decisions.waiting),
            Entry(word("Service requests"), "requests", "requests.see", service.waiting),
            Entry(word("Changes"), "changes", "changes.see", approvals.waiting),
            Entry(word("Joining"), "joinings", "joining.see"),
            Entry(word("Water"), "water", "extras.see"),
        ),
    ),
    Group(
        word("Meters"),
        (
            Entry(word("Meters"), "meters", "meters.see", pending.silent_meters),
            Entry(word("Store of meters"), "items", "inventory.see"),
            Entry(word("Tariffs"), "tariffs", "tariffs.see"),
            Entry(word("Packages"), "packages", "packages.see"),
        ),
    ),
    Group(
        word("Money"),
        (
            Entry(word("Bills"), "bills", "bills.see"),
            Entry(word("Bill runs"), "runs", "bills.run"),
            Entry(word("Validation of readings"), "validations", "bills.see"),
            Entry(word("Dunning"), "dunning", "bills.see"),
            Entry(word("Vouchers"), "vouchers", "vouchers.see"),
            Entry(word("Ledger"), "ledger", "ledger.see"),
            Entry(word("Reconciliation"), "reconcile", "reconcile.see"),
        ),
    ),
    Group(word("My supply"), (Entry(word("My supply"), "own", "own.see"),)),
    Group(
        word("Office"),
        (
            Entry(word("Messages"), "notices", "notices.see"),
            Entry(word("Activity log"), "log", "log.see"),
            Entry(word("Settings"), "settings", "profile.see"),
            Entry(word("Logins"), "users", "access.see"),
        ),
    ),
)


@dataclass(frozen=True)
class Shown:
    """A group as one user sees it, and which of its pages is in view."""

    label: str
    entries: list[Entry]
    current: Entry | None


def menu_of(rights: Rights, path: str) -> list[Shown]:
    """The groups in which the user may see at least one page; `path` is in view."""
    permitted = [
        (group, [entry for entry in group.entries if rights.may(entry.needs)]) for group in MENU
    ]
    every = [entry for _group, entries in permitted for entry in entries]
    above = [entry for entry in every if path.startswith(entry.url)]
    current = max(above, key=lambda entry: len(entry.url), default=None)
    return [
        Shown(group.label, entries, current if current in entries else None)
        for group, entries in permitted
        if entries
    ]
