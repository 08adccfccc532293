"""What a run works on: networks, pictures, settings; pictures go some at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness import TRANSFER, Attack, known_attack
from scorelet.tasks.robust.settings import RobustSettings
from scorelet.tasks.robust.shown import Shown

CHUNK = 50


def chunks_of(x: Tensor) -> range:
    """Return the numbers of the chunks of pictures."""
    return range(-(-len(x) // CHUNK))


def first_of(number: int) -> int:
    """Return the place of the first picture of a chunk."""
    return number * CHUNK


@dataclass(frozen=True)
class Work:
    """All that the pieces of a run need.

    Attributes:
        network, source: the one that is attacked, and the one that attacks are transferred from.
        shown: pictures with labels.
        settings: how.
        others: outliers, on the CPU.
    """

    network: nn.Module
    source: nn.Module | None
    shown: Shown
    settings: RobustSettings
    others: Tensor | None = None

    @property
    def attacks(self) -> dict[str, Attack]:
        """The attacks by their names, transfer last."""
        names = self.settings.names + ((TRANSFER,) if self.source is not None else ())
        return {name: known_attack(name, self.source) for name in names}

    @property
    def chunks(self) -> range:
        """Numbers of the chunks."""
        return chunks_of(self.shown.x)

    def chunk(self, number: int) -> tuple[Tensor, Tensor]:
        """Return pictures and labels of a chunk, on the network's device."""
        return self.placed(slice(first_of(number), first_of(number + 1)))

    def placed(self, some: slice | Tensor) -> tuple[Tensor, Tensor]:
        """Return some pictures and their labels, on the network's device."""
        x, labels = self.shown.x[some], self.shown.labels[some]
        return x.to(self.device, torch.float32), labels.to(self.device)

    @property
    def device(self) -> torch.device:
        """The network's."""
        return next(self.network.parameters(), torch.empty(0)).device
