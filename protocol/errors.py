"""Everything `protocol` raises about what the far end (or a person) gave it.

    ProtocolError
    ├── EncodeError
    ├── DecodeError
    ├── AuthenticationError
    ├── ReplayError
    ├── LimitError
    ├── MessageError
    ├── CommandError
    ├── TokenError
    └── ProgrammeError
        └── RatingError

The text says what is wrong and what to do. `reason` is the number of docs/wire.md, "Reasons".
This module must not know who catches what.
"""


class ProtocolError(Exception):
    """Anything of the below."""

    reason = 0


class EncodeError(ProtocolError):
    """A value that the wire has no form for."""


class DecodeError(ProtocolError):
    """The bytes are not the one form that is accepted."""

    reason = 14


class AuthenticationError(ProtocolError):
    """The tag does not fit: altered, or for another key, meter, direction or epoch."""

    reason = 13


class ReplayError(ProtocolError):
    """The counter was used before, or is too old to tell."""

    reason = 11


class LimitError(ProtocolError):
    """Larger than `limits` allows."""

    reason = 15


class MessageError(ProtocolError):
    """Well formed, but not a message of ours."""

    reason = 14


class CommandError(ProtocolError):
    """A command that cannot be carried out; `reason` goes into the receipt."""

    def __init__(self, reason, text):
        super().__init__(text)
        self.reason = reason


class TokenError(ProtocolError):
    """Digits that are no token of this key; `answer` is what a meter shows (`sts.ANSWERS`)."""

    reason = 14

    def __init__(self, answer, text):
        super().__init__(text)
        self.answer = answer


class ProgrammeError(ProtocolError):
    """A programme that no board may run."""

    reason = 3


class RatingError(ProgrammeError):
    """A tariff record that cannot be rated."""
