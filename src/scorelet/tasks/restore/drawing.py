"""Samples of a picture, one after the other; their mean and deviation."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from scorelet.core.device import choose_device
from scorelet.core.moments import Moments
from scorelet.core.progress import Progress
from scorelet.core.random import Noise
from scorelet.data import from_unit, to_unit
from scorelet.sampling import AscentState, DivergenceError, ascend
from scorelet.tasks.restore.remarks import remarks
from scorelet.tasks.restore.settings import Restored, RestoreSettings
from scorelet.tasks.restore.tiled import TiledDenoiser
from scorelet.tasks.restore.ways.base import Prepared
from scorelet.tasks.restore.windows import seeing

Pixels = np.ndarray
_BEYOND = 0.2
"""Samples of pictures go beyond black and white by so much at most, in the mean."""
Keep = Callable[[int, Pixels], None]
"""Is given the number of a sample and the sample, (height, width, channels)."""


def restored(
    prepared: Prepared,
    settings: RestoreSettings,
    *,
    keep: Keep,
    progress: Progress | None = None,
) -> Restored:
    """Restore one picture, with the memory of three samples.

    Args:
        prepared: what the task makes of the picture.
        settings: how.
        keep: gets each sample as it is drawn.
        progress: called with (network calls, network calls in all).

    Returns:
        The result without samples.

    Raises:
        InputError, DivergenceError: as `restore`.
    """
    moments, picture, signs = Moments(), prepared.picture, dict[str, None]()
    drawn = samples(prepared, settings, progress=progress, signs=signs)
    for number, sample in enumerate(drawn):
        moments.add(sample)
        keep(number, sample)
    pixels = from_unit(moments.mean, picture.pixels.dtype)
    if prepared.stays is not None:  # doubles have more digits than samples
        pixels[prepared.stays] = picture.pixels[prepared.stays]
    whole = prepared.result(pixels)
    none = np.empty((0, *pixels.shape), np.float32)
    denoiser, sought = settings.ready().denoiser, tuple(prepared.guess.shape[2:])
    size = sought if denoiser.knows(sought) else prepared.size  # of a user's picture
    said = (*prepared.remarks, *list(signs)[:1], *remarks(denoiser, prepared.sigma, size))
    return Restored(
        whole.plain,
        none,
        moments.deviation,
        whole,
        prepared.calls,
        prepared.sigma,
        prepared.blur,
        said,
    )


def samples(
    prepared: Prepared,
    settings: RestoreSettings,
    *,
    signs: dict[str, None],
    progress: Progress | None = None,
) -> Iterator[Pixels]:
    """Yield as many samples as the settings say, (height, width, channels) each.

    What `Prepared.sign` says of them goes to `signs`. Other arguments and errors as in `restored`.
    """
    sought, prior = tuple(prepared.guess.shape[2:]), settings.ready().denoiser
    prior = seeing(prior, sought, prepared.size, enlarges=prepared.enlarges)
    denoiser = TiledDenoiser(prior, settings.tile)
    pixels, unit, stays = prepared.picture.pixels, prepared.unit, prepared.stays
    bounded = _in_range(pixels[prepared.known.measured])
    place = choose_device(settings.device)
    observation, guess = prepared.observation.to(place), prepared.guess.to(place)
    observed = unit.observed(prepared.observation).to(place)
    share = None if prepared.share is None else prepared.share.to(place)
    total = settings.count * prepared.calls
    for number in range(settings.count):
        drawn = Noise(settings.seed, [number])
        states = ascend(
            denoiser, guess, prepared.schedule, drawn, observation=observation, label=settings.label
        )
        found = _drawn(states, _told(progress, number * prepared.calls, total))
        _check_range(found, settings.way.advice)
        said = prepared.sign(_middle(found, prepared.size))
        if said:
            signs[said] = None
        if share is not None:
            found = torch.lerp(found, guess, share)
        found = unit.back(found)
        if bounded:
            found = observed.within(found)
        found = _middle(found, prepared.size)
        sample = found[0].permute(1, 2, 0).cpu().numpy()
        if stays is not None and stays.any():
            sample[stays] = to_unit(pixels[stays])
        yield sample


def _in_range(measured: Pixels) -> bool:
    """Whether what was measured lies between black and white, as integers do, and so the result.

    What rounding has brought beyond them counts as they do.
    """
    if measured.dtype.kind == "u":
        return True
    return bool(((measured >= -_ROUNDING) & (measured <= 1 + _ROUNDING)).all())


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


_ROUNDING = 1e-4
"""Of samples beyond black and white, up to which they lie at these."""


def _check_range(found: Tensor, advice: str) -> None:
    """Refuse a sample that is no picture in [0, 1] any more."""
    beyond = float((found - found.clamp(0, 1)).abs().mean())
    if not beyond <= _BEYOND:
        low, high = (float(number) for number in found.aminmax())
        raise DivergenceError(
            f"The sampler diverged: values go from {low:.3g} to {high:.3g}, and pictures are in "
            f"[0, 1]. {advice}"
        )


def _told(progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    """Return what is told the calls of one sample."""
    return lambda done: progress(before + done, total) if progress else None
