"""Which role may do what: one table. Pure: it knows no user, no plant and no page.

An action is `subject.verb`. `see` is looking; every other verb changes something. That a request
is decided by another person than the one who made it (MG-14) is held by the services themselves.
"""

OPERATOR = "operator"
TECHNICIAN = "technician"
SALES_AGENT = "sales agent"
CLUSTER = "cluster in-charge"
STATE = "state in-charge"
HEAD_OFFICE = "head office"
CLERK = "clerk"
CONSUMER = "consumer"

# The roles of staff; a consumer's login is tied to the consumer and to nothing else.
ROLES: dict[str, str] = {
    OPERATOR: "Runs a plant: supply, meters, requests for service, approvals of its own plant.",
    TECHNICIAN: "Fits and repairs: inventory, installations, requests assigned to them.",
    SALES_AGENT: "Finds and serves consumers in the field, takes cash up to a ceiling.",
    CLUSTER: "In charge of several plants: approves, assigns, sees their money.",
    STATE: "In charge of a state: as a cluster, and corrects bills.",
    HEAD_OFFICE: "Sets tariffs, packages and the utility profile, verifies deposits at the bank.",
    CLERK: "At the counter: takes money, sells credit, prints, answers.",
}

_LEADERS = frozenset({CLUSTER, STATE, HEAD_OFFICE})
_PLANT = _LEADERS | {OPERATOR}
_OFFICE = _PLANT | {CLERK}
_FIELD = frozenset({SALES_AGENT, TECHNICIAN})
_ALL = _OFFICE | _FIELD
_TOP = frozenset({STATE, HEAD_OFFICE})
_HEAD = frozenset({HEAD_OFFICE})

PERMISSIONS: dict[str, frozenset[str]] = {
    # plant and meters
    "meters.see": _ALL,
    "meters.order": _PLANT | {TECHNICIAN},  # disconnect, reconnect, from the meter's page
    "meters.key": _LEADERS | {TECHNICIAN},  # root key and configuration of a board
    "inventory.see": _PLANT | {TECHNICIAN},
    "inventory.change": _PLANT | {TECHNICIAN},
    # consumers
    "consumers.see": _ALL,
    "consumers.add": _PLANT | {CLERK},
    "contact.edit": _OFFICE | {SALES_AGENT, CONSUMER},
    "joining.see": _ALL,
    "joining.sell": _PLANT | {SALES_AGENT},  # survey, marketing, acquisition, KYC, package
    "joining.identity": _PLANT,  # the whole number of an identity proof
    "joining.account": _PLANT | {CLERK},
    "joining.install": _PLANT | {TECHNICIAN},
    "joining.activate": _PLANT | {TECHNICIAN},
    "changes.see": _ALL,
    "changes.request": _OFFICE | {SALES_AGENT, CONSUMER},
    "changes.decide": _PLANT,
    "changes.process": _PLANT,
    "status.see": _OFFICE | {SALES_AGENT},
    "status.change": _PLANT,
    "requests.see": _ALL,
    "requests.submit": _ALL | {CONSUMER},
    "requests.assign": _PLANT,
    "requests.complete": _PLANT | {TECHNICIAN},
    "requests.rate": frozenset({CLERK, SALES_AGENT, CONSUMER}),
    # packages, tariffs, settings
    "packages.see": _ALL,
    "packages.design": _HEAD,
    "packages.assign": _PLANT,
    "tariffs.see": _ALL,
    "tariffs.change": _HEAD,
    "profile.see": _LEADERS,
    "profile.change": _HEAD,
    # money
    "counter.see": _OFFICE | {SALES_AGENT},
    "counter.take": frozenset({CLERK, OPERATOR, SALES_AGENT}),
    "counter.reverse": _LEADERS,
    "credit.sell": frozenset({CLERK, OPERATOR, SALES_AGENT}),
    "vouchers.bulk": _LEADERS,
    "vouchers.see": _OFFICE,  # that they were issued; digits only on a receipt, by credit.sell
    "vouchers.keys": _LEADERS,  # revisions and when they vend; the secrets are seen by nobody
    "cash.see": _OFFICE | {SALES_AGENT},
    "cash.deposit": frozenset({CLERK, OPERATOR, SALES_AGENT}),
    "cash.verify": _HEAD,
    "deposits.see": _OFFICE | {SALES_AGENT},
    "deposits.use": _LEADERS,
    "bills.see": _OFFICE | {SALES_AGENT},
    "bills.run": _LEADERS,
    "bills.correct": _TOP,
    "ledger.see": _OFFICE,
    "ledger.reverse": _TOP,
    "reconcile.see": _LEADERS,
    "reconcile.run": _LEADERS,
    "extras.see": _OFFICE | {SALES_AGENT},
    "extras.change": _PLANT | {CLERK, SALES_AGENT},
    "papers.print": _OFFICE | {SALES_AGENT},
    "notices.see": _OFFICE,
    # the office itself
    "tasks.see": _OFFICE,
    "tasks.close": _PLANT,
    "log.see": _LEADERS,
    "access.see": _LEADERS,
    "access.change": _HEAD,
    # a consumer's own account
    "own.see": frozenset({CONSUMER}),
}

# What concerns no single plant: who may do it may do it whatever plants were given to them.
WITHOUT_PLANT = frozenset(
    "packages.design tariffs.change profile.see profile.change log.see access.see "
    "access.change".split()
)


def allows(roles: frozenset[str], action: str) -> bool:
    """Whether one of the roles may do it. KeyError for an action that is not in the table."""
    return not PERMISSIONS[action].isdisjoint(roles)
