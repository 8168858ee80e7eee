"""Which address leads to which app, and who answers when none does or it fails."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("controller.api.urls")),
    path("", include("controller.console.urls")),
]

handler403 = "controller.console.failure.forbidden"
handler404 = "controller.console.failure.not_found"
handler500 = "controller.console.failure.failed"
