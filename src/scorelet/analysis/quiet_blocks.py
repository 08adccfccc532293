"""The line of white noise, and the floors of its bands, in the blocks that show least of a picture.

Symbols: blocks of 8x8 samples; x_i the mean of block i, f_i the mean square of its m fast DCT
coefficients, s_i that of the next slower ones; v(x) = a x + b the variance of the noise.

White noise is independent in f_i and s_i, so that blocks chosen by s_i / v(x_i) are not chosen by
the noise of f_i: in those that show nothing f_i ~ v(x_i) chi^2_m / m. From the few blocks with the
least s_i / v(x_i) the set grows as long as f_i, in the darker and in the brighter half of the
blocks that are added, is no more than the line of the set says, but for its error. The line is
found by Fisher scoring; a line that all blocks say counts as one more measurement, known to a fifth
at both ends, so that there is a line where quiet blocks are of one brightness.

Constants were set on pictures of BSD400 that were smoothed by 0.8 pixels, and on drawn pages.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from scorelet.analysis.block_dct import SUM, block_dct
from scorelet.analysis.noise_floor import FAST, VarianceLine

Values = np.ndarray

SLOWER = (SUM >= 5) & (SUM <= 8)
"""Coefficients by which blocks are chosen: near the fast ones, where texture is of like power."""
CORNER = SUM >= 11
"""The fastest: with the power of all fast ones in noise that is white between them."""
START = 0.05
"""Share of blocks to start from..."""
FEWEST_QUIET = 100
"""...but so many; pictures with less than twice as many blocks are not looked at."""
GROWTH = 1.5
LIMIT = 2.0
"""Standard errors by which added blocks may lie above the line."""
ROUNDS = 2
"""The blocks are ordered by the line, which is found from them."""
TRUST = 0.2
"""Relative error, at both ends, of the line that all blocks say."""
QUIETEST = (0.01, 50)
"""Share, and least number, of blocks in which floors of bands are compared."""


def quiet_line(blocks: Values, first: VarianceLine) -> VarianceLine:
    """Find the line of white noise from blocks that show little.

    Args:
        blocks: (n, 8, 8), samples.
        first: a line that all blocks say, as by `noise_floor.line_of_blocks`.

    Returns:
        `first` with a, b, and their errors found anew; as it is if there are fewer than 200 blocks,
        or all are of one brightness.
    """
    if len(blocks) < 2 * FEWEST_QUIET or first.high - first.low < 1e-9:
        return first
    power = block_dct(blocks) ** 2
    x, fast = blocks.mean((1, 2)), power[:, FAST].mean(1)
    slower = power[:, SLOWER].mean(1)
    fit, line = _Fit(first), first
    for _ in range(ROUNDS):
        order = np.argsort(slower / line.variance(x))
        line = fit.grow(x[order], fast[order])
    return line


def quiet_floors(blocks: Values, line: VarianceLine, bands: dict[str, Values]) -> dict[str, float]:
    """Return the power in bands over that in the fast ones, in the quietest blocks.

    Blocks are chosen by the coefficients of odd u + v >= 3 where even ones are measured, and the
    other way round, so that the choice biases nothing. White noise has 1 in all bands, unless the
    picture shows something in every block.

    Args:
        blocks: (n, 8, 8), samples.
        line: of the fast coefficients.
        bands: (8, 8) each, true for its coefficients, by name.

    Returns:
        By name; infinite where the fast ones have none, as in blocks with upright edges alone.
    """
    relative = block_dct(blocks) ** 2 / line.variance(blocks.mean((1, 2)))[:, None, None]
    share, least = QUIETEST
    count = max(least, int(share * len(blocks)))
    bands, sums = bands | {"": FAST}, dict.fromkeys([*bands, ""], 0.0)
    odd = SUM % 2 == 1
    for half in (odd, ~odd):
        others = relative[:, (SUM >= 3) & ~half].mean(1)
        quiet = relative[np.argsort(others)[:count]].mean(0)
        for name, band in bands.items():
            sums[name] += float(quiet[band & half].sum())
    means = {name: sums[name] / float(band.sum()) for name, band in bands.items()}
    fast = means.pop("")
    return {name: mean / fast if fast else math.inf for name, mean in means.items()}


@dataclass(frozen=True)
class _Line:
    """Values at both ends, and their covariance."""

    ends: Values
    covariance: Values


class _Fit:
    """Lines by their values at the ends of the brightness of a first one."""

    def __init__(self, first: VarianceLine) -> None:
        self.first = first
        self.span = first.high - first.low
        self.prior = first.variance(np.array([first.low, first.high]))
        self.weight = np.diag(1 / (TRUST * self.prior) ** 2)

    def grow(self, x: Values, fast: Values) -> VarianceLine:
        """Return the line of as many of the first blocks as agree."""
        line = None
        for count, following in _counts(len(x)):
            line = self.solve(x[:count], fast[:count])
            if not self.agree(x[count:following], fast[count:following], line):
                break
        assert line is not None
        return self.line(line)

    def basis(self, x: Values) -> Values:
        share = (x - self.first.low) / self.span
        return np.stack([1 - share, share], 1)

    def solve(self, x: Values, fast: Values) -> _Line:
        """Return the line of blocks, by Fisher scoring."""
        basis, ends = self.basis(x), self.prior
        for _ in range(5):
            weighted = basis / self.variance(basis, ends)[:, None] ** 2 * (FAST.sum() / 2)
            information = weighted.T @ basis + self.weight
            ends = np.linalg.solve(information, weighted.T @ fast + self.weight @ self.prior)
        return _Line(ends, np.linalg.inv(information))

    def variance(self, basis: Values, ends: Values) -> Values:
        values = basis @ ends
        return np.maximum(values, 0.1 * max(float(np.median(values)), 0.05 * self.prior.min()))

    def agree(self, x: Values, fast: Values, line: _Line) -> bool:
        """Whether blocks lie on a line in their darker and in their brighter half."""
        for half in np.array_split(np.argsort(x), 2):
            if not len(half):
                continue
            basis = self.basis(x[half])
            variance = self.variance(basis, line.ends)
            way = (basis / variance[:, None]).mean(0)
            square = 2 / FAST.sum() / len(half) + way @ line.covariance @ way
            if (fast[half] / variance).mean() - 1 > LIMIT * np.sqrt(square):
                return False
        return True

    def line(self, found: _Line) -> VarianceLine:
        """Return the line in a and b, above zero at both ends."""
        to_a = np.array([-1.0, 1.0]) / self.span
        to_b = np.array([1.0, 0.0]) - to_a * self.first.low
        a_error, b_error = (float(np.sqrt(way @ found.covariance @ way)) for way in (to_a, to_b))
        ends = np.maximum(found.ends, 0.1 * self.prior)
        a, b = float(to_a @ ends), float(to_b @ ends)
        return replace(self.first, a=a, b=b, a_error=a_error, b_error=b_error)


def _counts(total: int) -> Iterator[tuple[int, int]]:
    """Yield how many blocks to fit, and how many with those that are to agree."""
    count = min(total, max(FEWEST_QUIET, int(START * total)))
    while count < total:
        following = min(total, int(GROWTH * count))
        yield count, following
        count = following
    yield total, total
