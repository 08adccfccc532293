"""Draw Morlet wavelets, as they look and where they are in frequency.

On the left is the real part of each, one row a scale, one column an angle. On the right are the
places in the frequency plane where each of them, and its mirror image, is above half of its
maximum; the circle in the middle is the low-pass filter.

Run:  python examples/draw_wavelets.py docs/images/morlet.png
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scorelet.plots import png
from scorelet.plots.figures import COLOURS, new_figure
from scorelet.wavelets import MorletBank, morlet_bank

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

SCALES, ANGLES, SIDE, SHOWN = 3, 6, 128, 40


def main(path: Path) -> None:
    """Write the drawing to `path`."""
    bank = morlet_bank((SIDE, SIDE), SCALES, ANGLES)
    figure = new_figure(8.8, 3.4)
    left, right = figure.subfigures(1, 2, width_ratios=[1.7, 1])
    _draw_space(left, bank)
    _draw_frequency(right.subplots(), bank)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure, dpi=80))


def _draw_space(figure: "SubFigure", bank: MorletBank) -> None:
    middle = slice((SIDE - SHOWN) // 2, (SIDE + SHOWN) // 2)
    grid = figure.subplots(SCALES, ANGLES)
    for row, bands in zip(grid, bank.bands, strict=True):
        for axes, band in zip(row, bands, strict=True):
            wave = np.fft.fftshift(np.fft.ifft2(band).real)[middle, middle]
            axes.imshow(wave, cmap="gray", vmin=-abs(wave).max(), vmax=abs(wave).max())
            axes.set_axis_off()


def _draw_frequency(axes: "Axes", bank: MorletBank) -> None:
    w = 2 * np.pi * np.fft.fftshift(np.fft.fftfreq(SIDE))
    axes.contour(w, w, np.fft.fftshift(bank.low), levels=[bank.low.max() / 2], colors="0.3")
    for colour, bands in zip(COLOURS, bank.bands, strict=False):
        for band in bands:
            for side in (band, np.roll(np.flip(band), (1, 1), (0, 1))):
                shifted = np.fft.fftshift(side)
                axes.contour(w, w, shifted, levels=[band.max() / 2], colors=colour)
    axes.set(aspect="equal", xlabel="ω, across", ylabel="ω, down")
    axes.set_xticks([-np.pi, 0, np.pi], ["−π", "0", "π"])
    axes.set_yticks([-np.pi, 0, np.pi], ["−π", "0", "π"])
    axes.invert_yaxis()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
