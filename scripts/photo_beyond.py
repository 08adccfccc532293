"""Measure a denoiser on pictures unlike its photographs: full chroma, rendered pages, clean input.

export SCORELET_DATA=...
python scripts/photo_beyond.py [MODEL] [-o docs/results/photo_beyond.json]

PSNR in dB by the protocol of `scorelet evaluate` (8-bit units, noise not clipped, result clipped):

- `halved`: photos/bsd_val32, the first 16, means of 2x2 pixels, so with full chroma; colour, gray;
- `pages`: the 20 pages of tests/rendered_pages.py;
- `free`: scikit-image's astronaut, coffee, chelsea and rocket;
- `flat`: 27 colours (corners and centres of the cube) of 64x64 as files are denoised, 8 and 16 bit:
  the largest deviation in 8-bit levels.
"""

import argparse
import itertools
import json
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

import scorelet as sl
from scorelet.core.files import write_text
from scorelet.data import load_pictures, locate
from scorelet.data.pictures.patches import half
from scorelet.data.pictures.photographs import luma

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from rendered_pages import rendered_pages

Pixels = np.ndarray
SIGMAS = {"halved": (0, 5, 15), "halved gray": (0, 5, 15), "pages": (0, 15, 25), "free": (0,)}
FREE = ("astronaut", "coffee", "chelsea", "rocket")


def pictures(name: str) -> list[Pixels]:
    """Return the pictures of a set, (height, width, channels) of uint8."""
    if name == "pages":
        return rendered_pages()
    if name == "free":
        import skimage.data

        return [np.asarray(getattr(skimage.data, picture)()) for picture in FREE]
    found = load_pictures(locate("photos/bsd_val32"), channels=3, limit=16)
    halved = [half(picture) for picture in found]
    return halved if name == "halved" else [luma(picture) for picture in halved]


def decibels(denoiser: torch.nn.Module, picture: Pixels, sigma: float, index: int) -> float:
    """Return the PSNR of one picture, at most 99."""
    clean = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(index))
    with torch.no_grad():
        error = denoiser(clean + sigma / 255 * noise).clamp(0, 1) - clean
    return min(99.0, -10 * float(error.square().mean().clamp(min=1e-12).log10()))


def flat(model: str) -> list[dict]:
    """Return the largest deviation of flat pictures of 27 colours, by depth."""
    rows = []
    for dtype, white in ((np.uint8, 255), (np.uint16, 65535)):
        worst, at = 0.0, None
        for colour in itertools.product((0, white // 2, white), repeat=3):
            picture = np.full((64, 64, 3), colour, dtype)
            out = sl.denoise(picture, model=model).image
            error = float(np.abs(out.astype(float) - picture).max() * 255 / white)
            if error > worst:
                worst, at = error, colour
        rows.append({"dtype": np.dtype(dtype).name, "levels": worst, "at": at})
    return rows


def measure(model: str) -> list[dict]:
    """Return the rows of all sets but the flat pictures."""
    denoiser = sl.load(model)
    rows = []
    for name, sigmas in SIGMAS.items():
        found = pictures(name)
        for sigma in sigmas:
            values = [decibels(denoiser, picture, sigma, k) for k, picture in enumerate(found)]
            rows.append(
                {
                    "set": name,
                    "pictures": len(found),
                    "sigma": sigma,
                    "psnr": round(float(np.mean(values)), 3),
                    "worst": round(min(values), 3),
                }
            )
            print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", default="photo")
    parser.add_argument("-o", "--output", type=Path)
    words = parser.parse_args()
    document = {
        "model": words.model,
        "command": "python scripts/photo_beyond.py",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"scorelet": version("scorelet"), "torch": torch.__version__},
        "rows": measure(words.model),
        "flat": flat(words.model),
    }
    print(document["flat"])
    if words.output:
        write_text(words.output, json.dumps(document, indent=2) + "\n")
