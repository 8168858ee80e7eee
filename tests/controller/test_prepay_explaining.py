"""Every share of a recharge says at which prices, and by which version and clause (UP-2)."""

from datetime import date

import pytest

from controller.prepay.explaining import reasons_of
from controller.tariffs.explain import say
from tests.controller import till
from tests.controller.till import ASHA, OFFICE, lines, recharge

NOW_S = 200_000_000  # 2026-05-04 in Katsa


@pytest.fixture
def by_tariff(db, clock, make_board):
    """Asha's account in energy by slabs, seen from NOW_S."""
    clock(NOW_S)
    till.open_tills()
    make_board("BHK01")
    till.supply_by_tariff()


def told(purchase) -> dict[str, tuple[list[str], str]]:
    """By kind of share: its sentences, and since when its tariff's version is in force."""
    reasons = reasons_of(purchase)
    return {
        line.kind: ([say(one) for one in reason.sentences], reason.basis.valid_from)
        for line, reason in zip(purchase.lines.all(), reasons, strict=True)
    }


def test_credit_goes_on_in_the_slabs_from_what_was_sold_before(by_tariff, clock):
    """UP-2: the first recharge within 150 units, the second over their edge, with the rebate."""
    first = recharge()
    assert lines(first)["credit"] == (49_493, 125_300)
    assert told(first)["credit"] == (
        [
            "125.3 units at ₹4.00 each = ₹501.20",
            "Rebate of 1.25 % on ₹501.20 = \N{MINUS SIGN}₹6.27",
        ],
        "2026-01-01",
    )
    assert told(first)["fixed"][1] == "2026-01-01"
    assert told(first)["rest"] == ([], "")
    clock(NOW_S + 60)
    sentences, _day = told(recharge("key-00002"))["credit"]
    assert sentences[0].startswith("24.7 units at ₹4.00 each")
    assert " units at ₹4.50 each" in sentences[1]


def test_a_later_version_or_rebate_does_not_change_what_a_sale_is_explained_by(by_tariff):
    """UP-2: the version of the day of the sale counts; prices that do not fit are not told."""
    from controller.tariffs import services as tariffs

    sold = recharge()
    before = told(sold)
    tariffs.add_version(
        "LMV1", date(2026, 6, 1), {"tables": [[None, True, [[None, 900]]]]}, **OFFICE
    )
    assert told(sold) == before
    till.set_profile(prepaid_rebate_bp=500)
    assert told(sold)["credit"] == ([], "2026-01-01")


def test_the_receipt_shows_why(by_tariff, client, django_user_model):
    """UP-2, MG-10: prices and version below each share, the same for clerk and consumer."""
    from controller.access.services import add_consumer_login

    number = recharge().payment.receipt_number
    login = {"username": "asha", "password": "a lamp in the rain", "consumer_id": ASHA}
    asha = add_consumer_login(**login, **OFFICE)
    head = django_user_model.objects.create_superuser("head")
    for user, place in ((head, "receipts"), (asha, "own/payments")):
        client.force_login(user)
        page = client.get(f"/{place}/{number}/").content.decode()
        for part in ("125.3 units at ₹4.00 each", "For the days up to 2026-05-04",
                     "Tariff LMV1 (Domestic), in force from 2026-01-01"):  # fmt: skip
            assert part in page
