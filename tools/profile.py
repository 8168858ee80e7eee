"""`bijli profile`: what this utility does differently from another, shown and set."""

from pathlib import Path
from typing import Annotated

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, show_facts, show_rows

profile_app = typer.Typer(no_args_is_help=True, help="The utility profile: settings as data.")


@profile_app.command("show")
def show_profile(
    name: Annotated[str | None, typer.Argument(help="One setting, with its history.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """All settings as they hold now, or how one became what it is."""
    open_office(home)
    from controller import clock
    from controller.profile import queries, rules

    if name is None:
        values = queries.settings()
        if as_json:
            show_facts(values, as_json=True)
            return
        rows: list[dict[str, object]] = [
            {"setting": s.name, "value": values[s.name], "for": s.requirement, "means": s.meaning}
            for s in rules.SETTINGS.values()
        ]
        show_rows(rows, as_json=False, title="Utility profile")
        return
    versions = [
        {"from": clock.moment(v.from_s).isoformat(), "value": v.value, "actor": v.actor}
        for v in queries.history(name)
    ]
    setting = rules.find(name)
    if as_json:
        facts = {"setting": name, "value": queries.setting(name), "default": setting.default}
        show_facts({**facts, "history": versions}, as_json=True)
        return
    print(f"{name}: {setting.meaning} Allowed: {setting.check.allowed}.")
    print(f"Now {queries.setting(name)!r}; default {setting.default!r}.")
    show_rows(versions, as_json=False, title="History, the newest first")


@profile_app.command("load")
def load_profile(
    profile: Annotated[str, typer.Argument(help="minigrid, prepaid_order, or a YAML file.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Set all that a profile names; the rest stays. Prints what has changed."""
    open_office(home)
    from controller.profile import services

    is_file = profile.endswith((".yaml", ".yml")) or "/" in profile
    versions = services.load(profile=Path(profile) if is_file else profile, actor=ACTOR)
    rows: list[dict[str, object]] = [{"setting": v.name, "value": v.value} for v in versions]
    show_rows(rows, as_json=as_json, title="Changed")


@profile_app.command("set")
def set_setting(
    name: str,
    value: Annotated[str, typer.Argument(help="As in a profile file: 15, true, [en, hi].")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Set one setting from now on."""
    open_office(home)
    from controller.profile import queries, rules, services

    changed = services.change(name=name, value=rules.read_word(value), actor=ACTOR)
    facts = {"setting": name, "value": queries.setting(name), "changed": changed is not None}
    show_facts(facts, as_json=as_json)
