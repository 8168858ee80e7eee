"""The API's addresses, and its description for staff who are logged in."""

from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, JsonResponse
from django.urls import path

from controller.access.queries import consumer_of
from controller.api.interface import api


def _is_staff(user: User | AnonymousUser) -> bool:
    return user.is_active and consumer_of(user) is None


@user_passes_test(_is_staff)
def show_schema(_request: HttpRequest) -> JsonResponse:
    """The interface as OpenAPI (JSON), for who connects a point of sale."""
    return JsonResponse(api.get_openapi_schema())


urlpatterns = [path("docs", show_schema, name="api-docs"), path("", api.urls)]
