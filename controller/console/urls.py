"""The console's addresses. Every page but the login page is for people who have logged in."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from controller.console import actions, views

app_name = "console"

urlpatterns = [
    path("login/", LoginView.as_view(template_name="console/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", login_required(views.meters), name="meters"),
    path("live", login_required(views.meters_live), name="meters_live"),
    path("meters/<meter_id>/", login_required(views.meter), name="meter"),
    path("meters/<meter_id>/live", login_required(views.meter_live), name="meter_live"),
    path("meters/<meter_id>/<slug:name>/", login_required(actions.act), name="action"),
    path("bills/", login_required(views.bills), name="bills"),
    path("bills/<number>/", login_required(views.bill), name="bill"),
]
