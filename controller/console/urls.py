"""The console's addresses: one table of pages, each with what one must be allowed to do there."""

from collections.abc import Iterable

from django.contrib.auth.views import LoginView, LogoutView

from controller.console import (
    account,
    actions,
    books,
    decisions,
    language,
    log,
    people,
    policy,
    service,
    staff,
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
    Page("bills/", "bills", views.bills, "bills.see"),
    Page("bills/<number>/", "bill", views.bill, "bills.see"),
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

PAGES: tuple[Page, ...] = (*ENTRANCE, *METERS, *CONSUMERS, *WORK, *BILLS, *LEDGER, *OFFICE)

urlpatterns = [page.pattern() for page in PAGES]
