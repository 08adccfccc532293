"""Draw a disk on black and a disk on white with noise that is cut off there, and denoise both.

Run:  python examples/draw_cut_off.py examples/clean/chelsea.png docs/images/cut_off.png
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import scorelet as sl

NOISE = 30


def main(source: Path, target: Path, *, side: int = 192) -> float:
    """Draw noisy above denoised; return by how much the error within the disks is less, in dB."""
    whole = np.asarray(Image.open(source).convert("RGB"))
    top, left = ((n - side) // 2 for n in whole.shape[:2])
    x = whole[top : top + side, left : left + side].astype(np.float64)
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    disk = np.hypot(rows, columns) < 0.45 * side
    clean = np.stack([np.where(disk[..., None], x, end) for end in (0, 255)])
    noise = NOISE * np.random.default_rng(0).standard_normal(clean.shape)
    noisy = np.rint((clean + noise).clip(0, 255)).astype(np.uint8)
    found = np.stack([sl.denoise(picture).image for picture in noisy])
    target.parent.mkdir(parents=True, exist_ok=True)
    drawn = np.concatenate([np.concatenate(list(pictures), 1) for pictures in (noisy, found)])
    Image.fromarray(drawn).save(target)
    before, after = (np.mean((y - clean)[:, disk] ** 2) for y in (noisy.astype(float), found))
    return float(10 * np.log10(before / after))


if __name__ == "__main__":
    print(f"{main(Path(sys.argv[1]), Path(sys.argv[2])):.1f} dB less error within the disks")
