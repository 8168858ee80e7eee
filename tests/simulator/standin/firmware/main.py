"""A firmware of a few lines, for tests of the simulator.

It polls its chip, writes a file and obeys its button.
"""

import asyncio
import json
import time

from machine import RTC, UART, WDT, Pin

application = None


class Application:
    def __init__(self):
        self.uart = UART(2, 9600)
        self.watchdog = WDT(timeout=8000)
        self.close_coil = Pin(26, Pin.OUT)
        self.button = Pin(32, Pin.IN, Pin.PULL_UP)
        self.button.irq(self.pressed, Pin.IRQ_FALLING)
        self.presses = 0
        self.buffer = bytearray(64)
        self.energy_wh = 0
        try:
            with open("energy.json") as file:
                self.energy_wh = json.load(file)
        except OSError:
            pass

    def outstanding(self):
        return 0

    def pressed(self, pin):
        self.presses += 1

    def pulse(self):
        self.close_coil.value(1)
        time.sleep_ms(60)
        self.close_coil.value(0)

    async def run(self):
        self.pulse()
        seconds = 0
        while True:
            self.uart.write(b"\x01\x04\x00\x00\x00\x0a\x70\x0d")
            await asyncio.sleep_ms(100)
            if self.uart.readinto(self.buffer):
                self.energy_wh = self.buffer[13] << 8 | self.buffer[14]
            self.watchdog.feed()
            seconds += 1
            if seconds % 60 == 0:
                with open("energy.json", "w") as file:
                    json.dump(self.energy_wh, file)
            await asyncio.sleep_ms(900)


def run():
    global application
    print("started", RTC().datetime()[0], time.time())
    application = Application()
    asyncio.run(application.run())
