"""Training samples whose features are fixed: computed once, kept in memory.

A network whose first part learns nothing (`scorelet.networks.FixedFeatures`) sees the same features
in every epoch. They are computed before the first step, for each picture as it is and mirrored if
flips are wanted, and kept in half precision: 2 bytes a number.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scorelet.core.errors import InputError
from scorelet.core.memory import available_memory
from scorelet.core.progress import Progress
from scorelet.core.random import Noise
from scorelet.data.labelled import LabelledImages, LabelledSamples
from scorelet.models import Classifier
from scorelet.networks import FixedFeatures
from scorelet.training import Batch, Loss, Objective, classification_loss

BATCH = 128
"""Pictures at a time: enough for kernels that work on sixteen maps at once."""
SHARE = 0.8
"""Of the memory that is free, which features may take."""


class FeatureSamples(Dataset):
    """The samples of a `LabelledSamples`, with their features in the place of pictures.

    Item k is a dict: `features` float16, `label` int64 ().

    Args:
        samples: pictures, mirrored or not, but not shifted.
        network: makes the features.

    Raises:
        InputError: shifted pictures, or features that do not fit into memory.
    """

    def __init__(self, samples: LabelledSamples, network: FixedFeatures) -> None:
        if samples.area:
            raise InputError(
                "Random parts of pictures have no fixed features: leave out data.area, or set "
                "data.cache: false."
            )
        if samples.padding:
            raise InputError(
                f"Pictures that are shifted by up to {samples.padding} pixels have no fixed "
                "features: set data.padding: 0, or data.cache: false."
            )
        self.samples, self.network = samples, network
        self._kept: Tensor | None = None

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if self._kept is None:
            self.prepare()
        assert self._kept is not None
        place, mirrored = self.samples.place(index), self.samples.is_mirrored(index)
        label = torch.tensor(int(self.samples.images.y[place]))
        return {"features": self._kept[int(mirrored), place], "label": label}

    def prepare(self, progress: Progress | None = None) -> None:
        """Compute the features, if it is not done.

        Args:
            progress: called with (pictures done, pictures).
        """
        if self._kept is not None:
            return
        images, copies = self.samples.images, 2 if self.samples.flip else 1
        total = copies * len(images)
        kept = None
        for copy in range(copies):
            for start in range(0, len(images), BATCH):
                features = self._features(images, start, mirrored=bool(copy))
                if kept is None:
                    shape = (copies, len(images), *features.shape[1:])
                    refuse_too_large(shape)
                    kept = torch.empty(shape, dtype=torch.float16)
                kept[copy, start : start + BATCH] = features
                if progress:
                    progress(copy * len(images) + min(start + BATCH, len(images)), total)
        self._kept = kept

    def _features(self, images: LabelledImages, start: int, *, mirrored: bool) -> Tensor:
        x = images.images(start, start + BATCH)
        place = _device(self.network)
        with torch.no_grad():
            return self.network.features((x.flip(3) if mirrored else x).to(place))


def on_features(smoothing: float) -> Objective:
    """Return the objective of a `Classifier` on the samples of `FeatureSamples`.

    Args:
        smoothing: as in `scorelet.training.classification_loss`.
    """

    def objective(model: nn.Module, batch: Batch, _noise: Noise) -> Loss:
        assert isinstance(model, Classifier)
        assert isinstance(model.network, FixedFeatures)
        logits = model.network.logits(batch["features"].float())
        return classification_loss(logits, batch["label"], smoothing=smoothing)

    return objective


def refuse_too_large(shape: tuple[int, ...]) -> None:
    """Refuse features in half precision that memory cannot hold, where that is known.

    Raises:
        InputError: they take more than `SHARE` of what is free.
    """
    needed, free = 2 * int(np.prod(shape)), available_memory()
    if free is not None and needed > SHARE * free:
        raise InputError(
            f"The features of {shape[1]} pictures take {needed / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free: set data.cache: false, or use fewer pictures."
        )


def _device(network: object) -> torch.device:
    if isinstance(network, nn.Module):
        for tensor in network.parameters():
            return tensor.device
    return torch.device("cpu")
