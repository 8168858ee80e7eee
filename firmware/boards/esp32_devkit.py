"""Pins of the ESP32 DevKit meter board (ESP32-WROOM-32, 4 MB flash).

Nothing but constants: `main.py` builds the drivers from them. Another board is another file here,
named by `"board"` in config.json. Pins 34, 35, 36 and 39 are inputs without pull resistors; 0, 2,
5, 12 and 15 decide how the chip starts, so no coil or button hangs on them.
"""

NAME = "esp32_devkit"

# PZEM-004T v3 metering chip: UART 2 (UART 0 is the console), 9600 8N1 through its optocouplers.
METER_UART = 2
METER_TX_PIN = 17
METER_RX_PIN = 16
METER_ADDRESS = 1  # factory setting of the chip

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

# The metering task feeds the watchdog once a second; 0 = none.
WATCHDOG_MS = 8_000
