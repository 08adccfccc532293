"""Which asinh makes the law of single pixels normal, and whether it is worth it.

Symbols: x pixels; T(x) = asinh((x - a) / b); F distribution function of pixels, divided by their
mean and deviation; Φ that of the normal law. Of all a and b those of maximum likelihood are taken,
with T(x) normal of any mean and variance:

    log L / n = -log std(T(x)) + mean log T'(x)

How far pixels are from normal is Kolmogorov's distance sup |F - Φ|. Where data have an atom, as
many equal pixels, likelihood may put a steep T there for no use; the distance sees that. A few
fields with long waves hold few independent pixels, which are far from normal by chance: fields of
the same power and random phases say how far.

References: Theiler, Eubank, Longtin, Galdrikian, Farmer 1992, Physica D 58 (random phases).
"""

import math

import torch
from torch import Tensor

from scorelet.core.random import generator, randn
from scorelet.core.typing import Fields
from scorelet.data.fields.pointwise import Asinh

FAR, WORTH = 0.03, 0.5
"""Pixels so far from normal are transformed, if that leaves at most this share of the distance."""
LEFT = 0.25
"""Share of the distance that the mildest asinh leaves."""
_MILDER, _MILDEST = 2**0.25, 64.0  # steps of its scale, and the largest, over the likeliest
CHANCE, _COPIES = 1.5, 9
"""Distance over the largest of so many Gaussian copies, from which it is none of chance."""
_PIXELS = 1 << 14
_MOST = 1 << 20
"""Pixels of the fields that are copied, or a single field."""
_SEED = 613
_CENTRES, _SCALES = (-4.0, 4.0), (math.log(0.05), math.log(20.0))  # a and log b, in quartile ranges
_PLACES, _ROUNDS = 9, 4


def distance_from_normal(x: Tensor) -> float:
    """Return sup |F - Φ| of numbers, with their own mean and deviation."""
    z = x.double().flatten().sort().values
    normal = torch.special.ndtr((z - z.mean()) / z.std(correction=0))
    above = torch.arange(1, len(z) + 1, dtype=torch.float64) / len(z)
    below = above - 1 / len(z)
    return float(torch.maximum((above - normal).abs(), (normal - below).abs()).max())


def distance_of_some(x: Tensor) -> float:
    """Return `distance_from_normal` of at most 2^14 of the numbers, drawn at random."""
    return distance_from_normal(_some(x))


def fit_asinh(x: Tensor, *, odd: bool = False) -> Asinh:
    """Return the asinh of maximum likelihood, for pixels of any shape that are not all equal.

    Args:
        x: at most 2^14 of them are looked at, drawn at random.
        odd: T(-x) = -T(x), for laws of fields that are even.
    """
    x = _some(x)
    low, middle, high = (float(torch.quantile(x, q)) for q in (0.25, 0.5, 0.75))
    middle, spread = 0.0 if odd else middle, (high - low) or float(x.std())
    u = (x - middle) / spread
    centre, log_scale = _search(u, odd=odd)
    return Asinh(middle + spread * centre, spread * math.exp(log_scale))


def mildest_asinh(x: Tensor, likeliest: Asinh) -> Asinh:
    """Return the asinh of largest scale that leaves a quarter of the distance from normal.

    What samples of a model have right are powers of the transformed fields. The more T bends, the
    less these say of powers of x, so it shall bend no more than it has to.

    Args:
        x: as for `fit_asinh`.
        likeliest: what `fit_asinh` returns; it is returned where no milder one leaves so little.
    """
    x = _some(x)
    most = LEFT * distance_from_normal(x)
    best, factor = likeliest, 1.0
    while factor < _MILDEST:
        milder = Asinh(likeliest.centre, likeliest.scale * factor)
        if distance_from_normal(milder.forward(x)) <= most:
            best = milder  # the likeliest itself may leave more
        factor *= _MILDER
    return best


def worth_asinh(x: Tensor, *, odd: bool = False) -> tuple[Asinh, float, float] | None:
    """Return the asinh that makes pixels normal, and their distances from normal before and after.

    Args:
        x: as for `fit_asinh`; they may be all equal.
        odd: as for `fit_asinh`.

    Returns:
        None where pixels are less than `FAR` from normal, or stay beyond `WORTH` of that.
    """
    x = _some(x)
    before = distance_from_normal(x) if float(x.std()) > 0 else 0.0
    if before < FAR:
        return None
    found = fit_asinh(x, odd=odd)
    after = distance_from_normal(found.forward(x))
    return (found, before, after) if after <= WORTH * before else None


def chance_distance(x: Fields) -> float:
    """Return how far pixels of Gaussian fields of the same mean power may be from normal by chance.

    Args:
        x: fields (n, h, w); what is not finite counts as the mean.
    """
    x = x[: max(1, _MOST // x[0].numel())].double()
    known = x.isfinite()
    x = torch.where(known, x - x[known].mean(), 0)
    size, rng = x.shape[-2:], generator(_SEED)
    power = torch.fft.rfft2(x).abs().square().mean(0).sqrt()  # one field may be far from normal
    found = []
    for _ in range(_COPIES):
        phases = torch.fft.rfft2(randn(tuple(x.shape), rng=rng, like=x)).sgn()
        found.append(distance_from_normal(_some(torch.fft.irfft2(power * phases, s=size))))
    return CHANCE * max(found)


def _some(x: Tensor) -> Tensor:
    """Return `_PIXELS` numbers at places of chance: equal steps would meet the same columns."""
    flat = x.double().flatten()
    if len(flat) <= _PIXELS:
        return flat
    return flat[torch.randint(len(flat), (_PIXELS,), generator=generator(_SEED))]


def _search(u: Tensor, *, odd: bool) -> tuple[float, float]:
    """Return a and log b of maximum likelihood: grids about the best place of the last one."""
    centre, scale = sum(_CENTRES) / 2, sum(_SCALES) / 2
    reach, width = 0.0 if odd else _CENTRES[1] - centre, _SCALES[1] - scale
    for _ in range(_ROUNDS):
        centres = _places(centre, reach, _CENTRES) if reach else [centre]
        pairs = [(a, b) for a in centres for b in _places(scale, width, _SCALES)]
        centre, scale = max(pairs, key=lambda pair: _log_likelihood(u, *pair))
        reach, width = (2 * size / (_PLACES - 1) for size in (reach, width))
    return centre, scale


def _places(middle: float, reach: float, ends: tuple[float, float]) -> list[float]:
    grid = torch.linspace(middle - reach, middle + reach, _PLACES, dtype=torch.float64)
    return grid.clamp(*ends).unique().tolist()


def _log_likelihood(u: Tensor, centre: float, log_scale: float) -> float:
    transform = Asinh(centre, math.exp(log_scale))
    deviation = transform.forward(u).std()
    return float(transform.log_slope(u).mean() - deviation.log())
