"""Draw a field, the means of its blocks, and fields that continue these to finer scales.

The denoisers are exact, no network is trained: what differs between the continuations is what the
block means leave open.

Run:  python examples/draw_cascade.py docs/images/cascade.png
"""

import sys
from pathlib import Path

import numpy as np
import torch

import scorelet as sl
from scorelet.core.blocks import block_means
from scorelet.core.random import Noise
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.plots import png

LEVELS, SHOWN = 3, 3


def continued(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a Gaussian field of spectrum 1/(1 + |k|³), its block means, and continuations."""
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    power = 1 / (1 + (k[:, None] ** 2 + k**2) ** 1.5)
    power /= power.mean()
    white = Noise(3, [0]).normal(torch.zeros(1, 1, side, side, dtype=torch.float64))
    field = torch.fft.ifft2(torch.fft.fft2(white) * power.sqrt()).real[0, 0].numpy()
    coarse = block_means(field[..., None], 2**LEVELS)[..., 0]
    model = gaussian_cascade(power, "haar", LEVELS)
    return field, coarse, sl.sample(model, n=SHOWN, coarse=coarse, seed=1).images[:, 0]


def main(path: Path, *, side: int = 64) -> float:
    """Write the drawing to `path`; return the largest difference between block means."""
    from matplotlib.figure import Figure

    field, coarse, fine = continued(side)
    figure = Figure(figsize=(12, 2.7), layout="constrained")
    names = ["a field", f"means of {2**LEVELS}x{2**LEVELS} pixels", "continued", "again", "again"]
    axes = figure.subplots(1, len(names))
    for axis, name, shown in zip(axes, names, [field, coarse, *fine], strict=True):
        axis.imshow(shown, cmap="gray", vmin=-2.5, vmax=2.5)
        axis.set_title(name)
        axis.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure))
    kept = block_means(np.moveaxis(fine, 0, -1), 2**LEVELS) - coarse[..., None]
    return float(np.abs(kept).max())


if __name__ == "__main__":
    print(f"block means differ by {main(Path(sys.argv[1])):.1e} at most")
