"""Networks: one of whole pictures and one for each scale, by the number of steps of the sampler.

All networks are of one kind and size, are told the noise level, and learn by the task `cascade`
from the same pictures, for as many steps. Both models are sampled by Euler-Maruyama at uniform
times up to 5, in as many steps (of each scale); noise counts in deviations of what is sampled.
"""

from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.analysis.sample_quality import kernel_distance, octave_ratios, scattering_features
from scorelet.core.device import choose_device
from scorelet.core.random import Noise
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import Levels
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.recipes.faces import FACES, faces_without_copies
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.wavelet_score.settings import PHI4, Networks
from scorelet.sampling import Phi4
from scorelet.sampling.reverse import Cascade, ReversePlan, draw
from scorelet.tasks.array_files import write_arrays
from scorelet.tasks.experiments.cascade import CascadeConfig
from scorelet.tasks.picture_arrays import images_of, load_picture_array
from scorelet.tasks.train import train_once
from scorelet.training.loop import WEIGHTS
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.transform import OrthogonalWavelet
from scorelet.zoo import load

MODELS = ("SGM", "WSGM")
SHOWN_STEPS = 16
UNIT, MIDDLE = 8.0, 0.5
"""Fields of φ⁴ are shown to networks as φ/8 + 1/2: pixels lie within ±4."""
_END = 5.0
_NOISE = (0.05, 150.0)  # in deviations of what has it; e^5 is 148
_BATCH, _SHOWN = 250, 8
_KNOWN = 4000  # pictures that deviations are taken from


class Comparison:
    """Both models of one set of pictures.

    Args:
        setup: what is trained and drawn.
        seed: of the pictures if they are drawn, of trainings and samples.
        steps: of the run; pictures and weights lie in its folder.

    Raises:
        InputError: there are no such pictures.
    """

    def __init__(self, setup: Networks, seed: int, steps: Steps) -> None:
        self.setup, self.seed, self.steps = setup, seed, steps
        self.key = setup.source.replace("/", "-")
        self.source, self.train, self.others = self._pictures()

    def rows(self) -> list[dict[str, Any]]:
        """Return for each model and number of steps how samples compare with other pictures.

        Each row has source, model, steps, octaves (power over that of other pictures), high (that
        of the highest octave), worst (the largest |log₂| of them), distance (MMD² of scattering
        coefficients) and calls (of networks, by picture).
        """
        found = []
        for name in MODELS:
            step = f"train-{self.key}-{name}"
            parameters = self.steps(step, partial(self._train, name))["parameters"]
            for count in self.setup.grid:
                row = self.steps(f"{self.key}-{name}-{count}", partial(self._measure, name, count))
                told = {"source": self.setup.source, "model": name, "steps": count}
                found.append(told | row | {"parameters": parameters})
        return found

    def shown(self) -> dict[str, Image]:
        """Return some samples of both models, and pictures beside them."""
        found = {"pictures": self.others[:_SHOWN]}
        for name in MODELS:
            title = f"{name}, {SHOWN_STEPS} steps"
            found[title] = self._draw(name, SHOWN_STEPS, range(_SHOWN)).cpu()
        return found

    def _pictures(self) -> tuple[str, Image, Image]:
        """Return where pictures are, some that are learnt from, and others."""
        setup = self.setup
        if setup.source == FACES:
            arrays, _ = faces_without_copies(setup.side)
        elif setup.source == PHI4:
            arrays = self._fields()
        else:
            whole = load_picture_array(setup.source, channels=_channels(setup), side=setup.side)
            return setup.source, images_of(whole[:_KNOWN]), images_of(whole[-setup.others :])
        path = self.steps.folder / f"{self.key}.npz"
        write_arrays(path, {"a": arrays["a"]})
        known, others = arrays["a"][:_KNOWN], arrays["test"][: setup.others]
        return f"{path}:a", images_of(known), images_of(others)

    def _fields(self) -> dict[str, np.ndarray]:
        setup, law = self.setup, Phi4()
        counts = {"a": (setup.images, 0), "test": (setup.others, 1)}
        return {
            name: (law.sample(count, setup.side, 2 * self.seed + k) / UNIT + MIDDLE)
            .clamp(0, 1)
            .permute(0, 2, 3, 1)
            .numpy()
            for name, (count, k) in counts.items()
        }

    @cached_property
    def _features(self) -> Tensor:
        return self._features_of(self.others)

    def _features_of(self, x: Image) -> Tensor:
        return scattering_features(x, scales=min(4, self.setup.side.bit_length() - 3))

    def _measure(self, name: str, count: int) -> dict[str, Any]:
        starts = range(0, self.setup.samples, _BATCH)
        numbers = [range(k, min(k + _BATCH, self.setup.samples)) for k in starts]
        y = torch.cat([self._draw(name, count, each).cpu() for each in numbers])
        octaves = octave_ratios(self.others, y)
        factors = 1 if name == "SGM" else 1 + self.setup.levels
        return {
            "octaves": octaves.tolist(),
            "high": float(octaves[-1]),
            "worst": float(octaves.log2().abs().max()),
            "distance": kernel_distance(self._features, self._features_of(y)),
            "calls": count * factors,
        }

    def _draw(self, name: str, count: int, numbers: range) -> Image:
        device = choose_device("auto")
        model = load(self._folder(name) / WEIGHTS).eval().to(device)
        mean, deviations = self._moments(name)
        plans = [ReversePlan(count, OrnsteinUhlenbeck(_END, s)) for s in deviations]
        like = mean.to(device).expand(len(numbers), -1, -1, -1)
        noise = Noise(self.seed, numbers)
        with torch.no_grad():
            if isinstance(model, Denoiser):
                return like + draw(_Around(model, like[:1]), like, plans[0], noise)
            assert isinstance(model, Multiscale)
            low = like + draw(_Around(_coarse(model), like[:1]), like, plans[0], noise)
            units = Levels.of(model).normalization(low)
            whole = units.unnormalize_low(low, model.levels)
            return Cascade(model, plans).refine(whole, noise)

    def _moments(self, name: str) -> tuple[Image, list[float]]:
        """Return the mean of low bands, and the deviation of what each factor draws, low first."""
        if name == "SGM":
            return self.train.mean(0, keepdim=True), [_deviation(self.train)]
        levels = self.setup.levels
        units = Normalization("mean", levels=levels, channels=self.setup.channels)
        wavelet = OrthogonalWavelet(self.setup.wavelet, levels)
        low, details = units.normalize(wavelet.analyze(self.train))
        sizes = (float(each.square().mean().sqrt()) for each in details)
        return low.mean(0, keepdim=True), [_deviation(low), *sizes]

    def _folder(self, name: str) -> Path:
        return self.steps.folder / f"{self.key}-{name}"

    def _train(self, name: str) -> dict[str, Any]:
        config = self._config(name, self._folder(name))
        return train_once(config, name, quiet=self.steps.quiet)

    def _config(self, name: str, folder: Path) -> CascadeConfig:
        setup = self.setup
        _, (low, *details) = self._moments(name)
        own, *others = setup.sizes.get(name, [{}] * (1 + len(details)))
        return CascadeConfig.model_validate(
            {
                "wavelet": setup.wavelet,
                "low": self._factor(low, 1, 1, own),
                "details": [
                    self._factor(scale, 4, 3, size)
                    for scale, size in zip(details, others, strict=True)
                ],
                "data": {
                    "train": [self.source],
                    "channels": setup.channels,
                    "side": setup.side,
                    "flip": True,
                },
                "optimizer": dict(setup.optimizer),
                "schedule": {"shape": "linear", "warmup": max(1, setup.steps // 50)},
                "precision": setup.precision,
                "batch": setup.batch,
                "steps": setup.steps,
                "seed": self.seed,
                "output": folder,
                "log_every": max(1, setup.steps // 20),
                "save_every": max(1, setup.steps // 10),
                "tensorboard": False,
            }
        )

    def _factor(
        self, scale: float, sees: int, answers: int, size: Mapping[str, Any]
    ) -> dict[str, Any]:
        setup = self.setup
        shown = sees * setup.channels + setup.shows_level
        own = {"channels": shown, "outputs": answers * setup.channels}
        return {
            "architecture": setup.architecture,
            "options": {**setup.options, **size, **own},
            "form": "scaled",
            "shows_level": setup.shows_level,
            "sigma": [level * scale for level in _NOISE],
        }


class _Around(Denoiser):
    """The denoiser of x - m: what a diffusion whose drift leads to 0 is given.

    Args:
        denoiser: of x.
        mean: m, (1, channel, height, width).
    """

    def __init__(self, denoiser: Denoiser, mean: Image) -> None:
        super().__init__()
        self.denoiser, self.mean = denoiser, mean

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        return self.denoiser(y + self.mean, sigma) - self.mean


def _coarse(model: Multiscale) -> Denoiser:
    coarse = model.coarse
    assert isinstance(coarse, Denoiser)
    return coarse


def _deviation(x: Image) -> float:
    """Return the deviation of pictures around their mean."""
    return float((x - x.mean(0)).square().mean().sqrt())


def _channels(setup: Networks) -> Any:  # noqa: ANN401 - 1 or 3, as the settings say
    return setup.channels
