"""How the demo speaks: chapters, sentences that were checked, progress of virtual time, tables.

It knows nothing of meters; it counts what held and what did not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


@dataclass
class Narrator:
    """Prints to `console`; `steps` collects every checked sentence for `--json`."""

    console: Console
    steps: list[dict[str, object]] = field(default_factory=list)
    chapter_name: str = ""

    @property
    def failures(self) -> int:
        """How many of the checked sentences did not hold."""
        return sum(1 for step in self.steps if not step["held"])

    def chapter(self, name: str) -> None:
        """Begin a chapter; the checks that follow belong to it."""
        self.chapter_name = name
        self.console.print(f"\n[bold]{name}[/bold]")

    def say(self, sentence: str) -> None:
        """Tell something that needs no check."""
        self.console.print(f"  [dim]·[/dim] {sentence}", highlight=False)

    def check(self, sentence: str, held: bool, seen: object = "") -> None:
        """State a fact that must hold; `seen` is what was found, shown always."""
        self.steps.append(
            {"chapter": self.chapter_name, "step": sentence, "held": held, "seen": str(seen)}
        )
        mark = "[green]✓[/green]" if held else "[bold red]✗[/bold red]"
        detail = f" [dim]({seen})[/dim]" if seen != "" else ""
        self.console.print(f"  {mark} {sentence}{detail}", highlight=False)

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """Print rows under their columns; all but the first column to the right."""
        table = Table(title=title, title_justify="left", expand=False)
        for column in columns:
            table.add_column(column, justify="left" if column == columns[0] else "right")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator["ProgressBar"]:
        """A bar for a stretch of `total` virtual seconds; disappears when it is done."""
        with Progress(
            TextColumn("    {task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        ) as bars:
            yield ProgressBar(bars, bars.add_task(label, total=total))


class ProgressBar:
    """The one bar of a stretch of virtual time."""

    def __init__(self, bars: Progress, task: object):
        self._bars = bars
        self._task = task

    def show(self, done: int) -> None:
        """`done` virtual seconds of the stretch have passed."""
        self._bars.update(self._task, completed=done)  # type: ignore[arg-type]
