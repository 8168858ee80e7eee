"""The interface for online points of sale, ATMs and providers (UP-12)."""

import json

import pytest

from controller.api import rules
from controller.api import services as keys
from controller.errors import Refused
from controller.payments import points, schemes
from protocol.limits import EPOCH_UNIX_S
from tests.controller import till
from tests.controller.till import ASHA, OFFICE, SECRET, balance

NOW_S = 200_000_000


@pytest.fixture(autouse=True)
def tills(board, clock):
    from controller.vouchers import services as vouchers

    till.open_tills()
    till.supply_by_tariff()
    vouchers.add_key(supply_group="123457", revision=1, base_year=2014, **OFFICE)


class Caller:
    """A point of sale with its key."""

    def __init__(self, client, key: str):
        self.client = client
        self.headers = {"authorization": f"Bearer {key}"}

    def get(self, path: str):
        answer = self.client.get(f"/api/{path}", headers=self.headers)
        return answer.status_code, answer.json()

    def post(self, path: str, key: str = "key-00001", **told):
        headers = {**self.headers, **({"idempotency-key": key} if key else {})}
        answer = self.client.post(
            f"/api/{path}", json.dumps(told), content_type="application/json", headers=headers
        )
        return answer.status_code, answer.json()


@pytest.fixture
def web(client) -> Caller:
    return Caller(client, keys.add_key(point_of_sale="WEB", **OFFICE))


@pytest.fixture
def atm(client) -> Caller:
    return Caller(client, keys.add_key(point_of_sale="ATM1", **OFFICE))


def test_a_consumer_is_looked_up_with_as_little_as_a_till_needs(web):
    till.owe(ASHA, 25_000)
    status, told = web.get(f"consumers/{ASHA}")
    assert status == 200
    assert told == {
        "consumer": ASHA, "name_hint": "A. D.", "dues_paise": 25_000, "is_prepaid": True,
        "recharge_by": "2026-09-04",
    }  # fmt: skip


def test_a_recharge_is_quoted_and_then_sold_with_its_voucher_once_for_its_key(web):
    """UP-12: online; said again with the same key it is the same recharge and voucher."""
    _status, quoted = web.get(f"consumers/{ASHA}/quote?amount_paise=50000")
    told = {"consumer": ASHA, "amount_paise": 50_000, "method": "upi"}
    status, sold = web.post("recharges", **told)
    assert status == 200
    assert (sold["amount"], sold["unit"]) == (quoted["amount"], quoted["unit"]) == (125_300, "Wh")
    assert [line["kind"] for line in sold["lines"]] == ["fixed", "credit", "rest"]
    assert len(sold["voucher"]["token"].replace(" ", "")) == 20
    assert web.post("recharges", **told) == (200, sold)
    assert balance("clearing:WEB") == 50_000
    assert web.get(f"recharges/{sold['purchase']}/voucher") == (200, sold["voucher"])
    assert web.get(f"recharges/{sold['purchase']}")[1]["voucher"] is None
    assert web.get(f"payments/{sold['receipt_number']}")[1]["purpose"] == "recharge"


def test_a_bill_is_paid_at_an_atm(atm):
    """UP-12: ATM. MG-9: in cash or by card."""
    status, told = atm.post("payments", consumer=ASHA, amount_paise=9_900, method="cash")
    assert (status, told["receipt_number"]) == (200, "ATM1-2026-000001")
    assert balance("cash:ATM1") == 9_900


def test_a_key_with_other_content_is_a_conflict_and_a_task(web):
    told = {"consumer": ASHA, "amount_paise": 50_000, "method": "upi"}
    web.post("recharges", **told)
    status, problem = web.post("recharges", **told | {"amount_paise": 60_000})
    assert status == 409
    assert "used for another payment" in problem["what"]
    assert len(till.open_tasks("payment_conflict")) == 1


def test_the_same_key_at_two_points_of_sale_are_two_payments(web, atm):
    told = {"consumer": ASHA, "amount_paise": 9_900, "method": "card"}
    web.post("payments", **told)
    atm.post("payments", **told)
    assert (balance("clearing:WEB"), balance("clearing:ATM1")) == (9_900, 9_900)


@pytest.mark.parametrize(
    ("path", "told", "key"),
    [
        ("payments", {"amount_paise": 0}, "key-00001"),
        ("payments", {"amount_paise": "100"}, ""),
        ("payments", {"amount_paise": 1.5}, "key-00001"),
        ("payments", {"method": "cheque"}, "key-00001"),
        ("payments", {"consumer": "BHKATS01112 9"}, "key-00001"),
        ("payments", {"consumer": "x"}, "key-00001"),
        ("payments", {"tip": 5}, "key-00001"),
        ("payments", {}, "short"),
        ("payments", {}, "with a space"),
        ("payments", {}, ""),
        ("recharges", {"amount_paise": 39_999}, "key-00001"),
    ],
)
def test_bad_requests_say_what_to_do_and_take_nothing(web, path, told, key):
    from controller.payments.models import Payment

    plain = {"consumer": ASHA, "amount_paise": 50_000, "method": "upi"}
    status, problem = web.post(path, key, **plain | told)
    assert status == 422
    assert set(problem) == {"what", "what_to_do"}
    assert not Payment.objects.exists()


@pytest.mark.parametrize("key", ["", "bjk_00000000_" + "A" * 43, "x", "bjk_", None])
def test_without_a_good_key_nothing_is_told(client, key):
    caller = Caller(client, key or "")
    if key is None:
        caller.headers = {}
    status, problem = caller.get(f"consumers/{ASHA}")
    assert (status, problem["what"]) == (401, "The key is missing or not good")


def test_a_revoked_key_is_no_longer_good(web):
    from controller.api.models import ApiKey

    keys.revoke_key(key_id=ApiKey.objects.get().pk, **OFFICE)
    assert web.get(f"consumers/{ASHA}")[0] == 401


def test_keys_are_kept_as_hashes_and_are_not_in_the_audit_trail(client):
    from controller.api.models import ApiKey
    from controller.audit.queries import latest

    shown = keys.add_key(point_of_sale="WEB", **OFFICE)
    secret = shown.split("_", 2)[2]
    row = ApiKey.objects.get()
    assert secret not in f"{row.__dict__} {latest('point of sale WEB', 1)[0].detail}"
    for _ in range(rules.KEYS_MAX - 1):
        keys.add_key(point_of_sale="WEB", **OFFICE)
    with pytest.raises(Refused, match="Revoke"):
        keys.add_key(point_of_sale="WEB", **OFFICE)


def test_a_key_that_asks_too_often_waits(web, clock):
    for _ in range(rules.BUCKET_MAX):
        assert web.get("payments/none")[0] == 422
    answer = web.client.get("/api/payments/none", headers=web.headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    clock(NOW_S + 3)
    assert [web.get("payments/none")[0] for _ in range(4)] == [422, 422, 422, 429]


def test_a_bucket_fills_by_time_and_no_further():
    assert rules.draw(0, 100, 100) is None
    assert rules.draw(0, 100, 101) == (0, 101)
    assert rules.draw(rules.BUCKET_MAX, 100, 9_999) == (rules.BUCKET_MAX - 1, 9_999)
    assert rules.draw(5, 100, 50) == (4, 100)  # the clock was set back


def test_a_point_sees_its_own_sales_and_consumers_of_its_plant_only(web, atm, client):
    from controller.consumers import services as consumers

    _status, sold = web.post("recharges", consumer=ASHA, amount_paise=50_000, method="upi")
    for path in (f"recharges/{sold['purchase']}", f"payments/{sold['payment']}",
                 f"recharges/{sold['purchase']}/voucher"):  # fmt: skip
        assert atm.get(path)[0] == 422
    consumers.add_plant("PATN", "BH", "Patna", **OFFICE)
    points.add_point_of_sale(
        code="PATNA", name="Patna", kind="online", plant_code="PATN", **OFFICE
    )
    patna = Caller(client, keys.add_key(point_of_sale="PATNA", **OFFICE))
    assert patna.get(f"consumers/{ASHA}")[0] == 422
    assert patna.post("payments", consumer=ASHA, amount_paise=5, method="upi")[0] == 422


def test_a_stolen_key_costs_at_most_the_points_ceiling(client):
    points.add_point_of_sale(
        code="WEB2", name="Web", kind="online", ceiling_paise=60_000, **OFFICE
    )
    caller = Caller(client, keys.add_key(point_of_sale="WEB2", **OFFICE))
    told = {"consumer": ASHA, "amount_paise": 50_000, "method": "upi"}
    assert caller.post("recharges", "key-00001", **told)[0] == 200
    status, problem = caller.post("recharges", "key-00002", **told)
    assert (status, "may hold" in problem["what"]) == (422, True)


# --- orders and callbacks ---------------------------------------------------------------------


def call_back(client, provider="acme", secret=SECRET, **told):
    body = till.body_of(**told)
    unix_s = NOW_S + EPOCH_UNIX_S
    headers = {
        "x-bijli-timestamp": str(unix_s),
        "x-bijli-nonce": "n" * 16,
        "x-bijli-signature": schemes.sign_generic(secret.encode(), unix_s, "n" * 16, body),
    }
    answer = client.post(
        f"/api/callbacks/{provider}", body, content_type="application/json", headers=headers
    )
    return answer.status_code, answer.json()


def test_an_order_is_paid_by_its_callback_and_shows_its_purchase(web, client):
    told = {"consumer": ASHA, "amount_paise": 50_000, "provider": "acme", "purpose": "recharge"}
    _status, order = web.post("orders", **told)
    assert web.post("orders", **told)[1] == order
    assert order["state"] == "open"
    facts = {"payment": "pay-1", "order": order["order"], "amount_paise": 50_000}
    for _ in range(2):
        assert call_back(client, **facts) == (200, {"stored": True})
    status, paid = web.get(f"orders/{order['order']}")
    assert (status, paid["state"]) == (200, "paid")
    voucher = web.get(f"recharges/{paid['purchase']}/voucher")[1]
    assert len(voucher["token"].replace(" ", "")) == 20


def test_an_order_that_would_buy_nothing_is_refused_before_money_moves(web):
    told = {"consumer": ASHA, "amount_paise": 100, "provider": "acme", "purpose": "recharge"}
    assert web.post("orders", **told)[0] == 422


def test_an_order_is_of_this_points_providers_and_linked_once(web, atm):
    told = {"consumer": ASHA, "amount_paise": 5_000, "provider": "acme", "purpose": "bill"}
    assert atm.post("orders", **told)[0] == 422
    _status, order = web.post("orders", **told)
    linked = web.post(f"orders/{order['order']}/link", "", provider_order="order_1")
    assert (linked[0], linked[1]["provider_order"]) == (200, "order_1")
    assert web.post(f"orders/{order['order']}/link", "", provider_order="order_2")[0] == 409
    assert atm.get(f"orders/{order['order']}")[0] == 422


def test_a_callback_that_is_not_genuine_or_too_large_is_refused(client):
    assert call_back(client, secret="some-other-secret", payment="p")[0] == 401
    assert call_back(client, provider="nobody", payment="p")[0] == 422
    assert call_back(client, payment="p" * 70_000)[0] == 422


def test_a_callback_works_on_what_a_killed_process_has_left(web, client):
    from controller.payments.models import Callback

    order = till.order(paise=5_000)
    till.call(till.body_of(payment="pay-1", order=order.pk, amount_paise=5_000), NOW_S)
    assert call_back(client, payment="pay-2", event="payment.other")[0] == 200
    assert set(Callback.objects.values_list("outcome", flat=True)) == {"done", "nothing"}


# --- its description --------------------------------------------------------------------------


def test_the_schema_is_for_staff_who_are_logged_in(client, django_user_model):
    from controller.access import services as access

    assert client.get("/api/docs").status_code == 302
    access.add_consumer_login(
        username="asha", password="a-long-pass-phrase", consumer_id=ASHA, **OFFICE
    )
    client.login(username="asha", password="a-long-pass-phrase")
    assert client.get("/api/docs").status_code == 302
    client.force_login(django_user_model.objects.create_user("clerk"))
    answer = client.get("/api/docs")
    assert "/api/recharges" in answer.json()["paths"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert client.get("/api/openapi.json").status_code == 404


def test_an_unknown_address_and_a_failure_of_ours_tell_nothing(web, monkeypatch):
    from controller.payments import queries

    assert web.client.get("/api/nothing").status_code == 404

    def break_down(_text):
        raise RuntimeError("secret inside")

    monkeypatch.setattr(queries, "find_payment", break_down)
    status, problem = web.get("payments/x")
    assert (status, problem["what"]) == (500, "This failed by a fault of ours")
