"""Reads a YAML or JSON file that people write into plain values, and knows the line of each.

What comes from outside may be hostile: no tags, no anchors, bounded in size, depth and number of
values, read event by event without recursion. This module must not know what a file is about.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

import yaml

from controller.errors import Refused

BYTES_MAX = 256 * 1024
DEPTH_MAX = 12
VALUES_MAX = 20_000
FAULTS_SHOWN_MAX = 10

Path = tuple[str | int, ...]

_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "true": True, "yes": True, "on": True, "false": False,
    "no": False, "off": False,
}  # fmt: skip
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?[0-9]{1,12}\.[0-9]{1,12}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Fault(NamedTuple):
    """What is wrong with the value at `path`, and what would make it right."""

    path: Path
    what: str
    what_to_do: str


class Document(NamedTuple):
    """A file's content; `lines` has the line of each value by its path of keys and positions."""

    name: str
    value: Any
    lines: dict[Path, int]

    def line_of(self, path: Path) -> int:
        """The line of the value at `path`, or of what holds it when it is missing."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def refuse(self, faults: list[Fault]) -> None:
        """Raises Refused with every fault and its line, a line each, when there are any."""
        if not faults:
            return
        ordered = sorted(faults, key=lambda fault: self.line_of(fault.path))
        told = [f"line {self.line_of(path)}: {what}. {to_do}" for path, what, to_do in ordered]
        if len(told) > FAULTS_SHOWN_MAX:
            told[FAULTS_SHOWN_MAX:] = [f"And {len(told) - FAULTS_SHOWN_MAX} more."]
        what, _, what_to_do = told[0].partition(". ")
        raise Refused(f"{self.name}, {what}", "\n".join([what_to_do, *told[1:]]))


def read(data: bytes, name: str) -> Document:
    """The content of a file. Raises Refused, with the line, for what is no such document."""
    if len(data) > BYTES_MAX:
        raise Refused(f"{name} has {len(data)} bytes", f"Split it: at most {BYTES_MAX} are read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(
            f"{name}, line {line}: this is not UTF-8", "Save the file as UTF-8."
        ) from error
    builder = _Builder(name)
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _not_yaml(name, text, error) from error
    if builder.is_empty:
        raise Refused(f"{name} is empty", "Write something into it.")
    return Document(name, builder.root[0], builder.lines)


def _events(text: str) -> Iterator[Any]:
    events: Iterator[Any] = yaml.parse(text, Loader=yaml.SafeLoader)
    return events


def _not_yaml(name: str, text: str, error: yaml.YAMLError) -> Refused:
    what, line = "it cannot be read", 1
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        what, line = str(error.problem), error.problem_mark.line + 1
    elif isinstance(error, yaml.reader.ReaderError):
        what, line = "a character that no text has", text.count("\n", 0, error.position) + 1
    return Refused(f"{name}, line {line}: {what}", "Correct the YAML there.")


class _Builder:
    """Puts values together from the events of one document."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root: list[Any] = []
        self.lines: dict[Path, int] = {}
        self._open: list[Any] = [self.root]
        self._keys: list[Any] = [None]  # the key that waits for its value, by open map
        self._path: list[str | int] = []
        self._documents = 0

    @property
    def is_empty(self) -> bool:
        """Whether there was no value at all."""
        return not self.root or self.root[0] is None

    def take(self, event: Any) -> None:
        """The next event of the parser."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            self._fail(line, "anchors and aliases are not read", "Write the value out.")
        if getattr(event, "tag", None) is not None:
            self._fail(line, f"the tag {event.tag!r} is not read", "Leave it out.")
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._fail(line, "a second document begins", "Use one document a file.")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent):
            self._begin({}, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._begin([], line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._open.pop()
            self._keys.pop()
            if self._path:
                self._path.pop()

    def _scalar(self, event: Any, line: int) -> None:
        text = self._whole(event.value, line)
        value = _value(text) if event.style is None else text
        if isinstance(self._open[-1], dict) and self._keys[-1] is None:
            self._key(text, line)
            return
        self._put(value, line)
        if self._path:
            self._path.pop()

    def _whole(self, text: str, line: int) -> str:
        """The text, in which JSON may have written one character as two halves."""
        if not _SURROGATE.search(text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._fail(line, "a character that no text has", "Leave it out.")

    def _key(self, key: str, line: int) -> None:
        if key in self._open[-1]:
            self._fail(line, f"{key!r} stands there twice", "Leave one of them out.")
        self._keys[-1] = key

    def _begin(self, value: Any, line: int) -> None:
        if isinstance(self._open[-1], dict) and self._keys[-1] is None:
            self._fail(line, "a name must be a word", "Put the name before a colon.")
        if len(self._open) > DEPTH_MAX:
            self._fail(
                line, f"more than {DEPTH_MAX} levels within each other", "Write it flatter."
            )
        self._put(value, line)
        self._open.append(value)
        self._keys.append(None)

    def _put(self, value: Any, line: int) -> None:
        holder = self._open[-1]
        if isinstance(holder, dict):
            self._path.append(self._keys[-1])
            holder[self._keys[-1]] = value
            self._keys[-1] = None
        else:
            if holder is not self.root:
                self._path.append(len(holder))
            holder.append(value)
        self.lines[tuple(self._path)] = line
        if len(self.lines) > VALUES_MAX:
            self._fail(line, f"more than {VALUES_MAX} values", "Split the file.")

    def _fail(self, line: int, what: str, what_to_do: str) -> NoReturn:
        raise Refused(f"{self.name}, line {line}: {what}", what_to_do)


def _value(text: str) -> Any:
    """A plain word as what it is; `18:00` and `1e5` stay text, so that nothing is guessed."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text
