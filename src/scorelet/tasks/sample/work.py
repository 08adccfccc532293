"""How samples are drawn: everything that is found out before the first step."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from scorelet.core.copying import copied
from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.memory import available_memory, keep_large_buffers
from scorelet.core.random import Noise
from scorelet.core.words import counted
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import factor_level, trained_size
from scorelet.sampling.reverse import Cascade, ReversePlan, reverse
from scorelet.tasks.denoise.remarks import other_size
from scorelet.tasks.sample.cascades import (
    channels_in,
    check_coarse,
    coarse_remark,
    load_model,
    plans_of,
    spreads_of,
    start_remarks,
    whole_size,
)
from scorelet.tasks.sample.coarse import is_of_pictures, level_of, read_coarse
from scorelet.tasks.sample.network_memory import network_bytes
from scorelet.tasks.sample.scales import each_of, scale_names
from scorelet.tasks.sample.settings import SampleSettings, Size
from scorelet.tasks.sample.whole import MEAN, channels_of, plan_of, size_of

BATCH_PIXELS = 16 * 80 * 80
"""Pixels that are drawn at a time, of one sample at least."""
_COPIES = 4
"""Of the samples, that drawing holds at least beside networks: noise, slopes, bands."""
_MANY = 10_000
"""Copies of the samples that networks hold at most, as a rule: where these fit nobody counts."""

_FEWER = (
    "draw parts of them (n and first; -n, --first), or into a folder (-o NAME/), where each is "
    "written as it is drawn"
)

OnStep = Callable[[], None]


def work_of(settings: SampleSettings) -> "Work":
    """Return how a model is drawn from.

    Raises:
        InputError: a model or options that cannot be used.
        CheckpointError: weights that cannot be read.
        ImageFileError: a coarse picture that cannot be read.
    """
    loaded = load_model(settings.model)
    own = copied(loaded) if loaded is settings.model else loaded  # it is moved in its place
    if isinstance(own, Multiscale):
        return CascadeWork(settings, own)
    return WholeWork(settings, own)


class Work(ABC):
    """A model where it computes, and what is drawn from it.

    Attributes:
        used: the plans of the scales that are drawn, coarse to fine.
        spreads: of all scales of a cascade that names them, see `Cascade`.
        size: of the samples.
        channels: of the samples.
        pictures: see `Samples`.
    """

    used: Sequence[ReversePlan]
    spreads: Sequence[float] = ()
    size: Size
    channels: int
    pictures: bool
    warnings: Sequence[str] = ()

    def __init__(self, settings: SampleSettings, parts: Sequence[nn.Module]) -> None:
        keep_large_buffers()
        self.settings = settings
        device = choose_device(settings.device)
        for part in parts:
            if _dtype(part).itemsize < 4:
                part.float()  # as from a file
            part.to(device).eval()
        self.like = torch.empty(0, dtype=_dtype(parts[0]), device=device)

    @abstractmethod
    def draw(self, numbers: range, on_step: OnStep) -> Tensor:
        """Return the samples of these numbers; `on_step` is called after each step."""

    @abstractmethod
    def network_bytes(self) -> int:
        """Return what networks hold at once of a batch, see `network_memory`."""

    def batch(self) -> int:
        """How many samples are drawn at a time."""
        wanted = self.settings.batch or BATCH_PIXELS // (self.size[0] * self.size[1])
        return max(1, min(self.settings.n, wanted))

    def check_memory(self, *, whole: bool) -> None:
        """Refuse samples that do not fit: what drawing a batch holds, and the array of all.

        Args:
            whole: all are held until the last one is drawn.

        Raises:
            InputError: that is more than the memory that is free.
        """
        numbers = self.channels * self.size[0] * self.size[1]
        on_cpu = self.like.device.type == "cpu"
        copy, kept = self.batch() * numbers * self.like.itemsize, 4 * self.settings.n * numbers
        kept = kept if whole else 0
        free = available_memory()
        if free is None or (_MANY * copy if on_cpu else 0) + kept <= free:
            return
        drawing = _COPIES * copy + self.network_bytes() if on_cpu else 0
        needed = drawing + kept
        if needed <= free:
            return
        advice = "make them smaller" if drawing > free else _FEWER
        raise InputError(
            f"{counted(self.settings.n, 'sample')} of {self.size[0]} x {self.size[1]} need "
            f"{needed / 1e9:,.1f} GB or more, and {free / 1e9:.1f} GB of memory are free: {advice}."
        )


class CascadeWork(Work):
    """Samples of a cascade, or the finer scales of a coarse picture."""

    def __init__(self, settings: SampleSettings, model: Multiscale[Denoiser]) -> None:
        if settings.label is not None:
            raise InputError("A cascade knows no classes: leave out the label.")
        super().__init__(settings, model.factors)
        self.model = model.to(self.like.device)
        self.spreads = spreads_of(model)
        self.channels = channels_in(model)
        self.pictures = is_of_pictures(model)
        self.low: Tensor | None = None
        self.level = model.levels
        if settings.coarse is None:
            self.size = whole_size(model, settings.size)
        else:
            self.low, self.warnings = read_coarse(settings.coarse, model)
            height, width = self.low.shape[-2:]
            self.level = level_of(model, (height, width), settings.size)
            self.size = height << self.level, width << self.level
            check_coarse(model, (height, width), self.level)
            if said := coarse_remark(model, (height, width), self.size):
                self.warnings.append(said)
            elif settings.size is None and self.level < model.levels:
                self.warnings.append(_less(model, self.size))
        scales = scale_names(self.size, self.level, low=self.low is None)
        skipped = [None] * (len(model.factors) - len(scales))
        self.plans = plans_of(
            model,
            steps=[*skipped, *each_of("steps", settings.steps, scales)],
            sampler=settings.sampler,
            churn=[*skipped, *each_of("churn", settings.churn, scales)],
        )
        self.warnings = [*self.warnings, *start_remarks(model, self.plans, scales)]
        self.used = self.plans[len(skipped) :]

    def draw(self, numbers: range, on_step: OnStep) -> Tensor:
        """Return the samples of these numbers."""
        cascade = Cascade(self.model, self.plans, on_step, self.spreads)
        noise = Noise(self.settings.seed, numbers)
        if self.low is not None:
            low = self.low.to(self.like).expand(len(numbers), -1, -1, -1)
            # the low band of an orthogonal transform, and not the mean of a block
            return cascade.refine(low * 2.0**self.level, noise, level=self.level)
        height, width = (side >> self.model.levels for side in self.size)
        like = self.like.new_zeros(len(numbers), self.channels, height, width)
        return cascade.sample(like, noise)

    def network_bytes(self) -> int:
        """Return that of the scale that holds most."""
        drawn = range(len(self.plans) - len(self.used), len(self.plans))
        levels = [(number, factor_level(self.model, number)) for number in drawn]
        return max(
            network_bytes(
                self.model.factors[number], self.batch(), *(side >> level for side in self.size)
            )
            for number, level in levels
        )


def _less(model: Multiscale[Denoiser], size: Size) -> str:
    trained, divided = trained_size(model), 2**model.levels
    assert trained is not None
    return (
        f"the coarse picture is continued to {size[0]}x{size[1]}, and not over all scales, as the "
        f"model continues only {trained[0] // divided}x{trained[1] // divided} pixels from the "
        "coarsest on"
    )


class WholeWork(Work):
    """Samples of a denoiser of whole pictures."""

    pictures = True

    def __init__(self, settings: SampleSettings, model: Denoiser) -> None:
        self.size, self.channels = size_of(model, settings), channels_of(model)
        super().__init__(settings, [model])
        self.model = model
        self.used = [plan_of(model, settings)]
        said = other_size(self.size, model)
        self.warnings = [said] if said else []

    def draw(self, numbers: range, on_step: OnStep) -> Tensor:
        """Return the samples of these numbers."""
        like = self.like.new_zeros(len(numbers), self.channels, *self.size)
        noise = Noise(self.settings.seed, numbers)
        mean = None if self.model.centre is not None else self.like.new_full((1, 1, 1, 1), MEAN)
        x = like
        label = self.settings.label
        for state in reverse(self.model, like, self.used[0], noise, mean=mean, label=label):
            x = state.x
            on_step()
        return x

    def network_bytes(self) -> int:
        """Return that of the denoiser."""
        return network_bytes(self.model, self.batch(), *self.size)


def _dtype(factor: nn.Module) -> torch.dtype:
    """Return the dtype of a factor: float64 for closed forms, float32 for networks."""
    kinds = [t.dtype for t in factor.state_dict().values() if t.is_floating_point()]
    return kinds[0] if kinds else torch.float32
