"""Super-resolution and synthesis by a cascade, and how far their pictures are from real ones."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.analysis.memorization import nearest
from scorelet.analysis.sample_quality import band_powers
from scorelet.core.random import Noise
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import quotient
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.local_multiscale.settings import Sampling
from scorelet.sampling import AscentSchedule
from scorelet.sampling.reverse import Cascade, ReversePlan
from scorelet.tasks.array_files import write_arrays
from scorelet.tasks.sample.cascades import plans_of

BANDS = 4
PIECE = 64
NEAREST = 0.05
"""Share of held-out pictures that are nearest to training pictures."""
DIFFUSION, ASCENT, BICUBIC = "reverse diffusion", "ascent", "bicubic"
Plans = Sequence[ReversePlan | AscentSchedule]


def plans(model: Multiscale[Denoiser], sampling: Sampling) -> dict[str, Plans]:
    """Return how each scale is drawn, by method; the diffusion is that of `scorelet sample`."""
    rise = AscentSchedule(start=1.0, end=sampling.end, beta=sampling.beta)
    return {
        DIFFUSION: plans_of(model, steps=sampling.steps, sampler="heun"),
        ASCENT: [rise] * (1 + len(model.details)),
    }


def enlarge(
    model: Multiscale[Denoiser], test: Tensor, factor: int, sampling: Sampling, seed: int
) -> dict[str, Tensor]:
    """Return test pictures drawn from the means of their blocks of factor x factor pixels."""
    means = F.avg_pool2d(test, factor)
    level = int(np.log2(factor))
    found: dict[str, Tensor] = {}
    for name, how in plans(model, sampling).items():
        cascade = Cascade(model, how)

        def draw(places: slice, noise: Noise, cascade: Cascade = cascade) -> Tensor:
            return cascade.refine(factor * means[places], noise, level=level)

        found[name] = _in_pieces(draw, len(test), seed)
    cubic = F.interpolate(means, scale_factor=factor, mode="bicubic")
    return found | {BICUBIC: cubic.cpu()}


def synthesise(model: Multiscale[Denoiser], like: Tensor, sampling: Sampling, seed: int) -> Tensor:
    """Draw whole pictures, of the size, dtype and device of `like`."""
    cascade = Cascade(model, plans(model, sampling)[DIFFUSION])
    low = F.avg_pool2d(like, 2**model.levels)[:1].expand(sampling.count, -1, -1, -1)
    return _in_pieces(lambda k, noise: cascade.sample(low[k], noise), sampling.count, seed)


def _in_pieces(draw: Callable[[slice, Noise], Tensor], count: int, seed: int) -> Tensor:
    pieces = []
    with torch.no_grad():
        for start in range(0, count, PIECE):
            stop = min(start + PIECE, count)
            pieces.append(draw(slice(start, stop), Noise(seed, range(start, stop))).cpu())
    return torch.cat(pieces)


def kept_images(
    steps: Steps, name: str, work: Callable[[], dict[str, Tensor]]
) -> dict[str, Tensor]:
    """Return the pictures of a step, which lie in a file beside it."""
    path = steps.folder / f"{name}.npz"

    def written() -> list[str]:
        arrays = {key: images.numpy() for key, images in work().items()}
        write_arrays(path, arrays)
        return list(arrays)

    steps(name, written)
    with np.load(path, allow_pickle=False) as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays.files}


def off_by(pictures: Tensor, test: Tensor, factor: int) -> float:
    """Return the largest difference between the block means of pictures and those given."""
    return float((F.avg_pool2d(pictures, factor) - F.avg_pool2d(test, factor)).abs().max())


def spectrum_rows(
    enlarged: Mapping[str, Tensor], test: Tensor, factor: int
) -> list[dict[str, float | str | int]]:
    """Return power over that of the real pictures in log bands above the cut, by method.

    The cut are the frequencies that block means have: half a cycle for each. Errors are those of a
    ratio of means of pairs.
    """
    side = min(test.shape[-2:])
    edges = np.geomspace(side / factor / 2, side / 2, BANDS + 1).tolist()
    real = band_powers(test, edges)
    rows: list[dict[str, float | str | int]] = []
    for name, pictures in enlarged.items():
        powers = band_powers(pictures, edges)
        ratios = [quotient(a[None], b[None]) for a, b in zip(powers.mT, real.mT, strict=True)]
        rows += [
            {
                "factor": factor,
                "method": name,
                "from": round(edges[k], 2),
                "to": round(edges[k + 1], 2),
                "ratio": round(ratios[k].value, 4),
                "error": round(ratios[k].error or 0.0, 4),
            }
            for k in range(BANDS)
        ]
    return rows


def memory(samples: Tensor, train: Tensor, test: Tensor) -> tuple[dict[str, list[float]], Tensor]:
    """Return cosines with the nearest training picture, and those pictures of the samples.

    Networks learn mirror images, too, so that these count.
    """
    found, control = (nearest(x, train, mirrored=True) for x in (samples, test))
    cosines = {"samples": found.cosine.tolist(), "held out": control.cosine.tolist()}
    return cosines, train[found.index]


def nearer_than_most(cosines: Mapping[str, list[float]]) -> Measured:
    """Return which share of samples is nearer than all but 5 % of held-out pictures are.

    Samples of the law of pictures are in one case of twenty, copies always. The error is that of a
    share of independent samples.
    """
    edge = float(np.quantile(cosines["held out"], 1 - NEAREST))
    share = float((np.array(cosines["samples"]) > edge).mean())
    return Measured(share, (share * (1 - share) / len(cosines["samples"])) ** 0.5)
