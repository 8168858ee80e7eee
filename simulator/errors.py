"""What can go wrong with a simulated fleet.

SimulatorError
├── BoardDied            the board's process ended by itself, or was killed
├── BoardRefused         the board's process did not accept a request
├── CompileFailed        a source file that MicroPython does not take
├── InterpreterMissing   no MicroPython that runs here
├── NotRunning           the board is not started
└── ProfileError         a load profile that cannot be read
"""


class SimulatorError(Exception):
    """Anything below; the text says what happened and what to do."""


class BoardDied(SimulatorError):
    """A board's process ended by itself; the text ends with what it last printed."""


class BoardRefused(SimulatorError):
    """A board's process did not accept a request, such as one it does not know."""


class CompileFailed(SimulatorError):
    """A source file that the MicroPython compiler refuses; the text names file and line."""


class InterpreterMissing(SimulatorError):
    """There is no MicroPython interpreter that runs here; the text says what to do."""


class NotRunning(SimulatorError):
    """The board has no process: it was not started, or its house has no mains."""


class ProfileError(SimulatorError):
    """A load profile cannot be read; the text names the file, the row and what to mend."""
