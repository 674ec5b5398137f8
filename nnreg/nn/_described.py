"""What prints as the call that makes it, and equals what is like it."""

import inspect

import numpy as np


class Described:
    """Keeps each argument under its own name, and prints itself from them.

    Arguments at their default, and generators, are left out.
    """

    def __repr__(self) -> str:
        described = self._described().items()
        given = ", ".join(f"{name}={value!r}" for name, value in described)
        return f"{type(self).__name__}({given})"

    def __eq__(self, other) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        ours, theirs = self.state_dict(), other.state_dict()
        return (
            repr(self) == repr(other)
            and ours.keys() == theirs.keys()
            and all(np.array_equal(ours[name], theirs[name]) for name in ours)
        )

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return copies of all that training changes, by name."""
        return {}

    def _described(self) -> dict:
        """Return the arguments that are not at their default."""
        parameters = inspect.signature(type(self)).parameters.values()
        kept = {
            p.name: (getattr(self, p.name), p.default)
            for p in parameters
            if p.name != "rng" and hasattr(self, p.name)
        }
        return {
            name: value
            for name, (value, default) in kept.items()
            if not np.all(value == default)
        }
