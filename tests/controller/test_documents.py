"""Papers: what stands on them, in three languages, and the files that are made of it."""

import io

import pytest
from django.db import DatabaseError, connection
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image, ImageFont
from pypdf import PdfReader

from controller.audit.models import AuditEvent
from controller.consumers import services as consumers
from controller.documents import batch, codes, papers, press, queries, rules, services, thermal
from controller.documents.models import Snapshot
from controller.errors import Refused
from controller.profile import services as profile
from controller.words.lists import word_list
from tests.controller import paper_samples as samples

LANGUAGES = samples.LANGUAGES
MADE_UNIX_S = 1_794_836_800
HOSTILE = 'Ram #eval("1") *b* $x$ \\ @preview/x:1 <a> `c` [d] {e} // f'


def sheet(kind, language="en", data=None, **options):
    found = data or samples.ALL[kind](language)
    return papers.make(kind, found, language, word_list("paper", language), **options)


def text_of(pdf: bytes) -> str:
    """The text of a PDF, as a search or a screen reader gets it."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_a_bill_says_every_line_from_what_and_up_to_what_is_payable():
    """MG-8, MG-10: golden bill in English."""
    found = sheet("bill")
    charges = found["tables"][1]
    assert charges["rows"] == [
        ["Energy charge", "50.000 units", "₹4.50 a unit", "₹225.00"],
        ["Fixed charge", "500\u202fW, 31 days", "₹40.00 per kW a month", "₹20.00"],
        ["Electricity duty", "on ₹225.00", "5.00\u202f%", "₹11.25"],
        ["Rebate", "on ₹225.00", "1.25\u202f%", "−₹2.81"],
        ["Instalment: LED TV", "", "", "₹500.00"],
    ]
    assert charges["totals"] == [
        ["Brought forward", "₹1,234.50"],
        ["Paid since the last bill", "−₹1,000.00"],
        ["This month's charges", "₹753.44"],
        ["Amount payable", "₹987.94"],
    ]
    assert found["tables"][0]["rows"] == [
        [
            "KATS0001",
            "1,234.567\u202fkWh\n16 Oct 2026",
            "1,284.567\u202fkWh\n16 Nov 2026",
            "50.000",
        ]
    ]
    assert [(box["label"], box["text"]) for box in found["boxes"]] == [
        ("Units used", "50.000"), ("Pay by", "1 Dec 2026"), ("Amount payable", "₹987.94"),
    ]  # fmt: skip
    assert [bar["part"] for bar in found["bars"]] == [800, 900, 1000]


def test_the_same_bill_in_hindi_and_malayalam():
    """MG-10: the same figures, the words of the language."""
    rows = {language: sheet("bill", language)["tables"][1]["rows"] for language in LANGUAGES}
    assert rows["hi"][0] == ["ऊर्जा प्रभार", "50.000 यूनिट", "₹4.50 प्रति यूनिट", "₹225.00"]
    assert rows["ml"][0] == ["ഊർജ്ജ നിരക്ക്", "50.000 യൂണിറ്റ്", "യൂണിറ്റിന് ₹4.50", "₹225.00"]
    assert {tuple(row[-1] for row in found) for found in rows.values()} == {
        ("₹225.00", "₹20.00", "₹11.25", "−₹2.81", "₹500.00")
    }


def test_a_part_of_the_month_and_an_estimate_are_said():
    charges = [samples.charge("fixed", 500, 4_000, 2_000, first_day=13, days=19)]
    data = samples.bill(charges=charges, total_paise=2_000, estimated=True)
    found = sheet("bill", data=data)
    assert found["tables"][1]["rows"][0][1] == "500\u202fW, day 13 to 31"
    assert found["notes"][0].startswith("Estimated")


def test_a_prepaid_consumer_is_asked_for_nothing():
    """MG-3: prepaid; the month's paper shows the account and has no code to pay by."""
    account = {"unit": "Wh", "bought": 100_000, "used": 50_000, "balance": 61_244}
    found = sheet("bill", data=samples.bill(account=account, carried_paise=0, paid_paise=0))
    assert [box["text"] for box in found["boxes"]] == ["50.000", "100.000 units", "61.244 units"]
    assert [code["caption"] for code in found["codes"]] == ["Scan to check this paper"]
    assert found["tables"][1]["totals"] == [["This month's charges", "₹753.44"]]


def test_a_consumer_in_credit_is_asked_for_nothing():
    found = sheet("bill", data=samples.bill(carried_paise=-100_000, paid_paise=0))
    assert found["boxes"][-1]["text"] == "Nothing to pay"
    assert found["tables"][1]["totals"][0] == ["Credit brought forward", "−₹1,000.00"]
    assert len(found["codes"]) == 1


def test_the_code_to_pay_by_fills_in_payee_amount_and_bill():
    """MG-9: by mobile wallet, such as UPI."""
    assert codes.upi_link(samples.ISSUER, 98_794, "BHKATS01112-2026-10") == (
        "upi://pay?pa=katsa@upi&pn=Katsa%20Mini%20Grid&am=987.94&cu=INR"
        "&tr=BHKATS01112-2026-10&tn=BHKATS01112-2026-10"
    )
    assert codes.upi_link(samples.ISSUER, 0, "x") == ""
    assert codes.upi_link(samples.ISSUER | {"upi_address": ""}, 100, "x") == ""


@given(some.text(max_size=40), some.integers(1, 10**9))
def test_no_name_adds_a_field_to_the_code_to_pay_by(name, amount_paise):
    link = codes.upi_link(samples.ISSUER | {"name": name}, amount_paise, "r")
    assert [pair.partition("=")[0] for pair in link.partition("?")[2].split("&")] == [
        "pa", "pn", "am", "cu", "tr", "tn",
    ]  # fmt: skip


def test_the_code_to_check_by_names_registers_and_the_signed_message():
    assert codes.bill_check(samples.bill()) == (
        "BIJLI1 BILL BHKATS01112-2026-10 METER KATS0001 WH 1234567-1284567 "
        "MSG 1/3456 SHA256 ab12cd34ef567890 PAISE 75344 PAY 98794"
    )


def test_a_recharge_receipt_shows_the_division_and_the_token():
    """MG-10, UP-4, UP-8, UP-11: what a voucher of ₹500 became."""
    found = sheet("receipt")
    assert found["title"] == "Recharge receipt"
    assert found["token"] == "1234 5678 9012 3456 7890"
    assert found["tables"][0]["rows"] == [
        ["Meter cost, instalment", "", "₹100.00"],
        ["Fixed charge since the last recharge", "", "₹40.00"],
        ["Towards arrears", "", "₹50.00"],
        ["Lifeline advance returned", "", "₹25.00"],
        ["Electricity", "61.244 units", "₹285.00"],
    ]
    assert [box["text"] for box in found["boxes"]] == ["₹500.00", "61.244 units"]
    assert "12345678901234567890" not in found["codes"][0]["text"]


def test_a_payments_receipt_shows_what_is_still_due():
    """MG-9: part payment; ₹ in lakh grouping."""
    found = sheet("receipt", data=samples.receipt())
    assert [(box["label"], box["text"]) for box in found["boxes"]] == [
        ("Amount received", "₹12,34,567.89"), ("Still due", "₹123.45"),
    ]  # fmt: skip
    assert ["Paid by", "UPI"] in found["facts"]


def test_a_payment_taken_back_is_stamped_and_gives_no_token():
    found = sheet("receipt", data=samples.recharge(cancelled=True), copy=True)
    assert (found["stamp"], found["token"]) == ("Cancelled", "")
    assert sheet("receipt", copy=True)["stamp"] == "Copy"


def test_a_statement_carries_its_balance_from_row_to_row():
    """MG-10b: the record of bills and payments that both sides see."""
    rows = sheet("statement")["tables"][0]["rows"]
    assert [row[-1] for row in rows] == ["−₹200.00", "−₹100.00", "−₹150.00", "−₹148.50"]
    assert sheet("statement")["tables"][0]["totals"] == [
        ["Total", "₹101.50", "₹50.00", ""], ["Closing balance", "−₹148.50"],
    ]  # fmt: skip
    assert ["Period", "17 Oct 2026 – 16 Nov 2026"] in sheet("statement")["facts"]


def test_a_deposit_slip_counts_notes_and_what_stays_in_hand():
    found = sheet("slip")
    assert [box["text"] for box in found["boxes"]] == ["₹16,000.00", "₹15,570.00", "₹430.00"]
    assert len(found["signatures"]) == 2


@pytest.mark.parametrize(
    ("kind", "data", "what"),
    [
        ("bill", samples.bill(total_paise=75_343), "lines"),
        ("receipt", samples.recharge(amount_paise=49_999), "parts"),
        ("statement", samples.statement() | {"closing_paise": 0}, "rows"),
        ("ledger", samples.ledger() | {"opening_paise": 0}, "rows"),
        ("slip", samples.slip() | {"deposited_paise": 0}, "notes"),
        ("receipt", samples.recharge(token="1234"), "20 digits"),
        ("receipt", samples.receipt(clerk="x" * 301), "300 characters"),
        ("ledger", samples.ledger() | {"rows": [{}] * 5_001}, "5000 rows"),
        ("poem", {}, "no kind"),
    ],
)
def test_a_paper_whose_sums_do_not_hold_is_refused(kind, data, what):
    with pytest.raises(Refused, match=what):
        rules.check(kind, data)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(samples.ALL))
def test_every_paper_can_be_set_in_every_language(kind, language):
    """MG-10: one page each, with its title, number and figures as text."""
    found = sheet(kind, language)
    pages = press.press().pages(found, ppi=20)
    assert len(pages) == 1
    text = text_of(press.press().pdf([found], MADE_UNIX_S))
    assert found["number"] in text
    assert all(box["text"] in text for box in found["boxes"] if "₹" in box["text"])


def test_a_long_ledger_goes_on_over_pages():
    found = sheet("ledger", data=samples.ledger(count=100))
    assert len(press.press().pages(found, ppi=20)) == 3


def test_the_same_paper_is_the_same_file():
    found = sheet("bill", "hi")
    first = press.press().pdf([found], MADE_UNIX_S)
    assert press.Press().pdf([found], MADE_UNIX_S) == first
    assert first.startswith(b"%PDF-")


def test_text_is_data_and_never_runs():
    """A consumer's name may hold anything that a typesetter would obey."""
    data = samples.bill(party=samples.party() | {"name": HOSTILE, "address": "#" * 200})
    text = text_of(press.press().pdf([sheet("bill", data=data)], MADE_UNIX_S))
    assert all(word in text for word in HOSTILE.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_fonts_have_every_letter_that_papers_and_notices_use(language):
    faces = [
        [
            ImageFont.truetype(path, 24)
            for path in sorted((press.HERE / "fonts").glob(f"*-{w}.ttf"))
        ]
        for w in ("Regular", "Bold")
    ]
    letters = {letter for text in word_list("paper", language).values() for letter in text}
    letters |= set("₹−–…\u202f0123456789,.%·")
    for fonts in faces:
        drawn = {letter for letter in letters if any(_has(font, letter) for font in fonts)}
        assert letters - drawn - set(" \n\u200c\u200d") == set()


def _has(font, letter: str) -> bool:
    missing = font.getmask("\U0010fffe")
    shown = font.getmask(letter)
    return (shown.size, bytes(shown)) != (missing.size, bytes(missing))


def test_a_thermal_receipt_is_dots_and_a_cut():
    """MG-10a: paper from the agent's portable printer, 576 dots across, whatever the script."""
    strip = press.press().strip(sheet("receipt", "ml"))
    with Image.open(io.BytesIO(strip)) as dots:
        width, height = dots.size
    assert width == press.STRIP_DOTS
    sent = thermal.to_escpos(strip)
    assert sent.startswith(b"\x1b@\x1dv0\x00" + bytes([576 // 8, 0]))
    assert sent.endswith(b"\x1dV\x01")
    assert len(sent) > width // 8 * height
    black = sum(byte.bit_count() for byte in sent)
    assert 0.02 < black / (width * height) < 0.3


def test_a_picture_of_the_receipt_can_be_sent():
    """MG-10c: an image for a consumer without the app, sharp on a phone."""
    with Image.open(io.BytesIO(press.press().picture(sheet("receipt", "hi")))) as picture:
        assert (picture.format, picture.width) == ("PNG", 2 * press.PICTURE_DOTS)


def test_a_batch_is_set_by_other_processes_in_its_order():
    jobs = [(sheet("receipt", data=samples.receipt(number=f"R-{n:03}")), MADE_UNIX_S)
            for n in range(batch.BATCH + 3)]  # fmt: skip
    pdfs = list(batch.print_many(jobs, workers=2))
    assert pdfs == list(batch.print_many(jobs, workers=1))
    assert list(batch.print_many([], workers=2)) == []


def issue(language="en", **changed):
    return services.issue(
        kind="receipt",
        subject="payment 1",
        language=language,
        data=samples.receipt(**changed),
        actor="meena",
    )


def test_a_paper_is_kept_once_as_data_and_made_anew_when_asked_for(db, clock):
    """MG-10b: what the consumer sees later is what the agent printed."""
    first = issue()
    assert issue() == first
    assert (Snapshot.objects.count(), AuditEvent.objects.count()) == (1, 1)
    stored = queries.find(first.pk)
    assert stored.data == samples.receipt()
    assert queries.pdf(stored) == queries.pdf(stored)
    assert issue(cancelled=True) != first
    assert len(queries.papers_of("payment 1")) == 2


def test_a_paper_can_be_read_in_another_language(db, clock):
    stored = issue("hi")
    assert queries.sheet(stored)["title"] == "रसीद"
    assert queries.sheet(stored, language="ml")["title"] == "രസീത്"
    with pytest.raises(Refused, match="no words"):
        queries.sheet(stored, language="xx")


def test_many_papers_in_one_file_and_each_as_dots_and_picture(db, clock):
    stored = issue()
    assert queries.joined_pdf([stored, issue(number="R-2")]).startswith(b"%PDF-")
    assert queries.escpos(stored).startswith(b"\x1b@")
    assert queries.picture(stored).startswith(b"\x89PNG")
    with pytest.raises(Refused, match="1 to 500"):
        queries.joined_pdf([])


def test_a_paper_that_is_not_there_is_refused(db):
    with pytest.raises(Refused, match="no paper 7"):
        queries.find(7)
    with pytest.raises(Refused, match="no words"):
        issue("fr")


def test_a_token_is_kept_sealed_and_printed_all_the_same(db, clock):
    """MG-10, UP-11: a copy of the database opens no voucher."""
    key_tokens = [f"{number}" * 20 for number in (1, 2, 3, 4)]
    data = samples.recharge(key_tokens=key_tokens)
    stored = services.issue(
        kind="receipt", subject="sale 1", language="en", data=data, actor="meena"
    )
    row = str(Snapshot.objects.values_list("data", "token_sealed", "digest").get(pk=stored.pk))
    assert not any(token in row for token in ("12345678901234567890", *key_tokens))
    assert queries.sheet(queries.find(stored.pk))["token"] == "1234 5678 9012 3456 7890"
    assert queries.sheet(queries.find(stored.pk))["key_tokens"][3] == "4444 4444 4444 4444 4444"
    assert queries.pdf(stored).startswith(b"%PDF-")
    assert queries.picture(stored).startswith(b"\x89PNG")


def test_what_a_paper_said_cannot_be_changed(guarded_tables, clock):
    """MG-10: the receipt is the primary proof of payment; so its copy is of what was issued."""
    stored = issue()
    for change in (stored.save, stored.delete, lambda: Snapshot.objects.update(actor="x")):
        with pytest.raises(Refused, match="paper cannot be changed"):
            change()
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE documents_snapshot SET actor = 'x'")


def test_papers_are_signed_by_the_profile_and_name_the_consumer(db, clock):
    profile.change(name="utility_name", value="Katsa Mini Grid", actor="admin")
    profile.change(name="utility_upi", value="katsa@upi", actor="admin")
    consumers.add_plant(code="KATS", state="BH", name="Katsa", utc_offset_min=330, actor="admin")
    consumer = consumers.add_consumer(
        plant_code="KATS", name="Sunita", phone="", pole=11, number=12, phases=1,
        sanctioned_load_w=500, actor="admin",
    )  # fmt: skip
    assert queries.issuer()["upi_address"] == "katsa@upi"
    assert queries.party(consumer)["consumer_id"].startswith("BHKATS01112 ")
    assert queries.language_of(consumer) == "en"
