"""What is measured on trained networks; everything returns what JSON can express.

Symbols: a layer j of n neurons reads d' numbers at each place; signals are what it reads. Rotations
are fitted to training pictures, errors and accuracies are those of test pictures.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import mean
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.analysis.alignment import (
    Alignment,
    CrossMoments,
    Layer,
    align,
    cross_moments,
    matched_layers,
    registered_layers,
)
from scorelet.analysis.alignment.procrustes import identity
from scorelet.analysis.weight_covariance import (
    Spectrum,
    covariance_error,
    eigenvector_cosines,
    learned_part,
    marginal_tests,
    movement,
    share_outside_bulk,
    weight_spectrum,
    whitened,
    without_covariance,
)
from scorelet.analysis.weight_resampling import Law, draw_network, refit
from scorelet.core.random import generator
from scorelet.data.labelled import LabelledImages
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import mean_of_all, packed
from scorelet.recipes.trainings import hits_of

Rows = list[dict[str, Any]]
BASES = ("weights", "signals", "random")
"""Eigenvectors of the weights' covariance, of that of the signals, and random orthonormal ones."""
MARGINALS = (0, 9, 99)
PARTS = 5
"""Of the test pictures; their differences are the error bars of errors."""
_TOGETHER = 240  # pictures behind a layer that is clipped in several ways


def aligned_errors(
    reference: nn.Module, other: nn.Module, train: LabelledImages, test: LabelledImages
) -> Rows:
    """Align networks on `train`; return what `held_errors` does."""
    return held_errors(align(reference, other, train), reference, other, test)


def held_errors(
    found: Alignment, reference: nn.Module, other: nn.Module, test: LabelledImages
) -> Rows:
    """Return cosines of each layer but the first, and the error 2 (1 - cos) on `test`.

    That is E ‖a - A b‖² where E ‖a‖² = E ‖b‖² = 1, whatever the widths; `train` is the cosine on
    the pictures of the alignment, `as they are` that on `test` without a rotation, where both have
    as many channels; `parts` are the errors on parts of `test`, which say how much chance there is
    in the pictures.
    """
    pairs = [(layer.reference, layer.other) for layer in found.layers]
    held = [cross_moments(reference, other, pairs, part, fixed=True) for part in _parts(test)]
    rows = []
    for layer, *parts in list(zip(found.layers, *held, strict=True))[1:]:
        moments = CrossMoments.together(parts)
        cosine, _ = layer.rotation.measure(moments)
        same = moments.products.shape[0] == moments.products.shape[1]
        rows.append(
            {
                "layer": layer.name,
                "train": layer.rotation.similarity,
                "test": cosine,
                "error": 2 * (1 - cosine),
                "parts": [2 * (1 - layer.rotation.measure(part)[0]) for part in parts],
                "as they are": identity(moments).similarity if same else None,
            }
        )
    return rows


def covariance_errors(found: Alignment, names: Sequence[str]) -> Rows:
    """Return ‖C - D‖ / ‖D‖ of layers: C of the other's weights, rotated, D of the reference's.

    Each network's weights are in units of the deviation that they started with. That is 1/√inputs
    times a number, so networks of all widths are compared as if what they read had norm 1.
    """
    rows = []
    for layer in (found[name] for name in names):
        own, other = (
            weights.flatten(1) / net.initial_variance() ** 0.5
            for weights, net in (
                (layer.reference.weights(), layer.reference),
                (layer.weights(), layer.other),
            )
        )
        rows.append({"layer": layer.name, "error": covariance_error(other, own)})
    return rows


def fall(narrow: Rows, wide: Rows) -> Measured:
    """Return by how much the mean error of layers falls from one network to the next.

    The standard error is that of pictures, from differences on the same parts of them.
    """
    value = mean(a["error"] - b["error"] for a, b in zip(narrow, wide, strict=True))
    a, b = ([row["parts"] for row in rows] for rows in (narrow, wide))
    differences = torch.tensor(a, dtype=torch.float64) - torch.tensor(b, dtype=torch.float64)
    return replace(mean_of_all(differences.mean(0)), value=value)


def _parts(images: LabelledImages) -> list[Tensor]:
    """Pictures in parts, as many in each as whole numbers allow."""
    count = min(PARTS, len(images))
    edges = [len(images) * k // count for k in range(count + 1)]
    return [images.images(start, stop) for start, stop in pairwise(edges)]


def drawn(
    model: nn.Module,
    train: LabelledImages,
    test: LabelledImages,
    *,
    seed: int,
    law: str = "empirical",
    aligned: bool = True,
    refitted: bool = True,
) -> dict[str, Any]:
    """Draw a network from the law of another's weights; return its hits and how it is aligned.

    Returns:
        hits: of the new network; refit: with its classifier fitted to `train`, "" if not wanted;
        similarity: r² to the old one of what each layer but the first reads.
    """
    new = draw_network(model, train, seed=seed, law=Law(law), aligned=aligned)
    found: dict[str, Any] = {"hits": packed(hits_of(new.network, test)), "refit": ""}
    found["similarity"] = [layer.similarity for layer in new.layers[1:]]
    if refitted:
        assert isinstance(new.last, nn.Linear)
        refit(new.network, new.last, train)
        found["refit"] = packed(hits_of(new.network, test))
    return found


def signal_covariances(net: nn.Module, train: LabelledImages) -> dict[str, Tensor]:
    """Return E a aᵀ of what each layer but the first reads; its real part if weights are real."""
    twin = copy.deepcopy(net)
    pairs = matched_layers(net, twin, train.images(0, 2))
    moments = cross_moments(net, twin, pairs, train, fixed=True)
    return {
        pair[0].name: (sums.products if pair[0].complex else sums.products.real) / sums.count
        for pair, sums in list(zip(pairs, moments, strict=True))[1:]
    }


def clipped_hits(net: nn.Module, bases: dict[str, Tensor], test: LabelledImages) -> str:
    """Return the hits of a network, some of whose layers are projected on bases (d', r)."""
    return packed(hits_of(_clipped(net, bases), test))


def clipped_each(
    net: nn.Module, name: str, bases: Sequence[Tensor], test: LabelledImages
) -> list[str]:
    """Return the hits with one layer projected on each of some bases (d', r), one at a time.

    What comes before the layer is computed once for all: behind it the pictures of all bases go
    on together, as nothing there, in evaluation, sees one picture beside another. No shortcut may
    lead around the layer.
    """
    if not bases:
        return []
    net = copy.deepcopy(net)
    place = net.get_submodule(name)
    clipped = [_clipped(net, {name: each}).get_submodule(name) for each in bases]
    place.register_forward_hook(lambda _, given, __: torch.cat([part(*given) for part in clipped]))
    piece = max(1, _TOGETHER // len(bases))
    found = []
    for start in range(0, len(test), piece):
        x, y = test.images(start, start + piece), torch.from_numpy(test.y[start : start + piece])
        with torch.no_grad():
            classes = net(x.to(next(net.parameters()).device)).argmax(1).cpu()
        found.append((classes.view(len(bases), -1) == y).double())
    return [packed(hits) for hits in torch.cat(found, 1)]


def _clipped(net: nn.Module, bases: dict[str, Tensor]) -> nn.Module:
    copied = copy.deepcopy(net)
    for layer in registered_layers(copied):
        if layer.name in bases:
            layer.clip(bases[layer.name])
    return copied


def basis(layer: Layer, kind: str, covariance: Tensor, rank: int, seed: int) -> Tensor:
    """Return an orthonormal basis (d', rank) of a kind of `BASES`."""
    rows = layer.rows()
    match kind:
        case "weights":
            return weight_spectrum(rows).first(rank).vectors
        case "signals":
            return torch.linalg.eigh(covariance)[1].flip(1)[:, :rank].to(rows)
        case "random":
            noise = torch.randn(
                rows.shape[1], rank, generator=generator(seed, rank), dtype=rows.dtype
            )
            return torch.linalg.qr(noise).Q
    raise AssertionError(f"{kind} is no basis")


def low_rank(
    net: nn.Module,
    names: Sequence[str],
    shares: Sequence[float],
    train: LabelledImages,
    test: LabelledImages,
    seed: int,
) -> Rows:
    """Keep a share of the d' directions of one layer at a time, by kind of basis."""
    covariances = signal_covariances(net, train)
    rows = []
    for layer in registered_layers(net):
        if layer.name not in names:
            continue
        inputs, known = layer.rows().shape[1], covariances[layer.name]
        ranks = [max(1, round(share * inputs)) for share in shares]
        bases = [basis(layer, kind, known, rank, seed) for rank in ranks for kind in BASES]
        hits = clipped_each(net, layer.name, bases, test)
        of_rank = [hits[k : k + len(BASES)] for k in range(0, len(hits), len(BASES))]
        rows += [
            {"layer": layer.name, "inputs": inputs, "share": share, "rank": rank}
            | {"hits": dict(zip(BASES, found, strict=True))}
            for share, rank, found in zip(shares, ranks, of_rank, strict=True)
        ]
    return rows


def by_rank(net: nn.Module, name: str, ranks: Sequence[int], test: LabelledImages) -> Rows:
    """Keep so many leading eigenvectors of one layer's weights."""
    layer = _named(net, name)
    vectors = weight_spectrum(layer.rows()).vectors
    kept = [rank for rank in ranks if rank <= min(layer.rows().shape)]
    hits = clipped_each(net, name, [vectors[:, :rank] for rank in kept], test)
    return [{"rank": rank, "hits": found} for rank, found in zip(kept, hits, strict=True)]


def movements(start: nn.Module, end: nn.Module, names: Sequence[str]) -> Rows:
    """Return a_r and c_r along the eigenvectors of the final weights, of each layer."""
    rows = []
    for name in names:
        before, after = (_named(net, name).rows() for net in (start, end))
        rank = min(after.shape)
        found = movement(before, after, weight_spectrum(after).vectors[:, :rank])
        rows.append(
            {
                "layer": name,
                "amplification": found.amplification.tolist(),
                "cosine": found.cosine.tolist(),
            }
        )
    return rows


def matched(alignment: Alignment, names: Sequence[str], count: int) -> Rows:
    """Return the mean |cosine| of leading eigenvectors of two networks, aligned and as they are."""
    rows = []
    for name in names:
        layer = alignment[name]
        first = weight_spectrum(layer.reference.rows())
        both = {"aligned": layer.weights().flatten(1), "as they are": layer.other.rows()}
        cosines = {
            key: eigenvector_cosines(first.first(count), weight_spectrum(r).first(count))
            for key, r in both.items()
        }
        rows.append(
            {"layer": name} | {key: float(c.diagonal().mean()) for key, c in cosines.items()}
        )
    return rows


def gaussianity(alignments: Sequence[Alignment], names: Sequence[str]) -> Rows:
    """Test whether weights are Gaussian, given their covariance in other networks.

    Returns:
        of each layer: the share of eigenvalues outside the bulk of noise, before and after the
        weights are whitened, means over networks with standard errors. The covariance of a network
        is identity plus what all the others have learned, rotated to one reference: with their own
        covariance any weights would be white. And p-values of Kolmogorov-Smirnov tests of all
        weights along some eigenvectors, in units of their deviation there.
    """
    return [{"layer": name} | _laws_of(alignments, name) for name in names]


def _laws_of(alignments: Sequence[Alignment], name: str) -> dict[str, Any]:
    layers = [alignment[name] for alignment in alignments]
    scale = layers[0].reference.initial_variance() ** 0.5
    rows = [layers[0].reference.rows(), *(layer.weights().flatten(1) for layer in layers)]
    rows = [r / scale for r in rows]
    whole = weight_spectrum(torch.cat(rows))
    known = whole.first(int((whole.values > 0).sum()))
    white = [
        without_covariance(own, _learned(torch.cat(rows[:k] + rows[k + 1 :])))
        for k, own in enumerate(rows)
    ]
    shares = [torch.tensor([share_outside_bulk(r) for r in part]) for part in (rows, white)]
    tests = marginal_tests(whitened(torch.cat(rows), known), MARGINALS)
    return {
        "before": float(shares[0].mean()),
        "after": float(shares[1].mean()),
        "before_error": float(shares[0].std() / len(rows) ** 0.5),
        "after_error": float(shares[1].std() / len(rows) ** 0.5),
        "networks": len(rows),
        "learned": len(learned_part(whole).values),
        "p_values": {str(test.rank + 1): test.p_value for test in tests},
    }


def _learned(rows: Tensor) -> Spectrum:
    return learned_part(weight_spectrum(rows))


def _named(net: nn.Module, name: str) -> Layer:
    return next(layer for layer in registered_layers(net) if layer.name == name)
