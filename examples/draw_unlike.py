"""Draw a photograph with four noises that are not white noise of one level, and denoise each.

From left to right: demosaiced, turned by 3 degrees, in blue alone, and a photograph on a page.

Run:  python examples/draw_unlike.py examples/clean/chelsea.png docs/images/unlike.png
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

import scorelet as sl
from scorelet.data.camera import demosaic, mosaic

NOISE = 20
Pixels = np.ndarray


def demosaiced(noise: Pixels) -> Pixels:
    """Return noise of an RGGB mosaic, each colour linear between its own pixels."""
    raw = mosaic(torch.from_numpy(noise).permute(2, 0, 1)[None])
    return demosaic(raw, method="bilinear")[0].permute(1, 2, 0).numpy()


def turned(x: Pixels) -> Pixels:
    """Return a picture turned by 3 degrees, linear between pixels."""
    return ndimage.rotate(x, 3, order=1, reshape=False, mode="mirror")


def on_page(x: Pixels) -> Pixels:
    """Return a smaller picture on a page of lines."""
    page = np.full(x.shape, 245.0)
    side = len(x) // 6
    page[side // 4 : side : 6, side:-side] = 60
    page[side:-side, side:-side] = x[side:-side, side:-side]
    return page


def pairs(x: Pixels) -> Iterator[tuple[Pixels, Pixels]]:
    """Yield clean and noisy pictures."""
    noise = NOISE * np.random.default_rng(0).standard_normal(x.shape)
    yield x, x + demosaiced(noise)
    yield turned(x), turned(x + noise)
    yield x, x + noise * (0, 0, 1)
    yield on_page(x), np.where(on_page(np.zeros_like(x)) == 0, on_page(x) + noise, on_page(x))


def main(source: Path, target: Path, *, side: int = 192) -> list[float]:
    """Draw noisy above denoised; return by how much the error of each is less, in dB."""
    whole = np.asarray(Image.open(source).convert("RGB"))
    top, left = ((n - side) // 2 for n in whole.shape[:2])
    columns, gains = [], []
    for clean, y in pairs(whole[top : top + side, left : left + side].astype(np.float64)):
        noisy = np.rint(y.clip(0, 255)).astype(np.uint8)
        found = sl.denoise(noisy).image
        columns.append(np.concatenate([noisy, found]))
        before, after = (np.mean((z - clean) ** 2) for z in (noisy.astype(float), found))
        gains.append(float(10 * np.log10(before / after)))
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(columns, axis=1)).save(target)
    return gains


if __name__ == "__main__":
    gains = main(Path(sys.argv[1]), Path(sys.argv[2]))
    print("less error:", ", ".join(f"{gain:.1f}" for gain in gains), "dB")
