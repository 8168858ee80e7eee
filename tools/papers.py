"""`bijli paper`: bills, receipts, statements, slips and ledger pages as files.

Every command is one call of a service of the controller; a paper is kept when it is first issued,
and printed from what was kept.
"""

import os
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, fail, show_facts

if TYPE_CHECKING:
    from controller.documents.models import Snapshot

INDIA_OFFSET_MIN = 330

paper_app = typer.Typer(no_args_is_help=True, help="Print bills, receipts, statements, slips.")


class Form(StrEnum):
    """What kind of file."""

    PDF = "pdf"
    THERMAL = "thermal"  # what an 80 mm printer is sent
    PICTURE = "picture"  # PNG, to send to a phone


OutOption = Annotated[Path, typer.Option("--out", help="The file to write.")]
FormOption = Annotated[Form, typer.Option("--as", help="pdf, thermal (ESC/POS) or picture.")]
LanguageOption = Annotated[str, typer.Option(help="en, hi or ml; else the consumer's own.")]
DayArgument = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"])]


@paper_app.command("bill")
def print_bill(
    number: str,
    out: OutOption = Path("bill.pdf"),
    form: FormOption = Form.PDF,
    language: LanguageOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """One bill, or a prepaid consumer's statement of a month."""
    open_office(home)
    from controller.documents.bills import issue_bill

    snapshot = issue_bill(number=number, language=language, actor=ACTOR)
    _write(snapshot, out, form, as_json=as_json)


@paper_app.command("bills")
def print_bills(
    plant: str,
    month: Annotated[str, typer.Argument(help="YYYY-MM")],
    folder: Annotated[Path, typer.Option(help="One PDF a bill goes there.")] = Path("bills"),
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = os.cpu_count() or 1,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """All bills of a plant's month, each in its consumer's language."""
    open_office(home)
    from controller.documents import queries
    from controller.documents.bills import issue_month

    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    issued = issue_month(plant_code=plant, month=month, actor=ACTOR)
    for snapshot, pdf in queries.print_many(issued, workers):
        (folder / f"{snapshot.data['number']}.pdf").write_bytes(pdf)
        count += 1
    show_facts({"folder": str(folder), "bills": count}, as_json=as_json)


@paper_app.command("statement")
def print_statement(
    consumer: str,
    first: DayArgument,
    last: DayArgument,
    out: OutOption = Path("statement.pdf"),
    language: LanguageOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """A consumer's account from the FIRST day to the LAST, both in it."""
    open_office(home)
    from controller.documents.accounts import issue_statement

    from_s, until_s = _times(first.date(), last.date())
    snapshot = issue_statement(
        consumer_id=consumer, from_s=from_s, until_s=until_s, language=language, actor=ACTOR
    )
    _write(snapshot, out, Form.PDF, as_json=as_json)


@paper_app.command("ledger")
def print_ledger(
    account: Annotated[str, typer.Argument(help="Such as income:energy.")],
    first: DayArgument,
    last: DayArgument,
    out: OutOption = Path("ledger.pdf"),
    language: LanguageOption = "en",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """One account of the ledger from the FIRST day to the LAST, both in it."""
    open_office(home)
    from controller.documents.accounts import issue_ledger_page

    from_s, until_s = _times(first.date(), last.date())
    snapshot = issue_ledger_page(
        account=account, from_s=from_s, until_s=until_s, language=language, actor=ACTOR
    )
    _write(snapshot, out, Form.PDF, as_json=as_json)


@paper_app.command("slip")
def print_slip(
    deposit: str,
    note: Annotated[
        list[str] | None, typer.Option(help="Notes of one value, as 500x24; again for others.")
    ] = None,
    out: OutOption = Path("slip.pdf"),
    language: LanguageOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """The slip of money brought to the bank."""
    open_office(home)
    from controller.documents.accounts import issue_slip

    notes = [_read_note(text) for text in note or []]
    snapshot = issue_slip(deposit_id=deposit, notes=notes, language=language, actor=ACTOR)
    _write(snapshot, out, Form.PDF, as_json=as_json)


@paper_app.command("copy")
def print_copy(
    paper: Annotated[int, typer.Argument(help="Its number, as it was told when issued.")],
    out: OutOption = Path("paper.pdf"),
    form: FormOption = Form.PDF,
    language: LanguageOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """A stamped copy of a paper that was issued, in its language or another."""
    open_office(home)
    from controller.documents import queries

    _write(queries.find(paper), out, form, language=language, copy=True, as_json=as_json)


def _write(
    snapshot: "Snapshot",
    out: Path,
    form: Form,
    *,
    language: str = "",
    copy: bool = False,
    as_json: bool,
) -> None:
    from controller.documents import queries

    if form is Form.PICTURE:
        content = queries.picture(snapshot, language=language)
    elif form is Form.THERMAL:
        content = queries.escpos(snapshot, language=language, copy=copy)
    else:
        content = queries.pdf(snapshot, language=language, copy=copy)
    out.write_bytes(content)
    facts: dict[str, object] = {"paper": snapshot.pk, "file": str(out), "bytes": len(content)}
    show_facts(facts, as_json=as_json)


def _read_note(text: str) -> tuple[int, int]:
    """`500x24`: twenty-four notes of ₹500."""
    value, _, count = text.partition("x")
    if not (value.isdecimal() and count.isdecimal()):
        fail(f"{text!r} is no number of notes. Write it as 500x24.")
    return int(value) * 100, int(count)


def _times(first: date, last: date) -> tuple[int, int]:
    """Board times from the first day's begin to the last day's end, by India's clock."""
    from protocol.limits import EPOCH_UNIX_S

    begin = datetime.fromisoformat(f"{first}T00:00:00+00:00")
    end = datetime.fromisoformat(f"{last}T00:00:00+00:00") + timedelta(days=1)
    shift_s = EPOCH_UNIX_S + INDIA_OFFSET_MIN * 60
    return int(begin.timestamp()) - shift_s, int(end.timestamp()) - shift_s
