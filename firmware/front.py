"""The front of the board: display, button, LED, and where they are fitted buzzer and keypad.

Metering comes first: `attend` is called once a second after the limiter has run, and allocates
nothing while nothing changes; `show` follows when there is something new. A front that fails is
counted and tried again, and never costs a second of metering.
It must not know why anything stands; the core's panel and signals do.
"""

from micropython import const

from firmware.core import signals
from firmware.drivers import button as presses
from protocol import messages

FORECAST_EVERY_S = const(60)


class Front:
    """`panel` is the core's; `act(wanted)` carries out the board's actions, set by the owner."""

    def __init__(self, panel, display, button, status_led):
        self.panel = panel
        self.buzzer = None
        self.act = None
        self.is_wanted = True  # the display has something new to show
        self._board = panel.board
        self._display = display
        self._button = button
        self._led = status_led
        self._listener = signals.Listener()
        self._forecast = signals.Forecast()
        self._forecast_s = 0  # uptime

    def attend(self, uptime_s):
        """Live through one second."""
        press = self._button.take()
        if press:
            self._take_press(press, uptime_s)
        if uptime_s >= self._forecast_s:
            self._forecast_s = uptime_s + FORECAST_EVERY_S
            self.panel.supply_ends_min = self._forecast.supply_ends_min(self._board)
        sound = self._listener.hear(self._board, self.panel.supply_ends_min)
        if sound is not None:
            self.play(sound)
        self._led.step()
        if self.panel.is_due(uptime_s):
            self.is_wanted = True

    def show(self, uptime_s):
        """Bring display and LED up to date."""
        self.is_wanted = False
        line1, line2 = self.panel.lines(uptime_s)
        self._display.show(line1, line2)
        self._led.pattern = signals.choose_led(self._board)

    def press_key(self, key):
        """Take a key of the keypad, at once."""
        self.play(signals.CLICK)
        uptime_s = self._board.uptime_s
        wanted = self.panel.press_key(key, uptime_s)
        if wanted:  # it was the end of a token
            self.act(wanted)
            self.play(signals.ACCEPTED if self._board.tokens.is_taken() else signals.REFUSED)
        self.show(uptime_s)

    def play(self, sound):
        """Let the buzzer sound, where there is one."""
        if self.buzzer:
            self.buzzer.play(sound)

    def _take_press(self, press, uptime_s):
        board = self._board
        now_s = board.clock.now_s(uptime_s)
        self.is_wanted = True
        if press == presses.STUCK:
            board.recorder.record_event(messages.EVENT_BUTTON_STUCK, 0)
        elif press == presses.LONG_PRESS:
            self._ask_for_emergency_credit(now_s, uptime_s)
        elif board.holds:
            self.panel.wake(uptime_s)
            self.act(board.press_button(now_s, uptime_s))
            self.play(signals.REFUSED if board.holds else signals.ACCEPTED)
        else:
            self.panel.press(uptime_s)
            self.play(signals.CLICK)

    def _ask_for_emergency_credit(self, now_s, uptime_s):
        board = self._board
        self.panel.wake(uptime_s)
        is_offered = board.account.is_emergency_offered()
        if is_offered:
            self.act(board.accept_emergency(now_s, uptime_s))
        self.play(signals.ACCEPTED if is_offered else signals.REFUSED)
