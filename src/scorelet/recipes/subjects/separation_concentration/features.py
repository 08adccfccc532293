"""Scattering coefficients that nothing has learned against pixels, by a linear head.

The head has a closed form, so that nothing but the features is compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.ridge import LinearHead, RidgeMoments
from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.data.locate import locate
from scorelet.recipes.claims import Measured
from scorelet.recipes.drawn_sets import DRAWN, textures
from scorelet.recipes.subjects.separation_concentration.settings import Fixed
from scorelet.wavelets import Scattering2d

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)
"""Of the linear head; the best on the validation part is used."""

_SIDE, _PIECE = 32, 500


@dataclass(frozen=True)
class Part:
    """Labelled pictures.

    Attributes:
        x: (n, c, h, w); 8 bit, or floating point.
        y: classes, (n).
    """

    x: Tensor
    y: Tensor

    def first(self, count: int) -> "Part":
        """Return the first so many."""
        return Part(self.x[:count], self.y[:count])

    def batches(self) -> Iterator[tuple[Image, Tensor]]:
        """Yield some of the pictures, floating point, and their classes."""
        for x, y in zip(self.x.split(_PIECE), self.y.split(_PIECE), strict=True):
            yield x / 255 if x.dtype == torch.uint8 else x, y

    def pieces(self, transform: Scattering2d | None) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield features (n, d) and classes: scattering coefficients, or pixels without one."""
        for pixels, y in self.batches():
            with torch.no_grad():
                yield (pixels if transform is None else transform(pixels)).flatten(1), y


@dataclass(frozen=True)
class Parts:
    """Pictures to train on, to choose the penalty by, and to test on."""

    train: Part
    validation: Part
    test: Part


def load_parts(source: str, settings: Fixed, seed: int) -> Parts:
    """Return drawn textures, or CIFAR-10: tested on the last training images, which are lossless.

    Raises:
        InputError: no such data, or too few.
    """
    wanted = max(settings.train) + settings.validation + settings.test
    if source == DRAWN:
        return _parted(*textures(wanted, _SIDE, seed), settings)
    with np.load(locate(source)) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    if len(x) < wanted:
        raise InputError(f"{source} has {len(x)} training images: expected {wanted}.")
    return _parted(torch.from_numpy(x).movedim(3, 1), torch.from_numpy(y).long(), settings)


def compare_features(parts: Parts, count: int, settings: Fixed) -> dict[str, list[float]]:
    """Train on the first pictures; return accuracies in percent with their standard errors.

    Args:
        parts: the pictures.
        count: how many are trained on.
        settings: of the transform.

    Returns:
        pixels, scattering, and gain: their difference, whose error counts that both met the same
        pictures.
    """
    right = {}
    scattering = Scattering2d(settings.J, settings.L, engine=settings.engine)
    for name, transform in (("pixels", None), ("scattering", scattering)):
        head = _fit(parts.train.first(count), parts.validation, transform)
        right[name] = 100 * _hits(head, parts.test, transform)
    right["gain"] = right["scattering"] - right["pixels"]
    return {name: mean_with_error(x) for name, x in right.items()}


def mean_with_error(x: Float[Tensor, " n"]) -> list[float]:
    """Return the mean of independent numbers and its standard error."""
    return [float(x.mean()), float(x.std()) / len(x) ** 0.5]


def difference(a: Measured, b: Measured) -> Measured:
    """Return a - b of independent numbers."""
    return Measured(a.value - b.value, ((a.error or 0) ** 2 + (b.error or 0) ** 2) ** 0.5)


def _fit(train: Part, validation: Part, transform: Scattering2d | None) -> LinearHead:
    """Return the head whose penalty is best on the validation part."""
    moments = None
    for x, y in train.pieces(transform):
        if moments is None:
            moments = RidgeMoments(x.shape[1], int(validation.y.max()) + 1)
        moments.add(x, y)
    assert moments is not None
    heads = moments.solve(PENALTIES)
    return max(heads, key=lambda head: float(_hits(head, validation, transform).mean()))


def _hits(head: LinearHead, part: Part, transform: Scattering2d | None) -> Float[Tensor, " n"]:
    """Return 1 for each picture that gets its class, else 0."""
    return torch.cat([(head.classify(x) == y).double() for x, y in part.pieces(transform)])


def _parted(x: Image, y: Tensor, settings: Fixed) -> Parts:
    """Test on the last, choose on those before, train on the first."""
    test = len(x) - settings.test
    validation = test - settings.validation
    return Parts(
        Part(x[:validation], y[:validation]),
        Part(x[validation:test], y[validation:test]),
        Part(x[test:], y[test:]),
    )
