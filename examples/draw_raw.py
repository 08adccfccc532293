"""Draw what a camera raw file develops into: as it is, and denoised on the sensor's mosaic.

The raw file is a simulated camera's of a picture, written as DNG.
Run:  python examples/draw_raw.py examples/clean/chelsea.png docs/images/raw.png
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import scorelet as sl
from scorelet.core.random import generator
from scorelet.data import read_picture
from scorelet.data.camera import CameraSettings, mosaic
from scorelet.data.camera.shot import expose, light
from scorelet.data.pictures.formats.dng import write_dng
from scorelet.data.pictures.sensor import Mosaic

SETTINGS = CameraSettings(a=4e-3, b=1.6e-4, saturation=0.0, contrast=0.0)
SRGB = (3.2405, -1.5371, -0.4985, -0.9693, 1.8760, 0.0416, 0.0556, -0.2040, 1.0572)


def write_raw(source: Path, target: Path) -> None:
    """Write a picture as the raw file of a simulated camera."""
    pixels = np.asarray(Image.open(source).convert("RGB"), np.float32) / 255
    x = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    y = expose(mosaic(light(x, SETTINGS), SETTINGS.order), SETTINGS, rng=generator(0))
    neutral = (1 / SETTINGS.red, 1.0, 1 / SETTINGS.blue)
    write_dng(target, Mosaic(y[0, 0].numpy(), SETTINGS.order, neutral=neutral, matrix=SRGB))


def main(source: Path, target: Path) -> str | None:
    """Write the drawing; return what was found in the raw file."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "a.dng"
        write_raw(source, raw)
        before, out = read_picture(raw).pixels, sl.denoise(raw)
    top, left = (max(0, (side - 240) // 2) for side in before.shape[:2])
    parts = [p[top : top + 240, left : left + 240] >> 8 for p in (before, out.image)]
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(parts, 1).astype(np.uint8)).save(target)
    return out.found


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
