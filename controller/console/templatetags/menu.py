"""`{% menu as groups %}`: the menu of the user of this page, for its head and the home page."""

from django import template
from django.template.context import Context

from controller.console.menu import Entry, Shown, menu_of
from controller.console.reach import rights

register = template.Library()


@register.simple_tag(takes_context=True)
def menu(context: Context) -> list[Shown]:
    """Nothing for who is not logged in, and on pages that are drawn without a request."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return []
    return menu_of(rights(request), request.path)


@register.simple_tag(takes_context=True)
def may(context: Context, action: str) -> bool:
    """Whether the user may do this (access.rules.PERMISSIONS)."""
    request = context.get("request")
    return request is not None and rights(request).may(action)


@register.simple_tag(takes_context=True)
def waiting(context: Context, entry: Entry) -> int:
    """How much waits behind an entry of the menu."""
    return entry.waiting(rights(context["request"])) if entry.waiting else 0
