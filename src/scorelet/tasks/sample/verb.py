"""`sample` in Python: a model in, samples out."""

import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.memory import available_memory, keep_large_buffers
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.core.random import Noise
from scorelet.sampling import DivergenceError
from scorelet.sampling.reverse import Cascade, ReversePlan
from scorelet.tasks.sample.cascades import (
    check_coarse,
    load_cascade,
    plans_of,
    told_noise_of,
    whole_size,
)
from scorelet.tasks.sample.coarse import is_of_pictures, level_of, read_coarse
from scorelet.tasks.sample.output import check_sheets
from scorelet.tasks.sample.settings import Model, Samples, SampleSettings, Size

_NOTHING = "Interrupted before the first samples were done: nothing was written."
BATCH_PIXELS = 16 * 80 * 80
"""Pixels that are drawn at a time, of one sample at least."""
_COPIES = 8
"""Of the samples, that drawing holds at least: noise, slopes, bands."""


@checked
def sample(
    model: Model = "faces",
    *,
    n: int = 16,
    size: Size | None = None,
    steps: int | None = None,
    seed: int = 0,
    coarse: Any = None,  # noqa: ANN401 - paths, arrays, tensors, pictures
    sampler: str = "heun",
    device: str = "auto",
) -> Samples:
    """Draw pictures from a cascade of denoisers; or the finer scales of a coarse picture.

    Args:
        model, n, size, steps, seed, coarse, sampler, device: see `SampleSettings`.

    Raises:
        InputError: an unknown model, one of another kind, or options that cannot be used.
        ImageFileError: a coarse picture that cannot be read.
        DivergenceError: a step whose result is not finite; the sentence names scale and step.

    Example:
        >>> import torch, scorelet as sl
        >>> from scorelet.models.gaussian_details import gaussian_cascade
        >>> k = torch.fft.fftfreq(32, 1 / 32, dtype=torch.float64)
        >>> model = gaussian_cascade(1 / (1 + k[:, None] ** 2 + k**2), "haar", levels=2)
        >>> sl.sample(model, n=3, size=(32, 32)).images.shape
        (3, 1, 32, 32)
    """
    return drawn(SampleSettings(model, n, size, steps, seed, coarse, sampler, device))


class _Work:
    """How samples are drawn: everything that is found out before the first step."""

    def __init__(self, settings: SampleSettings) -> None:
        keep_large_buffers()
        self.settings = settings
        loaded, device = load_cascade(settings.model), choose_device(settings.device)
        own = deepcopy(loaded) if loaded is settings.model else loaded  # it is moved in its place
        for factor in own.factors:
            if _dtype(factor).itemsize < 4:
                factor.float()  # as from a file
        self.model = own.to(device).eval()
        self.plans = plans_of(self.model, steps=settings.steps, sampler=settings.sampler)
        self.told_noise = told_noise_of(self.model)
        self.channels = int(self.model.record.get("channels", 1))
        self.like = torch.empty(0, dtype=_dtype(self.model.coarse), device=device)
        self.low: Tensor | None = None
        self.level = self.model.levels
        if settings.coarse is None:
            self.size = whole_size(self.model, settings.size)
        else:
            self.low = read_coarse(settings.coarse, self.model)
            height, width = self.low.shape[-2:]
            self.level = level_of(self.model, (height, width), settings.size)
            self.size = height << self.level, width << self.level
            check_coarse(self.model, (height, width), self.level)
        self._check_memory()

    @property
    def used(self) -> list[ReversePlan]:
        """The plans of the scales that are drawn."""
        return self.plans if self.low is None else self.plans[-self.level :]

    def batch(self) -> int:
        """How many samples are drawn at a time."""
        return max(1, min(self.settings.n, BATCH_PIXELS // (self.size[0] * self.size[1])))

    def _check_memory(self) -> None:
        """Refuse pictures of which a few do not fit: the noise of all scales, and a network's maps.

        Raises:
            InputError: that is more than the memory that is free.
        """
        height, width = self.size
        needed = _COPIES * self.batch() * self.channels * height * width * self.like.itemsize
        free = available_memory() if self.like.device.type == "cpu" else None
        if free is not None and needed > free:
            raise InputError(
                f"Samples of {height} x {width} need {needed / 1e9:,.1f} GB or more, and "
                f"{free / 1e9:.1f} GB of memory are free: make them smaller."
            )

    def draw(self, cascade: Cascade, numbers: range) -> np.ndarray:
        """Return the samples of these numbers."""
        noise = Noise(self.settings.seed, numbers)
        if self.low is not None:
            low = self.low.to(self.like).expand(len(numbers), -1, -1, -1)
            # the low band of an orthogonal transform, and not the mean of a block
            x = cascade.refine(low * 2.0**self.level, noise, level=self.level)
        else:
            height, width = (side >> self.model.levels for side in self.size)
            x = cascade.sample(
                self.like.new_zeros(len(numbers), self.channels, height, width), noise
            )
        return x.float().cpu().numpy()


def drawn(
    settings: SampleSettings,
    *,
    output: Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Samples:
    """Do what `sample` says, and write the samples.

    Args:
        settings: what is drawn.
        output: NAME.npy or NAME.png, refused before anything is drawn; None writes nothing.
        overwrite: replace an existing file.
        progress: called with (steps done, steps in all).

    Raises:
        DivergenceError: see `sample`; the samples before it are in `output`, if there are any.
        KeyboardInterrupt: likewise.
    """
    work, start = _Work(settings), time.perf_counter()
    if output is not None:
        coarse = settings.coarse
        source = Path(coarse) if isinstance(coarse, str | Path) else None
        shape = (settings.n, work.channels, *work.size)
        check_sheets(output, shape, overwrite=overwrite, source=source)
    count, most = settings.n, work.batch()
    total = sum(plan.steps for plan in work.used) * -(-count // most)
    done = 0

    def on_step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    cascade = Cascade(work.model, work.plans, on_step, work.told_noise)
    batches = [range(first, min(first + most, count)) for first in range(0, count, most)]
    images, failure = _draw_all(work, cascade, batches)
    if failure and (output is None or not len(images)):
        raise failure if isinstance(failure, DivergenceError) else KeyboardInterrupt(_NOTHING)
    document = _document(work, len(images), time.perf_counter() - start)
    found = Samples(images, is_of_pictures(work.model), document)
    if output is not None:
        found.save(output, overwrite=overwrite)
    if failure:
        why = failure if isinstance(failure, DivergenceError) else "Interrupted."
        raise type(failure)(f"{why} The {len(images)} samples before are in {output}.")
    return found


def _draw_all(
    work: _Work, cascade: Cascade, batches: list[range]
) -> tuple[np.ndarray, DivergenceError | KeyboardInterrupt | None]:
    """Return the samples of all batches, or those before one that does not end, and why."""
    parts = [np.empty((0, work.channels, *work.size), np.float32)]
    with torch.no_grad():
        for numbers in batches:
            try:
                parts.append(work.draw(cascade, numbers))
            except (DivergenceError, KeyboardInterrupt) as error:
                return np.concatenate(parts), error
    return np.concatenate(parts), None


def _document(work: _Work, count: int, seconds: float) -> dict[str, Any]:
    settings = work.settings
    named = isinstance(settings.model, str | Path)
    document = {
        "model": str(settings.model) if named else type(settings.model).__name__,
        "n": count,
        "size": list(work.size),
        "channels": work.channels,
        "seed": settings.seed,
        "sampler": settings.sampler,
        "steps": [plan.steps for plan in work.used],
        "calls": sum(plan.calls for plan in work.used),
        "seconds": round(seconds, 2),
    }
    if any(plan.restraint for plan in work.used):
        document["restraint"] = [plan.restraint for plan in work.used]
    if any(plan.churn for plan in work.used):
        document["churn"] = [[plan.churn, plan.churn_max] for plan in work.used]
    if any(work.told_noise):
        document["told_noise"] = work.told_noise
    if isinstance(settings.coarse, str | Path):
        document["coarse"] = str(settings.coarse)
    return document


def _dtype(factor: nn.Module) -> torch.dtype:
    """Return the dtype of a factor: float64 for closed forms, float32 for networks."""
    kinds = [t.dtype for t in factor.state_dict().values() if t.is_floating_point()]
    return kinds[0] if kinds else torch.float32
