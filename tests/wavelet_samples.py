"""Names of wavelets that several tests go through."""

import pytest

FAST = ("haar", "db1", "db2", "sym2", "db4", "sym4", "shannon")
"""Their kernels are compiled by other tests anyway; each other length takes seconds once."""


def short_ones_fast(names):
    """Return names for parametrize; others than `FAST` are marked slow."""
    slow = pytest.mark.slow
    return [name if name in FAST else pytest.param(name, marks=slow) for name in names]
