"""What the controller says when it will not do something.

Refused     the caller's input cannot be accepted; nothing was changed
└ Conflict  a key that was used comes back with other content
"""


class Refused(Exception):
    """Input that cannot be accepted.

    `what` says what is wrong, `what_to_do` what would make it right; both are one English
    sentence (or the start of one) shown to operators as they are.
    """

    def __init__(self, what: str, what_to_do: str) -> None:
        super().__init__(f"{what}. {what_to_do}")
        self.what = what
        self.what_to_do = what_to_do


class Conflict(Refused):
    """An idempotency key that was used for something else."""
