"""How strong the noise is as a function of brightness, under whatever the picture shows.

Symbols: a picture is cut into blocks; s_i is the mean square of m DCT coefficients of block i, x_i
its mean. The noise puts v(x_i) = a x_i + b into s_i, what the picture shows puts t_i >= 0:

    s_i ~ (v(x_i) + t_i) chi^2_m / m.

The law of t is a share of exact zeros (flat blocks) and a log-normal law for the rest, one pair for
each group of blocks of like brightness and like power in the other coefficients, whose noise is
independent of that in s_i, so that grouping by it biases nothing. a, b and these laws are found by
maximum likelihood: expectation maximisation, with Fisher scoring for a and b.

References: the noise model is that of Foi, Trimeche, Katkovnik, Egiazarian 2008, Practical
Poissonian-Gaussian noise modeling and fitting for single-image raw-data, IEEE TIP 17.
"""

from dataclasses import dataclass

import numpy as np

from scorelet.analysis.block_dct import SUM, block_dct

Values = np.ndarray

FAST = SUM >= 9
"""Coefficients that hold least of what pictures show."""
MIDDLE = (SUM >= 3) & (SUM <= 6)
"""Coefficients whose floor is compared with that of the fast ones."""

GROUPS = 4
"""Groups by power in other coefficients, within each of the groups by brightness."""
NODES = 36
SPREAD = (1.0, 3.0)
"""Bounds of the standard deviation of log t: a narrower law of texture would pass for noise."""
FEWEST = 40
"""Blocks without which nothing is fitted."""


@dataclass(frozen=True)
class VarianceLine:
    """The variance of the noise, a x + b, at brightness x.

    Attributes:
        a, b: of the line, in the unit of the picture and that squared; b may be negative where a
            pedestal was subtracted, or x does not reach down to 0.
        a_error, b_error: standard errors by the likelihood, as if the laws of t were known, so
            that errors of twice as many are usual; what photographs hold of noise of their own is
            not in it.
        low, high: brightness that 5 % and 95 % of the blocks lie above; the line is known between.
        flat: probability of each block that it holds noise only, in the order of the blocks.
    """

    a: float
    b: float
    a_error: float
    b_error: float
    low: float
    high: float
    flat: Values

    @property
    def middle(self) -> Values:
        """Brightness half-way between `low` and `high`, (1,)."""
        return np.array([(self.low + self.high) / 2])

    def variance(self, x: Values) -> Values:
        """Return a x + b, at least 2 % of the line's smallest value between `low` and `high`.

        That may be 0 to rounding, where it counts as 1e-9 of the largest.
        """
        ends = [self.a * self.low + self.b, self.a * self.high + self.b]
        return np.maximum(self.a * x + self.b, 0.02 * max(min(ends), 1e-9 * max(ends)))


def fit_line(
    x: Values,
    power: Values,
    count: int,
    others: Values,
    *,
    steps: int = 60,
    start: VarianceLine | None = None,
    brightness_groups: int = 3,
) -> VarianceLine | None:
    """Fit the variance of noise against brightness.

    Args:
        x: means of blocks.
        power: mean squares of `count` coefficients of each.
        count: m.
        others: mean squares of other coefficients of each, by which blocks are grouped.
        steps: of expectation maximisation.
        start: a line to start from.
        brightness_groups: of blocks, in which textures have laws of their own.

    Returns:
        None where fewer than 40 blocks have any power at all.
    """
    used = power > 0
    if used.sum() < FEWEST:
        return None
    flat = np.zeros(len(x))
    fit = _Fit(x[used], power[used], count, start)
    for step in range(steps):
        if step in (0, 10, 20):
            fit.group(others[used], brightness_groups)
        fit.step()
    flat[used] = fit.weights[:, 0]
    return fit.line(flat)


def line_of_blocks(
    blocks: Values, band: Values, *, steps: int = 60, start: VarianceLine | None = None
) -> VarianceLine | None:
    """Fit the variance of noise in a band of DCT coefficients against the means of blocks.

    Args:
        blocks: (n, 8, 8), samples.
        band: (8, 8), true for the coefficients whose power is fitted; blocks are grouped by the
            others with u + v >= 2.
        steps, start: see `fit_line`.

    Returns:
        None where fewer than 40 blocks have any power in the band.
    """
    power = block_dct(blocks) ** 2
    others = power[:, ~band & (SUM >= 2)].mean(1)
    within, count = power[:, band].mean(1), int(band.sum())
    return fit_line(blocks.mean((1, 2)), within, count, others, steps=steps, start=start)


class _Fit:
    """The state of a fit: the line by its values at two brightnesses, and the laws of t."""

    def __init__(self, x: Values, power: Values, count: int, start: VarianceLine | None) -> None:
        self.x, self.half = x, count / 2
        self.low, self.high = (float(q) for q in np.quantile(x, [0.05, 0.95]))
        share = (x - self.low) / max(self.high - self.low, 1e-9)
        self.basis = np.stack([1 - share, share], 1)
        self.unit = float(np.quantile(power, 0.1))
        self.ends = np.full(2, self.unit)
        if start is not None:
            self.ends = np.maximum(
                start.variance(np.array([self.low, self.high])), 0.05 * self.unit
            )
        self.logs = np.linspace(np.log(self.unit) - 4, np.log(self.unit) + 7, NODES)
        self.power = np.minimum(power, np.exp(self.logs[-1]))  # a hot pixel is no noise
        self.t = np.r_[0.0, np.exp(self.logs)]
        self.laws: tuple[Values, Values, Values] | None = None

    @property
    def variance(self) -> Values:
        return np.maximum(self.basis @ self.ends, 0.05 * self.ends.min())

    def group(self, others: Values, brightness_groups: int) -> None:
        """Group blocks by brightness, then by what other coefficients have beyond the noise."""
        by_brightness = _rank(self.x, brightness_groups)
        excess = others - self.variance
        groups = np.zeros(len(self.x), int)
        for number in range(brightness_groups):
            inside = by_brightness == number
            if inside.any():
                groups[inside] = number * GROUPS + _rank(excess[inside], GROUPS)
        count = brightness_groups * GROUPS
        self.groups = groups
        self.members = (groups == np.arange(count)[:, None]).astype(float)
        if self.laws is None:
            means = np.log(self.unit) + np.tile(np.linspace(-2, 2, GROUPS), brightness_groups)
            self.laws = np.full(count, 0.3), means, np.full(count, 1.5)

    def step(self) -> None:
        """One step of expectation maximisation."""
        assert self.laws is not None
        total = self.variance[:, None] + self.t
        ratio = self.power[:, None] / total
        likely = self._log_prior()[self.groups] - self.half * (ratio + np.log(total))
        likely -= likely.max(1, keepdims=True)
        weights = np.exp(likely)
        self.weights = weights / weights.sum(1, keepdims=True)
        self.slope = self.half * (self.weights * (ratio - 1) / total).sum(1)
        information = self.half * (self.weights / total**2).sum(1)
        matrix = (self.basis * information[:, None]).T @ self.basis
        matrix += 1e-9 * np.trace(matrix) * np.eye(2)
        move = np.linalg.solve(matrix, self.basis.T @ self.slope)
        self.ends = np.maximum(self.ends + 1.5 * move, 0.3 * self.ends)
        self._refit_laws()

    def _log_prior(self) -> Values:
        assert self.laws is not None
        zero, mean, spread = self.laws
        log_law = -0.5 * ((self.logs - mean[:, None]) / spread[:, None]) ** 2
        log_law -= np.log(np.exp(log_law).sum(1, keepdims=True))
        log_law += np.log1p(-zero)[:, None]
        return np.concatenate([np.log(zero)[:, None], log_law], 1)

    def _refit_laws(self) -> None:
        held = self.members @ self.weights
        zero = (held[:, 0] + 0.1) / (held.sum(1) + 0.2)
        rest = held[:, 1:]
        count = rest.sum(1) + 1e-9
        mean = rest @ self.logs / count
        square = (rest * (self.logs - mean[:, None]) ** 2).sum(1) / count
        self.laws = zero, mean, np.clip(np.sqrt(square), *SPREAD)

    def line(self, flat: Values) -> VarianceLine:
        """Return the line; errors by the scores of the blocks."""
        span = max(self.high - self.low, 1e-9)
        scores = self.basis * self.slope[:, None]
        matrix = scores.T @ scores
        covariance = np.linalg.inv(matrix + 1e-9 * np.trace(matrix) * np.eye(2))
        to_a = np.array([-1.0, 1.0]) / span if self.high > self.low else np.zeros(2)
        to_b = np.array([1.0, 0.0]) - to_a * self.low
        a = float(to_a @ self.ends)
        errors = [float(np.sqrt(way @ covariance @ way)) for way in (to_a, to_b)]
        return VarianceLine(a, float(to_b @ self.ends), *errors, self.low, self.high, flat)


def _rank(values: Values, count: int) -> Values:
    """Number values 0 to count - 1 by their quantiles."""
    edges = np.quantile(values, np.linspace(0, 1, count + 1)[1:-1])
    return np.searchsorted(edges, values)
