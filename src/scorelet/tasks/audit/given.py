"""What models that are given to an audit must not be."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from scorelet.analysis.memorization import psnr_by_level
from scorelet.analysis.memorization.curves import EXACT, noisy
from scorelet.analysis.returned_noise import by_psnr
from scorelet.core.errors import InputError
from scorelet.core.network import equal_weights
from scorelet.core.paths import as_path
from scorelet.core.typing import Image, NoiseLevel
from scorelet.data import channels_taken
from scorelet.models import Denoiser
from scorelet.tasks.others_denoiser import DenoiserLike, name_of

_FAR = 1.0
"""So far beyond [0, 1] the answers of denoisers do not lie, but for a few."""


def refuse_other_channels(model: DenoiserLike, denoiser: Denoiser, channels: int) -> None:
    """Refuse a denoiser that does not take pictures of so many channels.

    Raises:
        InputError: such a one; the sentence says which option brings pictures to its channels.
    """
    taken = channels_taken(channels, denoiser.channels)
    if taken != channels:
        what = "gray pictures" if channels == 1 else "pictures in colour"
        raise InputError(
            f"{name_of(model)} does not take {what}: give --channels {taken} (in Python "
            f"channels={taken})."
        )


class _Rest(Denoiser):
    """y - f(y), what f takes away."""

    blind = True

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Tensor | None
    ) -> Tensor:
        return y - self.denoiser(y, sigma)


def refuse_noise(
    model: DenoiserLike, denoiser: Denoiser, clean: Image, sigma: float, *, seed: int
) -> None:
    """Refuse a model f that returns the noise, as many networks do, where y - f(y) is clean.

    Args:
        model: as it was given.
        denoiser: f.
        clean: pictures, best those that it has learned.
        sigma: level at which it is tried.
        seed: of the noise.

    Raises:
        InputError: y - f(y) is far nearer to clean pictures than f(y), and nearer than any multiple
            of y.
    """
    own, rest = (
        float(psnr_by_level(f, clean, [sigma], seed=seed).mean())
        for f in (denoiser, _Rest(denoiser))
    )
    if by_psnr(own, rest, _of_best_multiple(clean, sigma)):
        raise InputError(
            f"{name_of(model)} seems to return the noise: at noise level {sigma:g} the noisy "
            f"picture less its answer is {rest - own:.1f} dB nearer to the clean one than the "
            "answer; give a module that returns clean pictures, y - f(y) of this f."
        )


def warn_of_other_scale(
    model: DenoiserLike, denoiser: Denoiser, clean: Image, sigma: float, *, seed: int
) -> list[str]:
    """Warn of answers in another unit than that of pictures, as 0 to 255.

    Args:
        model, denoiser, clean, sigma, seed: as in `refuse_noise`.
    """
    with torch.no_grad():
        answers = denoiser(noisy(clean, sigma, 0, seed), sigma)
    low, high = (float(answers.double().quantile(share)) for share in (0.05, 0.95))
    if -_FAR <= low <= high <= 1 + _FAR:
        return []
    return [
        f"most answers of {name_of(model)} lie far outside of [0, 1], as from {low:.3g} to "
        f"{high:.3g}: give a module that returns pictures in the unit of those that it gets"
    ]


def _of_best_multiple(clean: Image, sigma: float) -> float:
    """Return the mean PSNR of the best multiple c y of each picture: at least that of y and of 0.

    Its mean squared error is m σ² / (m + σ²), m the mean square of the picture.
    """
    square = clean.double().square().flatten(1).mean(1)
    levels = 10 * (1 / square + 1 / sigma**2).log10()
    return float(levels.clamp(max=EXACT).mean())


def refuse_one_model(models: Sequence[DenoiserLike]) -> None:
    """Refuse one model that is given twice."""
    first, second = (str(as_path(m)) if isinstance(m, str | Path) else m for m in models)
    if first is second or (isinstance(first, str) and first == second):
        raise InputError(
            f"{name_of(models[0])} is given twice: a model agrees with itself; give two models."
        )


def refuse_options_of_twins(models: str, options: Mapping[str, object]) -> None:
    """Refuse what would have no effect beside models that are there.

    Args:
        models: how the option for models is called.
        options: what trainings are told, by name; None or False: not given.

    Raises:
        InputError: one of the options is given.
    """
    given = [name for name, value in options.items() if value is not None and value is not False]
    if given:
        names = " and ".join([", ".join(given[:-1]), given[-1]] if given[1:] else given)
        verb = "have" if given[1:] else "has"
        raise InputError(
            f"{names} {verb} no effect with {models}, where nothing is trained: leave "
            f"{'them' if given[1:] else 'it'} out, or train twins without {models}."
        )


def warn_of_copies(a: Denoiser, b: Denoiser) -> list[str]:
    """Warn of copies of one model."""
    if type(a) is not type(b) or not equal_weights(a, b):
        return []
    return ["both models have the same weights: that they agree shows nothing"]
