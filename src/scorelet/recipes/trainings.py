"""Classifiers that a recipe trains, all with one budget: by the library's task `classify`.

Each training is a step of the run. Its folder below the steps holds the run of the trainer, so that
one that was interrupted goes on where its state was saved; when it is done the state is deleted,
and weights and hits are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.analysis.alignment.pictures import picture_batches
from scorelet.analysis.weight_resampling.norms import settle_all
from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages, load_labelled
from scorelet.models import Classifier
from scorelet.recipes.claims import Measured
from scorelet.recipes.drawn_sets import DRAWN, write_textures
from scorelet.recipes.hits import Hits, packed, unpacked
from scorelet.recipes.steps import Steps
from scorelet.tasks.experiments import read_config
from scorelet.tasks.experiments.classify import ClassifyConfig
from scorelet.tasks.experiments.networks import make_network
from scorelet.tasks.fitting import pixels_fitter
from scorelet.tasks.train import train_once
from scorelet.training.loop import WEIGHTS
from scorelet.training.run_folder import CONFIG
from scorelet.zoo import load_as

_PIECE = 250
_AREA = 0.08  # of photographs in folders, as in all publications on them


@dataclass(frozen=True)
class Budget:
    """What all trainings of a comparison have alike.

    Attributes:
        source: labelled pictures as in `data.source` of the task classify, or "textures".
        images: trained on are the first so many; None: all.
        held_out: tested on are the last so many training pictures; None: the part test.
        epochs, batch: of SGD with momentum 0.9.
        rate: peak of the learning rate.
        drop: epochs after which it falls to a tenth, again and again; None: one cycle.
        weight_decay: of matrices.
        padding, flip: how pictures are varied, see the task classify.
        size: height and width to which pictures in folders are brought; training shows random
            parts of these, of at least 8 % of their area.
        seeds: of trainings that decide a small difference, see `contrasts`.
        precision: of the products, see the task classify.
        floor: accuracy in percent that a control has to reach for a comparison with it to count:
            far above chance, and below a linear classifier of pixels.
    """

    source: str
    images: int | None
    held_out: int | None
    epochs: int
    batch: int = 128
    rate: float = 0.01
    drop: int | None = None
    weight_decay: float = 1e-4
    padding: int = 0
    flip: bool = True
    size: tuple[int, int] | None = None
    seeds: int = 1
    precision: str = "no"
    floor: float = 30.0

    def pictures(self) -> str:
        """Say in words on which pictures networks are trained and tested, and for how long."""
        return training_pictures(self.source, self.images, self.held_out, self.epochs)


def training_pictures(source: str, images: int | None, held_out: int | None, epochs: int) -> str:
    """Say in words what networks are trained and tested on; arguments as in `Budget`."""
    rest = "all" if held_out is None else f"all but the last {held_out:,}"
    seen = rest if images is None else f"the first {images:,}"
    test = "the test part" if held_out is None else f"the last {held_out:,}"
    return (
        f"{source}: networks trained on {seen} training images for {epochs} epochs, tested on "
        f"{test}"
    )


class Trainings:
    """Trains classifiers with one budget and tests them on the same pictures.

    Args:
        budget: of each.
        steps: of the run.
        seed: of the run: training k has seed + k.
        side: of textures, if those are drawn.

    Raises:
        InputError: no such data, or fewer pictures than the budget says.
    """

    def __init__(self, budget: Budget, steps: Steps, *, seed: int, side: int = 16) -> None:
        self.budget, self.steps, self.seed = budget, steps, seed
        self.source = budget.source
        if budget.source == DRAWN:
            path = steps.folder / f"{DRAWN}.npz"
            assert budget.images is not None
            assert budget.held_out is not None
            train, test = budget.images, budget.held_out
            write_textures(path, train=train, test=test, side=side, seed=seed)
            self.source = str(path)
        self.train, self.test = _parts(self.source, budget)
        self.hits: dict[str, Hits] = {}
        self._done: dict[str, dict[str, Any]] = {}

    def __call__(self, name: str, architecture: str, options: dict[str, Any], **more: Any) -> Hits:  # noqa: ANN401
        """Train once for each seed; return the hits, which `hits` keeps by name, too.

        What was trained before under the same name and seed is not trained again.

        Args:
            name: of the training.
            architecture, options: of the network; channels and classes are those of the data.
            more: `seeds`, `rate` and `epochs` where they differ from the budget, `parseval` and
                `cache` as in the task classify.
        """
        steps = [f"{name}-{k}" for k in range(more.pop("seeds", 1))]
        for k, step in enumerate(steps):
            if step not in self._done:
                work = partial(self._train, step, k, architecture, options, more)
                self._done[step] = self.steps(step, work)
        self.hits[name] = torch.stack([unpacked(self._done[step]["hits"]) for step in steps])
        return self.hits[name]

    def model(self, name: str, seed: int = 0) -> Classifier:
        """Return one of the classifiers that were trained under a name."""
        return load_as(Classifier, self._folder(f"{name}-{seed}") / WEIGHTS, verb="classify").eval()

    def models(self, name: str) -> list[Classifier]:
        """Return all of them."""
        return [self.model(name, seed) for seed in range(len(self.hits[name]))]

    def start(self, name: str, seed: int = 0) -> nn.Module:
        """Return a network as it was before one of the trainings under a name."""
        config = read_config(self._folder(f"{name}-{seed}") / CONFIG)
        assert isinstance(config, ClassifyConfig)
        return make_network(config.model, seed=config.seed).eval()

    def settled_start(self, name: str, seed: int = 0, *, pictures: int) -> nn.Module:
        """Return `start` with norms measured on so many training pictures: it ran on none."""
        net = self.start(name, seed).to(choose_device("auto"))
        settle_all(net, picture_batches(self.train.first(pictures))[1])
        return net

    def _folder(self, name: str) -> Path:
        return self.steps.folder / name

    def _train(
        self,
        name: str,
        number: int,
        architecture: str,
        options: dict[str, Any],
        more: dict[str, Any],
    ) -> dict[str, Any]:
        own = {"channels": self.train.channels, "classes": len(self.train.classes)}
        folder = self._folder(name)
        config = self._config(
            folder, number, {"architecture": architecture, "options": own | options}, more
        )
        train_once(config, name, quiet=self.steps.quiet)
        model = load_as(Classifier, folder / WEIGHTS, verb="classify").eval()
        model = model.to(choose_device("auto"))
        hits = hits_of(model, self.test)
        count = sum(p.numel() for p in model.parameters())
        return {"hits": packed(hits), "parameters": count, "accuracy": float(hits.mean())}

    def _config(
        self, folder: Path, number: int, model: dict[str, Any], more: dict[str, Any]
    ) -> ClassifyConfig:
        budget, epochs = self.budget, more.get("epochs", self.budget.epochs)
        epoch = -(-len(self.train) // budget.batch)
        steps = epochs * epoch
        schedule: dict[str, Any] = {"shape": "one-cycle", "warmup": max(1, steps // 5)}
        if budget.drop:
            schedule = {"shape": "step", "warmup": 0, "every": budget.drop * epoch, "factor": 0.1}
        rate = more.get("rate", budget.rate)
        return ClassifyConfig.model_validate(
            {
                "model": model,
                "data": {
                    "source": self.source,
                    "limit": len(self.train),
                    "size": budget.size,
                    "padding": 0 if more.get("cache") else budget.padding,
                    "flip": budget.flip,
                    "area": None if budget.size is None or more.get("cache") else _AREA,
                    "cache": more.get("cache", False),
                },
                "parseval": more.get("parseval", {}),
                "optimizer": {
                    "name": "sgd",
                    "rate": rate,
                    "weight_decay": budget.weight_decay,
                    "clip": None,
                    "ema": 0.0,
                },
                "schedule": schedule,
                "steps": steps,
                "batch": budget.batch,
                "seed": self.seed + number,
                "output": folder,
                "log_every": max(1, epoch // 4),
                "save_every": max(1, epoch),
                "precision": budget.precision,
                "tensorboard": False,
            }
        )


def network_rows(
    accuracies: Mapping[str, Measured], published: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return a row for each network: its error in percent, the published one, and the seeds."""
    return [
        {
            "network": name,
            "error_percent": round(100 - found.value, 3),
            "error_percent_error": None if found.error is None else round(found.error, 3),
            "published": None if name not in published else round(published[name], 3),
            "seeds": found.note,
        }
        for name, found in accuracies.items()
    ]


def hits_of(model: nn.Module, images: LabelledImages) -> Tensor:
    """Return 1 for each picture that gets its class, else 0, float64."""
    place = next(model.parameters()).device
    found = []
    for start in range(0, len(images), _PIECE):
        x, y = images.images(start, start + _PIECE), images.y[start : start + _PIECE]
        with torch.no_grad():
            found.append(model(x.to(place)).argmax(1).cpu() == torch.from_numpy(y))
    return torch.cat(found).double()


def _parts(source: str, budget: Budget) -> tuple[LabelledImages, LabelledImages]:
    """Return the pictures to train on, and those to test on."""
    fit = None if budget.size is None else pixels_fitter(budget.size, "crop")
    whole = load_labelled(source, fit=fit, originals=fit is not None)
    if budget.held_out is None or budget.source == DRAWN:
        train, test = whole, load_labelled(source, part="test", fit=fit)
    else:
        train, test = whole.hold_out(budget.held_out)
    wanted = budget.images or len(train)
    if len(train) < wanted:
        raise InputError(
            f"{budget.source} has {len(train)} pictures to train on beside those of the test: "
            f"expected {wanted}."
        )
    return train.first(wanted), test.readable()
