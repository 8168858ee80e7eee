"""The metering driver of a board definition: which chip, behind which line.

A driver has `request()` and `collect(sample) -> bool`, which neither wait nor allocate;
`answer_ms` to let pass between them; `name`, `phases`, `keeps_counter` (False: its energy begins
at 0 with every power-on), `faults`, `calibration`; and `detect()` for the boot. This module must
not know registers. Only the driver of a chip that is looked for comes into memory.
"""

import machine
from micropython import const

from firmware.drivers import calibration

AUTO = "auto"
CHIPS = ("pzem004t", "sdm120", "sdm630", "atm90e32")
_PZEM_BAUD = const(9600)
_SDM_FACTORY_BAUD = const(2400)  # of an SDM120


def build(definition):
    """Return the driver of `METER` in a board definition, after looking whether the chip answers.

    One that does not is told on the console: the board runs, its metering is silent until then.
    """
    name = definition.METER
    if name == AUTO:
        driver = _find(definition)
    elif name in CHIPS:
        driver = _build(definition, name)
        if not driver.detect():
            print("metering: no %s answers, see docs/metering.md" % name)
    else:
        raise ValueError("METER must be auto or one of %s" % ", ".join(CHIPS))
    return driver


def _find(definition):
    """Return the first chip that answers; a PZEM-004T when none does.

    An SDM answers a PZEM-004T's request too, with other numbers; a PZEM-004T refuses an SDM's. So
    at each speed the SDM is looked for first.
    """
    driver = None
    if definition.METER_SPI is not None:
        driver = _detected(_build(definition, "atm90e32"))
    driver = driver or _find_sdm(definition, _PZEM_BAUD)
    driver = driver or _detected(_build(definition, "pzem004t", _PZEM_BAUD))
    driver = driver or _find_sdm(definition, _SDM_FACTORY_BAUD)
    if driver:
        print("metering: found a %s" % driver.name)
        return driver
    print("metering: no chip answers, see docs/metering.md")
    return _build(definition, "pzem004t", _PZEM_BAUD)


def _find_sdm(definition, baud):
    driver = _detected(_build(definition, "sdm630", baud))
    if driver and not driver.is_fed_on_more_phases():
        return _detected(_build(definition, "sdm120", baud))
    return driver


def _detected(driver):
    return driver if driver.detect() else None


def _build(definition, name, baud=None):
    gains = calibration.load(name)
    if name == "atm90e32":
        from firmware.drivers.atm90e32 import Atm90e32

        return Atm90e32(
            _spi(definition),
            machine.Pin(definition.METER_SELECT_PIN, machine.Pin.OUT, value=1),
            definition.METER_PHASES,
            definition.METER_GAINS,
            gains,
        )
    from firmware.drivers.modbus import Line

    baud = baud or definition.METER_BAUD
    line = Line(_uart(definition, baud), _direction(definition))
    if name == "pzem004t":
        from firmware.drivers.pzem004t import Pzem004t

        return Pzem004t(line, definition.METER_ADDRESS, gains)
    from firmware.drivers.sdm import Sdm

    phases = 1 if name == "sdm120" else 3
    return Sdm(line, definition.METER_ADDRESS, phases, baud, gains)


def _uart(definition, baud):
    return machine.UART(
        definition.METER_UART,
        baud,
        tx=definition.METER_TX_PIN,
        rx=definition.METER_RX_PIN,
        timeout=0,
    )


def _direction(definition):
    number = definition.METER_DIRECTION_PIN
    return None if number is None else machine.Pin(number, machine.Pin.OUT, value=0)


def _spi(definition):
    return machine.SPI(
        definition.METER_SPI,
        baudrate=definition.METER_SPI_HZ,
        polarity=1,
        phase=1,
        sck=machine.Pin(definition.METER_SCK_PIN),
        mosi=machine.Pin(definition.METER_MOSI_PIN),
        miso=machine.Pin(definition.METER_MISO_PIN),
    )
