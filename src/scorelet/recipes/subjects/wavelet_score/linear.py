"""Exponential families for critical φ⁴: fields in one piece, and scale by scale.

The families are the same, their energies are fitted at the same noise levels (in deviations of what
has noise), and both are sampled by Euler-Maruyama in as many uniform steps. The coarsest field is
one number: its law is that of the fields that are fitted.
"""

from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.field_statistics.agreement import even_total_variation, spectrum_ratios
from scorelet.core.random import Noise
from scorelet.models import Denoiser, FiniteSetDenoiser
from scorelet.models.field_energy import Band, WholeField
from scorelet.models.multiscale import Multiscale
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.recipes.subjects.wavelet_score.settings import Linear
from scorelet.sampling import Phi4
from scorelet.sampling.reverse import Cascade, ReversePlan, draw
from scorelet.training.score_matching import Family, fit_noisy
from scorelet.wavelets import OrthogonalWavelet, PacketPlan, WaveletPacket
from scorelet.wavelets.orthogonal.normalization import Normalization

MODELS = {"SGM": "whole fields", "WSGM": "scale by scale"}
WAVELET = "db4"
LEAST = 3.0
"""Frequency from which on spectra are compared, in cycles per side."""
_END = 5.0
_LEVELS = (0.1, 150.0)  # in deviations of the data; e^5 is 148
_FAMILY = Family()
_PIECE = 250


def linear_scores(setup: Linear, seed: int) -> dict[str, Any]:
    """Fit both models; return for each how its samples compare with fields.

    Returns:
        by the names of `MODELS`: variation, total variation of marginals; spectrum, the largest
        |ratio - 1| of radial spectra from `LEAST` on; high, that beyond a quarter of the side;
        places and ratios.
    """
    law = Phi4()
    x = law.sample(setup.fields, setup.side, seed).double()
    other = law.sample(setup.others, setup.side, seed + 1)[:, 0].double()
    samples = {"SGM": _whole(x, setup, seed), "WSGM": _scales(x, setup, seed)}
    return {name: _compared(other, y) for name, y in samples.items()}


def _compared(x: Tensor, y: Tensor) -> dict[str, Any]:
    ratios = spectrum_ratios(x, y)
    pairs = [(k, abs(v - 1)) for k, v in zip(ratios.places, ratios.values, strict=True)]
    return {
        "variation": even_total_variation(x, y),
        "spectrum": max(error for k, error in pairs if k >= LEAST),
        "high": max(error for k, error in pairs if k > x.shape[-1] / 4),
        "places": ratios.places,
        "ratios": ratios.values,
        "errors": ratios.errors,
    }


def _noise_levels(setup: Linear, scale: float) -> list[float]:
    low, high = (torch.tensor(level * scale).log() for level in _LEVELS)
    return torch.linspace(float(low), float(high), setup.levels).exp().tolist()


def _whole(x: Tensor, setup: Linear, seed: int) -> Tensor:
    scale = float(x.std())
    levels = _noise_levels(setup, scale)
    model = fit_noisy(WholeField(), _FAMILY, x, levels, seed=seed, even=True)
    plan = ReversePlan(setup.steps, OrnsteinUhlenbeck(_END, scale))
    with torch.no_grad():
        parts = [draw(model, _like(x, noise), plan, noise) for noise in _noises(setup, seed)]
    return torch.cat(parts)[:, 0]


def _scales(x: Tensor, setup: Linear, seed: int) -> Tensor:
    model = linear_cascade(x, _noise_levels(setup, 1.0), seed)
    scales = [model.record["coarse"], *(1.0 for _ in model.details)]
    plans = [ReversePlan(setup.steps, OrnsteinUhlenbeck(_END, scale)) for scale in scales]
    cascade, low = Cascade(model, plans), x[..., :1, :1]
    with torch.no_grad():
        parts = [cascade.sample(_like(low, noise), noise) for noise in _noises(setup, seed)]
    return torch.cat(parts)[:, 0]


def linear_cascade(x: Tensor, levels: list[float], seed: int) -> Multiscale[Denoiser]:
    """Return energies of each octave of fields, down to one number.

    Args:
        x: (n, 1, L, L) float64, L a power of 2.
        levels: σ, in deviations of details.
        seed: of the noise.
    """
    count = x.shape[-1].bit_length() - 1
    wavelet = OrthogonalWavelet(WAVELET, count)
    units, step = Normalization.fit("scalar", wavelet, x), wavelet.one_level()
    details: list[Denoiser] = []
    for level in range(1, count + 1):
        field = x / units.level_scale(level)
        details.append(
            fit_noisy(Band(WAVELET), _FAMILY, field, levels, seed=seed + level, even=True)
        )
        x = step.analyze(x).low
    low = x / units.level_scale(count)
    transform = WaveletPacket(WAVELET, PacketPlan.wavelet(count))
    record = {"coarse": float(low.std())}
    coarse = FiniteSetDenoiser(low)
    return Multiscale(transform, coarse, details[::-1], normalization=units, record=record)


def _noises(setup: Linear, seed: int) -> list[Noise]:
    starts = range(0, setup.samples, _PIECE)
    return [Noise(seed, range(k, min(k + _PIECE, setup.samples))) for k in starts]


def _like(x: Tensor, noise: Noise) -> Tensor:
    return x.new_zeros(len(noise.samples), *x.shape[1:])
