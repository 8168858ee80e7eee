"""Changes the utility profile. Nothing is edited: a new version supersedes the old one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.errors import Refused
from controller.profile import queries, rules
from controller.profile.models import SettingVersion

SHIPPED = Path(__file__).parent / "shipped"


@transaction.atomic
def change(*, name: str, value: Any, actor: str) -> SettingVersion | None:
    """Sets one setting from now on; None when it has that value already. Raises Refused."""
    return _change(name, rules.read_value(name, value), queries.setting(name), actor)


@transaction.atomic
def load(*, profile: str | Path | Mapping[str, Any], actor: str) -> list[SettingVersion]:
    """Sets all that a profile names: a shipped one by its name, a YAML file, or a map.

    What it does not name stays as it is. All is set, or nothing when Refused is raised; returns
    what has changed.
    """
    values = _read(profile)
    before = queries.settings(values)
    found = [_change(name, value, before[name], actor) for name, value in values.items()]
    return [version for version in found if version is not None]


def _read(profile: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(profile, Mapping):
        return {name: rules.read_value(name, value) for name, value in profile.items()}
    path = _shipped(profile) if isinstance(profile, str) else profile
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"The profile {path} cannot be read", "Name a YAML file.") from error
    return rules.read_file(content, path.name)


def shipped_names() -> list[str]:
    """The profiles that come with the program."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def _shipped(name: str) -> Path:
    if name not in shipped_names():
        raise Refused(
            f"There is no profile {name!r}", f"Shipped profiles: {', '.join(shipped_names())}."
        )
    return SHIPPED / f"{name}.yaml"


def _change(name: str, value: Any, before: Any, actor: str) -> SettingVersion | None:
    if value == before:
        return None
    version = SettingVersion.objects.create(
        name=name, value=value, from_s=clock.now_s(), actor=actor
    )
    audit.record(actor, "change setting", f"setting {name}", before=before, after=value)
    return version
