"""A denoiser that takes images of any size in tiles, as the verbs do, on tensors."""

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models import Denoiser
from scorelet.tasks.inference import tiles_of
from scorelet.tasks.tiling import TileSide


class TiledDenoiser(Denoiser):
    """The same answers as the denoiser's own, with the memory of a tile.

    Args:
        denoiser: prepared for inference.
        tile: side in pixels, "auto", or None for the whole image.

    Raises:
        InputError: the denoiser needs a condition.
    """

    def __init__(self, denoiser: Denoiser, tile: TileSide = "auto") -> None:
        super().__init__()
        if denoiser.needs_cond:
            raise InputError(
                "restore tells a denoiser no condition, and this one needs it: use it with "
                "scorelet denoise --cond."
            )
        self.denoiser, self.tile = denoiser, tile
        self.blind = denoiser.blind
        self.know_classes_of(denoiser)
        self.channels, self.locality = denoiser.channels, denoiser.locality
        self.needs_noise = denoiser.needs_noise

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        result = torch.empty_like(y)
        for tile in tiles_of(self, y.shape[-2:], tile=self.tile):
            for k in range(len(y)):  # the memory of one image, whatever the batch
                part = y[k : k + 1, :, tile.rows, tile.columns]
                chosen = None if label is None else label[k : k + 1]
                level = None if self.blind else sigma[k : k + 1]
                clean = self.denoiser(part, level, label=chosen)
                kept = clean[..., tile.keep_rows, tile.keep_columns]
                result[k : k + 1, :, tile.target_rows, tile.target_columns] = kept
        return result
