"""A plant with homes whose meters have signed readings: what the tests of billing live in."""

from controller.billing import rules

CLERK = {"actor": "clerk"}
JANUARY = rules.read_month("2026-01", 330)
HOUR_S, DAY_S = 3_600, 86_400

# ₹4.00 to 100 units, then ₹6.00; ₹50 a kW and month.
SLABS = {"tables": [[None, True, [[100, 400], [None, 600]]]], "fixed_per_kw_paise": 5000}
DEARER = {"tables": [[None, True, [[None, 1000]]]], "fixed_per_kw_paise": 5000}


class Home:
    """One connection of plant KATS with 2 kW, its package and what its meter has signed."""

    def __init__(self, number: int, meter_id: str, package_id: str):
        from controller.consumers import services

        consumer = services.add_consumer("KATS", "Asha", 1, number, 2000, **CLERK)
        self.connection = services.fit_meter(consumer.id, meter_id, **CLERK)
        self.sequence = 0
        self.version = 0
        self.assign(package_id, None)

    def assign(self, package_id: str, activated_s: int | None, opened_s: int = 0) -> None:
        """Programmes a package; the board confirms it active then, or at once."""
        from controller import clock
        from controller.consumers import services

        self.version += 1
        services.assign_package(self.connection.pk, package_id, **CLERK)
        services.programme_activated(
            self.connection.meter_id, self.version, activated_s or clock.now_s()
        )
        if opened_s:
            self.connection.assignments.filter(programme_version=self.version).update(
                opened_s=opened_s
            )

    def read(self, end_s: int, energy_wh: int, mode: int = 0, charged: int = 0, balance: int = 0):
        """Stores a reading with all energy at rate 0."""
        from controller.headend.models import SignedMessage
        from controller.readings.models import Reading

        self.sequence += 1
        message = SignedMessage.objects.create(
            meter_id=self.connection.meter_id, epoch=1, counter=self.sequence, kind=2,
            envelope=b"signed", received_s=end_s,
        )  # fmt: skip
        return Reading.objects.create(
            meter_id=self.connection.meter_id, sequence=self.sequence, end_s=end_s, flags=0,
            energy_wh=energy_wh, rate0_wh=energy_wh, rate1_wh=0, rate2_wh=0, rate3_wh=0,
            power_w_max=0, voltage_v_min=230, voltage_v_max=230, supply_s=900, credit_mode=mode,
            balance=balance, programme_version=self.version, charged_total=charged,
            message=message,
        )  # fmt: skip
