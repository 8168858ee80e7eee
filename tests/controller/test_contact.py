"""Contact details (MG-11): the consumer's own consent, by codes that nobody else can use."""

import pytest

from controller.contact import rules
from controller.errors import Refused

OFFICE = {"actor": "office"}
AGENT = "agent"
OLD, NEW = "9876543210", "+919812345678"
LANGUAGES = ("en", "hi")
PRESENT = {"phone": OLD, "email": "", "address": "", "language": ""}


@pytest.fixture
def consumer(db, clock):
    from controller.consumers import services

    services.add_plant("KATS", "BH", "Katsa", **OFFICE)
    return services.add_consumer("KATS", "Asha Devi", 11, 12, 2000, phone=OLD, **OFFICE)


@pytest.fixture
def phones(consumer):
    """What each phone received, by its number."""
    from controller.contact.signals import otp_made

    received = {}

    def hear(phone, code, **_more):
        received[phone] = code

    otp_made.connect(hear)
    yield received
    otp_made.disconnect(hear)


def edit(channel=AGENT, **changes):
    from controller.contact import services

    return services.request_edit(
        consumer_id="BHKATS01112", changes=changes, channel=channel, actor="ravi"
    )


def confirm(edit, code):
    from controller.contact import services

    return services.confirm(edit_id=edit.pk, code=code, actor="ravi")


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_an_agents_edit_is_made_when_the_consumer_tells_the_code_from_their_phone(
    consumer, phones
):
    """MG-11: by a field agent with the customer's consent by OTP."""
    asked = edit(address="House 4,  Katsa", language="hi")
    consumer.refresh_from_db()
    assert (consumer.address, list(phones)) == ("", [OLD])
    confirm(asked, phones[OLD])
    consumer.refresh_from_db()
    assert (consumer.address, consumer.language) == ("House 4, Katsa", "hi")
    assert [step.name for step in asked.steps.all()] == ["request", "consent", "apply"]


def test_a_new_phone_needs_the_old_ones_consent_and_proves_itself(consumer, phones):
    """MG-11: an agent cannot move a consumer's messages to another phone alone."""
    asked = edit(phone="+91 98123-45678")
    confirm(asked, phones[NEW])
    consumer.refresh_from_db()
    assert consumer.phone == OLD
    confirm(asked, f" {phones[OLD]} ")
    consumer.refresh_from_db()
    assert consumer.phone == NEW


def test_a_consumer_who_is_logged_in_needs_a_code_for_a_new_phone_only(consumer, phones):
    """MG-11: by the customer in the app."""
    assert edit("consumer", email="asha@example.org").state == "applied"
    consumer.refresh_from_db()
    assert (consumer.email, phones) == ("asha@example.org", {})
    asked = edit("consumer", phone=NEW)
    assert list(phones) == [NEW]
    assert confirm(asked, phones[NEW]).state == "applied"


def test_wrong_codes_count_and_void_the_edit_though_each_is_refused(consumer, phones):
    from controller.profile import services as profile

    profile.change(name="otp_tries_max", value=2, **OFFICE)
    asked = edit(address="House 4")
    for says in ("tries left: 1", "last try"):
        with pytest.raises(Refused, match=says):
            confirm(asked, wrong(phones[OLD]))
    with pytest.raises(Refused, match="void already"):
        confirm(asked, phones[OLD])
    consumer.refresh_from_db()
    assert consumer.address == ""


def test_a_code_is_good_for_its_time_its_edit_and_once(consumer, phones, clock):
    first = edit(address="House 4")
    code = phones[OLD]
    second = edit(address="House 5")
    with pytest.raises(Refused, match="void already"):
        confirm(first, code)
    confirm(second, phones[OLD])
    with pytest.raises(Refused, match="applied already"):
        confirm(second, phones[OLD])
    third = edit(address="House 6")
    clock(200_000_000 + 601)
    with pytest.raises(Refused, match="too old"):
        confirm(third, phones[OLD])
    third.refresh_from_db()
    assert third.state == "expired"


def test_no_code_stands_in_the_database_or_the_audit_trail(consumer, phones):
    from controller.audit.models import AuditEvent
    from controller.contact.models import ConsentCode

    edit(address="House 4")
    row = ConsentCode.objects.get()
    told = [str(event.detail) for event in AuditEvent.objects.all()]
    assert phones[OLD] not in " ".join([row.digest[:6], *told])
    assert len(row.digest) == 64


def test_nobody_can_make_us_send_message_after_message(consumer, phones, clock):
    for number in range(rules.CODES_A_DAY_MAX):
        edit(address=f"House {number}")
    with pytest.raises(Refused, match="codes a day"):
        edit(address="House 99")
    clock(200_000_000 + rules.DAY_S)
    edit(address="House 99")


def test_an_edit_says_what_was_before_and_after(consumer, phones):
    from controller.audit.models import AuditEvent
    from controller.contact import queries

    asked = edit(address="House 4")
    assert queries.open_edit(consumer) == asked
    confirm(asked, phones[OLD])
    event = AuditEvent.objects.get(action="contact edit: apply")
    assert (event.detail["before"], event.detail["after"]) == (
        {"address": ""}, {"address": "House 4"},
    )  # fmt: skip
    assert [row.pk for row in queries.history(consumer)] == [asked.pk]


def test_a_consumer_without_any_phone_cannot_consent_but_may_get_one(consumer, phones):
    consumer.phone = ""
    consumer.save()
    with pytest.raises(Refused, match="no phone"):
        edit(address="House 4")
    asked = edit(address="House 4", phone=NEW)
    assert confirm(asked, phones[NEW]).state == "applied"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"phone": "12345"}, "no phone number"),
        ({"phone": ""}, "no phone number"),
        ({"email": "asha"}, "no e-mail"),
        ({"email": "a@b"}, "no e-mail"),
        ({"address": "x" * 201}, "too long"),
        ({"address": "a\x00b"}, "too long"),
        ({"language": "fr"}, "no language"),
        ({"name": "Another"}, "cannot be edited"),
        ({"status": "banned"}, "cannot be edited"),
        ({"phone": OLD}, "Nothing"),
        ({}, "Nothing"),
    ],
)
def test_what_is_no_detail_is_refused(changes, says):
    with pytest.raises(Refused, match=says):
        rules.read_changes(changes, PRESENT, LANGUAGES)


def test_a_phone_is_shown_to_strangers_by_its_last_digits():
    assert rules.mask(OLD) == "•••••••210"
