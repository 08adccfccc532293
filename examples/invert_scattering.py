"""Recover a picture from its scattering coefficients by gradient descent.

Coefficients forget where things are within 2^J pixels, and phases; what they keep is seen in the
picture that gradient descent finds from noise. At J = 2 it is the picture but for its fine grain,
at J = 4 a texture that looks like it.

python examples/invert_scattering.py examples/clean/camera.png inverted.png --scales 3
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


def main(source: Path, output: Path, scales: int, steps: int, side: int) -> float:
    """Write the picture that was found beside the original; return the relative error left."""
    pixels = to_unit(read_picture(source).pixels)
    gray = luma(pixels) if pixels.shape[2] == 3 else pixels[..., :1]
    x = torch.from_numpy(gray[:side, :side, 0].astype(np.float32))
    transform = Scattering2d(scales)
    target = transform(x)
    found = invert(transform, target, shape=(x.shape[0], x.shape[1]), steps=steps)
    both = torch.cat([x, found], 1).clamp(0, 1).numpy()[..., None]
    write_picture(output, Picture(from_unit(both, np.dtype(np.uint8))))
    return float((transform(found) - target).norm() / target.norm())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--scales", type=int, default=3, help="J")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--side", type=int, default=128, help="of the corner that is used, pixels")
    words = parser.parse_args()
    error = main(words.source, words.output, words.scales, words.steps, words.side)
    print(f"relative error of the coefficients: {error:.2e}")
