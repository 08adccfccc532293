"""Numbers of blocks of pixels, and of the pixels between their centres."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F


def between_blocks(values: np.ndarray, side: int, size: Sequence[int]) -> np.ndarray:
    """Return a number of each pixel, linear between the centres of blocks, constant beyond.

    Args:
        values: (rows, columns), one number of each whole block.
        side: of a block in pixels.
        size: height and width of the picture.

    Returns:
        float32, (height, width).

    Example:
        >>> import numpy as np
        >>> between_blocks(np.array([[0.0, 2.0]]), 2, (2, 5))[0].tolist()
        [0.0, 0.5, 1.5, 2.0, 2.0]
    """
    blocks = torch.from_numpy(values.astype(np.float32))[None, None]
    whole = [side * n for n in values.shape]
    fine = F.interpolate(blocks, size=whole, mode="bilinear", align_corners=False)[0, 0].numpy()
    over = [(0, n - inside) for n, inside in zip(size, whole, strict=True)]
    return np.pad(fine, over, mode="edge")
