"""An order: a page that asks, on GET, and one call of a service, on POST.

A refused order shows why and keeps what was typed; it answers 422, so that nobody takes a refusal
for a success. Must not know what is ordered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from controller.console.entry import EntryForm
from controller.console.words import said
from controller.errors import Refused


@dataclass(frozen=True)
class Order:
    """One thing that can be done to a subject; every text is a sentence of the word lists.

    `find` gives the subject or raises Http404; `do` may raise Refused and returns what is said
    afterwards, in the language spoken; `title` names the subject, `back` leads to its page.
    """

    name: str
    label: str
    explanation: str
    form: type[EntryForm]
    needs: str
    find: Callable[..., Any]
    do: Callable[[Any, Any, str], str]
    title: Callable[[Any], str]
    back: Callable[[Any], str]
    danger: bool = False
    shown: Callable[[Any], bool] = lambda _subject: True

    def view(self, request: HttpRequest, **keys: Any) -> HttpResponse:
        """Asks on GET, orders on POST."""
        subject = self.find(request, **keys)
        posted = request.method == "POST"
        form = self.form(request.POST if posted else None, subject)
        form.files = request.FILES
        refused = None
        if form.is_valid():
            try:
                told = self.do(subject, form, request.user.get_username())
            except Refused as error:
                refused = error
            else:
                messages.success(request, told or said(self.label))
                return redirect(self.back(subject))
        context = {
            "order": self,
            "title": self.title(subject),
            "back": self.back(subject),
            "form": form,
            "refused": refused,
        }
        failed = refused is not None or (form.is_bound and not form.is_valid())
        return render(request, "console/order.html", context, status=422 if failed else 200)
