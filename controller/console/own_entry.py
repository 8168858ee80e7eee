"""How a consumer logs in: number, then a code that goes to the phone that we know (MG-11).

Whether a number exists is not told. A code is kept as a keyed hash in the session, good for a
few tries and minutes, and few are sent a day.
"""

import secrets
from typing import Any

from django import forms
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare, salted_hmac

from controller import clock
from controller.access.models import ConsumerLogin
from controller.access.services import add_consumer_login
from controller.audit import services as audit
from controller.audit.models import AuditEvent
from controller.console.entry import EntryForm
from controller.console.words import language, say, word
from controller.consumers import queries as consumers
from controller.consumers.models import Consumer
from controller.errors import Refused
from controller.notices import services as notices
from controller.profile.queries import setting

SESSION = "own_entry"
CODE_DIGITS = 6
CODES_A_DAY_MAX = 5
DAY_S, MINUTE_S = 86_400, 60
SENT, LOGGED_IN, WRONG = "send login code", "log in by code", "wrong login code"
BACKEND = "django.contrib.auth.backends.ModelBackend"


class NumberForm(EntryForm):
    """Who it is."""

    number = forms.CharField(label=word("Consumer number"), max_length=20)


class CodeForm(EntryForm):
    """The code from the text message."""

    code = forms.CharField(
        label=word("Code from the text message"),
        max_length=12,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


def enter(request: HttpRequest) -> HttpResponse:
    """Asks for the number; the code goes out, whether or not there is such a consumer."""
    form = NumberForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        request.session[SESSION] = _send(form.cleaned_data["number"])
        return redirect("console:own_code")
    return _page(request, form, say("Your account"), None)


def code(request: HttpRequest) -> HttpResponse:
    """Takes the code and logs in."""
    waiting = request.session.get(SESSION)
    if not waiting:
        return redirect("console:own_enter")
    form = CodeForm(request.POST if request.method == "POST" else None)
    refused = None
    if form.is_valid():
        refused = _try(request, waiting, form.cleaned_data["code"])
        if refused is None:
            return redirect("console:own")
    return _page(request, form, say("Code from the text message"), refused)


def _page(
    request: HttpRequest, form: EntryForm, title: str, refused: Refused | None
) -> HttpResponse:
    context = {"form": form, "title": title, "refused": refused, "is_code": "code" in form.fields}
    status = 422 if refused or (form.is_bound and not form.is_valid()) else 200
    return render(request, "console/own_entry.html", context, status=status)


def _send(typed: str) -> dict[str, Any]:
    """What the session keeps: for a number that does not exist a code that nobody gets."""
    made = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    now_s = clock.now_s()
    kept = {"consumer": "", "digest": _digest("", made), "sent_s": now_s, "tries": 0}
    try:
        consumer = consumers.find_consumer(typed)
    except Refused:
        return kept
    if not consumer.phone or _sent_lately(consumer, now_s) >= CODES_A_DAY_MAX:
        return kept
    event = audit.record("consumer portal", SENT, f"consumer {consumer.pk}", language=language())
    notices.send(
        template="otp", key=f"login {event.pk}", actor="consumer portal",
        consumer_id=consumer.pk, recipient=consumer.phone, channel="sms",
        values={"code": made, "minutes": setting("otp_ttl_s") // MINUTE_S},
        subject=f"consumer {consumer.pk}",
    )  # fmt: skip
    return {**kept, "consumer": consumer.pk, "digest": _digest(consumer.pk, made)}


def _sent_lately(consumer: Consumer, now_s: int) -> int:
    subject = f"consumer {consumer.pk}"
    found = AuditEvent.objects.filter(subject=subject, at_s__gt=now_s - DAY_S, action=SENT)
    return found.count()


def _try(request: HttpRequest, waiting: dict[str, Any], typed: str) -> Refused | None:
    """None when the code was right and somebody is logged in."""
    waiting["tries"] += 1
    request.session[SESSION] = waiting
    is_late = clock.now_s() > waiting["sent_s"] + setting("otp_ttl_s")
    if is_late or waiting["tries"] > setting("otp_tries_max"):
        del request.session[SESSION]
        return Refused("The code is no longer good", "Ask for a new one.")
    consumer_id = waiting["consumer"]
    right = constant_time_compare(waiting["digest"], _digest(consumer_id, typed))
    if not consumer_id or not right:
        audit.record("consumer portal", WRONG, f"consumer {consumer_id or '?'}")
        return Refused("The code is wrong", "Look at the text message again.")
    del request.session[SESSION]
    login(request, _user_of(consumer_id), backend=BACKEND)
    audit.record(request.user.get_username(), LOGGED_IN, f"consumer {consumer_id}")
    return None


def _user_of(consumer_id: str) -> Any:
    """The consumer's login, opened with the first code; nobody knows its password."""
    name = consumer_id.lower()
    known = ConsumerLogin.objects.filter(user__username=name).select_related("user").first()
    if known is not None:
        return known.user
    return add_consumer_login(
        username=name, password=secrets.token_urlsafe(32), consumer_id=consumer_id,
        actor="consumer portal",
    )  # fmt: skip


def _digest(consumer_id: str, typed: str) -> str:
    """Keyed with Django's secret, which is in no database."""
    text = f"{consumer_id}:{typed.strip()}"
    return salted_hmac("controller.console.own_entry", text, algorithm="sha256").hexdigest()
