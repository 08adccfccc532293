"""What counts as a whole number in arguments."""

from numbers import Integral


def is_whole(value: object, *, least: int = 0) -> bool:
    """Return whether `value` is an integer of at least `least`; True and 2.0 are none."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least
