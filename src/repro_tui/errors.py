"""What the program says when it cannot do what was asked, and how it exits."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of a comparison, and of everything that ends in one."""

    SAME = 0
    """The outcomes are identical, or within the tolerance that was asked for."""
    DIFFERENT = 1
    """The outcomes differ."""
    FAILED = 2
    """The program could not do what was asked."""
    UNVERIFIABLE = 3
    """The evidence does not suffice to say."""


class ReproError(Exception):
    """The program cannot do what was asked.

    `message` is one sentence that says what is wrong; `hint` is one sentence that
    says what to do about it. Both may hold untrusted text: every view passes them
    through `text.visible`.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
