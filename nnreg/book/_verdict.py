"""Say what does not hold: to a reader as a line, to a verifying run loudly."""

import os

VERIFYING = "NNREG_VERIFY"


def verdict(message: str) -> None:
    """Print `message`; where notebooks are verified, raise it.

    ``make`` sets the environment variable ``NNREG_VERIFY`` to 1 for every run
    that stores or compares outputs. Nobody else has to do anything.

    Raises
    ------
    AssertionError
        If ``NNREG_VERIFY`` is 1.
    """
    if os.environ.get(VERIFYING) == "1":
        raise AssertionError(message)
    print(message)
