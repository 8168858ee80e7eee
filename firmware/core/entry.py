"""The keypad's entry line: digits, `*` takes the last one back, `#` enters.

What nobody finishes within ENTRY_TIMEOUT_S is forgotten. This module must not know what the digits
mean, nor the keypad.
"""

TOKEN_DIGITS = 20
ENTRY_TIMEOUT_S = 60
_GROUP = 4
_GROUPS_PER_LINE = 3
_LINE_DIGITS = _GROUP * _GROUPS_PER_LINE


class Entry:
    """`digits` is what stands on the line now."""

    def __init__(self):
        self.digits = ""
        self._last_s = 0

    def press(self, key, uptime_s):
        """Take a key, one of "0123456789*#"; return the digits that `#` entered, or None."""
        self.expire(uptime_s)
        self._last_s = uptime_s
        if key == "#":
            entered = self.digits
            self.digits = ""
            return entered or None
        if key == "*":
            self.digits = self.digits[:-1]
        elif len(self.digits) < TOKEN_DIGITS:
            self.digits += key
        return None

    def expire(self, uptime_s):
        """Forget an entry that nobody goes on with; return whether there was one."""
        if self.digits and uptime_s - self._last_s >= ENTRY_TIMEOUT_S:
            self.digits = ""
            return True
        return False

    def lines(self):
        """Return the digits in groups of four on two lines, and where the next one goes."""
        line = group(self.digits[:_LINE_DIGITS])
        rest = group(self.digits[_LINE_DIGITS:])
        if len(self.digits) < _LINE_DIGITS:
            return line + "_", ""
        return line, rest + "_" if len(self.digits) < TOKEN_DIGITS else rest


def group(digits):
    """Return digits in groups of four: "1234 5678 9"."""
    return " ".join(digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))
