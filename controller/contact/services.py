"""Edits a consumer's contact details, once the consumer has agreed by one-time codes (MG-11)."""

import secrets
from collections.abc import Mapping

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from controller import clock, workflow
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.consumers.models import Consumer
from controller.contact import rules
from controller.contact.models import ConsentCode, ContactEdit, EditState
from controller.contact.signals import contact_changed, otp_made
from controller.errors import Refused
from controller.profile.queries import setting


@transaction.atomic
def request_edit(
    *, consumer_id: str, changes: Mapping[str, str], channel: str, actor: str
) -> ContactEdit:
    """Asks for other details (`phone`, `email`, `address`, `language`); the codes go out.

    `channel` is `agent`, or `consumer` where the consumer is logged in: then what needs no code
    is applied at once. A later edit takes the place of one that still waits. Raises Refused.
    """
    consumer = _lock_consumer(consumers.find_consumer(consumer_id).pk)
    present = {name: getattr(consumer, name) for name in rules.FIELDS}
    after = rules.read_changes(changes, present, setting("languages"))
    phones = rules.destinations(channel, consumer.phone, after)
    now_s = clock.now_s()
    _check_quota(consumer, len(phones), now_s)
    _annul_open(consumer, actor)
    ttl_s: int = setting("otp_ttl_s")
    edit = ContactEdit.objects.create(
        consumer=consumer,
        channel=channel,
        before={name: present[name] for name in after},
        after=after,
        requested_s=now_s,
        requested_by=actor,
        expires_s=now_s + ttl_s,
    )
    workflow.note_step(edit, "request", actor=actor, fields=sorted(after), channel=channel)
    for phone in phones:
        _send_code(edit, phone, ttl_s)
    if not phones:
        _apply(edit, actor)
    return edit


def confirm(*, edit_id: int, code: str, actor: str) -> ContactEdit:
    """The consumer tells a code back; with the last of them the edit is applied.

    Raises Refused for a wrong or late code. That try counts, also then: it is stored before.
    """
    with transaction.atomic():
        edit, refused = _try(edit_id, code, actor)
    if refused is not None:
        raise refused
    return edit


def _try(edit_id: int, code: str, actor: str) -> tuple[ContactEdit, Refused | None]:
    found = ContactEdit.objects.select_for_update().filter(pk=edit_id).first()
    if found is None:
        raise Refused(f"There is no edit {edit_id}", "Ask for the edit first.")
    if found.state != EditState.REQUESTED:
        raise Refused(f"The edit is {found.state} already", "Ask for it anew.")
    if clock.now_s() > found.expires_s:
        workflow.move(found, "expire", actor=actor)
        return found, Refused("The code is too old", "Ask for the edit anew.")
    right = _matching(found, code)
    if right is None:
        return found, _count_wrong(found, actor)
    right.confirmed_s = clock.now_s()
    right.save(update_fields=["confirmed_s"])
    workflow.note_step(found, "consent", actor=actor, phone=rules.mask(right.phone))
    if not found.codes.filter(confirmed_s=None).exists():
        _apply(found, actor)
    return found, None


def _matching(edit: ContactEdit, code: str) -> ConsentCode | None:
    for known in edit.codes.filter(confirmed_s=None):
        if constant_time_compare(known.digest, _digest(edit, known.phone, code)):
            return known
    return None


def _count_wrong(edit: ContactEdit, actor: str) -> Refused:
    edit.tries += 1
    left: int = setting("otp_tries_max") - edit.tries
    if left <= 0:
        workflow.move(edit, "annul", actor=actor, note="too many wrong codes")
        return Refused("The code is wrong, and that was the last try", "Ask for the edit anew.")
    edit.save(update_fields=["tries"])
    audit.record(actor, "contact edit: wrong code", edit.subject, id=edit.pk, tries=edit.tries)
    return Refused("The code is wrong", f"Look at the message again; tries left: {left}.")


def _apply(edit: ContactEdit, actor: str) -> None:
    consumer = _lock_consumer(edit.consumer_id)
    if any(getattr(consumer, name) != value for name, value in edit.before.items()):
        raise Refused("The details were changed meanwhile", "Ask for the edit anew.")
    for name, value in edit.after.items():
        setattr(consumer, name, value)
    consumer.save(update_fields=list(edit.after))
    workflow.move(edit, "apply", actor=actor, before=edit.before, after=edit.after)
    contact_changed.send(sender=ContactEdit, edit=edit)


def _lock_consumer(consumer_id: str) -> Consumer:
    return Consumer.objects.select_for_update().get(pk=consumer_id)


def _check_quota(consumer: Consumer, more: int, now_s: int) -> None:
    """Nobody can make us send a phone message after message."""
    sent = ConsentCode.objects.filter(
        edit__consumer=consumer, made_s__gt=now_s - rules.DAY_S
    ).count()
    if sent + more > rules.CODES_A_DAY_MAX:
        raise Refused(
            f"{rules.CODES_A_DAY_MAX} codes a day were sent to this consumer", "Try tomorrow."
        )


def _annul_open(consumer: Consumer, actor: str) -> None:
    for edit in consumer.contact_edits.filter(state=EditState.REQUESTED):
        workflow.move(edit, "annul", actor=actor, note="a later edit took its place")


def _send_code(edit: ContactEdit, phone: str, ttl_s: int) -> None:
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}}"
    ConsentCode.objects.create(
        edit=edit, phone=phone, digest=_digest(edit, phone, code), made_s=edit.requested_s
    )
    otp_made.send(sender=ContactEdit, edit=edit, phone=phone, code=code, ttl_s=ttl_s)


def _digest(edit: ContactEdit, phone: str, code: str) -> str:
    """Keyed with Django's secret, which is in no database; good for this edit and phone only."""
    text = f"{edit.pk}:{phone}:{code.strip()}"
    return salted_hmac("controller.contact", text, algorithm="sha256").hexdigest()
