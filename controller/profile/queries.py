"""Reads the utility profile. Every call asks the database: a change holds at once, everywhere."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Max, QuerySet

from controller.profile import rules
from controller.profile.models import SettingVersion


def setting(name: str, at_s: int | None = None) -> Any:
    """The value of one setting now, or as it was at board time `at_s`. Raises Refused.

    One query, on an index; who needs several takes `settings`.
    """
    known = rules.find(name)
    versions = SettingVersion.objects.filter(name=name)
    if at_s is not None:
        versions = versions.filter(from_s__lte=at_s)
    latest = versions.order_by("-pk").values_list("value", flat=True).first()
    return known.default if latest is None else latest


def settings(names: Iterable[str] | None = None) -> dict[str, Any]:
    """The values now of these settings, or of all, in one query. Raises Refused."""
    wanted = list(rules.SETTINGS if names is None else names)
    values = {name: rules.find(name).default for name in wanted}
    latest = SettingVersion.objects.filter(name__in=wanted).values("name")
    newest = latest.annotate(newest=Max("pk")).values("newest").order_by()
    return values | dict(SettingVersion.objects.filter(pk__in=newest).values_list("name", "value"))


def history(name: str) -> QuerySet[SettingVersion]:
    """All versions of one setting, the newest first. Raises Refused."""
    rules.find(name)
    return SettingVersion.objects.filter(name=name).order_by("-pk")
