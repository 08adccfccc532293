"""Moments of samples made those of the fields, band by band: `match_moments` with MALA."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from scorelet.core.random import Noise
from scorelet.models.field_energy import ConditionalEnergy, descend
from scorelet.models.field_energy.band import AnyBand
from scorelet.sampling import Langevin, calibrate_band
from scorelet.training.moment_matching import Matched, match_moments
from scorelet.training.score_matching import BandFit, CascadeFit

STEPS = 60
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
    fields = descend([fit.moments.band for fit in found.bands], x)
    fine_to_coarse = zip(reversed(list(enumerate(found.bands))), fields, strict=True)
    matched = [match_band(fit, y, scale=number) for (number, fit), y in fine_to_coarse][::-1]
    fits = [fit.moved_to(m.theta) for fit, m in zip(found.bands, matched, strict=True)]
    return found.with_bands(fits), matched


def match_band(fit: BandFit, x: Tensor, *, scale: int = 0) -> Matched:
    """Return the parameters of one band whose samples have the moments of fields x (n, 1, h, w)."""
    finer = fit.moments.finer
    pixels = x[0].numel() * (1 if finer is None else finer.period**2)
    low, high = _CHAINS
    share = getattr(fit.moments.band, "subdivisions", 1)  # all bands of an octave together
    count = max(low // share, min(high, _PIXELS // pixels // share))
    x = x[:: max(1, len(x) // count)][:count]
    chains = _Chains(fit.factor.band, x, scale)
    theta = fit.solution.theta
    return match_moments(fit.moments, theta, x, chains.advance, margin=fit.margin)


class _Chains:
    """MALA at the coarse fields of x, from the details of x."""

    def __init__(self, band: AnyBand, x: Tensor, scale: int) -> None:
        self.coarse, self.details = band.coarse(x), band.analyze(x)
        self.noise, self.taken = Noise(_SEED, range(len(x)), scale=scale), 0
        self.epsilon = 0.0

    def advance(self, factor: ConditionalEnergy) -> Sequence[Tensor]:
        """Go on for some steps; return fields of the second half of them."""
        energy = factor.given(self.coarse)
        if not self.epsilon:
            self.epsilon = self._pilot(factor)
        kernel = Langevin(energy, self.epsilon)
        state, fields = kernel.init(self.details), []
        for step in range(1, STEPS + 1):
            state, _ = kernel.step(state, self.noise.at(self.taken))
            self.taken += 1
            if step > STEPS // 2 and step % (STEPS // 2 // _LOOKS) == 0:
                fields.append(energy.picture(state.x))
        self.details = state.x
        return fields

    def _pilot(self, factor: ConditionalEnergy) -> float:
        """Return the step of these chains."""
        coarse, details = self.coarse[:_PILOTS], self.details[:_PILOTS]
        noise = replace(self.noise, seed=_SEED + 1, samples=range(len(coarse)))
        schedule, _ = calibrate_band(factor.given(coarse), details, noise, _PILOT_STEPS)
        return schedule.epsilons[-1]
