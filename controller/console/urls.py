"""The console's addresses: one table of pages, each with what one must be allowed to do there."""

from collections.abc import Iterable

from django.contrib.auth.views import LoginView, LogoutView

from controller.console import (
    account,
    actions,
    approvals,
    asking,
    bills,
    books,
    cash,
    checks,
    contact,
    counter,
    decisions,
    example,
    extra,
    groups,
    language,
    log,
    offers,
    overdue,
    own,
    own_entry,
    people,
    pipeline,
    policy,
    receipts,
    runs,
    service,
    staff,
    store,
    swaps,
    validated,
    vending,
    views,
)
from controller.console.orders import Order
from controller.console.pages import ANYBODY, LOGGED_IN, Page

app_name = "console"


def order_page(address: str, name: str, order: Order) -> Page:
    """The page of one order."""
    return Page(address, name, order.view, order.needs)


def orders_of(address: str, name: str, orders: Iterable[Order]) -> list[Page]:
    """The pages of orders about what stands at an address."""
    return [order_page(f"{address}{one.name}/", f"{name}_{one.name}", one) for one in orders]


ENTRANCE = (
    Page("login/", "login", LoginView.as_view(template_name="console/login.html"), ANYBODY),
    Page("logout/", "logout", LogoutView.as_view(), ANYBODY),
    Page("language/", "language", language.choose, ANYBODY),
    Page("", "home", views.home, LOGGED_IN),
)
METERS = (
    Page("meters/", "meters", views.meters, "meters.see"),
    Page("meters/live", "meters_live", views.meters_live, "meters.see"),
    Page("meters/<meter_id>/", "meter", views.meter, "meters.see"),
    Page("meters/<meter_id>/live", "meter_live", views.meter_live, "meters.see"),
    *orders_of("meters/<meter_id>/", "meter", actions.ACTIONS.values()),
)
BILLS = (
    Page("bills/", "bills", bills.bills, "bills.see"),
    Page("bills/runs/", "runs", runs.runs, "bills.run"),
    order_page("bills/runs/start/", "run_start", runs.START),
    Page("bills/runs/<int:run_id>/", "run", runs.run, "bills.run"),
    Page("bills/runs/<int:run_id>/live", "run_live", runs.run_live, "bills.run"),
    order_page("bills/runs/<int:run_id>/advance/", "run_advance", runs.ADVANCE),
    order_page("bills/<number>/anew/", "bill_anew", bills.REBILL),
    Page("bills/<number>/", "bill", bills.bill, "bills.see"),
    Page("bills/<number>/<slug:kind>/", "bill_paper", bills.paper, "papers.print"),
)
DUNNING = (
    Page("dunning/", "dunning", overdue.page, "bills.see"),
    order_page("dunning/take/", "dunning_take", overdue.TAKE),
)
VALIDATION = (
    Page("validation/", "validations", validated.validations, "bills.see"),
    order_page("validation/start/", "validate", validated.VALIDATE),
    order_page("validation/registers/<meter_id>/", "registers", validated.ENTER),
    Page("validation/<int:validation_id>/", "validation", validated.one, "bills.see"),
)
VOUCHERS = (
    Page("vouchers/", "vouchers", vending.vouchers, "vouchers.see"),
    Page("vouchers/keys/", "vending_keys", vending.keys, "vouchers.keys"),
)
COUNTER = (
    Page("counter/", "counter", counter.find, "counter.see"),
    Page("counter/<consumer_id>/", "desk", counter.desk, "counter.see"),
    Page("counter/<consumer_id>/pay/", "pay", counter.pay, "counter.take"),
    Page("counter/<consumer_id>/recharge/", "recharge", counter.recharge, "credit.sell"),
    Page("receipts/<number>/", "receipt", receipts.receipt, "counter.see"),
    order_page("receipts/<number>/reverse/", "receipt_reverse", receipts.REVERSE),
    order_page("receipts/<number>/voucher/", "receipt_voucher", receipts.VOUCHER),
    Page("receipts/<number>/<slug:kind>/", "receipt_paper", receipts.paper, "papers.print"),
    Page("cash/", "cash", cash.cash, "cash.see"),
    Page("cash/deposits/", "deposits", cash.deposits, "cash.see"),
    Page("cash/deposits/<deposit_id>/", "deposit", cash.deposit, "cash.see"),
    *orders_of("cash/deposits/<deposit_id>/", "deposit", cash.DECISIONS),
    Page("cash/<code>/", "point", cash.point, "cash.see"),
    order_page("cash/<code>/deposit/", "point_deposit", cash.DEPOSIT),
)
CONSUMER = "consumers/<consumer_id>/"
CONSUMERS = (
    Page("consumers/", "consumers", people.consumers, "consumers.see"),
    order_page("consumers/add/", "consumer_add", people.ADD),
    Page(CONSUMER, "account", account.account, "consumers.see"),
    Page(f"{CONSUMER}transactions/", "account_transactions", account.transactions, "bills.see"),
    Page(f"{CONSUMER}deposit/", "account_deposit", account.deposit, "deposits.see"),
    Page(f"{CONSUMER}readings/", "account_readings", account.readings, "meters.see"),
    Page(f"{CONSUMER}requests/", "account_requests", service.of_consumer, "requests.see"),
    order_page(f"{CONSUMER}requests/submit/", "request_submit", service.SUBMIT),
    order_page(f"{CONSUMER}contact/", "contact_edit", contact.EDIT),
    order_page(f"{CONSUMER}contact/code/", "contact_confirm", contact.CONFIRM),
    *orders_of(f"{CONSUMER}deposit/", "deposit", contact.DEPOSIT_ORDERS),
    Page(f"{CONSUMER}extras/", "account_extras", extra.of_consumer, "extras.see"),
    *orders_of(f"{CONSUMER}extras/", "extras", extra.ORDERS),
    Page("water/", "water", extra.water, "extras.see"),
    order_page("water/record/", "water_record", extra.RECORD),
)
WORK = (
    Page("tasks/", "tasks", decisions.tasks, "tasks.see"),
    Page("tasks/<int:task_id>/", "task", decisions.task, "tasks.see"),
    order_page("tasks/<int:task_id>/close/", "task_close", decisions.CLOSE),
    Page("requests/", "requests", service.requests, "requests.see"),
    Page("requests/figures/", "request_figures", service.figures, "requests.see"),
    Page("requests/<int:request_id>/", "request", service.one, "requests.see"),
    *orders_of("requests/<int:request_id>/", "request", service.ORDERS),
)
CHANGES = (
    Page("changes/", "changes", approvals.changes, "changes.see"),
    Page("changes/<int:change_id>/", "change", approvals.one, "changes.see"),
    *orders_of("changes/<int:change_id>/", "change_step", approvals.ORDERS),
    Page(f"{CONSUMER}changes/", "account_changes", approvals.of_consumer, "changes.see"),
    *orders_of(f"{CONSUMER}changes/", "change", asking.ASKINGS),
)
OFFERS = (
    Page("tariffs/", "tariffs", offers.tariff_list, "tariffs.see"),
    order_page("tariffs/import/", "tariff_import", offers.IMPORT),
    Page("tariffs/<code>/", "tariff", offers.tariff, "tariffs.see"),
    Page("tariffs/<code>/month/", "tariff_month", example.month, "tariffs.see"),
    order_page("tariffs/<code>/programme/", "tariff_programme", groups.PROGRAMME),
    Page("packages/", "packages", offers.packages, "packages.see"),
    order_page("packages/design/", "package_design", offers.DESIGN),
    Page("packages/groups/", "batches", groups.batches, "packages.see"),
    order_page("packages/groups/start/", "batch_start", groups.REPROGRAMME),
    Page("packages/groups/<int:batch_id>/", "batch", groups.batch, "packages.see"),
    Page("packages/groups/<int:batch_id>/live", "batch_live", groups.batch_live, "packages.see"),
    *orders_of("packages/groups/<int:batch_id>/", "batch", (groups.ADVANCE, groups.RETRY)),
)
JOINING = (
    Page("joining/", "joinings", pipeline.joinings, "joining.see"),
    order_page("joining/survey/", "joining_survey", pipeline.SURVEY),
    Page("joining/<int:joining_id>/", "joining", pipeline.one, "joining.see"),
    *orders_of("joining/<int:joining_id>/", "joining", pipeline.ORDERS),
)
STORE = (
    Page("store/", "items", store.items, "inventory.see"),
    Page("store/places/", "stores", store.stores, "inventory.see"),
    order_page("store/places/add/", "store_add", store.OPEN),
    order_page("store/receive/", "item_receive", store.RECEIVE),
    Page("store/meters/<meter_id>/", "item", store.item, "inventory.see"),
    *orders_of("store/meters/<meter_id>/", "item", store.ORDERS),
    *orders_of(f"{CONSUMER}meter/", "fitted", swaps.ORDERS),
)
CHECKS = (
    Page("reconcile/", "reconcile", checks.reports, "reconcile.see"),
    order_page("reconcile/run/", "reconcile_run", checks.RUN),
    Page("reconcile/<int:number_>/", "reconcile_report", checks.report, "reconcile.see"),
    Page("notices/", "notices", checks.notices, "notices.see"),
)
OWN = (
    Page("own/enter/", "own_enter", own_entry.enter, ANYBODY),
    Page("own/code/", "own_code", own_entry.code, ANYBODY),
    Page("own/", "own", own.own, "own.see"),
    Page("own/bills/", "own_bills", own.bills, "own.see"),
    Page("own/bills/<number>/", "own_bill", own.bill, "own.see"),
    Page("own/bills/<number>/<slug:kind>/", "own_bill_paper", own.bill_paper, "own.see"),
    Page("own/payments/", "own_payments", own.payments_, "own.see"),
    Page("own/payments/<number>/", "own_receipt", own.receipt, "own.see"),
    Page("own/payments/<number>/<slug:kind>/", "own_paper", own.paper, "own.see"),
    Page("own/requests/", "own_requests", own.requests_, "own.see"),
    Page("own/requests/<int:request_id>/", "own_request", own.request_, "own.see"),
    order_page("own/requests/<int:request_id>/rate/", "own_rate", own.RATE),
    order_page("own/submit/", "own_submit", own.SUBMIT),
    order_page("own/contact/", "own_contact", contact.OWN_EDIT),
    order_page("own/contact/code/", "own_confirm", contact.OWN_CONFIRM),
    order_page("own/package/", "own_package", own.ASK_PACKAGE),
)
LEDGER = (
    Page("ledger/", "ledger", books.accounts, "ledger.see"),
    Page("ledger/accounts/<code>/", "statement", books.statement, "ledger.see"),
    Page("ledger/trial/", "trial", books.trial, "ledger.see"),
    Page("ledger/days/", "seals", books.seals, "ledger.see"),
    order_page("ledger/days/check/", "seals_check", books.VERIFY),
    Page("ledger/entries/<int:entry_id>/", "entry", books.entry, "ledger.see"),
    order_page("ledger/entries/<int:entry_id>/reverse/", "entry_reverse", books.REVERSE),
)
OFFICE = (
    Page("log/", "log", log.log, "log.see"),
    Page("settings/", "settings", policy.settings, "profile.see"),
    Page("settings/<name>/", "setting", policy.setting, "profile.see"),
    order_page("settings/<name>/change/", "setting_change", policy.CHANGE),
    Page("logins/", "users", staff.users, "access.see"),
    order_page("logins/add/", "user_add", staff.ADD),
    Page("logins/<username>/", "user", staff.user, "access.see"),
    *orders_of("logins/<username>/", "user", staff.USER_ORDERS),
)

PAGES: tuple[Page, ...] = (
    *ENTRANCE,
    *COUNTER,
    *METERS,
    *CONSUMERS,
    *WORK,
    *CHANGES,
    *OFFERS,
    *JOINING,
    *STORE,
    *CHECKS,
    *OWN,
    *BILLS,
    *DUNNING,
    *VALIDATION,
    *VOUCHERS,
    *LEDGER,
    *OFFICE,
)

urlpatterns = [page.pattern() for page in PAGES]
