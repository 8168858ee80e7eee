"""The pages that show something: meters and one meter. Nothing is changed here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from controller.console import reach
from controller.console.listing import Listing
from controller.console.pieces import changed
from controller.console.portrait import Portrait
from controller.console.reach import rights


def home(request: HttpRequest) -> HttpResponse:
    """All that the user may do, with counts of what waits; a consumer's own page."""
    if rights(request).consumer is not None:
        return redirect("console:own")
    return render(request, "console/home.html")


def meters(request: HttpRequest) -> HttpResponse:
    """The fleet in numbers and a page of its meters."""
    listing = Listing(request.GET, rights(request))
    return render(request, "console/meters.html", listing.context())


def meters_live(request: HttpRequest) -> HttpResponse:
    """What changed on that page since the browser last looked."""
    return changed(request, Listing(request.GET, rights(request)).pieces())


def meter(request: HttpRequest, meter_id: str) -> HttpResponse:
    """One meter: why it is off, its numbers, load, package, commands and events."""
    return render(
        request,
        "console/meter.html",
        Portrait(reach.meter(request, meter_id), rights(request)).context(),
    )


def meter_live(request: HttpRequest, meter_id: str) -> HttpResponse:
    """What changed on that page since the browser last looked."""
    return changed(request, Portrait(reach.meter(request, meter_id), rights(request)).pieces())
