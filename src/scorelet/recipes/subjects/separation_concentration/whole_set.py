"""A linear head on scattering coefficients of every training image and of its mirror image.

Once on all coefficients, and once behind a matrix across channels that is random and stays. Unlike
in S_T nothing is standardised before that matrix, or normalised behind it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.analysis.ridge import LinearHead, RidgeMoments
from scorelet.core.typing import Image
from scorelet.data.labelled import LabelledImages, load_labelled
from scorelet.recipes.claims import Measured
from scorelet.recipes.subjects.separation_concentration.features import (
    PENALTIES,
    Part,
    Parts,
    mean_with_error,
)
from scorelet.recipes.subjects.separation_concentration.mixtures import tight_frame
from scorelet.recipes.subjects.separation_concentration.settings import Fixed
from scorelet.wavelets import Scattering2d

KINDS = ("all coefficients", "random matrix")


def load_whole(source: str, choosing: int) -> Parts:
    """Return the parts of a set; so many of its training images, the last, choose the penalty.

    Raises:
        InputError, ArrayFileError: no such data, too few, or one of the parts is missing.
    """
    learnt, last = load_labelled(source, part="train").hold_out(choosing)
    return Parts(_part(learnt), _part(last), _part(load_labelled(source, part="test")))


def on_every_image(parts: Parts, settings: Fixed, seed: int) -> dict[str, list[float]]:
    """Return accuracies in percent with standard errors on the test images, by kind.

    Images that choose the penalty are learnt after that. Under "held out, ..." are accuracies on
    them, of heads that have not learnt them.
    """
    seen = Seen(settings, parts.train.x.shape[1:], seed)
    classes = int(parts.train.y.max()) + 1
    moments = {kind: RidgeMoments(seen.count(kind), classes) for kind in KINDS}
    _learn(moments, parts.train, seen)
    heads = {kind: sums.solve(PENALTIES) for kind, sums in moments.items()}
    chosen = {kind: _best(hits) for kind, hits in _hits(heads, parts.validation, seen).items()}
    _learn(moments, parts.validation, seen)
    final = {kind: sums.solve([PENALTIES[chosen[kind][0]]]) for kind, sums in moments.items()}
    hits = _hits(final, parts.test, seen)
    right = {kind: hits[kind][0] for kind in KINDS}
    right |= {f"held out, {kind}": held for kind, (_, held) in chosen.items()}
    return {name: mean_with_error(100 * each) for name, each in right.items()}


def whole_rows(measured: Mapping[str, Measured]) -> list[dict[str, Any]]:
    """Return a row for each kind of coefficients: on the test images, and held out."""
    return [
        {
            "coefficients": kind,
            "test": measured[kind].value,
            "test_error": measured[kind].error,
            "held_out": measured[f"held out, {kind}"].value,
            "held_out_error": measured[f"held out, {kind}"].error,
        }
        for kind in KINDS
    ]


class Seen:
    """What heads see of pictures of a shape (channel, height, width)."""

    def __init__(self, settings: Fixed, shape: Sequence[int], seed: int) -> None:
        self.transform = Scattering2d(settings.J, settings.L, engine=settings.engine)
        with torch.no_grad():
            *_, paths, height, width = self.transform(torch.zeros(1, *shape)).shape
        self.channels, self.places = shape[0] * paths, height * width
        rows = min(settings.outputs, self.channels)
        self.matrix = tight_frame(self.channels, rows, seed).T.float()

    def count(self, kind: str) -> int:
        """Return the number of features."""
        return self.places * (self.channels if kind == KINDS[0] else len(self.matrix))

    def __call__(self, pixels: Image) -> dict[str, Tensor]:
        """Return (picture, feature) by kind."""
        with torch.no_grad():
            coefficients = self.transform(pixels).reshape(len(pixels), self.channels, -1)
            mixed = torch.einsum("oc,ncp->nop", self.matrix, coefficients)
        return {KINDS[0]: coefficients.flatten(1), KINDS[1]: mixed.flatten(1)}


def _part(images: LabelledImages) -> Part:
    pixels = torch.from_numpy(np.asarray(images.x))
    return Part(pixels.movedim(3, 1), torch.from_numpy(images.y))


def _learn(moments: Mapping[str, RidgeMoments], part: Part, seen: Seen) -> None:
    """Take pictures and their mirror images in."""
    for x, y in part.batches():
        for pictures in (x, x.flip(-1)):
            for kind, features in seen(pictures).items():
                moments[kind].add(features, y)


def _hits(
    heads: Mapping[str, Sequence[LinearHead]], part: Part, seen: Seen
) -> dict[str, list[Tensor]]:
    """Return 1 for each picture that gets its class, else 0; by kind, for each head."""
    found: dict[str, list[list[Tensor]]] = {kind: [[] for _ in heads[kind]] for kind in KINDS}
    for x, y in part.batches():
        for kind, features in seen(x).items():
            for right, head in zip(found[kind], heads[kind], strict=True):
                right.append((head.classify(features) == y).double())
    return {kind: [torch.cat(right) for right in rows] for kind, rows in found.items()}


def _best(hits: Sequence[Tensor]) -> tuple[int, Tensor]:
    """Return which head is right most often, and where."""
    number = max(range(len(hits)), key=lambda k: float(hits[k].mean()))
    return number, hits[number]
