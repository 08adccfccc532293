"""Draw a picture, its wavelet coefficients and their moduli, and all of it shifted by a pixel.

Run:  python examples/draw_collapse.py docs/images/collapse.png
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

from scorelet.data import read_picture, to_unit
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.plots import png
from scorelet.plots.collapse import coefficients_figure

CAMERA = Path(__file__).parent / "clean" / "camera.png"
SMALLER = 4  # the photograph is so many times larger
CROP = (slice(8, 72), slice(24, 88))
STEPS = (0, 1)


def main(path: Path) -> tuple[float, float]:
    """Write the drawing; return the relative change of coefficients and of moduli by the shift."""
    pixels = torch.from_numpy(to_unit(read_picture(CAMERA).pixels))[..., 0]
    pixels = F.avg_pool2d(pixels[None], SMALLER)[0]
    layer, rows, seen = MorletConv2d(4, kind="half"), {}, []
    for step in STEPS:
        shown = pixels.roll(step, 0)[CROP].float()
        z = layer(shown[None, None])[0, 0, 2]  # waves from top to bottom
        seen.append(z)
        title = f"shifted by {step} pixel" if step else "as it is"
        rows[title] = (shown.numpy(), z[0].numpy(), z.square().sum(0).sqrt().numpy())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(coefficients_figure(rows), dpi=72))
    (a, b), (m, n) = seen, (z.square().sum(0).sqrt() for z in seen)
    return float((a - b).norm() / a.norm()), float((m - n).norm() / m.norm())


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
