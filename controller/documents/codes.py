"""The texts behind the square codes on papers: one to pay by, one to check by. Pure.

The code to check by holds figures that a consumer can compare with the meter's own display, and
names the message by which the meter has signed them. Such a message carries a MAC: only the
controller, which holds the meter's key, can verify it (docs/papers.md).
"""

from urllib.parse import quote

from controller.documents.rules import BillData, Issuer, ReceiptData, payable_paise

DIGEST_DIGITS = 16  # enough to find one message, and to see that another was meant
NOTE_MAX = 50  # characters of the note of a UPI payment
VERSION = "BIJLI1"


def upi_link(issuer: Issuer, amount_paise: int, reference: str) -> str:
    """The link that a UPI app opens with everything filled in; empty when there is nothing to pay
    or the utility takes no UPI.
    """
    if amount_paise <= 0 or not issuer["upi_address"]:
        return ""
    values = {
        "pa": issuer["upi_address"],
        "pn": issuer["name"],
        "am": f"{amount_paise // 100}.{amount_paise % 100:02}",
        "cu": "INR",
        "tr": reference,
        "tn": reference[:NOTE_MAX],
    }
    # The @ of an address stands plainly: some apps do not undo its escape.
    pairs = [f"{name}={quote(text, safe='@')}" for name, text in values.items()]
    return "upi://pay?" + "&".join(pairs)


def bill_check(bill: BillData) -> str:
    """Bill, meter, registers, sum and the signed message behind them, in one line."""
    words = [VERSION, "BILL", bill["number"]]
    for span in bill["spans"]:
        words += ["METER", span["meter_id"], "WH", f"{span['begin_wh']}-{span['end_wh']}"]
        if span["message"]:
            words += ["MSG", span["message"], "SHA256", span["digest"][:DIGEST_DIGITS]]
    return " ".join([*words, "PAISE", str(bill["total_paise"]), "PAY", str(payable_paise(bill))])


def receipt_check(receipt: ReceiptData) -> str:
    """Receipt, consumer, time and sum, in one line; nothing of the token."""
    consumer = receipt["party"]["consumer_id"]
    return (
        f"{VERSION} RECEIPT {receipt['number']} CONSUMER {consumer} AT {receipt['received_s']} "
        f"PAISE {receipt['amount_paise']}"
    )
