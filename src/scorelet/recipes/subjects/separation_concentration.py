"""Class means that fixed wavelets and moduli separate: scattering against pixels, a linear head.

Classes whose pixels have the same mean cannot be told apart by a linear classifier of pixels. A
modulus of wavelet coefficients gives them different means. The recipe measures by how much, with a
head that has a closed form, so that nothing but the features is compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from scorelet.analysis.ridge import LinearHead, RidgeMoments
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.core.typing import Image
from scorelet.data.fields.ensembles import ensemble
from scorelet.data.locate import locate
from scorelet.plots import curves_figure, png
from scorelet.plots.report import Picture, Section, Table
from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.claims import Claim, Measured, at_least, at_most
from scorelet.recipes.steps import Steps
from scorelet.wavelets import Scattering2d

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)
"""Of the linear head; the best on the validation part is used."""

TEXTURES: Mapping[str, Mapping[str, float]] = {
    "power_law": {"eta": 2.0},
    "matern": {"length": 4.0},
    "anisotropic": {},
    "log_normal": {},
    "dead_leaves": {},
    "sinusoids": {},
}
"""Laws of the classes at scale smoke, with their parameters."""

_SIDE, _PIECE = 32, 500


@dataclass(frozen=True)
class Settings:
    """What is measured.

    Attributes:
        data: "textures", drawn for the run, or "cifar10" under $SCORELET_DATA.
        train: sizes of the training sets, each contains the smaller ones.
        validation, test: sizes of the parts that choose the penalty and give the accuracy.
        J, L: octaves and angles of the scattering transform, of order 2.
        engine: of the transform; "torch" compiles nothing, which a short run would wait for.
    """

    data: str
    train: tuple[int, ...]
    validation: int
    test: int
    J: int = 3
    L: int = 8
    engine: Literal["auto", "torch"] = "auto"


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

    def pieces(self, transform: Scattering2d | None) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield features (n, d) and classes: scattering coefficients, or pixels without one."""
        for x, y in zip(self.x.split(_PIECE), self.y.split(_PIECE), strict=True):
            pixels = x / 255 if x.dtype == torch.uint8 else x
            with torch.no_grad():
                yield (pixels if transform is None else transform(pixels)).flatten(1), y


@dataclass(frozen=True)
class Parts:
    """Pictures to train on, to choose the penalty by, and to test on."""

    train: Part
    validation: Part
    test: Part


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Measure the accuracy of both kinds of features, for every size of training set."""
    parts = (_textures if settings.data == "textures" else _cifar)(settings, seed)
    found = {
        count: steps(f"train-{count}", partial(compare_features, parts, count, settings))
        for count in settings.train
    }
    least, most = min(found), max(found)
    measured = {
        f"{name} {count}": Measured(*rows[name]) for count, rows in found.items() for name in rows
    }
    measured["fewer images"] = _difference(
        measured[f"scattering {least}"], measured[f"pixels {most}"]
    )
    return Findings(_DATA[settings.data], measured, [_section(settings, measured)])


def compare_features(parts: Parts, count: int, settings: Settings) -> dict[str, list[float]]:
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
    root = len(right["gain"]) ** 0.5
    return {name: [float(x.mean()), float(x.std()) / root] for name, x in right.items()}


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


def _textures(settings: Settings, seed: int) -> Parts:
    """Draw textures of known laws, each with mean 0, deviation 1 and a random sign.

    With the sign every class has the mean 0 at every pixel, so pixels are worth nothing to a
    linear classifier.
    """
    total = max(settings.train) + settings.validation + settings.test
    share = -(-total // len(TEXTURES))
    laws = [
        ensemble(name, **parameters).sample(share, _SIDE, seed + k)
        for k, (name, parameters) in enumerate(TEXTURES.items())
    ]
    x = torch.stack(laws, 1).flatten(0, 1)  # classes take turns
    x = x - x.mean((1, 2, 3), keepdim=True)
    x = x / x.std((1, 2, 3), keepdim=True)
    sign = torch.randint(2, (len(x), 1, 1, 1), generator=generator(seed, 1)) * 2 - 1
    return _parted(x * sign, torch.arange(len(x)) % len(TEXTURES), settings)


def _cifar(settings: Settings, _seed: int) -> Parts:
    """Return CIFAR-10: tested on the last of its training images, which are lossless."""
    with np.load(locate("cifar10")) as arrays:
        x, y = arrays["x_train"], arrays["y_train"]
    wanted = max(settings.train) + settings.validation + settings.test
    if len(x) < wanted:
        raise InputError(f"cifar10 has {len(x)} training images: expected {wanted}.")
    return _parted(torch.from_numpy(x).movedim(3, 1), torch.from_numpy(y).long(), settings)


def _parted(x: Image, y: Tensor, settings: Settings) -> Parts:
    """Test on the last, choose on those before, train on the first."""
    test = len(x) - settings.test
    validation = test - settings.validation
    return Parts(
        Part(x[:validation], y[:validation]),
        Part(x[validation:test], y[validation:test]),
        Part(x[test:], y[test:]),
    )


def _difference(a: Measured, b: Measured) -> Measured:
    return Measured(a.value - b.value, ((a.error or 0) ** 2 + (b.error or 0) ** 2) ** 0.5)


def _section(settings: Settings, measured: Mapping[str, Measured]) -> Section:
    names, sizes = ("scattering", "pixels"), settings.train
    found = {name: [measured[f"{name} {count}"] for count in sizes] for name in names}
    curves = {
        name: ([m.value for m in row], [m.error or 0 for m in row]) for name, row in found.items()
    }
    levels = {"published": PUBLISHED} if settings.data == "cifar10" else None
    labels = "training images", "accuracy (%)"
    figure = curves_figure(sizes, curves, labels=labels, log=True, levels=levels)
    rows = [
        (f"{count:,}", *(f"{m.value:.1f} ± {m.error:.1f}" for m in (a, b)))
        for count, a, b in zip(sizes, *found.values(), strict=True)
    ]
    return Section(
        "Accuracy by size of the training set",
        [
            Picture(png(figure), "Accuracy of both kinds of features."),
            Table(["training images", "scattering (%)", "pixels (%)"], rows),
        ],
    )


PUBLISHED = 72.3
"""Accuracy in percent of scattering with a learned projection and a linear head on CIFAR-10."""

_DATA = {
    "textures": (
        f"pictures of {_SIDE} x {_SIDE} pixels drawn from {len(TEXTURES)} laws of textures "
        f"({', '.join(TEXTURES)}), each with mean 0, deviation 1 and a random sign; no photographs"
    ),
    "cifar10": (
        "CIFAR-10: trained on the first training images, the penalty chosen on the 5,000 before "
        "the last 10,000, tested on the last 10,000; no augmentation"
    ),
}


def _texture_claims(most: int) -> tuple[Claim, ...]:
    chance = 100 / len(TEXTURES)
    return (
        Claim(
            "Scattering beats pixels",
            f"gain {most}",
            "sections 1 and 2 of the paper, in words",
            "points of accuracy",
            at_least(50),
            note="textures instead of photographs, for which nothing is published",
        ),
        Claim(
            "Where classes have equal means, pixels are worth little",
            f"pixels {most}",
            "control: class means are equal by construction, so least squares has zero weights",
            "% accuracy",
            at_most(2 * chance),
            note=(
                f"Chance is {chance:.1f} %. Weights fitted to few pictures are noise, and pictures "
                "that are large under noise differ from those that are not: hence twice chance."
            ),
        ),
    )


def _cifar_claims(most: int) -> tuple[Claim, ...]:
    return (
        Claim(
            "Scattering beats pixels",
            f"gain {most}",
            "sections 1 and 2 of the paper, in words",
            "points of accuracy",
            at_least(20),
        ),
        Claim(
            "A linear head on fixed scattering coefficients",
            f"scattering {most}",
            "poster of the paper on phase collapse, table, row of scattering: error 27.7 %",
            "% accuracy",
            at_least(66),
            published=PUBLISHED,
            note=(
                f"{most:,} training images instead of 50,000, no augmentation, a ridge head in the "
                "place of a learned projection with a normalisation, and a test on lossless "
                "training images instead of the test set"
            ),
        ),
        Claim(
            "Scattering with the fewest images beats pixels with the most",
            "fewer images",
            "control: known invariances take the place of data",
            "points of accuracy",
            at_least(0),
        ),
    )


def _setup(settings: Settings) -> Setup[Any]:
    claims = _texture_claims if settings.data == "textures" else _cifar_claims
    return Setup(settings, claims(max(settings.train)))


RECIPE: Recipe[Any] = Recipe(
    subject="separation_concentration",
    title="Separation of class means by scattering",
    paper=(
        "Zarka, Guth, Mallat: Separation and Concentration in Deep Networks. ICLR 2021, "
        "arXiv 2012.10424."
    ),
    summary=(
        "Class means become separable when wavelet coefficients meet a modulus: fixed scattering "
        "coefficients are compared with pixels by a linear head in closed form. The learned part "
        "of the paper, tight frames with thresholds between the scales, is not measured yet."
    ),
    setups={
        "smoke": _setup(Settings("textures", (150, 600), 300, 600, L=4, engine="torch")),
        "small": _setup(Settings("cifar10", (1_000, 6_000, 35_000), 5_000, 10_000)),
    },
    run=run,
)
