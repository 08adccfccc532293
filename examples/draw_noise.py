"""Draw the noise of one picture in three states: on a sensor, smoothed, and in a camera's JPEG.

Run:  python examples/draw_noise.py examples/clean/chelsea.png docs/images/noise.png
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from scorelet.core.random import generator
from scorelet.data.camera import CameraSettings, take
from scorelet.models import CorrelatedNoise, PoissonGaussianNoise
from scorelet.plots import png
from scorelet.plots.noise import noise_figure
from scorelet.tasks.noise import PictureNoise, noise

A, B = 4e-3, 4e-4


def main(source: Path, target: Path) -> dict[str, PictureNoise]:
    """Write the drawing; return what was measured."""
    pixels = np.asarray(Image.open(source).convert("RGB"))
    x = torch.from_numpy(pixels / 255).permute(2, 0, 1)[None]
    kernel = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]], dtype=torch.float64)
    smooth = CorrelatedNoise.filtered(kernel, 0.03, (x.shape[2], x.shape[3]))
    sensor = PoissonGaussianNoise(A, B).add(x, rng=generator(0))
    settings = CameraSettings(a=A, b=B, quality=90)
    states = {
        "on a sensor": sensor[0].clamp(0, 1),
        "smoothed": smooth.add(x, rng=generator(1))[0].clamp(0, 1),
        "JPEG of a camera": take(pixels, settings, seed=0).noisy,
    }
    found = {name: noise(state) for name, state in states.items()}
    target.parent.mkdir(parents=True, exist_ok=True)
    figure = noise_figure([one.document for one in found.values()], list(found))
    target.write_bytes(png(figure, dpi=70))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
