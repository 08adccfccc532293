"""Draw a soft picture and one of a moving camera, each beside what `restore` makes of it.

Run:  python examples/draw_deblur.py examples/clean/chelsea.png docs/images/deblur.png
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

import scorelet as sl
from scorelet.models.measurements import named_blur

SOFT, MOVED = "gaussian:1.8", "motion:15:30"


def main(
    source: Path,
    target: Path,
    *,
    size: tuple[int, int] = (160, 176),
    quality: str = "full",
    samples: int | None = None,
) -> tuple[float, float]:
    """Draw the four side by side; return how much smaller errors are than before, in dB."""
    x = np.asarray(Image.open(source).convert("RGB")) / 255
    middle = tuple(slice((n - m) // 2, (n + m) // 2) for n, m in zip(x.shape, size, strict=False))
    drawn, gains = [], []
    for blur, told in ((SOFT, None), (MOVED, MOVED)):  # that of the soft one is found
        kernel = named_blur(blur).numpy()[..., None]
        blurred = np.rint(255 * ndimage.convolve(x, kernel)[middle]).astype(np.uint8)
        found = sl.restore(blurred, task="deblur", blur=told, quality=quality, samples=samples)
        drawn += [blurred, found.image]
        before, after = (np.mean((y / 255 - x[middle]) ** 2) for y in drawn[-2:])
        gains.append(float(10 * np.log10(before / after)))
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(drawn, 1)).save(target)
    return gains[0], gains[1]


if __name__ == "__main__":
    soft, moved = main(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{soft:.2f} and {moved:.2f} dB nearer than before")
