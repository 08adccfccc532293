"""Eigenvectors of a twin at a picture that it has not seen: waves along its contours."""

from pathlib import Path
from typing import Any

import numpy as np

from scorelet.analysis.jacobian import jacobian_basis
from scorelet.core.random import generator, randn
from scorelet.core.typing import Image
from scorelet.models import Denoiser
from scorelet.tasks.array_files import write_arrays
from scorelet.tasks.picture_arrays import pixels_of

NOISE = 0.15
RANKS = (1, 6, 18, 42, 90, 198)
"""Of the eigenvectors that are drawn, from 1."""


def basis_at(model: Denoiser, clean: Image, seed: int, file: Path) -> dict[str, Any]:
    """Return all eigenvalues at one noisy picture; write the pictures and some vectors to a file.

    Args:
        model: the denoiser.
        clean: (1, channel, height, width).
        seed: of the noise.
        file: NAME.npz, with clean, noisy, denoised and vectors, (height, width, channel).
    """
    noisy = clean + NOISE * randn(tuple(clean.shape), rng=generator(seed, 3))
    found = jacobian_basis(model, noisy, None, NOISE)
    drawn = [found.vectors[rank - 1] for rank in RANKS if rank <= len(found.vectors)]
    pictures = {"clean": clean, "noisy": noisy, "denoised": found.denoised}
    arrays = {name: pixels_of(image) for name, image in pictures.items()}
    write_arrays(file, arrays | {"vectors": np.stack([pixels_of(vector) for vector in drawn])})
    return {
        "values": found.values.tolist(),
        "effective_dim": found.effective_dim,
        "asymmetry": found.asymmetry,
        "homogeneity": found.homogeneity,
    }


def read_pictures(file: Path) -> dict[str, np.ndarray]:
    """Return what `basis_at` has written; nothing where the file is gone."""
    if not file.exists():
        return {}
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
