"""A page: its address, who answers there, and what one must be allowed to do to see it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from controller.console.reach import rights

View = Callable[..., HttpResponseBase]

ANYBODY = "anybody"  # no login is needed
LOGGED_IN = "logged in"  # any login will do


@dataclass(frozen=True)
class Page:
    """One address. `needs` is ANYBODY, LOGGED_IN or an action of access.rules.PERMISSIONS."""

    address: str
    name: str
    view: View
    needs: str

    def pattern(self) -> URLPattern:
        """As Django wants it, guarded."""
        return path(self.address, guarded(self.view, self.needs), name=self.name)


def guarded(view: View, needs: str) -> View:
    """The view for those who may; others are sent to log in, or refused (403)."""
    if needs == ANYBODY:
        return view

    @wraps(view)
    def guard(request: HttpRequest, **keys: Any) -> HttpResponseBase:
        if needs != LOGGED_IN and not rights(request).may(needs):
            raise PermissionDenied
        return view(request, **keys)

    return login_required(guard)
