"""Laws of the weights of a layer, from which a layer of any width is drawn.

Symbols: rows w of a layer, (c s), with the neuron's bias as one entry more where there is one; C
their covariance about zero. Rows of a new layer are independent N(0, C).

Reference: Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, definition 2 and eq. 15.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from scorelet.analysis.alignment.layers import Layer
from scorelet.analysis.weight_covariance.learned import learned_part
from scorelet.analysis.weight_covariance.similarity import with_covariance
from scorelet.analysis.weight_covariance.spectrum import weight_spectrum
from scorelet.core.errors import InputError

LAWS = ("empirical", "shrunk", "white")
"""N(0, C); N(0, v (identity + what was learned)), v the initial variance; N(0, mean variance)."""


@dataclass(frozen=True)
class Law:
    """How weights are drawn.

    Args:
        name: one of `LAWS`.
        rank: keep the so many largest eigenvalues of each layer; None: all.

    Raises:
        InputError: another name, a rank below 1, or a rank of a law that has none.
    """

    name: str = "empirical"
    rank: int | None = None

    def __post_init__(self) -> None:
        """Check name and rank."""
        if self.name not in LAWS:
            raise InputError(f"The law is {self.name!r}: use {', '.join(LAWS)}.")
        if self.rank is not None and (self.rank < 1 or self.name != "empirical"):
            raise InputError(
                f"rank is {self.rank}: it must be at least 1, and is for the empirical law only."
            )


def drawn_rows(layer: Layer, neurons: int, law: Law, rng: Generator) -> tuple[Tensor, Tensor]:
    """Draw weights (neurons, c, s), and one bias for each of them, 0 where the layer has none.

    Args:
        layer: of the reference, whose law it is.
        neurons: of the new layer.
        law: how.
        rng: draws.
    """
    rows, bias = layer.rows(), layer.bias
    if law.name == "empirical":
        if bias is not None:
            rows = torch.cat([rows, bias.detach().to(rows)[:, None]], 1)
        found = _gaussian(rows, neurons, law.rank, rng)
        weights, offsets = (found, None) if bias is None else (found[:, :-1], found[:, -1])
    else:
        weights, offsets = _spread(layer, rows, neurons, law.name, rng), None
        if bias is not None:
            picked = torch.randint(len(bias), (neurons,), generator=rng)
            offsets = bias.detach().to(rows)[picked]
    _, channels, taps = layer.shape
    shaped = weights.unflatten(1, (channels, taps))
    return shaped, torch.zeros(neurons).to(rows) if offsets is None else offsets


def _gaussian(rows: Tensor, neurons: int, rank: int | None, rng: Generator) -> Tensor:
    """Rows ~ N(0, C), by a thin factor: g diag(√λ) Vᴴ."""
    spectrum = weight_spectrum(rows).first(rank or rows.shape[1])
    white = _white(neurons, len(spectrum.values), rows, rng)
    return (white * spectrum.values.sqrt()) @ spectrum.vectors.mH


def _spread(layer: Layer, rows: Tensor, neurons: int, name: str, rng: Generator) -> Tensor:
    white = _white(neurons, rows.shape[1], rows, rng)
    if name == "white":
        return white * rows.abs().square().mean().sqrt()
    variance = layer.initial_variance()
    return variance**0.5 * with_covariance(
        white, learned_part(weight_spectrum(rows, variance=variance))
    )


def _white(rows: int, columns: int, like: Tensor, rng: Generator) -> Tensor:
    return torch.randn(rows, columns, generator=rng, dtype=like.dtype)
