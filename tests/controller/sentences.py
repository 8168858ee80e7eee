"""Finds, in the source, every sentence that services give to pages in English: refusals, faults of
a file, titles of tasks, texts of ledger entries, recorded actions and what they are about.

A value in a sentence is written as {0}, {1}…, as in the word lists. A function that hands one of
its own arguments on to such a place is one itself, so its callers' words are found, too.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "controller").rglob("*.py")), ROOT / "protocol" / "rating.py"]
READ_ELSEWHERE = {
    "what",
    "what_to_do",
    "title",
    "subject",
    "last_error",
}  # attributes; read where they are made
PHRASES = {"what", "why", "objection"}  # values in a sentence that are words of ours


class Speaker(NamedTuple):
    """A place that takes a sentence: an argument of a function, by its position and name.

    A private function is one of its own file only.
    """

    function: str
    position: int
    name: str
    file: str = ""


SPEAKERS = [
    *(
        Speaker(error, position, name)
        for error in ("Refused", "Conflict", "BadSignature", "Throttled")
        for position, name in enumerate(("what", "what_to_do"))
    ),
    Speaker("Fault", 1, "what"),
    Speaker("Fault", 2, "what_to_do"),
    Speaker("Breach", 1, "what"),
    Speaker("raise_task", -1, "title"),
    Speaker("raise_task", -1, "subject"),
    Speaker("Mismatch", 1, "subject"),
    Speaker("Mismatch", 3, "title"),
    Speaker("post", -1, "text"),
    Speaker("mark_given_up", 1, "error"),
    Speaker("mark_failed", 1, "error"),
    Speaker("record", 1, "action"),
    Speaker("record", 2, "subject"),
]
RATING = [Speaker("RatingError", 0, "text")]
KINDS = [
    Speaker("raise_task", -1, "kind"),
    Speaker("post", -1, "kind"),
    Speaker("Mismatch", 0, "kind"),
]


class Call(NamedTuple):
    """A call in a file, with the functions around it from the innermost."""

    file: str
    node: ast.Call
    around: list[ast.FunctionDef]


class Source:
    """Everything that is called in the controller, and the trees of its files."""

    def __init__(self) -> None:
        self.calls: dict[str, list[Call]] = {}
        self.trees: dict[str, ast.Module] = {}
        for path in FILES:
            file = str(path.relative_to(ROOT))
            self.trees[file] = ast.parse(path.read_text(encoding="utf-8"))
            self._visit(file, self.trees[file], [])

    def _visit(self, file: str, node: ast.AST, around: list[ast.FunctionDef]) -> None:
        if isinstance(node, ast.FunctionDef):
            around = [node, *around]
        if isinstance(node, ast.Call):
            function = getattr(node.func, "attr", getattr(node.func, "id", ""))
            self.calls.setdefault(function, []).append(Call(file, node, around))
        for child in ast.iter_child_nodes(node):
            self._visit(file, child, around)

    def beside(self, file: str) -> Iterator[ast.Module]:
        """The file's tree, and those of the other files of its app."""
        yield self.trees[file]
        folder = file.rpartition("/")[0]
        yield from (tree for name, tree in self.trees.items() if name.startswith(folder + "/"))


class Spoken:
    """What the speakers of a source say: `sentences` and `unread`, each with where it stands."""

    def __init__(self, source: Source, speakers: Iterable[Speaker]) -> None:
        self.sentences: dict[str, str] = {}
        self.unread: dict[str, str] = {}
        self._source = source
        self._waiting = list(speakers)
        for speaker in self._waiting:  # grows by functions that hand an argument on
            for call in source.calls.get(speaker.function, []):
                if speaker.file in ("", call.file):
                    for given in _arguments(call.node, speaker):
                        self._read(given, call)

    def _read(self, given: ast.expr, call: Call) -> None:
        """Adds what an expression may say."""
        where = f"{call.file}:{given.lineno}"
        match given:
            case ast.Constant(value=str(text)):
                self.sentences[text] = where
            case ast.JoinedStr(values=parts):
                self.sentences[_pattern(parts)] = where
                for part in parts:
                    self._read_value(part, call)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                self.sentences[_pattern([left, right])] = where
            case ast.IfExp(body=body, orelse=other):
                self._read(body, call)
                self._read(other, call)
            case ast.BoolOp(values=values):
                self._read_all(values, given, call)
            case ast.Subscript(value=value, slice=ast.Slice()):
                self._read(value, call)
            case ast.Attribute(attr=name) if name in READ_ELSEWHERE:
                pass
            case ast.Name(id=name) if self._hand_on(name, call):
                pass
            case _:
                self._read_all(self._values(given, call), given, call)

    def _read_value(self, part: ast.expr, call: Call) -> None:
        """A value in a sentence may be words, too."""
        value = part.value if isinstance(part, ast.FormattedValue) else None
        is_phrase = isinstance(value, ast.Name) and value.id in PHRASES
        if is_phrase or isinstance(value, ast.IfExp | ast.Constant):
            self._read(value, call)

    def _hand_on(self, name: str, call: Call) -> bool:
        """Whether it is an argument of a function around the call, which then is a speaker."""
        for function in call.around:
            names = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
            if name in names:
                position = names.index(name) - (names[0] == "self")
                file = call.file if function.name.startswith("_") else ""
                speaker = Speaker(function.name, position, name, file)
                if speaker not in self._waiting:
                    self._waiting.append(speaker)
                return True
        return False

    def _values(self, given: ast.expr, call: Call) -> list[ast.expr]:
        """What a name, a row of a table or a function of ours may stand for."""
        match given:
            case ast.Name(id=name):
                scopes = [*call.around, *self._source.beside(call.file)]
                return next(filter(None, (_assigned(name, scope) for scope in scopes)), [])
            case ast.Subscript(value=ast.Name(id=name)):
                tables = _assigned(name, self._source.trees[call.file])
                return [v for table in tables if isinstance(table, ast.Dict) for v in table.values]
            case ast.Call(func=ast.Name(id=name)):
                return _returned(name, self._source.trees[call.file])
        return []

    def _read_all(self, values: list[ast.expr], given: ast.expr, call: Call) -> None:
        if not values:
            self.unread[f"{call.file}: {ast.unparse(given)}"] = str(given.lineno)
        for value in values:
            self._read(value, call)


def _arguments(call: ast.Call, speaker: Speaker) -> Iterator[ast.expr]:
    if 0 <= speaker.position < len(call.args):
        yield call.args[speaker.position]
    yield from (one.value for one in call.keywords if one.arg == speaker.name)


def _assigned(name: str, scope: ast.AST) -> list[ast.expr]:
    """What `scope` gives a name, alone or as one of several."""
    found = []
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                found += [value for each, value in pairs if getattr(each, "id", "") == name]
    return found


def _returned(name: str, tree: ast.Module) -> list[ast.expr]:
    """What a function of the file returns."""
    return [
        node.value
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == name
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and node.value is not None
    ]


def _pattern(parts: list[ast.expr]) -> str:
    """The sentence of an f-string."""
    text, place = "", 0
    for part in parts:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            text, place = f"{text}{{{place}}}", place + 1
    return text
