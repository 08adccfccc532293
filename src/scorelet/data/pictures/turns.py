"""Patches of several data sets by turns."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset


class TurnPatches(Dataset):
    """Item k is item k of one of several data sets, drawn by (seed, k).

    Args:
        sets: (share, data set) pairs, all of one length; shares sum to one.
        seed: of the draws.
    """

    def __init__(
        self, sets: Sequence[tuple[float, Dataset[dict[str, Tensor]]]], *, seed: int
    ) -> None:
        self.shares, self.sets = zip(*sets, strict=True)
        self.seed = seed

    def __len__(self) -> int:
        return len(self.sets[0])

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        turn = np.random.default_rng((self.seed, index, _TURN)).choice(
            len(self.sets), p=self.shares
        )
        return self.sets[turn][index]


_TURN = 1  # keeps these draws apart from those of the patches
