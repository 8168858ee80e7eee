"""Water and appliances (MG-15): a plant's purification unit, and what one consumer bought."""

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from controller import clock
from controller.console import account, reach
from controller.console.entry import WH_A_KWH, EntryForm, KeyedForm, paise, rupees_field
from controller.console.orders import Order
from controller.console.reach import rights
from controller.console.sheets import Button, Cell, Section, Sheet, Table, money, number
from controller.console.templatetags.format import month
from controller.console.words import said, say, word
from controller.consumers.models import Consumer, Plant
from controller.extras import queries, rules, services
from controller.extras.models import ApplianceSale, WaterDay
from controller.figures import grouped, kwh, rupees

DAYS_SHOWN = 31


class DayForm(EntryForm):
    """A day of a plant's purification unit."""

    plant = forms.ModelChoiceField(Plant.objects.none(), label=word("Plant"))
    day = forms.DateField(label=word("Day"), widget=forms.DateInput({"type": "date"}))
    litres = forms.IntegerField(
        label=word("Litres made"), min_value=0, max_value=rules.PRODUCED_MAX_L
    )
    electricity = forms.DecimalField(
        label=word("Electricity, kWh"), min_value=0, max_value=rules.USE_MAX_WH // WH_A_KWH,
        decimal_places=3,
    )  # fmt: skip

    def __init__(self, data: Any, subject: list[str]) -> None:
        super().__init__(data, subject)
        field = self.fields["plant"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Plant.objects.filter(pk__in=subject)


class WaterForm(KeyedForm):
    """Water for a consumer's account."""

    litres = forms.IntegerField(label=word("Litres"), min_value=1, max_value=rules.LITRES_MAX)


class ApplianceForm(KeyedForm):
    """An appliance, and how it is paid."""

    item = forms.CharField(label=word("Appliance"), max_length=rules.ITEM_MAX)
    price = rupees_field(word("Price, ₹"))
    down = rupees_field(word("Down payment, ₹"), required=False)
    instalments = forms.IntegerField(
        label=word("Instalments"), min_value=1, max_value=rules.INSTALMENTS_MAX
    )
    first_month = forms.RegexField(
        r"\A20[2-4]\d-(0[1-9]|1[0-2])\Z", label=word("First month, as 2027-01")
    )


def water(request: HttpRequest) -> HttpResponse:
    """What the purification units made, sold and used in the last days."""
    held = rights(request)
    today = timezone.localdate(clock.moment(clock.now_s()))
    first = today - timedelta(days=DAYS_SHOWN - 1)
    plants = Plant.objects.filter(pk__in=held.plants).order_by("pk")
    totals = [_plant_row(plant, queries.water(plant, first, today)) for plant in plants]
    days = WaterDay.objects.filter(plant__in=held.plants, day__gte=first).select_related("plant")
    rows = [
        [
            Cell(str(one.day), small=one.plant.name),
            number(grouped(one.produced_l)),
            number(kwh(one.electricity_wh)),
        ]
        for one in days.order_by("-day", "plant")
    ]
    sums = [say("Plant"), say("Litres made"), say("Litres sold")]
    heads = [say("Day"), say("Litres made"), say("Electricity")]
    return Sheet(
        title=say("Water"),
        subtitle=say("Since {0}", first),
        buttons=[Button(said(RECORD.label), reverse("console:water_record"))]
        if held.may(RECORD.needs)
        else [],
        sections=[
            Section(table=Table(sums, totals)),
            Section(say("Days"), Table(heads, rows, say("None yet."))),
        ],
    ).answer(request)


def _plant_row(plant: Plant, of: queries.WaterFigures) -> list[Cell]:
    used = f"{say('Electricity')} {kwh(of.electricity_wh)}"
    earned = f"{say('Income')} {rupees(of.income_paise)}"
    return [
        Cell(plant.name, small=f"{used} · {earned}"),
        number(grouped(of.produced_l)),
        number(grouped(of.sold_l)),
    ]


def of_consumer(request: HttpRequest, consumer_id: str) -> HttpResponse:
    """Appliances with what is left of each, and water."""
    consumer = reach.consumer(request, consumer_id)
    held = rights(request)
    shown = account.sheet(request, consumer, "account_extras")
    shown.buttons = [
        Button(said(order.label), reverse(f"console:extras_{order.name}", args=[consumer.pk]))
        for order in ORDERS
        if held.may(order.needs)
    ]
    heads = [say("Appliance"), say("Not charged yet"), say("Instalments")]
    rows = [_appliance_row(sale) for sale in queries.appliances(consumer)]
    water_rows = [
        [Cell(str(sale.day)), number(grouped(sale.litres)), money(sale.amount_paise)]
        for sale in consumer.water_sales.all()[:DAYS_SHOWN]
    ]
    water_heads = [say("Day"), say("Litres"), say("Amount")]
    shown.sections = [
        Section(say("Appliances"), Table(heads, rows, say("None yet."))),
        Section(say("Water"), Table(water_heads, water_rows, say("None yet."))),
    ]
    return shown.answer(request)


def _appliance_row(sale: ApplianceSale) -> list[Cell]:
    parts = list(sale.instalments.all())
    charged = sum(part.entry_id is not None for part in parts)
    span = f"{month(parts[0].month)} – {month(parts[-1].month)}" if parts else ""
    state = said(sale.get_state_display())
    return [
        Cell(sale.item, small=f"{rupees(sale.price_paise)} · {state} · {span}"),
        money(queries.left_paise(sale)),
        number(f"{charged} / {len(parts)}"),
    ]


# --- orders -------------------------------------------------------------------------------------


def _record(_plants: list[str], form: DayForm, actor: str) -> str:
    typed = form.cleaned_data
    made = services.record_water(
        plant_code=typed["plant"].pk, day=typed["day"], produced_l=typed["litres"],
        electricity_wh=int(typed["electricity"] * WH_A_KWH), actor=actor,
    )  # fmt: skip
    return say("{0} litres are recorded for {1}.", grouped(made.produced_l), made.day)


def _water(consumer: Consumer, form: WaterForm, actor: str) -> str:
    typed = form.cleaned_data
    sale = services.sell_water(
        key=typed["key"], plant_code=consumer.plant_id, litres=typed["litres"],
        consumer_id=consumer.pk, actor=actor,
    )  # fmt: skip
    return say("{0} litres for {1} stand on the account.", sale.litres, rupees(sale.amount_paise))


def _appliance(consumer: Consumer, form: ApplianceForm, actor: str) -> str:
    typed = form.cleaned_data
    sale = services.sell_appliance(
        key=typed["key"], consumer_id=consumer.pk, item=typed["item"],
        price_paise=paise(typed["price"]), down_paise=paise(typed["down"]),
        instalments=typed["instalments"], first_month=typed["first_month"], actor=actor,
    )  # fmt: skip
    return say("{0} is sold: its instalments come with the bills.", sale.item)


def _page(consumer: Consumer) -> str:
    return reverse("console:account_extras", args=[consumer.pk])


RECORD = Order(
    "record", word("Record a day of water"),
    word("What the unit made and the electricity it took; a day that is there is corrected."),
    DayForm, "extras.change", lambda request: rights(request).plants, _record,
    lambda _plants: say("Water"), lambda _plants: reverse("console:water"),
)  # fmt: skip
ORDERS = (
    Order(
        "appliance", word("Sell an appliance"),
        word("The down payment is owed at once, the rest comes with the bills month by month."),
        ApplianceForm, "extras.change", reach.consumer, _appliance, account.title, _page,
    ),
    Order(
        "water", word("Sell water"),
        word("At the utility's price a litre; it stands on the consumer's account."),
        WaterForm, "extras.change", reach.consumer, _water, account.title, _page,
    ),
)  # fmt: skip
