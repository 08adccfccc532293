"""Recover a picture from its scattering coefficients by gradient descent.

Coefficients forget where things are within 2^J pixels, and phases; what they keep is seen in the
picture that gradient descent finds from noise. While they outnumber the pixels, as up to J = 4 at
128 x 128, it is the picture; at J = 6 it is a blurred memory of it.

python examples/invert_scattering.py examples/clean/camera.png inverted.png --scales 2 4 6
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scorelet.core.random import generator, randn
from scorelet.data import Picture, from_unit, luma, read_picture, to_unit, write_picture
from scorelet.wavelets import Scattering2d


def invert(
    transform: Scattering2d, target: Tensor, *, shape: tuple[int, int], steps: int
) -> Tensor:
    """Return a picture whose coefficients come near `target`, starting at its mean with noise.

    L-BFGS on ‖S x - target‖² / ‖target‖²; `steps` evaluations of the gradient at most.
    """
    start = float(target[0].mean()) + 0.1 * randn(shape, rng=generator(0))
    x = start.requires_grad_()
    optimizer = torch.optim.LBFGS(
        [x], max_iter=steps, max_eval=steps, tolerance_grad=0, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = (transform(x) - target).square().sum() / target.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return x.detach()


def main(source: Path, output: Path, scales: list[int], steps: int, side: int) -> list[float]:
    """Write the original and, beside it, what was found at each J; return the errors left."""
    pixels = to_unit(read_picture(source).pixels)
    gray = luma(pixels) if pixels.shape[2] == 3 else pixels[..., :1]
    top, left = ((length - side) // 2 if length > side else 0 for length in gray.shape[:2])
    x = torch.from_numpy(gray[top : top + side, left : left + side, 0].astype(np.float32))
    shown, errors = [x], []
    for transform in map(Scattering2d, scales):
        target = transform(x)
        shown.append(invert(transform, target, shape=(x.shape[0], x.shape[1]), steps=steps))
        errors.append(float((transform(shown[-1]) - target).norm() / target.norm()))
    row = torch.cat(shown, 1).clamp(0, 1).numpy()[..., None]
    write_picture(output, Picture(from_unit(row, np.dtype(np.uint8))))
    return errors


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--scales", type=int, nargs="+", default=[3], help="J, one or several")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--side", type=int, default=128, help="of the middle that is used, pixels")
    words = parser.parse_args()
    errors = main(words.source, words.output, words.scales, words.steps, words.side)
    for J, error in zip(words.scales, errors, strict=True):
        print(f"J = {J}: relative error of the coefficients {error:.2e}")
