"""The picture was blurred, and has noise, of the level that is given or found."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.analysis.jpeg_steps import jpeg_step
from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.models.measurements import Blur, CutBlur, Observation, gaussian_kernel
from scorelet.models.measurements.blurs import blur_told
from scorelet.models.measurements.kernels import checked_kernel, is_symmetric
from scorelet.tasks.restore.ways.base import Prepared, Task, Words
from scorelet.tasks.restore.ways.ends import ends
from scorelet.tasks.restore.ways.found_blur import found_blur
from scorelet.tasks.restore.ways.kernels import blur_kernel
from scorelet.tasks.restore.ways.known import known_whole, whole
from scorelet.tasks.restore.ways.unit import unit_of

EDGES = ("unknown", "mirrored")
"""What lies outside of a blurred picture: something that nothing is known of, as of photographs, or
the picture again, which was blurred so."""

LEAST_NOISE, FINER = 0.5 / 255, 0.1 / 255
"""Rounding to 8 bits; and of 16 bits and floats what a blur can be undone with in floating point,
where results are as good as with less."""
OF_STEP = 1 / 6
"""Error of a JPEG over its median step: half of what is evenly spread within steps has, because
most coefficients of a blurred picture are far smaller than a step."""
_PLAINLY = 2.0
"""Noise that was found, over the level that was given, from which that is worth a word."""

_SWING, _SWINGING, _OF_ENDS = 0.1, 0.0012, 0.0066
"""How far, what share of the samples of a result, and of those that are less than that from black
or white, swings beyond black and white if the blur was told too large."""


def check(words: Words) -> None:
    """Refuse other edges, and two blurs."""
    if words.edges not in (None, *EDGES):
        raise InputError(f"edges is {words.edges!r}: it must be unknown or mirrored.")
    if words.blur is not None and words.kernel is not None:
        raise InputError("The blur is said twice: give blur or kernel.")
    if words.blur is not None:
        blur_told(words.blur)


def prepare(picture: Picture, words: Words) -> Prepared:
    """Begin with the blurred picture; what lies outside of it is sought, too, where unknown."""
    known = known_whole(picture)
    x = whole(picture, known.measured)
    range_ = unit_of(picture.pixels[known.measured]).size
    size, (kernel, width, mended) = (x.shape[-2], x.shape[-1]), _blur(x, words, range_)
    how = _measuring(size, kernel, limits=ends(x), mirrored=words.edges == "mirrored")
    found = _noise_found(picture, x, how(noise=words.sigma or LEAST_NOISE))
    sigma, said = _leveled(words.sigma, found, _least_noise(picture))
    blur = how(noise=sigma)
    rows, columns = ((large - n) // 2 for large, n in zip(blur.size, size, strict=True))
    return Prepared(
        picture,
        known,
        Observation(blur, blur.read(x)),
        F.pad(x, (columns, columns, rows, rows), mode="replicate"),
        sigma,
        picture.alpha,
        blur=width,
        remarks=(*mended, said) if said else mended,
        sign=partial(_swing, measured=_apart(x, kernel)),
    )


def _blur(x: Tensor, words: Words, range_: float) -> tuple[Tensor, float | None, tuple[str, ...]]:
    """Return the kernel that is told or found, its width if that, and what is to be said of it."""
    if words.blur is None and words.kernel is None:
        width, said = found_blur(x, words.sigma, range_=range_)
        return gaussian_kernel(width), width, (said,)
    kernel, mended = blur_kernel(words)
    return kernel, None, mended


def _measuring(
    size: tuple[int, int], kernel: Tensor, *, limits: tuple[float, float], mirrored: bool
) -> Callable[..., Blur | CutBlur]:
    """Return what is told the noise of a blur, and measures so."""
    kernel = checked_kernel(kernel, size)
    if mirrored and not is_symmetric(kernel):
        raise InputError(
            "edges is mirrored, which takes a kernel with odd sides that is symmetric from left to "
            "right and from top to bottom: leave edges out, what lies outside is then unknown."
        )
    if mirrored and not np.isfinite(limits).any():
        return partial(Blur, size, kernel)
    return partial(CutBlur, size, kernel, limits=limits, mirrored=mirrored)


def _apart(x: Tensor, kernel: Tensor) -> Tensor:
    """Return where no sample at black or white is as near as the kernel reaches."""
    limits = ends(x)
    if not np.isfinite(limits).any():
        return torch.ones_like(x, dtype=torch.bool)
    low, high = limits
    clipped = ((x <= low) | (x >= high)).float().amax(1, keepdim=True)
    rows, columns = (side // 2 for side in kernel.shape)
    near = F.max_pool2d(clipped, (2 * rows + 1, 1), 1, padding=(rows, 0))
    near = F.max_pool2d(near, (1, 2 * columns + 1), 1, padding=(0, columns))
    return (near == 0).expand_as(x)


def _swing(found: Tensor, *, measured: Tensor) -> str | None:
    """Return a word of a sample of the result that swings beyond black and white."""
    away = ((found - 0.5).abs() - 0.5)[measured.to(found.device)]
    swings, near = int((away > _SWING).sum()), int((away > -_SWING).sum())
    if swings <= max(_SWINGING * len(away), _OF_ENDS * near):
        return None
    share = swings / len(away)
    return (
        f"the result swings beyond black and white (by more than a tenth in {share:.1%} of it), as "
        "where a blur is told too large: give a smaller blur, or a larger sigma"
    )


def _noise_found(picture: Picture, x: Tensor, blur: Blur | CutBlur) -> float:
    """Return the level of the noise that a blurred picture is taken to have.

    It is read off the frequencies that the blur left next to nothing of, and is no less than what
    rounding and the steps of a JPEG do to the others, which in those may be rounded to 0.
    """
    jpeg = picture.metadata.jpeg
    step = _step_found(picture) if jpeg is None else jpeg.median_step
    return max(blur.noise_in(blur.read(x)), _least_noise(picture), OF_STEP * (step or 0.0))


def _step_found(picture: Picture) -> float | None:
    """Return the median step of the JPEG that pixels of 8 bits have been, if that shows."""
    return jpeg_step(picture.pixels) if picture.pixels.dtype == np.uint8 else None


def _least_noise(picture: Picture) -> float:
    """Return the least level that a blurred picture is taken to have: floats have no rounding."""
    return LEAST_NOISE if picture.pixels.dtype == np.uint8 else FINER


def _leveled(given: float | None, found: float, least: float) -> tuple[float, str | None]:
    """Return the level that is taken, and a word if plainly more was found than was given."""
    taken = found if given is None else max(given, least)
    if given is None or found <= _PLAINLY * taken:
        return taken, None
    return taken, (
        f"the picture has more noise than was given, or more detail than such a blur leaves: sigma "
        f"is {given * 255:.1f}, and {found * 255:.1f} was found (8-bit units), which deblurring "
        "makes far stronger; leave sigma out, or give a smaller blur if that is no noise"
    )


TASK = Task(
    "deblur",
    ("blur", "kernel", "edges"),
    prepare,
    check,
    keeps=False,
    least=0.1,
    advice="Bring floats of another unit to [0, 1]; or the picture has more detail than such a "
    "blur leaves: give a smaller blur, or a larger sigma.",
)
