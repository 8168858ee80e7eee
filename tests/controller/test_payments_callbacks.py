"""Callbacks of providers: genuine ones count once; what fits nothing becomes a task."""

import hashlib
import hmac
import json

import pytest

from controller.errors import Refused
from controller.payments import points, schemes, services, settlement
from tests.controller import till
from tests.controller.till import ASHA, CLERK, OFFICE, SECRET, balance, body_of, call, order

NOW_S = 200_000_000


@pytest.fixture(autouse=True)
def tills(db, clock):
    till.open_tills()


def captured(to, paise=10_000, payment="pay-1", **more) -> bytes:
    return body_of(payment=payment, order=to.pk, amount_paise=paise, **more)


def work(*bodies: bytes) -> list:
    """Stores and works on callbacks; their outcomes."""
    stored = [call(body, NOW_S) for body in bodies]
    services.process_callbacks()
    for callback in stored:
        callback.refresh_from_db()
    return [callback.outcome for callback in stored]


def test_a_callback_pays_the_order_with_a_receipt_of_the_online_point():
    """UP-12: money comes by payment callbacks, too."""
    wanted = order()
    assert work(captured(wanted, method="upi")) == ["done"]
    wanted.refresh_from_db()
    assert (wanted.state, wanted.payment.method) == ("paid", "upi")
    assert wanted.payment.receipt_number == "WEB-2026-000001"
    assert (balance("clearing:acme"), balance(f"consumer:{ASHA}")) == (10_000, -10_000)


def test_a_callback_that_comes_again_credits_once_and_is_one_row():
    wanted = order()
    for _ in range(3):
        assert work(captured(wanted)) == ["done"]
    assert work(captured(wanted, extra="worded otherwise")) == ["nothing"]
    assert balance("clearing:acme") == 10_000
    assert till.open_tasks() == []


def test_a_callback_after_the_orders_time_still_credits_once(clock):
    wanted = order()
    clock(NOW_S + 86_400)
    assert services.expire_orders() == 1
    clock(NOW_S)
    assert work(captured(wanted)) == ["done"]
    wanted.refresh_from_db()
    assert wanted.state == "paid"


def test_a_failed_attempt_before_or_after_the_payment_changes_no_money():
    wanted = order()
    failed = body_of("payment.failed", payment="pay-0", order=wanted.pk)
    assert work(failed, captured(wanted)) == ["nothing", "done"]
    assert work(body_of("payment.failed", payment="pay-1", order=wanted.pk)) == ["nothing"]
    wanted.refresh_from_db()
    assert (wanted.failures, wanted.state) == (1, "paid")


@pytest.mark.parametrize(
    ("change", "held_paise"),
    [
        ({"paise": 9_999}, 9_999),
        ({"paise": 10_001}, 10_001),
        ({"currency": "USD"}, 0),
        ({"order": "bjo_unknown"}, 10_000),
        ({"order": None}, 10_000),
    ],
)
def test_money_that_fits_no_order_is_held_and_becomes_a_task(change, held_paise):
    wanted = order()
    paise = change.pop("paise", 10_000)
    facts = {"payment": "pay-1", "order": wanted.pk, "amount_paise": paise, **change}
    assert work(body_of(**facts), body_of(**facts, again=1)) == ["conflict", "nothing"]
    (task,) = till.open_tasks("payment_conflict")
    assert "pay-1" in task.title
    assert (balance("clearing:acme"), -balance("payable:unclaimed-acme")) == (held_paise,) * 2
    assert balance(f"consumer:{ASHA}") == 0


def test_a_second_payment_of_one_order_is_held_and_becomes_a_task():
    wanted = order()
    assert work(captured(wanted), captured(wanted, payment="pay-2")) == ["done", "conflict"]
    assert (balance(f"consumer:{ASHA}"), balance("payable:unclaimed-acme")) == (-10_000, -10_000)


def test_the_same_payment_with_another_amount_becomes_a_task():
    wanted = order()
    assert work(captured(wanted), captured(wanted, paise=20_000)) == ["done", "conflict"]
    assert balance("clearing:acme") == 10_000


def test_money_for_what_is_refused_is_held_and_becomes_a_task():
    """Whoever hears of a payment may refuse what it is for; the money has come all the same."""
    from controller.payments.signals import order_paid

    def refuse(**_more):
        raise Refused("No deposit is asked of this consumer", "Look at it.")

    wanted = order(purpose="deposit")
    order_paid.connect(refuse)
    try:
        assert work(captured(wanted)) == ["conflict"]
    finally:
        order_paid.disconnect(refuse)
    assert (balance("payable:unclaimed-acme"), balance(f"consumer:{ASHA}")) == (-10_000, 0)


def test_held_money_is_given_to_its_owner_once():
    work(body_of(payment="pay-1", amount_paise=10_000))
    facts = {"provider_code": "acme", "reference": "pay-1", "consumer_id": ASHA}
    settlement.claim(**facts, purpose="bill", **CLERK)
    assert (balance("payable:unclaimed-acme"), balance(f"consumer:{ASHA}")) == (0, -10_000)
    with pytest.raises(Refused, match="no money in suspense"):
        settlement.claim(**facts, purpose="bill", **CLERK)


def refunded(payment="pay-1", paise=10_000, refund="ref-1") -> bytes:
    return body_of("refund.processed", payment=payment, refund=refund, amount_paise=paise)


def test_a_refund_goes_back_once_and_a_person_is_told():
    wanted = order()
    again = refunded() + b" "
    assert work(captured(wanted), refunded(), again) == ["done", "done", "nothing"]
    assert (balance("clearing:acme"), balance(f"consumer:{ASHA}")) == (0, 0)
    assert len(till.open_tasks("payment_conflict")) == 1


def test_a_refund_that_overtakes_its_payment_waits_for_it():
    wanted = order()
    assert work(refunded()) == ["waiting"]
    assert work(captured(wanted)) == ["done"]
    services.process_callbacks()
    assert (balance("clearing:acme"), balance(f"consumer:{ASHA}")) == (0, 0)


def test_a_refund_whose_payment_never_comes_becomes_a_task(clock):
    work(refunded())
    clock(NOW_S + 2 * 86_400)
    services.process_callbacks()
    (task,) = till.open_tasks("payment_conflict")
    assert "not known" in task.title


def test_more_is_never_refunded_than_was_paid():
    wanted = order()
    outcomes = work(
        captured(wanted), refunded(paise=6_000), refunded(paise=6_000, refund="ref-2"),
        refunded(paise=4_000, refund="ref-3"),
    )  # fmt: skip
    assert outcomes == ["done", "done", "conflict", "done"]
    assert balance("clearing:acme") == 0


def test_held_money_that_was_refunded_cannot_be_claimed():
    work(body_of(payment="pay-1", amount_paise=10_000), refunded())
    assert balance("payable:unclaimed-acme") == 0
    with pytest.raises(Refused):
        settlement.claim(
            provider_code="acme", reference="pay-1", consumer_id=ASHA, purpose="bill", **CLERK
        )


def test_a_payment_through_a_provider_is_refunded_by_the_provider_alone():
    wanted = order()
    work(captured(wanted))
    wanted.refresh_from_db()
    with pytest.raises(Refused, match="provider"):
        services.reverse_payment(payment_id=wanted.payment_id, reason="typed twice", **CLERK)


def test_bad_signatures_are_counted_and_one_task_and_nothing_is_stored():
    from controller.payments.models import Callback, Provider

    wanted = order()
    for _ in range(3):
        with pytest.raises(schemes.BadSignature):
            call(captured(wanted), NOW_S, secret="some-other-secret")
    assert Provider.objects.get(pk="acme").bad_signatures == 3
    assert len(till.open_tasks("callback_refused")) == 1
    assert not Callback.objects.exists()


def test_a_message_signed_long_ago_is_refused_and_a_rotated_secret_is_still_good():
    wanted = order()
    with pytest.raises(schemes.BadSignature, match="300 s"):
        call(captured(wanted), NOW_S - 301)
    points.rotate_secret(code="acme", secret="b-secret-of-the-provider", **OFFICE)
    call(captured(wanted), NOW_S)
    call(captured(wanted), NOW_S, secret="b-secret-of-the-provider")
    points.rotate_secret(code="acme", secret="c-secret-of-the-provider", **OFFICE)
    with pytest.raises(schemes.BadSignature):
        call(captured(wanted), NOW_S)


def test_secrets_are_sealed_at_rest():
    from controller.payments.models import Provider

    provider = Provider.objects.get(pk="acme")
    assert SECRET.encode() not in bytes(provider.secret_sealed)
    assert points.secrets_of(provider) == [SECRET.encode()]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"event": 7}', b"[" * 60_000, b'{"event": "payment.captured"}']
)
def test_a_genuine_callback_that_cannot_be_read_becomes_a_task(body):
    assert work(body) == ["conflict"]
    assert len(till.open_tasks("payment_conflict")) == 1


def test_a_callback_that_is_too_large_or_of_nobody_is_refused():
    with pytest.raises(Refused, match="65537 bytes"):
        call(b" " * 65_537, NOW_S)
    with pytest.raises(Refused, match="no payment provider"):
        services.receive_callback("nobody", {}, b"{}")


# --- Razorpay ---------------------------------------------------------------------------------


def razorpay(event: str, secret: str = SECRET, **entities) -> object:
    payload = {name: {"entity": entity} for name, entity in entities.items()}
    body = json.dumps({"entity": "event", "event": event, "payload": payload}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return services.receive_callback("razorpay", {"x-razorpay-signature": signature}, body)


def rzp_payment(**more) -> dict:
    plain = {"id": "pay_1", "amount": 10_000, "currency": "INR", "order_id": "order_R1"}
    return plain | {"status": "captured", "method": "netbanking", "notes": []} | more


def test_razorpays_captured_and_order_paid_are_one_payment():
    wanted = order(provider="razorpay")
    services.link_order(order_id=wanted.pk, provider_order="order_R1", **CLERK)
    at_razorpay = {"id": "order_R1", "amount": 10_000, "receipt": wanted.pk}
    razorpay("order.paid", payment=rzp_payment(), order=at_razorpay)
    razorpay("payment.captured", payment=rzp_payment())
    services.process_callbacks()
    wanted.refresh_from_db()
    assert (wanted.state, wanted.payment.method) == ("paid", "bank")
    assert balance("clearing:razorpay") == 10_000


@pytest.mark.parametrize("by", ["receipt", "notes"])
def test_razorpays_order_is_found_by_what_it_gives_back_of_ours(by):
    wanted = order(provider="razorpay")
    if by == "receipt":
        entities = {"payment": rzp_payment(), "order": {"id": "order_X", "receipt": wanted.pk}}
        razorpay("order.paid", **entities)
    else:
        razorpay("payment.captured", payment=rzp_payment(notes={"bijli_order": wanted.pk}))
    services.process_callbacks()
    wanted.refresh_from_db()
    assert wanted.state == "paid"


def test_razorpays_refund_failure_dispute_and_other_events():
    wanted = order(provider="razorpay")
    services.link_order(order_id=wanted.pk, provider_order="order_R1", **CLERK)
    events = [
        razorpay("payment.authorized", payment=rzp_payment(status="authorized")),
        razorpay("payment.failed", payment=rzp_payment(id="pay_0", status="failed")),
        razorpay("payment.captured", payment=rzp_payment()),
        razorpay(
            "refund.processed", payment=rzp_payment(),
            refund={"id": "rfnd_1", "amount": 4_000, "currency": "INR", "payment_id": "pay_1"},
        ),
        razorpay("payment.dispute.created", payment=rzp_payment()),
    ]  # fmt: skip
    services.process_callbacks()
    for event in events:
        event.refresh_from_db()
    outcomes = ["nothing", "nothing", "done", "done", "conflict"]
    assert [event.outcome for event in events] == outcomes
    assert balance("clearing:razorpay") == 6_000


def test_razorpay_signs_the_body_as_it_came():
    with pytest.raises(schemes.BadSignature):
        razorpay("payment.captured", secret="not-the-secret-of-it", payment=rzp_payment())


# --- orders -----------------------------------------------------------------------------------


def test_an_order_is_created_once_for_its_key_and_linked_once():
    wanted = order()
    assert order() == wanted
    with pytest.raises(Refused, match="used for another payment"):
        order(paise=1)
    for _ in range(2):
        services.link_order(order_id=wanted.pk, provider_order="their-1", **CLERK)
    with pytest.raises(Refused):
        services.link_order(order_id=wanted.pk, provider_order="their-2", **CLERK)
    other = order("order-0002")
    with pytest.raises(Refused, match="another order"):
        services.link_order(order_id=other.pk, provider_order="their-1", **CLERK)


def test_an_order_for_part_of_the_dues_is_refused_where_all_must_be_paid():
    """MG-9: before the consumer is sent to the provider."""
    till.owe(ASHA, 20_000)
    till.set_profile(part_payment_allowed=False)
    with pytest.raises(Refused, match="part payment"):
        order()


def test_a_callback_that_always_fails_by_our_own_fault_comes_before_a_person(monkeypatch):
    wanted = order()
    call(captured(wanted), NOW_S)

    def break_down(*_args, **_more):
        raise RuntimeError("a bug")

    monkeypatch.setattr(settlement, "_apply", break_down)
    for _ in range(services.ATTEMPTS_MAX):
        services.process_callbacks()
    monkeypatch.undo()
    assert services.process_callbacks() == 0
    (task,) = till.open_tasks("payment_conflict")
    assert "fails each time" in task.title
