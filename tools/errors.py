"""The errors of the tools: each says what went wrong and what to do.

ToolError
 ├─ StackError    a process of the controller that would not start or stay up
 └─ Unavailable   something that the machine lacks and that could not be fetched
"""


class ToolError(Exception):
    """A failure that a person can put right; printed without a traceback.

    `problem` is what went wrong, `remedy` what to do about it, both plain sentences.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}\n  What to do: {remedy}")
        self.problem = problem
        self.remedy = remedy


class StackError(ToolError):
    """A process of the controller would not start or stay up; the problem ends with its log."""


class Unavailable(ToolError):
    """Something that the machine lacks and that could not be fetched."""
