"""`bijli notices`: the outbox of messages to consumers, its providers, and a far end to try."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, show_facts, show_rows

POLL_S = 0.2
SINK_PORT = 8026

notices_app = typer.Typer(no_args_is_help=True, help="Text messages and e-mails to consumers.")


@notices_app.command("route")
def set_route(
    channel: Annotated[str, typer.Argument(help="sms or email")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Set the provider of a channel: apprise's URL, with {recipient} in it, from standard input.

    It is read from there, as a URL on the command line could be seen by all of the machine.
    """
    url = typer.prompt("URL", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    open_office(home)
    from controller.notices import services

    route = services.set_route(channel=channel, url=url.strip(), actor=ACTOR)
    show_facts({"channel": route.channel, "service": route.scheme}, as_json=as_json)


@notices_app.command("list")
def list_messages(
    state: Annotated[str, typer.Option(help="queued, sent, failed or given_up")] = "",
    consumer: Annotated[str, typer.Option(help="Only of this consumer.")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """The newest messages, and what became of them; recipients are masked."""
    open_office(home)
    from controller.notices import queries, rules

    rows: list[dict[str, object]] = [
        {
            "id": message.pk,
            "template": message.template,
            "consumer": message.consumer_id or "",
            "recipient": rules.mask(message.recipient),
            "language": message.language,
            "parts": message.segments,
            "state": message.state,
            "tries": message.tries,
            "remark": message.last_error,
        }
        for message in queries.messages(state=state, consumer_id=consumer)
    ]
    show_rows(rows, as_json=as_json, title="Notices")


@notices_app.command("bills")
def tell_bills(
    plant: str,
    month: Annotated[str, typer.Argument(help="YYYY-MM")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Put a message for every bill of a plant's month into the outbox, once."""
    open_office(home)
    from controller.notices import bills

    told = bills.tell_month(plant_code=plant, month=month, actor=ACTOR)
    show_facts({"month": month, "messages": told}, as_json=as_json)


@notices_app.command("deliver")
def deliver(
    limit: Annotated[int, typer.Option(min=1, help="At most so many messages.")] = 100,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Send what is due, once (`python -m controller.notices` does it all the time)."""
    open_office(home)
    from controller.notices import queries, services

    outcome = services.deliver(limit)
    show_facts({**outcome._asdict(), "waiting": queries.waiting()}, as_json=as_json)


@notices_app.command("sink")
def run_sink(
    port: Annotated[int, typer.Option(help="On 127.0.0.1.")] = SINK_PORT,
    file: Annotated[Path | None, typer.Option(help="Add what comes to this file, too.")] = None,
) -> None:
    """Stand in the place of a provider on this machine, and show what would have been sent."""
    from controller.notices.sink import Sink

    with Sink(port, file) as sink:
        print(f"Set as route: {sink.url}", flush=True)
        while True:  # until Ctrl-C
            while sink.taken:
                taken = sink.taken.popleft()
                print(f"{taken.recipient}  {taken.title}\n  {taken.body}", flush=True)
            time.sleep(POLL_S)
