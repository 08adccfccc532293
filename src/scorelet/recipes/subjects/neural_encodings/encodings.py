"""Pairs of networks of frozen filters, layer by layer: alike inside, and how far exchangeable?"""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Generator, nn

from scorelet.analysis.alignment import Alignment, align, cross_moments
from scorelet.analysis.alignment.pictures import picture_batches
from scorelet.analysis.alignment.watching import called_parts
from scorelet.analysis.layer_spectrum import layer_spectrum
from scorelet.analysis.subspaces import matched_cosine
from scorelet.analysis.transplant import transplanted
from scorelet.analysis.weight_comparison import ComparedLayer, compared_layer, layer_entry
from scorelet.analysis.weight_covariance import (
    Spectrum,
    effective_rank,
    eigenvector_cosines,
    redrawn,
)
from scorelet.analysis.weight_resampling.norms import settle_all
from scorelet.core.random import generator
from scorelet.data.labelled import LabelledImages
from scorelet.networks import FactorizedVGG
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import accuracy, gain, packed
from scorelet.recipes.subjects.neural_encodings.settings import Comparing
from scorelet.recipes.trainings import hits_of

TOP = 5
"""Eigenvectors that are compared one by one."""
CLIPPED, TIMES = 3, 3
"""Layer whose weights are clipped, to so many times its effective rank."""

Row = dict[str, Any]
NetworkPair = tuple[nn.Module, nn.Module]


def aligned(pair: NetworkPair, images: LabelledImages, comparing: Comparing) -> Alignment:
    """Align two networks on the first pictures of a set."""
    net = pair[0]
    copies = net.copies if comparing.copies and isinstance(net, FactorizedVGG) else None
    return align(*pair, images.first(comparing.aligned), copies=copies)


def compared(
    pair: NetworkPair, alignment: Alignment, held: LabelledImages, comparing: Comparing, seed: int
) -> list[Row]:
    """Return a row for each layer but the classifier.

    As in the documents of `scorelet weights compare`, and the mean |cos| of the first five
    eigenvectors with their partners, aligned and not, each with its deviation.
    """
    layers = [(layer.reference, layer.other) for layer in alignment.layers]
    fixed = alignment.layers[0].fixed
    moments = cross_moments(*pair, layers, held.first(comparing.held_out), fixed=fixed)
    rows = []
    for number, (layer, sums) in enumerate(zip(alignment.layers[:-1], moments, strict=False)):
        rng = generator(seed, 9, number)
        similar = layer.rotation.measure(sums)[0]
        one, other = (layer_spectrum(x, comparing.noise) for x in (layer.reference, layer.other))
        found = compared_layer(layer, similar, (one, other), draws=comparing.draws, rng=rng)
        rows.append({"layer": number + 1} | layer_entry(found) | _matched(found, comparing, rng))
    return rows


def _matched(found: ComparedLayer, comparing: Comparing, rng: Generator) -> Row:
    raw = found.spectra[0].learned, found.spectra[1].learned
    row = {}
    for name, spectra in (("aligned", found.learned), ("unaligned", raw)):
        value = matched(*spectra)
        drawn = [matched(*(redrawn(s, rng) for s in spectra)) for _ in range(comparing.draws)]
        row |= {name: value, f"{name}_sd": _deviation(drawn) if value is not None else None}
    return row


def matched(first: Spectrum, second: Spectrum) -> float | None:
    """Return the mean |cos| of the first five eigenvectors of both with their partners."""
    if not (len(first.values) and len(second.values)):
        return None
    return matched_cosine(eigenvector_cosines(first.first(TOP), second.first(TOP)))


def _deviation(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(torch.tensor(known).double().std()) if len(known) > 1 else None


def transfer(
    pair: NetworkPair,
    alignment: Alignment,
    train: LabelledImages,
    test: LabelledImages,
    comparing: Comparing,
) -> list[Row]:
    """Return accuracies in percent when the first layers come from the other network.

    And packed hits, as `hits.packed`: all networks answer to the same test pictures.
    """
    rows, pictures = [], train.first(comparing.settled)
    for depth in range(len(alignment.layers)):
        row: Row = {"depth": depth}
        for name, turn in (("aligned", True), ("unaligned", False)):
            net = transplanted(*pair, alignment, depth, pictures, aligned=turn)
            row |= _accuracy(net, test.first(comparing.tested), name)
        rows.append(row)
    return rows


def clipping(
    net: nn.Module, train: LabelledImages, test: LabelledImages, comparing: Comparing
) -> Row:
    """Clip a layer to some times its effective rank; return accuracies before and after."""
    net = copy.deepcopy(net).eval()
    _, batches = picture_batches(train.first(comparing.settled))
    x = train.images(0, 2)
    test = test.first(comparing.tested)
    layer = called_parts(net, x).layers[CLIPPED - 1]
    found = layer_spectrum(layer, comparing.noise)
    rank = effective_rank(found.learned.values)
    kept = math.ceil(TIMES * rank) if math.isfinite(rank) else 0
    settle_all(net, batches)
    before = hits_of(net, test)[None]
    layer.clip(found.spectrum.vectors[:, :kept])
    settle_all(net, batches)
    lost = gain(before, hits_of(net, test)[None])
    return {
        "rank": kept, "neurons": layer.shape[0], "before": accuracy(before).value,
        "lost": lost.value, "lost_error": lost.error,
    }  # fmt: skip


def ranks(net: nn.Module, images: LabelledImages, comparing: Comparing, seed: int) -> list[Row]:
    """Return effective ranks of all layers but the classifier, with their deviations."""
    rows = []
    for number, layer in enumerate(called_parts(net, images.images(0, 2)).layers[:-1]):
        learned = layer_spectrum(layer, comparing.noise).learned
        rng = generator(seed, 10, number)
        drawn = [effective_rank(redrawn(learned, rng).values) for _ in range(comparing.draws)]
        value = effective_rank(learned.values)
        rows.append(
            {
                "layer": number + 1,
                "kept": len(learned.values),
                "rank": value if math.isfinite(value) else None,
                "rank_sd": _deviation([v for v in drawn if math.isfinite(v)]),
            }
        )
    return rows


def _accuracy(net: nn.Module, test: LabelledImages, name: str) -> Row:
    hits = hits_of(net, test)
    found = accuracy(hits[None])
    return {name: found.value, f"{name}_error": found.error, f"{name}_hits": packed(hits)}


def mean_over(
    rows: Sequence[Mapping[str, Any]], layers: tuple[int, int], key: str, error: str
) -> Measured:
    """Return the mean of a figure over layers, first to last, nan where one is not known."""
    chosen = rows[layers[0] - 1 : layers[1]]
    values = [row[key] for row in chosen]
    if any(value is None for value in values):
        return Measured(math.nan, note="a layer has learned nothing above noise")
    squares = sum((row[error] or 0.0) ** 2 for row in chosen)
    return Measured(sum(values) / len(values), math.sqrt(squares) / len(values))
