"""Pins of the ESP32 DevKit meter board (ESP32-WROOM-32, 4 MB flash).

Nothing but constants: `firmware/parts.py` builds the drivers from them. Another board is another
file here, named by `"board"` in config.json. What is not fitted is None. Pins 34, 35, 36 and 39
are inputs without pull resistors: give each one of 10 kΩ. 0, 2, 5, 12 and 15 decide how the chip
starts, so no coil or button hangs on them.
"""

NAME = "esp32_devkit"

# Metering chip: pzem004t, sdm120, sdm630, atm90e32, or auto (docs/metering.md).
METER = "pzem004t"
# On UART 2 (UART 0 is the console), 8N1; the PZEM-004T through its optocouplers at 9600 baud.
METER_UART = 2
METER_TX_PIN = 17
METER_RX_PIN = 16
METER_BAUD = 9_600
METER_ADDRESS = 1  # factory setting; 0: find it
METER_DIRECTION_PIN = None  # of an RS-485 driver that does not find its direction by itself
# Or on an SPI bus; None: there is none.
METER_SPI = None

# Latching relay: one driver transistor a coil, high = coil energised. Both pins are low at reset.
RELAY_OPEN_PIN = 25
RELAY_CLOSE_PIN = 26
# Load-side voltage sense behind the relay: optocoupler with a 100 ms hold-up, high = voltage.
LOAD_SIDE_PIN = 34

# Push button to ground, with the chip's pull-up.
BUTTON_PIN = 32

# Status LED, high = lit.
LED_PIN = 4

# 16x2 HD44780 display behind a PCF8574 I2C expander.
I2C_BUS = 0
I2C_SDA_PIN = 21
I2C_SCL_PIN = 22
I2C_HZ = 100_000
DISPLAY_ADDRESS = 0x27  # PCF8574T; the PCF8574AT answers at 0x3F

# DS3231 clock on the same bus; one that does not answer is not missed.
RTC_ADDRESS = 0x68

# Active buzzer behind a transistor, high = sounding; the transistor's base keeps it low at reset.
BUZZER_PIN = 2

# 4x3 keypad: rows from the top, columns from the left, with the chip's pull-ups.
KEYPAD_ROW_PINS = (13, 14, 27, 33)
KEYPAD_COLUMN_PINS = (18, 19, 23)

# Cover switch, high = open. Generator sense, high = the generator feeds. 10 kΩ to ground each.
COVER_PIN = 35
GENERATOR_PIN = 36
# Comparator before the regulator: falls 100 ms and more before the chip dies. 10 kΩ up.
POWER_FAIL_PIN = 39

# Fed once a second, after the limiter has run; longer than any call that blocks (docs/firmware.md,
# "Supervision"). 0 = none.
WATCHDOG_MS = 8_000
