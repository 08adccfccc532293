"""How long work tells whoever waits how far it has come."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called from time to time with (units done, units in all)."""
Say = Callable[[str], None]
"""Called with sentences for the user."""
