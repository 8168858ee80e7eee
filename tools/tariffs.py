"""The utility's desk on the command line: dated tariffs, and what they make of a month.

Every command is one call of a service of the controller; the prices are rated as on a board.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, fail, show_facts, show_rows

WH_PER_UNIT = 1_000
MONTH_DAYS = 30

tariff_app = typer.Typer(no_args_is_help=True, help="Dated tariffs.")

OnOption = Annotated[str, typer.Option("--on", help="As in force on YYYY-MM-DD; default: newest.")]


@tariff_app.command("import")
def import_tariffs(
    file: Annotated[Path, typer.Argument(help="YAML or JSON, docs/tariffs.md.")],
    valid_from: Annotated[
        str, typer.Option(help="First day of versions that name none, YYYY-MM-DD.")
    ] = "",
    revise: Annotated[
        bool, typer.Option(help="Let versions take the place of ones that are not in force yet.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Load tariffs with their dated versions, all or none. Prints what was assumed."""
    open_office(home)
    from controller import document
    from controller.tariffs import services

    try:
        with file.open("rb") as opened:
            data = opened.read(document.BYTES_MAX + 1)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    first_day = read_day(valid_from) if valid_from else None
    remarks = services.import_file(data, file.name, first_day, revises=revise, actor=ACTOR)
    rows: list[dict[str, object]] = [
        dict(zip(("tariff", "remark"), text.split(": ", 1), strict=True)) for text in remarks
    ]
    show_rows(rows, as_json=as_json, title="Assumed")


@tariff_app.command("list")
def list_tariffs(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """All tariffs, with the days from which their versions hold."""
    open_office(home)
    from controller.tariffs import queries

    rows: list[dict[str, object]] = [
        {
            "tariff": tariff.code,
            "name": tariff.name,
            "currency": tariff.currency,
            "from": ", ".join(str(version.valid_from) for version in tariff.versions.all()),
        }
        for tariff in queries.tariffs()
    ]
    show_rows(rows, as_json=as_json, title="Tariffs")


@tariff_app.command("show")
def show_tariff(
    tariff: str,
    on: OnOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """What a tariff charges, and by which clauses."""
    open_office(home)
    version = find_version(tariff, on)
    show_facts(
        {
            "tariff": version.tariff.code,
            "name": version.tariff.name,
            "valid_from": str(version.valid_from),
            "revision": version.revision,
            "order": version.order,
            **{name: value for name, value in version.record.items() if name != "code"},
            "rate_names": version.rate_names,
            "prepaid_rebate_bp": version.prepaid_rebate_bp,
            "late_charge_bp": version.late_charge_bp,
            "subsidies": version.subsidies,
            "clauses": version.clauses,
        },
        as_json=as_json,
    )


@tariff_app.command("explain")
def explain_tariff(
    tariff: str,
    units: Annotated[float, typer.Option(help="The month's units (kWh), to three decimals.")],
    load_w: Annotated[int, typer.Option(help="Sanctioned load in W.")] = 1000,
    phases: Annotated[int, typer.Option(help="1 or 3")] = 1,
    rate_units: Annotated[
        list[str] | None, typer.Option(help="Of the units, those in a time band: 1=12.5")
    ] = None,
    days: Annotated[int, typer.Option(help="Days of the month that are supplied.")] = MONTH_DAYS,
    month_days: Annotated[int, typer.Option(help="Days of the month.")] = MONTH_DAYS,
    on: OnOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """The bill of a month by a tariff: every line from what, and by which clause."""
    if not 0 < load_w <= 1_000_000 or phases not in (1, 3) or not 0 <= days <= month_days <= 31:
        fail("Give 1 to 1000000 W on 1 or 3 phases, and days up to those of the month.")
    rate_wh = read_rates(units, rate_units or [])
    open_office(home)
    from controller.tariffs import explain, rules

    version = find_version(tariff, on)
    supply = explain.Supply(load_w, phases, rate_wh, month_days)
    lines = rules.rate(version.record, rate_wh, load_w, phases, days, month_days)
    subsidies = rules.subsidy_lines(version.subsidies, lines, sum(rate_wh), days, month_days)
    terms = explain.Terms(
        version.record, version.clauses, version.rate_names, version.order, version.tariff.currency
    )
    named = [
        explain.Line(rules.LINE_NAMES[kind], quantity, price, amount_paise, days=days)
        for kind, quantity, price, amount_paise in lines
    ]
    sentences = explain.explain(named, terms, supply) + explain.explain_subsidies(subsidies)
    _show_bill(sentences, version.tariff.currency, as_json)


def _show_bill(sentences: list[Any], currency: str, as_json: bool) -> None:
    from controller.tariffs import explain

    total_paise = sum(sentence.amount_paise or 0 for sentence in sentences)
    if as_json:
        told = [{**row._asdict(), "text": explain.say(row, currency)} for row in sentences]
        show_facts({"total_paise": total_paise, "lines": told}, as_json=True)
        return
    for sentence in sentences:
        print(explain.say(sentence, currency))
    print(f"Total {explain.show_money(total_paise, currency)}")


def find_version(code: str, on: str) -> Any:
    """The version in force on a day, or the newest that there is."""
    from controller.tariffs import queries

    return queries.version_on(code, read_day(on) if on else date.max)


def read_day(text: str) -> date:
    """A day as people write it here."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"'{text}' is not a day. Write it like 2026-04-01.")


def read_rates(units: float, of_rates: list[str]) -> list[int]:
    """Wh at the rates 0 to 3: what is in no band is at rate 0."""
    rate_wh = [_watt_hours(units), 0, 0, 0]
    for text in of_rates:
        rate, _, amount = text.partition("=")
        if rate not in ("1", "2", "3"):
            fail(f"'{text}' names no time band. Write it like 1=12.5.")
        try:
            rate_wh[int(rate)] = _watt_hours(float(amount))
        except ValueError:
            fail(f"'{text}' names no units. Write it like 1=12.5.")
    rate_wh[0] -= sum(rate_wh[1:])
    if rate_wh[0] < 0:
        fail("The time bands have more units than the month.")
    return rate_wh


def _watt_hours(units: float) -> int:
    if not 0 <= units <= 1_000_000:
        fail(f"{units} units are out of range. Give 0 to 1000000.")
    return round(units * WH_PER_UNIT)
