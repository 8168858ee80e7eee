"""Water: days of the purification unit, and sales. Appliances: sales, and their instalments."""

from django.db import models
from django_fsm import FSMField, transition

from controller.consumers.models import Consumer, Plant
from controller.workflow import Step, Workflow


class WaterDay(models.Model):
    """What a plant's purification unit made on a local day, and the electricity it took."""

    plant = models.ForeignKey(Plant, on_delete=models.PROTECT, related_name="water_days")
    day = models.DateField()
    produced_l = models.PositiveIntegerField()
    electricity_wh = models.BigIntegerField()
    recorded_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["plant", "day"]
        constraints = [models.UniqueConstraint(fields=["plant", "day"], name="water_day_once")]

    def __str__(self) -> str:
        return f"{self.plant_id} {self.day}: {self.produced_l} l"


class WaterSale(models.Model):
    """Water sold once for its key: to a consumer's account, or for cash at a point of sale."""

    key = models.CharField(max_length=100, unique=True)
    plant = models.ForeignKey(Plant, on_delete=models.PROTECT, related_name="water_sales")
    consumer = models.ForeignKey(
        Consumer, on_delete=models.PROTECT, null=True, default=None, related_name="water_sales"
    )
    point_of_sale = models.CharField(max_length=16, blank=True, default="")
    litres = models.PositiveIntegerField()
    price_paise = models.PositiveIntegerField()  # a litre, then
    amount_paise = models.BigIntegerField()
    day = models.DateField()  # local
    sold_s = models.BigIntegerField()
    entry_id = models.BigIntegerField()  # of the ledger
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["-sold_s", "-pk"]
        indexes = [models.Index(fields=["plant", "day"], name="water_sale_day")]

    def __str__(self) -> str:
        return f"{self.litres} l at {self.plant_id}"


class SaleState(models.TextChoices):
    """How an appliance's sale stands."""

    OPEN = "open", "Being paid"
    CHARGED = "charged", "Every instalment is charged"
    RETURNED = "returned", "The appliance was given back"


class ApplianceSale(Workflow):
    """An appliance sold once for its key; its instalments fall due month by month."""

    key = models.CharField(max_length=100, unique=True)
    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="appliances")
    item = models.CharField(max_length=80)
    price_paise = models.BigIntegerField()
    down_paise = models.BigIntegerField(default=0)
    sold_s = models.BigIntegerField()
    state = FSMField(default=SaleState.OPEN, choices=SaleState.choices, protected=True)

    class Meta:
        verbose_name = "appliance sale"
        ordering = ["-sold_s", "-pk"]

    def __str__(self) -> str:
        return f"{self.item} of {self.consumer_id}: {self.state}"

    @property
    def subject(self) -> str:
        """The consumer, for the audit trail."""
        return f"consumer {self.consumer_id}"

    @transition(field=state, source=SaleState.OPEN, target=SaleState.CHARGED)
    def close(self) -> None:
        """Nothing is left to be charged."""

    @transition(field=state, source=SaleState.OPEN, target=SaleState.RETURNED)
    def give_back(self) -> None:
        """What is not charged yet never will be."""


class ApplianceStep(Step):
    """A step of an appliance's sale."""

    sale = models.ForeignKey(ApplianceSale, on_delete=models.CASCADE, related_name="steps")


class Instalment(models.Model):
    """A part of an appliance's price, due with the electricity bill of `month` (YYYY-MM).

    `entry_id` is the ledger's, once it is charged to the consumer's account.
    """

    sale = models.ForeignKey(ApplianceSale, on_delete=models.CASCADE, related_name="instalments")
    number = models.PositiveSmallIntegerField()
    month = models.CharField(max_length=7)
    amount_paise = models.BigIntegerField()
    entry_id = models.BigIntegerField(null=True, default=None)

    class Meta:
        ordering = ["sale", "number"]
        constraints = [models.UniqueConstraint(fields=["sale", "number"], name="instalment_once")]
        indexes = [
            models.Index(
                fields=["month"], condition=models.Q(entry_id=None), name="instalment_open"
            )
        ]

    def __str__(self) -> str:
        return f"instalment {self.number} of sale {self.sale_id}"
