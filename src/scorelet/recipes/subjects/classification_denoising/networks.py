"""The networks of the recipe, all trained on the same pictures for as many steps.

`joint` learns labels and denoising; `cross-entropy` is the same network that learns labels of clean
pictures only, `noisy cross-entropy` labels of clean and noisy ones, `denoises only` no labels;
`denoiser` is a UNet that learns to denoise only. ResNet-18 learns labels of clean pictures, and
BF-CNN to denoise.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from scorelet.data.labelled import load_labelled
from scorelet.models import Classifier, NetworkJointEnergy, ResidualDenoiser
from scorelet.recipes.drawn_sets import DRAWN, write_textures
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.classification_denoising.settings import LARGEST, LEAST, Settings
from scorelet.tasks.experiments.classify import ClassifyConfig
from scorelet.tasks.experiments.denoise_set import DenoiseSetConfig
from scorelet.tasks.experiments.joint import JointConfig
from scorelet.tasks.train import train_once
from scorelet.training import LoopConfig
from scorelet.training.loop import WEIGHTS
from scorelet.zoo import load_as

JOINT, PLAIN, NOISY, DENOISER = "joint", "cross-entropy", "noisy cross-entropy", "denoiser"
ALONE, RESNET, BF_CNN = "denoises only", "ResNet-18", "BF-CNN"
LINEAR = "linear filter"
"""The best one of all pixels and colours of the training pictures; it is no network."""
LABELLING = (JOINT, NOISY, PLAIN)
"""Networks that give labels."""
BASELINES = (ALONE, RESNET, BF_CNN)
"""Networks that no claim is about."""
_SIDE = 16


def step_word(name: str) -> str:
    """Return the name of a network as names of steps have it."""
    return name.replace(" ", "-").replace(",", "")


class Networks:
    """Trains the networks, or loads those that a run before has trained.

    Args:
        settings: of the run.
        steps: of the run; each training is one.
        seed: of the run: training k has seed + k.

    Attributes:
        train, test: pictures.

    Raises:
        InputError: no such data.
    """

    def __init__(self, settings: Settings, steps: Steps, *, seed: int) -> None:
        self.settings, self.steps, self.seed = settings, steps, seed
        self.source = settings.source
        if self.source == DRAWN:
            path = steps.folder / f"{DRAWN}.npz"
            assert settings.images is not None
            assert settings.held_out is not None
            count = settings.images, settings.held_out
            write_textures(path, train=count[0], test=count[1], side=_SIDE, seed=seed)
            self.source = str(path)
        whole = load_labelled(self.source)
        if settings.held_out is None or settings.source == DRAWN:
            self.train, self.test = whole, load_labelled(self.source, part="test")
        else:
            self.train, self.test = whole.hold_out(settings.held_out)
        self.train = self.train.first(settings.images or len(self.train))

    def joints(self, name: str) -> list[NetworkJointEnergy]:
        """Return the networks of a name of `LABELLING`, or `ALONE`, in evaluation."""
        return [load_as(NetworkJointEnergy, file, verb="reproduce") for file in self._files(name)]

    def denoisers(self, name: str) -> list[ResidualDenoiser]:
        """Return `DENOISER` or `BF_CNN`, one for each seed, in evaluation."""
        return [load_as(ResidualDenoiser, file, verb="reproduce") for file in self._files(name)]

    def classifiers(self) -> list[Classifier]:
        """Return `RESNET`, one for each seed, in evaluation."""
        return [load_as(Classifier, file, verb="reproduce") for file in self._files(RESNET)]

    def config(self, name: str, number: int, folder: Path) -> LoopConfig:
        """Return how a network is trained for a seed."""
        make: dict[str, Callable[..., Any]] = {
            DENOISER: self._direct,
            BF_CNN: self._direct,
            RESNET: self._classifier,
        }
        return make.get(name, self._joint)(name, number, folder)

    def _files(self, name: str) -> list[Path]:
        settings = self.settings
        seeds = settings.baselines if name in BASELINES else settings.seeds
        return [self._trained(name, k) for k in range(seeds)]

    def _trained(self, name: str, number: int) -> Path:
        step = f"{step_word(name)}-{number}"
        folder = self.steps.folder / step
        self.steps(step, partial(self._train, name, number, folder))
        return folder / WEIGHTS

    def _train(self, name: str, number: int, folder: Path) -> dict[str, Any]:
        train_once(self.config(name, number, folder), folder.name, quiet=self.steps.quiet)
        return {"steps": self.settings.epochs * self.epoch}

    @property
    def epoch(self) -> int:
        """Steps of training in which all pictures are seen once."""
        return -(-len(self.train) // self.settings.batch)

    def _joint(self, name: str, number: int, folder: Path) -> JointConfig:
        settings = self.settings
        network = {
            "architecture": "GradResNet",
            "options": {
                "channels": self.train.channels,
                "classes": len(self.train.classes),
                "width": settings.width,
            },
        }
        clean = 1.0 if name == PLAIN else 0.5
        own = {
            "model": network,
            "head": settings.head,
            "label_level": None if name in (PLAIN, ALONE) else settings.label_level,
            "noise": {"sigma": (LEAST, LARGEST), "clean": clean},
            "lambda_ce": 0.0 if name == ALONE else 1.0,
            "lambda_dsm": settings.weight if name in (JOINT, ALONE) else 0.0,
        }
        return JointConfig.model_validate(self._common(number, folder) | own)

    def _classifier(self, _name: str, number: int, folder: Path) -> ClassifyConfig:
        options = {
            "channels": self.train.channels,
            "classes": len(self.train.classes),
            "width": self.settings.width,
            "bias_free": False,
        }
        own = {"model": {"architecture": "ResNet", "options": options}}
        return ClassifyConfig.model_validate(self._common(number, folder) | own)

    def _direct(self, name: str, number: int, folder: Path) -> DenoiseSetConfig:
        architecture, width = {
            DENOISER: ("UNet", self.settings.unet),
            BF_CNN: ("BFCNN", self.settings.bf_cnn),
        }[name]
        options = {"channels": self.train.channels, "width": width}
        own = {
            "model": {"architecture": architecture, "options": options},
            "noise": {"sigma": (LEAST, LARGEST), "clean": 0.0},
        }
        return DenoiseSetConfig.model_validate(self._common(number, folder) | own)

    def _common(self, number: int, folder: Path) -> dict[str, Any]:
        settings, steps = self.settings, self.settings.epochs * self.epoch
        return {
            "data": {
                "source": self.source,
                "limit": len(self.train),
                "padding": settings.padding,
                "flip": settings.flip,
            },
            "optimizer": {
                "name": "muon",
                "rate": settings.rate,
                "matrix_rate": settings.matrix_rate,
                "least_channels": 16,
                "weight_decay": 0.05,
                "clip": 1.0,
                "ema": 0.99,
            },
            "schedule": {"shape": "cosine", "warmup": max(1, steps // 50)},
            "steps": steps,
            "batch": settings.batch,
            "seed": self.seed + number,
            "output": folder,
            "log_every": max(1, steps // 50),
            "save_every": max(1, steps // 10),
            "precision": settings.precision,
            "tensorboard": False,
        }
