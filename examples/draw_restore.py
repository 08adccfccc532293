"""Draw a picture at a quarter of its size, enlarged by cubics, and enlarged by scorelet.

Run:  python examples/draw_restore.py examples/clean/chelsea.png docs/images/restore.png
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import scorelet as sl

FACTOR = 4


def main(
    source: Path,
    target: Path,
    *,
    size: tuple[int, int] = (128, 192),
    quality: str = "full",
    samples: int | None = None,
) -> float:
    """Draw the three side by side; return how much smaller the error is than by cubics, in dB."""
    whole = np.asarray(Image.open(source).convert("RGB"))
    top, left = ((n - m) // 2 for n, m in zip(whole.shape, size, strict=False))
    x = whole[top : top + size[0], left : left + size[1]].astype(np.float32) / 255
    blocks = x.reshape(size[0] // FACTOR, FACTOR, size[1] // FACTOR, FACTOR, 3)
    small = np.rint(blocks.mean((1, 3)) * 255).astype(np.uint8)
    picture = Image.fromarray(small)
    cubic = np.asarray(picture.resize(size[::-1], Image.Resampling.BICUBIC)) / 255
    found = sl.restore(small, task="superres", factor=FACTOR, quality=quality, samples=samples)
    found = found.image / 255
    blocky = np.asarray(picture.resize(size[::-1], Image.Resampling.NEAREST)) / 255
    drawn = np.concatenate([blocky, cubic, found], 1)
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(drawn * 255).astype(np.uint8)).save(target)
    return float(10 * np.log10(np.mean((cubic - x) ** 2) / np.mean((found - x) ** 2)))


if __name__ == "__main__":
    print(f"{main(Path(sys.argv[1]), Path(sys.argv[2])):.2f} dB above cubics")
