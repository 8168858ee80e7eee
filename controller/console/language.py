"""Which language a browser is answered in: the one chosen in the page's head, or its own."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from controller.console import words

COOKIE = "language"
COOKIE_S = 365 * 86_400


class Language:
    """Django middleware: the rest of the answer is made in the language of the browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The next layer's answer."""
        with words.speaking(_of(request)):
            return self.get_response(request)


def _of(request: HttpRequest) -> str:
    """The cookie's language, else the first that the browser wants and we have, else English."""
    asked = [request.COOKIES.get(COOKIE, "")]
    wanted = request.headers.get("Accept-Language", "")[:200]
    asked += [part.strip()[:2].lower() for part in wanted.split(",")]
    return next((code for code in asked if code in words.LANGUAGES), words.ENGLISH)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keeps the chosen language in a cookie, and goes back to the page that was in view."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    answer = HttpResponseRedirect(back)
    chosen = request.POST.get("language", "")
    if chosen in words.LANGUAGES:
        answer.set_cookie(COOKIE, chosen, COOKIE_S, samesite="Lax", secure=request.is_secure())
    return answer
