"""The console's addresses: one table of pages, each with what one must be allowed to do there."""

from django.contrib.auth.views import LoginView, LogoutView

from controller.console import actions, language, log, views
from controller.console.pages import ANYBODY, LOGGED_IN, Page

app_name = "console"

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
    *(
        Page(f"meters/<meter_id>/{order.name}/", f"meter_{order.name}", order.view, order.needs)
        for order in actions.ACTIONS.values()
    ),
)
BILLS = (
    Page("bills/", "bills", views.bills, "bills.see"),
    Page("bills/<number>/", "bill", views.bill, "bills.see"),
)
OFFICE = (Page("log/", "log", log.log, "log.see"),)

PAGES: tuple[Page, ...] = (*ENTRANCE, *METERS, *BILLS, *OFFICE)

urlpatterns = [page.pattern() for page in PAGES]
