"""Moments of samples made those of the fields, band by band: `match_moments` with MALA.

Score matching sees forces where fields are. With few fields the energy may be too low where they
are rare, and chains go there, from where no step of likelihood brings them back. Such a band is
fitted again with a heavier smoothing of its potential, until its samples keep the moments of the
fields. Where the mean Hessian is not positive, as couplings may come out even of a Gaussian law
whose spectrum has jumps, parameters first begin at the best energy that is log-concave everywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from torch import Tensor

from scorelet.core.random import Noise
from scorelet.models.field_energy import BandEnergy, ConditionalEnergy, descend
from scorelet.sampling import (
    Langevin,
    WhitenedBand,
    calibrate_band,
    filtered,
    is_elongated,
    is_positive,
    mean_curvature,
    whitening_root,
)
from scorelet.training.moment_matching import ROUNDS, Matched, match_moments
from scorelet.training.score_matching import BandFit, CascadeFit

STEPS = 60, 400
"""Of a round at least, and at most where chains have a preconditioner."""
_UNMATCHED = 4.0
_MOST = 1 << 16  # pixels of a band that is projected: every parameter has a symbol
_TIMES = 8.0  # that a round is long, of the time in which chains forget their start
_PIXELS = 1 << 17  # of all chains of a band, on the grid of its potential
_CHAINS = 64, 2048
_LOOKS = 4
_PILOTS, _PILOT_STEPS = 32, 60
_SEED = 61803


def match_cascade(found: CascadeFit, x: Tensor) -> tuple[CascadeFit, list[Matched]]:
    """Return a cascade whose bands have the moments of fields, and what that took.

    Args:
        found: what score matching has found.
        x: standardised fields, (n, 1, h, w), float64.
    """
    pairs = [match_band(fit, y, scale=number) for number, fit, y in _bands(found, x)]
    return found.with_bands([fit for fit, _ in pairs]), [matched for _, matched in pairs]


def missed_moments(found: CascadeFit, x: Tensor) -> list[float]:
    """Return by how much samples of each band miss the moments of fields, which stay as they are.

    Arguments as of `match_cascade`. See `Matched.before`.
    """
    return [_match(fit, y, number, rounds=1).before for number, fit, y in _bands(found, x)]


def _bands(found: CascadeFit, x: Tensor) -> list[tuple[int, BandFit, Tensor]]:
    """Return number, fit and fields of each band, coarse to fine."""
    fields = list(descend([fit.moments.band for fit in found.bands], x))[::-1]
    return [(k, fit, y) for k, (fit, y) in enumerate(zip(found.bands, fields, strict=True))]


def match_band(fit: BandFit, x: Tensor, *, scale: int = 0) -> tuple[BandFit, Matched]:
    """Return a band whose samples have the moments of fields x (n, 1, h, w), and what that took.

    Where no start gives that, it is the band whose samples are nearest, as score matching has it.
    """
    tried: list[tuple[BandFit, Matched]] = []
    for start in _starts(fit, x):
        tried.append((start, _match(start, x, scale)))
        if is_matched(tried[-1][1].after):
            fit, found = tried[-1]
            return fit.moved_to(found.theta), found
    fit, found = min(tried, key=lambda pair: pair[1].before)
    return fit, replace(found, theta=fit.solution.theta, rounds=0, gain=0.0, after=found.before)


def _starts(fit: BandFit, x: Tensor) -> Iterator[BandFit]:
    """Yield where parameters begin: at a band, at the best log-concave energy, at stiffer bands."""
    yield fit
    size, curvature = fit.moments.size, mean_curvature(fit.factor, x)
    if size[0] * size[1] <= _MOST and not is_positive(fit.factor, size, curvature):
        projected = fit.projected()
        if projected is not None:
            yield projected
    while (stiffer := fit.stiffened()) is not None:
        yield (fit := stiffer)


def _match(fit: BandFit, x: Tensor, scale: int, *, rounds: int = ROUNDS) -> Matched:
    """Return the parameters of one band whose samples have the moments of fields x (n, 1, h, w)."""
    finer = fit.moments.finer
    pixels = x[0].numel() * (1 if finer is None else finer.period**2)
    low, high = _CHAINS
    share = getattr(fit.moments.band, "subdivisions", 1)  # all bands of an octave together
    count = max(low // share, min(high, _PIXELS // pixels // share))
    x = x[:: max(1, len(x) // count)][:count]
    chains = _Chains(fit.factor, x, scale)
    theta = fit.solution.theta
    options = {"margin": fit.margin, "rounds": rounds}
    return match_moments(fit.moments, theta, x, chains.advance, chains.stretch, **options)


def is_matched(after: float) -> bool:
    """Whether moments agree so far, mean squared difference in errors, that chains may settle."""
    return after <= _UNMATCHED


class _Chains:
    """MALA at the coarse fields of x, from the details of x.

    Where the first energy is elongated, chains move in coordinates in which it is nearly round:
    else its flat directions would stay what they are in the fields, and no moment would differ.
    """

    def __init__(self, factor: ConditionalEnergy, x: Tensor, scale: int) -> None:
        self.coarse, self.state = factor.band.coarse(x), factor.band.analyze(x)
        self.noise, self.taken = Noise(_SEED, range(len(x)), scale=scale), 0
        size = int(x.shape[-2]), int(x.shape[-1])
        curvature = mean_curvature(factor, x)
        self.root = whitening_root(factor, size, curvature)
        self.whitens = is_elongated(factor, size, curvature)
        if self.whitens:
            self.state = WhitenedBand(factor.given(self.coarse), self.root).whitened(self.state)
        self.epsilon = self._pilot(factor)
        if self.whitens:
            self.advance(factor)  # leaves the fields

    def advance(self, factor: ConditionalEnergy) -> Sequence[Tensor]:
        """Go on for some steps; return fields of the second half of them."""
        energy = self._energy(factor, self.coarse)
        kernel = Langevin(energy, self.epsilon)
        state, fields = kernel.init(self.state), []
        every = max(1, self.steps // 2 // _LOOKS)
        for step in range(1, 2 * _LOOKS * every + 1):
            state, _ = kernel.step(state, self.noise.at(self.taken))
            self.taken += 1
            if step > _LOOKS * every and step % every == 0:
                fields.append(energy.picture(state.x))
        self.state = state.x
        return fields

    def stretch(self, d: Tensor) -> Tensor:
        """Return P^(1/2) d, of the first energy."""
        return filtered(self.root, d)

    @property
    def steps(self) -> int:
        """Of a round: coordinates of unit curvature forget their start in 1 / ε steps."""
        least, most = STEPS
        return min(most, max(least, round(_TIMES / self.epsilon))) if self.whitens else least

    def _pilot(self, factor: ConditionalEnergy) -> float:
        """Return the step of these chains."""
        energy = self._energy(factor, self.coarse[:_PILOTS])
        start = self.state[:_PILOTS]
        noise = replace(self.noise, seed=_SEED + 1, samples=range(len(start)))
        schedule, _ = calibrate_band(energy, start, noise, _PILOT_STEPS)
        return schedule.epsilons[-1]

    def _energy(self, factor: ConditionalEnergy, coarse: Tensor) -> BandEnergy | WhitenedBand:
        energy = factor.given(coarse)
        return WhitenedBand(energy, self.root) if self.whitens else energy
