"""Clerk screens are wholly in English, Hindi and Malayalam: no sentence without its words, no
template with a text that stands outside of the word lists.
"""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.apps import apps
from django.template.base import Lexer, TokenType
from django.utils.text import smart_split

from controller.access import rules as access
from controller.billing import rules as billing
from controller.console import rules, words
from controller.fleet import rules as fleet
from controller.headend import queries as headend
from controller.profile import rules as profile
from controller.requests import rules as requests
from controller.workflow import Workflow
from controller.workflow import words as workflow_words
from tests.controller import sentences

CONSOLE = Path(words.__file__).parent
TEMPLATES = sorted((CONSOLE / "templates").rglob("*.html"))
SCRIPTS = {"hi": "\u0900-\u097f", "ml": "\u0d00-\u0d7f"}
SPOKEN_ATTRIBUTES = {"aria-label", "placeholder", "title", "alt"}
UNSPOKEN = {"Bijli", "V"}  # a name, a unit
UNITS = {"Wh", "paise", "days", "–"}
NO_SENTENCES = {  # what is handed over there is in the language spoken, typed, or read elsewhere
    "controller/access/services.py: '\\n'.join(error.messages)",
    "controller/console/books.py: LINE.join(told)",
    "controller/console/contact.py: form.cleaned_data['reason']",
    "controller/document.py: '\\n'.join([what_to_do, *told[1:]])",
    "controller/document.py: str(error.problem)",
    "controller/ledger/services.py: queries.SEAL_ACTION",
    "controller/tariffs/entry.py: of_record",
    "controller/tariffs/rules.py: str(error)",
    "controller/vouchers/paygo.py: str(device)",
    "controller/vouchers/services.py: str(added)",
    "controller/vouchers/services.py: str(key)",
}


class Texts(HTMLParser):
    """The texts that a page shows, its tags and variables taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.found += [value or "" for name, value in attrs if name in SPOKEN_ATTRIBUTES]

    def handle_data(self, data):
        self.found.append(data)


def tokens(path: Path):
    return Lexer(path.read_text(encoding="utf-8")).tokenize()


def unsaid(path: Path) -> list[str]:
    """Texts with a letter in them that no tag of ours says."""
    plain = "".join(
        token.contents if token.token_type == TokenType.TEXT else "" for token in tokens(path)
    )
    reader = Texts()
    reader.feed(plain)
    texts = [re.sub(r"&\w+;", "", text).strip(" \n·,.–→←%") for text in reader.found]
    texts = [text for text in texts if not re.fullmatch(r'data-\w+=""', text)]
    return [text for text in texts if re.search("[A-Za-z]", text) and text not in UNSPOKEN]


def said_in_templates() -> set[str]:
    found = set()
    for path in TEMPLATES:
        for token in tokens(path):
            parts = list(smart_split(token.contents))
            if token.token_type == TokenType.BLOCK and parts[0] == "say":
                found.add(parts[1].strip('"'))
    return found


def said_in_code() -> set[str]:
    """The literal sentences given to `say` and `word` in the console's code."""
    found = set()
    for path in CONSOLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if is_call and node.func.id in ("say", "word") and node.args:
                found |= {one.value for one in node.args[:1] if isinstance(one, ast.Constant)}
    return found


def spoken_by_tables() -> set[str]:
    """What tables of other modules say on a page."""
    texts = {phrase for _bit, phrase, _remedy in fleet.EXPLANATIONS}
    for table in (rules.REASONS, headend.REASONS, rules.COMMANDS, rules.STATES, rules.ASSIGNMENTS):
        texts |= set(table.values())
    for table in (rules.METERING, rules.STORES, rules.RESET_CAUSES):
        texts |= set(table.values())
    return texts | {said for said, _tell in rules.EVENTS.values()}


def shown_apps() -> set[str]:
    """The apps whose rows pages show: those whose models the console imports."""
    found = set()
    for path in CONSOLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".models"):
                found.add(str(node.module))
    return found


def spoken_by_choices() -> set[str]:
    """What the choices of models are called, of the apps whose rows pages show."""
    found = set()
    shown = shown_apps()
    for model in apps.get_models():
        if model.__module__ in shown:
            for field in model._meta.get_fields():
                found |= {str(label) for _value, label in getattr(field, "choices", None) or ()}
    return found - UNITS


def workflows() -> list[type[Workflow]]:
    return [model for model in apps.get_models() if issubclass(model, Workflow)]


def steps(model: type[Workflow]) -> set[str]:
    names = {name for name in dir(model) if hasattr(getattr(model, name, None), "_django_fsm")}
    return {workflow_words(name) for name in names}


def spoken_by_workflows() -> set[str]:
    """Every step that can be taken, and every state that it leads to, as pages name them."""
    found = set()
    for model in workflows():
        states = [str(value) for value, _label in model._meta.get_field("state").choices or ()]
        found |= {name.capitalize() for name in steps(model) | set(map(workflow_words, states))}
    return found


def needed() -> set[str]:
    settings = {setting.meaning for setting in profile.SETTINGS.values()}
    return (
        said_in_templates() | said_in_code() | spoken_by_tables() | spoken_by_choices()
        | spoken_by_workflows()
        | settings | set(access.ROLES) | set(requests.KINDS.values())
    )  # fmt: skip


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_shows_no_text_that_is_not_in_the_word_lists(path: Path) -> None:
    assert unsaid(path) == []


def test_every_sentence_of_a_page_is_in_the_word_lists() -> None:
    assert sorted(needed() - words.word_list().keys()) == []


@pytest.fixture(scope="module")
def source() -> sentences.Source:
    return sentences.Source()


def unknown(said: dict[str, str]) -> list[str]:
    """Sentences that no word list has, with where they are said; no values alone."""
    return [
        f"{where}: {sentence}"
        for sentence, where in said.items()
        if re.search("[A-Za-z]", sentence) and words.find(sentence) is None
    ]


def test_every_refusal_and_record_of_every_service_is_in_the_word_lists(source) -> None:
    """Whoever adds a `Refused(…)`, a task, a ledger entry or a recorded action adds its words."""
    found = sentences.Spoken(source, sentences.SPEAKERS)
    assert unknown(found.sentences) == []
    assert found.unread.keys() - NO_SENTENCES == set()


def test_every_kind_of_task_and_ledger_entry_is_in_the_word_lists(source) -> None:
    found = sentences.Spoken(source, sentences.KINDS)
    assert unknown({kind.replace("_", " "): at for kind, at in found.sentences.items()}) == []
    assert found.unread == {}


@pytest.mark.parametrize("spoken", list(SCRIPTS))
def test_what_rating_finds_wrong_with_a_tariff_is_told_in_every_language(source, spoken) -> None:
    found = sentences.Spoken(source, sentences.RATING)
    faults = [re.sub(r"\{\d\}", "7", sentence) for sentence in found.sentences]
    with words.speaking(spoken):
        told = [words.said(fault) for fault in faults]
    assert [line for line in told if not re.search(f"[{SCRIPTS[spoken]}]", line)] == []


@pytest.mark.parametrize("spoken", list(SCRIPTS))
def test_every_recorded_step_of_a_workflow_is_told_in_every_language(spoken: str) -> None:
    """As `workflow.note_step` names it in the activity log."""
    with words.speaking(spoken):
        told = [
            words.said(f"{model._meta.verbose_name}: {step}")
            for model in workflows()
            for step in steps(model)
        ]
    assert [line for line in told if re.search("[A-Za-z]", line)] == []


@pytest.mark.parametrize("spoken", list(SCRIPTS))
@pytest.mark.parametrize("setting", profile.SETTINGS.values(), ids=lambda setting: setting.name)
def test_what_a_setting_may_be_is_told_in_every_language(setting, spoken: str) -> None:
    allowed = setting.check.allowed
    with words.speaking(spoken):
        told = [words.said(allowed), words.said(f"Use {allowed}.")]
    left = {*re.findall("[A-Za-z]{2,}", told[0]), *re.findall("[A-Za-z]{2,}", told[1])}
    assert left & {"Use", "number", "list", "text", "from", "values", "each", "of"} == set()


@pytest.mark.parametrize("spoken", list(SCRIPTS))
def test_no_sentence_is_taken_for_another(spoken: str) -> None:
    """What was made of a sentence is told by the words of that one, whatever the others are."""
    values = [f"«{place}»" for place in range(5)]
    with words.speaking(spoken):
        faults = [
            sentence
            for sentence, languages in words.word_list().items()
            if words.said(sentence.format(*values)) != languages[spoken].format(*values)
        ]
    assert faults == []


def test_every_word_has_every_language_in_its_own_script_with_the_same_values() -> None:
    faults = []
    for sentence, spoken in words.word_list().items():
        if set(spoken) != set(SCRIPTS):
            faults.append(f"{sentence}: {sorted(spoken)}")
            continue
        places = sorted(set(re.findall(r"\{(\d)\}", sentence)))
        letters = re.search("[A-Za-z]{2}", re.sub(r"\{\d\}", "", sentence))
        for language, script in SCRIPTS.items():
            if sorted(set(re.findall(r"\{(\d)(?:!s)?\}", spoken[language]))) != places:
                faults.append(f"{sentence} ({language}): other values")
            elif letters and not re.search(f"[{script}]", spoken[language]):
                faults.append(f"{sentence} ({language}): not in its script")
    assert faults == []


def test_a_sentence_stands_in_one_word_list_only() -> None:
    import tomllib

    seen: dict[str, str] = {}
    for path in sorted(words.FOLDER.glob("*.toml")):
        for sentence in tomllib.loads(path.read_text(encoding="utf-8")):
            assert sentence not in seen, (sentence, path.name, seen[sentence])
            seen[sentence] = path.name


@pytest.mark.parametrize("spoken", list(SCRIPTS))
@pytest.mark.parametrize("when", ["", "14:05"])
def test_why_a_supply_is_off_is_told_in_every_language(spoken: str, when: str) -> None:
    holds = [bit for bit, _phrase, _remedy in fleet.EXPLANATIONS]
    with words.speaking(spoken):
        lines = [words.said(fleet.explain(hold, when)) for hold in [*holds, sum(holds)]]
    assert [line for line in lines if re.search("[A-Za-z]", line)] == []


@pytest.mark.parametrize("spoken", list(SCRIPTS))
@pytest.mark.parametrize("kind", list(billing.LINE_TEXTS))
def test_every_line_of_a_bill_is_told_in_every_language(spoken: str, kind: str) -> None:
    line = billing.Line(kind, 12_345, 650, 8_024, 3, 10, "1")
    text = billing.line_text(line, 31, "INR")
    with words.speaking(spoken):
        told = words.said(text)
    assert set(re.findall("[A-Za-z]+", told)) <= {"W", "kW"}, told


@pytest.mark.parametrize("spoken", list(SCRIPTS))
def test_what_a_board_reports_is_told_in_every_language(spoken: str) -> None:
    units = {"W", "s", "Wh", "ppm"}
    with words.speaking(spoken):
        told = [
            words.said(rules.event_words(code, value))
            for code in rules.EVENTS
            for value in (0, 3, 9)
        ]
    left = [line for line in told if set(re.findall("[A-Za-z]+", line)) - units]
    assert left == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Disconnect", "आपूर्ति काटें"),
        ("Event 9: 7", "घटना 9: 7"),
        ("Supply off: overload trip", "आपूर्ति बंद: अधिभार ट्रिप"),
        ("a text that nobody knows", "a text that nobody knows"),
        ("Change 4 (deactivation) is open already", "परिवर्तन 4 (निष्क्रिय करना) पहले से खुला है"),
        ("due_days cannot be 'no'", "due_days का मान 'no' नहीं हो सकता"),
        ("Use bill or energy.", "bill या energy लिखें।"),
        (
            "a.yaml, line 3: There is no 'x' here",
            "a.yaml, पंक्ति 3: यहाँ 'x' नहीं होता",
        ),
        (
            "Known: total, from.\nline 5: This version has no date. Give `valid_from`.",
            "जो मान्य हैं: total, from।\nपंक्ति 5: इस संस्करण की तारीख नहीं। `valid_from` लिखें।",
        ),
        ("Total " * 1_000, "Total " * 1_000),
    ],
)
def test_a_text_made_elsewhere_is_recognised_with_its_values(text: str, expected: str) -> None:
    with words.speaking("hi"):
        assert words.said(text) == expected
    assert words.said(text) == text


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("", "en"), ("hi-IN,hi;q=0.9", "hi"), ("de,ml;q=0.5", "ml"), ("xx", "en"), ("*", "en")],
)
def test_a_browser_is_answered_in_its_own_language(client, asked: str, expected: str) -> None:
    page = client.get("/login/", headers={"accept-language": asked}).content.decode()
    assert f'<html lang="{expected}">' in page


@pytest.mark.parametrize("back", ["/login/", "https://elsewhere.example/", "//elsewhere.example"])
def test_a_chosen_language_stays_and_leads_nowhere_else(client, back: str) -> None:
    answer = client.post("/language/", {"language": "ml", "next": back})
    assert answer["Location"] == (back if back == "/login/" else "/")
    assert '<html lang="ml">' in client.get("/login/").content.decode()
    client.post("/language/", {"language": "xx"})
    assert '<html lang="ml">' in client.get("/login/").content.decode()
