"""How far Metropolis proposals of lattice potentials should go, and where chains should start.

Symbols: E of `ScalarPotential`, bonds once; s2 mean square of φ, m level of mean-field theory. A
shift t w of weights w (one site, or a block of `shift_kernel`) raises E, on average over φ, by

    c2 t^2 + c4 t^4,   c2 = (a + 6 q s2) sum w^2 - b sum_<ij> w_i w_j,   c4 = q sum w^4
"""

import math

import numpy as np

from scorelet.core.errors import InputError
from scorelet.sampling.scalar_potential import ScalarPotential
from scorelet.sampling.shift_kernel import bond_weight, level_count, tent

_RISE = 7.3  # of E at the half width: half of the proposals are accepted
_USEFUL = 0.3  # shifts shorter than so many deviations of φ move nothing that sites do not


def mean_field_level(potential: ScalarPotential) -> float:
    """Return m, at which constant fields have the least energy; 0 if it is at 0.

    Raises:
        InputError: it is beyond floating-point numbers.
    """
    if potential.q == 0:
        return 0.0
    level = float(max(0.0, (2 * potential.b - potential.a) / (2 * potential.q))) ** 0.5
    if not math.isfinite(level):
        raise _beyond(potential)
    return level


def start_width(potential: ScalarPotential) -> float:
    """Return the half width of the law of single sites about m.

    Raises:
        InputError: as `half_widths`.
    """
    level = mean_field_level(potential)
    return _half_width(potential, level * level, np.ones((1, 1)), 0.0) / 2


def half_widths(
    potential: ScalarPotential, size: int, *, mean_square: float | None = None
) -> tuple[float, ...]:
    """Return the half widths of proposals: of a site, and of the shifts of each level.

    Args:
        potential: E.
        size: L.
        mean_square: s2; that of mean-field theory if None.

    Returns:
        Positive for a site; 0 for levels that are of no use, none at the end.

    Raises:
        InputError: m or a width is beyond floating-point numbers.
    """
    level = mean_field_level(potential)
    s2 = level * level if mean_square is None else mean_square
    site = _half_width(potential, s2, np.ones((1, 1)), 0.0)
    least = _USEFUL * max(s2, site * site / 12) ** 0.5
    widths = [site]
    for number in range(1, level_count(size) + 1):
        line = tent(number, size)
        width = _half_width(potential, s2, np.outer(line, line), bond_weight(number, size))
        widths.append(width if width >= least else 0.0)
    while widths[-1] == 0:
        widths.pop()
    return tuple(widths)


def _half_width(
    potential: ScalarPotential, mean_square: float, weights: np.ndarray, bonds: float
) -> float:
    """t > 0 with c2 t^2 + c4 t^4 = the wanted rise."""
    weight = float((weights**2).sum())
    c2 = (potential.a + 6 * potential.q * mean_square) * weight - potential.b * bonds
    c4 = potential.q * float((weights**4).sum())
    root = (c2 * c2 + 4 * _RISE * c4) ** 0.5
    # the two forms of one root; each avoids a difference of nearly equal numbers
    square = 2 * _RISE / (c2 + root) if c2 > 0 else (root - c2) / (2 * c4) if c4 else math.inf
    if not 0 < square < math.inf:
        raise _beyond(potential)
    return square**0.5


def _beyond(potential: ScalarPotential) -> InputError:
    return InputError(
        f"{potential} is beyond floating-point numbers: fields, or steps that they may take, are "
        "infinite or 0; choose less extreme coefficients."
    )
