"""Everything `protocol` raises about what the far end (or a person) gave it.

    ProtocolError
    ├── EncodeError          a value that the wire has no form for
    ├── DecodeError          the bytes are not the one form that we accept
    ├── AuthenticationError  the tag does not fit: wrong key, meter, direction or epoch, or altered
    ├── ReplayError          the counter was seen before, or is too old to tell
    ├── LimitError           larger than a limit of `limits`
    ├── MessageError         well formed, but not a message of ours
    ├── CommandError         a command that cannot be carried out; `reason` goes into the receipt
    └── ProgrammeError       a programme that no board may run
        └── RatingError      its tariff record cannot be rated

The text says what is wrong and what to do. `reason` is the number of wire.md, "Reasons".
This module must not know who catches what.
"""


class ProtocolError(Exception):
    reason = 0


class EncodeError(ProtocolError):
    pass


class DecodeError(ProtocolError):
    reason = 14


class AuthenticationError(ProtocolError):
    reason = 13


class ReplayError(ProtocolError):
    reason = 11


class LimitError(ProtocolError):
    reason = 15


class MessageError(ProtocolError):
    reason = 14


class CommandError(ProtocolError):
    def __init__(self, reason, text):
        super().__init__(text)
        self.reason = reason


class ProgrammeError(ProtocolError):
    reason = 3


class RatingError(ProgrammeError):
    pass
