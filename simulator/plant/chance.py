"""A small generator of numbers that is the same on both runtimes; it stays within small integers.

It must not be used for secrets.
"""


class Chance:
    """Two multiplicative generators, added; `state` is a list that can be kept and given back."""

    def __init__(self, seed):
        self.state = [seed % 32_000 + 1, seed // 32_000 % 32_000 + 1]

    def below(self, bound):
        """Return a number from 0 to `bound` - 1; `bound` is at most 30,000."""
        one, two = self.state
        one = one * 171 % 30269
        two = two * 172 % 30307
        self.state = [one or 1, two or 1]
        return (one + two) % bound

    def between(self, low, high):
        """Return a number from `low` to `high`, both included, at most 30,000 apart."""
        return low + self.below(high - low + 1)
