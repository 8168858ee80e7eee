"""What can go wrong with a simulated fleet.

SimulatorError
├── BoardDied        the board's process ended by itself, or was killed
├── BoardRefused     the board's process did not accept a request
├── NotRunning       the board is not started
└── ProfileError     a load profile that cannot be read
"""


class SimulatorError(Exception):
    """Anything below; the text says what happened and what to do."""


class BoardDied(SimulatorError):
    pass


class BoardRefused(SimulatorError):
    pass


class NotRunning(SimulatorError):
    pass


class ProfileError(SimulatorError):
    pass
