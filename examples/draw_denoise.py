"""Draw part of a picture with noise of several levels, above what denoise makes of it.

Run:  python examples/draw_denoise.py examples/clean/chelsea.png docs/images/levels.png
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import scorelet as sl

LEVELS = (5, 15, 25, 50, 75)
WINDOW = slice(20, 180), slice(100, 260)


def main(source: Path, target: Path) -> list[float]:
    """Write the drawing; return by how many dB the error is smaller, for each level."""
    clean = np.asarray(Image.open(source).convert("RGB"))
    columns, gains = [], []
    for level in LEVELS:
        noise = np.random.default_rng(level).normal(0, level, clean.shape)
        noisy = np.clip(np.rint(clean + noise), 0, 255).astype(np.uint8)
        found = sl.denoise(noisy).image
        before, after = (np.mean((x - clean.astype(float)) ** 2) for x in (noisy, found))
        gains.append(float(10 * np.log10(before / after)))
        columns.append(np.concatenate([noisy[WINDOW], found[WINDOW]]))
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(columns, 1)).save(target)
    return gains


if __name__ == "__main__":
    print(", ".join(f"{gain:.1f} dB" for gain in main(Path(sys.argv[1]), Path(sys.argv[2]))))
