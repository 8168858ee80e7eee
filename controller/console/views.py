"""The pages that show something: meters, one meter, bills. Nothing is changed here."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from controller.billing import queries as billing
from controller.billing.models import Bill
from controller.console import queries, reach
from controller.console.listing import Listing
from controller.console.pieces import changed
from controller.console.portrait import Portrait
from controller.console.reach import rights
from controller.errors import Refused

PAGE_BILLS = 50


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


def bills(request: HttpRequest) -> HttpResponse:
    """The bills of one closed month; the latest when none is asked for."""
    periods = queries.closed_periods(rights(request).plants)
    asked = request.GET.get("period", "")
    chosen = next((period for period in periods if str(period.pk) == asked), None)
    chosen = chosen or (periods[0] if periods else None)
    found = Bill.objects.filter(period=chosen).select_related("connection__consumer")
    page = Paginator(found, PAGE_BILLS).get_page(request.GET.get("page"))
    context = {"periods": periods, "chosen": chosen, "page": page}
    return render(request, "console/bills.html", context)


def bill(request: HttpRequest, number: str) -> HttpResponse:
    """One bill: every line, and the signed readings that it rests on."""
    try:
        chosen = billing.find_bill(number)
        reach.consumer(request, chosen.connection.consumer_id)
    except Refused as refused:
        raise Http404(refused) from refused
    readings = [chosen.first_reading, chosen.last_reading]
    context = {
        "bill": chosen,
        "lines": billing.lines_of(chosen),
        "readings": [reading for reading in readings if reading is not None],
    }
    return render(request, "console/bill.html", context)
