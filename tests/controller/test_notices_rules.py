"""What notices say, in three languages, and how long they may be."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from controller.errors import Refused
from controller.notices import rules
from controller.words.lists import word_list

LANGUAGES = ("en", "hi", "ml")
LONGEST = {
    "amount_paise": -(10**11), "balance_paise": -(10**11), "due_s": 217_000_000,
    "date_s": 217_000_000, "due_day": date(2026, 2, 28), "last_day": date(2026, 2, 28),
    "month": "2026-02", "credit": (10**9, "Wh"),
    "token": "12345678901234567890", "tokens": ["12345678901234567890"] * 4,
}  # fmt: skip


def compose(template, values, language="en", utility="Katsa Mini Grid"):
    return rules.compose(
        template,
        values,
        language=language,
        utility=utility,
        utc_offset_min=330,
        words=word_list("notice", language),
        paper_words=word_list("paper", language),
    )


def values_of(template, text):
    return {name: LONGEST.get(name, text) for name in rules.TEMPLATES[template].values}


BILL = {
    "number": "BHKATS01112-2026-10",
    "month": "2026-10",
    "amount_paise": 98_794,
    "due_s": 217_000_000,
}


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("en", "Electricity bill {0} for Oct 2026: Rs 987.94, to be paid by 16 Nov 2026."),
        ("hi", "अक्टूबर 2026 का बिजली बिल {0}: ₹987.94। अंतिम तारीख 16 नवंबर 2026।"),
        (
            "ml",
            "ഒക്ടോബർ 2026-ലെ വൈദ്യുതി ബിൽ {0}: ₹987.94. അടയ്ക്കേണ്ട അവസാന തീയതി 16 നവംബർ 2026.",
        ),
    ],
)
def test_the_bill_by_text_message(language, body):
    """MG-10d: automatic SMS with the bill, in the consumer's language."""
    assert compose("bill_issued", BILL, language).body == "Katsa Mini Grid: " + body.format(
        BILL["number"]
    )


def test_every_notice_has_words_and_says_what_asks_for_it():
    words = set(word_list("notice", "en"))
    assert words == {f"{name}{end}" for name in rules.TEMPLATES for end in ("", "_title")}


@pytest.mark.parametrize("template", sorted(rules.TEMPLATES))
def test_every_notice_is_sent_by_something(template):
    """MG-10, MG-12: a notice that nothing sends would be told to nobody."""
    root = Path(rules.__file__).parents[1]
    files = [file for file in root.rglob("*.py") if file != Path(rules.__file__)]
    assert any(f'"{template}"' in file.read_text() for file in files)


def test_the_recharge_by_text_message_has_the_token_in_groups():
    """MG-10d, UP-11: the voucher reaches a consumer without paper."""
    values = {"amount_paise": 50_000, "credit": (61_244, "Wh"), "receipt": "R-1",
              "token": "12345678901234567890"}  # fmt: skip
    text = compose("recharge_done", values).body
    assert "Rs 500.00: 61.244 units. Token 1234 5678 9012 3456 7890." in text
    assert rules.segments(text) <= 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3),
        ("€" * 80, 1), ("€" * 81, 2),  # the letters behind an escape count twice
        ("अ" * 70, 1), ("अ" * 71, 2), ("അ" * 134, 2), ("അ" * 135, 3), ("😀" * 35, 1),
        ("a" * 159 + "₹", 3), ("", 1),
    ],
)  # fmt: skip
def test_parts_of_a_text_message_are_counted_as_the_networks_do(text, parts):
    """GSM 03.38: 160 and 153 letters, or 70 and 67 units of UCS-2."""
    assert rules.segments(text) == parts


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", list(rules.TEMPLATES))
def test_no_notice_is_longer_than_its_bound_whatever_names_are_in_it(template, language):
    text = compose(template, values_of(template, "अ" * 300), language, utility="ക" * 80)
    assert rules.segments(text.body) <= rules.SEGMENTS_MAX


@given(some.text(max_size=100))
def test_a_value_is_one_line_of_bounded_length(value):
    text = compose("account_created", {"consumer": value}).body
    assert "\n" not in text
    assert len(text) < 100
    assert all(letter.isprintable() for letter in text)


@pytest.mark.parametrize(
    ("template", "values", "what"),
    [
        ("poem", {}, "no notice"),
        ("reconnected", {"amount_paise": 1}, "was given"),
        ("bill_issued", {}, "was given"),
    ],
)
def test_wrong_values_are_refused(template, values, what):
    with pytest.raises(Refused, match=what):
        compose(template, values)


@pytest.mark.parametrize(
    ("channel", "given_as", "kept_as"),
    [
        ("sms", "+91 94310 12345", "+919431012345"),
        ("sms", "9431012345", "9431012345"),
        ("email", " a.b@example.org ", "a.b@example.org"),
        ("sms", "call me", None),
        ("sms", "1/../2", None),
        ("email", "a@b", None),
        ("email", "a@example.org?to=x@example.org", None),
        ("pigeon", "x", None),
    ],
)
def test_a_recipient_is_a_number_or_an_address_and_nothing_else(channel, given_as, kept_as):
    if kept_as is None:
        with pytest.raises(Refused):
            rules.read_recipient(channel, given_as)
    else:
        assert rules.read_recipient(channel, given_as) == kept_as


def test_waits_double_up_to_a_bound():
    waits = [rules.back_off_s(tries) for tries in range(1, rules.TRIES_MAX + 5)]
    assert waits[:4] == [30, 60, 120, 240]
    assert max(waits) == rules.BACK_OFF_MAX_S
    assert sum(waits[: rules.TRIES_MAX]) < rules.LIVES_S
