"""Samples of a picture, one after the other; their mean and deviation."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.device import choose_device
from scorelet.core.moments import Moments
from scorelet.core.progress import Progress
from scorelet.core.random import Noise
from scorelet.data import Picture, from_unit, to_unit
from scorelet.data.pictures.enlarged import enlarged
from scorelet.data.pictures.types import white
from scorelet.sampling import AscentState, DivergenceError, ascend
from scorelet.tasks.restore.guess import smooth_guess
from scorelet.tasks.restore.known import doubt, known
from scorelet.tasks.restore.level import leveled
from scorelet.tasks.restore.observed import observe, size_sought
from scorelet.tasks.restore.remarks import remarks
from scorelet.tasks.restore.settings import Restored, RestoreSettings, schedule_of
from scorelet.tasks.restore.tiled import TiledDenoiser

Pixels = np.ndarray
_BEYOND = 0.2
"""Samples of pictures go beyond black and white by so much at most, in the mean."""
Keep = Callable[[int, Pixels], None]
"""Is given the number of a sample and the sample, (height, width, channels)."""


def restored(
    picture: Picture,
    settings: RestoreSettings,
    *,
    keep: Keep,
    progress: Progress | None = None,
) -> Restored:
    """Restore one picture, with the memory of three samples.

    Args:
        picture: floats in [0, 1].
        settings: how.
        keep: gets each sample as it is drawn.
        progress: called with (network calls, network calls in all).

    Returns:
        The result without samples.

    Raises:
        InputError, ImageFileError, DivergenceError: as `restore`.
    """
    settings, of_level = leveled(picture, settings)
    moments = Moments()
    for number, sample in enumerate(samples(picture, settings, progress=progress)):
        moments.add(sample)
        keep(number, sample)
    pixels = from_unit(moments.mean, picture.pixels.dtype)
    given = known(picture, settings)
    if settings.enlarges == 1:  # doubles have more digits than samples
        exact = settings.task == "inpaint" and settings.sigma == 0
        stays = given.hidden | given.measured if exact else given.hidden
        pixels = np.where(stays[..., None], picture.pixels, pixels)
    whole = replace(
        picture,
        pixels=pixels,
        alpha=opacity(picture, settings),
        metadata=enlarged(picture, settings.enlarges),
        mask=None,
    )
    none = np.empty((0, *pixels.shape), np.float32)
    assert settings.sigma is not None
    of_picture = remarks(settings.ready().denoiser, settings.sigma, size_sought(picture, settings))
    said = tuple(text for text in (of_level, doubt(settings), *of_picture) if text)
    return Restored(
        whole.plain, none, moments.deviation, whole, settings.calls, settings.sigma, said
    )


def samples(
    picture: Picture, settings: RestoreSettings, *, progress: Progress | None = None
) -> Iterator[Pixels]:
    """Yield as many samples as the settings say, (height, width, channels) each.

    Arguments and errors as in `restored`.
    """
    observation, guess = observe(picture, settings)
    denoiser = TiledDenoiser(settings.ready().denoiser, settings.tile)
    given = known(picture, settings)
    bounded = _in_range(picture.pixels[given.measured])
    size = tuple(settings.enlarges * side for side in picture.pixels.shape[:2])
    hidden = given.hidden if settings.enlarges == 1 else None
    smooth = None
    if settings.task == "inpaint":
        smooth = smooth_guess(to_unit(picture.pixels), given.measured)
        guess = _tensor(smooth.pixels)
    noise = settings.sigma or 0.0
    exact = smooth if smooth and (not noise or 2 * noise <= smooth.error < math.inf) else None
    schedule = schedule_of(settings.task, settings.sigma, exact.error if exact else None)
    place = choose_device(settings.device)
    observation, guess = observation.to(place), guess.to(place)
    share = _tensor(exact.share).to(place) if exact else None
    for number in range(settings.count):
        said, drawn = _told(progress, settings, number), Noise(settings.seed, [number])
        states = ascend(
            denoiser, guess, schedule, drawn, observation=observation, label=settings.label
        )
        found = _drawn(states, said)
        _check_range(found, settings.task)
        if share is not None:
            found = torch.lerp(found, guess, share)
        if bounded:
            found = observation.within(found)
        found = _middle(found, size)
        sample = found[0].permute(1, 2, 0).cpu().numpy()
        if hidden is not None and hidden.any():
            sample[hidden] = to_unit(picture.pixels[hidden])
        yield sample


def _in_range(measured: Pixels) -> bool:
    """Whether what was measured lies between black and white, as integers do, and so the result.

    What rounding has brought beyond them counts as they do.
    """
    if measured.dtype.kind == "u":
        return True
    return bool(((measured >= -_ROUNDING) & (measured <= 1 + _ROUNDING)).all())


def _tensor(pixels: Pixels) -> Tensor:
    """Return (height, width, channels) as (1, channels, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32))[None]


def _middle(x: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return the part of this size in the middle: what is more lies outside of the picture."""
    top, left = ((large - side) // 2 for large, side in zip(x.shape[-2:], size, strict=True))
    return x[..., top : top + size[0], left : left + size[1]]


@torch.no_grad()
def _drawn(states: Iterator[AscentState], said: Callable[[int], None]) -> Tensor:
    """Return the end of an ascent, (1, channel, height, width)."""
    for call, state in enumerate(states, start=1):
        found = state.denoised
        said(call)
    return found


_ADVICE = {
    "deblur": "Bring floats of another unit to [0, 1]; or the picture has more detail than such a "
    "blur leaves: give a smaller blur, or a larger sigma."
}
_ROUNDING = 1e-4
"""Of samples beyond black and white, up to which they lie at these."""


def _check_range(found: Tensor, task: str) -> None:
    """Refuse a sample that is no picture in [0, 1] any more."""
    beyond = float((found - found.clamp(0, 1)).abs().mean())
    if not beyond <= _BEYOND:
        low, high = (float(number) for number in found.aminmax())
        advice = _ADVICE.get(
            task,
            "Give sigma if the picture is noisy, bring floats of another unit to [0, 1], or take "
            "another model.",
        )
        raise DivergenceError(
            f"The sampler diverged: values go from {low:.3g} to {high:.3g}, and pictures are in "
            f"[0, 1]. {advice}"
        )


def _told(
    progress: Progress | None, settings: RestoreSettings, number: int
) -> Callable[[int], None]:
    """Return what is told the calls of one sample."""
    before, total = number * settings.calls, settings.count * settings.calls
    return lambda done: progress(before + done, total) if progress else None


def opacity(picture: Picture, settings: RestoreSettings) -> Pixels | None:
    """Return the opacity at the size of the result; what was filled is opaque."""
    if picture.alpha is None:
        return None
    if settings.task == "inpaint":
        opaque = picture.alpha.dtype.type(white(picture.alpha.dtype))
        return np.where(known(picture, settings).missing, opaque, picture.alpha)
    return _enlarged(picture.alpha, settings.enlarges)


def _enlarged(alpha: Pixels, factor: int) -> Pixels:
    """Return an opacity interpolated between the middles of its pixels: edges have no stairs.

    Linearly: what is opaque or transparent all around stays so.
    """
    if factor == 1:
        return alpha
    plane = torch.from_numpy(to_unit(alpha))[None, None]
    found = F.interpolate(plane, scale_factor=factor, mode="bilinear", align_corners=False)
    return from_unit(found[0, 0].numpy(), alpha.dtype)
