"""Files that people write: read plainly, faults with their line, hostile ones refused."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller import document
from controller.document import Fault
from controller.errors import Refused


def read(text: str) -> document.Document:
    return document.read(text.encode(), "file.yaml")


def test_values_are_what_they_look_like_and_nothing_is_guessed():
    """YAML 1.1 would read 18:00 as 1,080 and 0x1F as 31."""
    found = read(
        "n: 5\nminus: -7\npercent: 2.38\nday: 2026-04-01\nno_day: 2026-13-01\nyes: yes\noff: OFF\n"
        "nothing: ~\ntime: 18:00\nhex: 0x1F\noctal: 010\nfloat: 1e5\nquoted: '5'\nwords: a b\n"
    ).value
    assert found == {
        "n": 5, "minus": -7, "percent": Decimal("2.38"), "day": date(2026, 4, 1),
        "no_day": "2026-13-01", "yes": True, "off": False, "nothing": None, "time": "18:00",
        "hex": "0x1F", "octal": "010", "float": "1e5", "quoted": "5", "words": "a b",
    }  # fmt: skip


def test_json_is_read_as_it_is():
    text = '{"a": [1, null, true], "b": {"c": 2.5, "d": "\\u0939\\/"},\n "e": []}'
    assert read(text).value == {
        "a": [1, None, True], "b": {"c": Decimal("2.5"), "d": "ह/"}, "e": [],
    }  # fmt: skip


def test_the_line_of_every_value_is_known_and_of_a_missing_one_that_of_its_place():
    found = read("a:\n  - 1\n  - b: 2\n    c:\n      - [3,\n         4]\nd: 5\n")
    assert [found.line_of(path) for path in (("a", 0), ("a", 1, "b"), ("a", 1, "c", 0, 1))] == [
        2, 3, 6,
    ]  # fmt: skip
    assert found.line_of(("d",)) == 7
    assert found.line_of(("a", 1, "missing", 3)) == 3
    assert found.line_of(("nowhere",)) == 1


def test_all_faults_are_told_at_once_each_with_its_line():
    found = read("a: 1\nb: 2\nc: 3\n")
    with pytest.raises(Refused) as refusal:
        found.refuse(
            [Fault(("c",), "c is wrong", "Use 4."), Fault(("a",), "a is wrong", "Use 2.")]
        )
    assert refusal.value.what == "file.yaml, line 1: a is wrong"
    assert refusal.value.what_to_do == "Use 2.\nline 3: c is wrong. Use 4."
    many = [Fault(("b",), "b is wrong", "Use 3.")] * 25
    with pytest.raises(Refused, match="And 15 more"):
        found.refuse(many)
    found.refuse([])


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
HOSTILE = {
    "anchors that multiply": (BOMB, "line 1: anchors"),
    "an alias": ("a: *nothing\n", "line 1"),
    "a Python object": ("a: 1\nb: !!python/object/apply:os.system ['true']\n", "line 2: the tag"),
    "a custom tag": ("a: !secret x\n", "line 1: the tag"),
    "a deep one": ("[" * 100_000, "levels"),
    "a deep map": ("".join(" " * n + "a:\n" for n in range(50)), "levels"),
    "many values": ("a: [" + "1," * 30_000 + "]", "values"),
    "a large one": ("a: " + "x" * 300_000, "bytes"),
    "two documents": ("a: 1\n---\nb: 2\n", "line 2: a second document"),
    "a name twice": ("a: 1\nb: 2\na: 3\n", "line 3: 'a' stands there twice"),
    "a list as a name": ("? [a]\n: 1\n", "a name must be a word"),
    "a tab": ("a:\n\tb: 1\n", "line 2"),
    "not closed": ("a: [1, 2\n", "line"),
    "a control character": ("a: 1\nb: \x07\n", "line 2: a character"),
    "half a character": ('a: "\\ud800"\n', "line 1: a character"),
    "nothing": ("", "empty"),
    "only words to the reader": ("# nothing\n", "empty"),
    "null": ("~\n", "empty"),
}


@pytest.mark.parametrize(("text", "says"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_or_broken_file_is_refused_with_its_line(text, says):
    with pytest.raises(Refused) as refusal:
        read(text)
    assert says in str(refusal.value)


def test_a_file_that_is_no_text_is_refused_with_its_line():
    with pytest.raises(Refused, match="line 2: this is not UTF-8"):
        document.read(b"a: 1\nb: \xff\n", "file.yaml")


plain = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcdef", min_size=1, max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=5), values, min_size=1, max_size=4))
def test_what_was_written_as_json_is_read_back(content):
    import json

    assert read(json.dumps(content, ensure_ascii=True)).value == content


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120) | st.text("ab:[]{},-&*!|>'\"# \n\t?", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(data):
    try:
        found = document.read(data, "file.yaml")
    except Refused:
        return
    assert found.line_of(("never", "there")) >= 1
