"""Reads the outbox and the routes."""

from django.conf import settings
from django.db.models import Count, QuerySet

from controller.consumers.identity import show_package_id
from controller.fleet import sealing
from controller.notices.models import WAITING, Message, Route

LIST_MAX = 200


def routes() -> dict[str, str]:
    """By channel, the apprise URL: as the environment names it, else as it was set. Secret."""
    found = {
        route.channel: sealing.unseal(f"route {route.channel}", bytes(route.sealed)).decode()
        for route in Route.objects.all()
    }
    named: dict[str, str] = settings.BIJLI_NOTICE_ROUTES
    return found | {channel: url for channel, url in named.items() if url}


def messages(
    state: str = "", consumer_id: str = "", subject: str = "", count: int = 50
) -> QuerySet[Message]:
    """The newest first, at most LIST_MAX; by state, consumer or subject where they are given."""
    found = Message.objects.order_by("-pk")
    wanted = {"state": state, "consumer_id": consumer_id, "subject": subject}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    return found[: min(count, LIST_MAX)]


def counts() -> dict[str, int]:
    """How many messages there are in each state."""
    rows = Message.objects.order_by().values_list("state").annotate(Count("pk"))
    return dict(rows)


def is_told(key: str) -> bool:
    """Whether there is a message of this key."""
    return Message.objects.filter(key=key).exists()


def shown_package(package_id: str) -> str:
    """A package as people see it, without the spaces that a text message would pay for."""
    return show_package_id(package_id).replace(" / ", "/")


def waiting() -> int:
    """How many messages wait to be sent, or to be tried again."""
    return Message.objects.filter(state__in=WAITING).count()
