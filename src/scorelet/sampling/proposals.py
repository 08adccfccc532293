"""How far Metropolis proposals of lattice potentials should go, and where chains should start.

Symbols: E of `ScalarPotential`, bonds once; s2 mean square of φ, m level of mean-field theory. A
shift t w of weights w (one site, or a block of `shift_kernel`) raises E, on average over φ, by

    c2 t^2 + c4 t^4,   c2 = (a + 6 q s2) sum w^2 - b sum_<ij> w_i w_j,   c4 = q sum w^4
"""

import numpy as np

from scorelet.sampling.scalar_potential import ScalarPotential
from scorelet.sampling.shift_kernel import bond_weight, level_count, tent

_RISE = 7.3  # of E at the half width: half of the proposals are accepted
_USEFUL = 0.3  # shifts shorter than so many deviations of φ move nothing that sites do not


def mean_field_level(potential: ScalarPotential) -> float:
    """Return m, at which constant fields have the least energy; 0 if it is at 0."""
    if potential.q == 0:
        return 0.0
    return float(max(0.0, (2 * potential.b - potential.a) / (2 * potential.q))) ** 0.5


def start_width(potential: ScalarPotential) -> float:
    """Return the half width of the law of single sites about m."""
    return _half_width(potential, mean_field_level(potential) ** 2, np.ones((1, 1)), 0.0) / 2


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
    """
    level = mean_field_level(potential)
    s2 = level**2 if mean_square is None else mean_square
    site = _half_width(potential, s2, np.ones((1, 1)), 0.0)
    least = _USEFUL * max(s2, site**2 / 12) ** 0.5
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
    square = float((weights**2).sum())
    c2 = (potential.a + 6 * potential.q * mean_square) * square - potential.b * bonds
    c4 = potential.q * float((weights**4).sum())
    root = (c2**2 + 4 * _RISE * c4) ** 0.5
    # the two forms of one root; each avoids a difference of nearly equal numbers
    return (2 * _RISE / (c2 + root) if c2 > 0 else (root - c2) / (2 * c4)) ** 0.5
