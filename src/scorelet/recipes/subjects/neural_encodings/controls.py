"""What is known: laws of weights that were planted, and a network whose neurons are shuffled."""

import copy

import torch
from torch import Tensor

from scorelet.analysis.alignment.pictures import picture_batches
from scorelet.analysis.weight_covariance import (
    Spectrum,
    agreement,
    learned_part,
    weight_spectrum,
)
from scorelet.analysis.weight_covariance.similarity import with_covariance
from scorelet.analysis.weight_resampling.norms import settle_all
from scorelet.core.random import generator
from scorelet.data.labelled import LabelledImages
from scorelet.networks import FactorizedVGG
from scorelet.recipes.subjects.neural_encodings import encodings
from scorelet.recipes.subjects.neural_encodings.settings import Comparing

INPUTS, NEURONS, SPIKES = 1280, 512, 20


def planted(seed: int) -> dict[str, float]:
    """Return S of two samples of one law, identity + spikes 40 e^(-i/8), and of unrelated ones."""
    values = 40 * torch.exp(-torch.arange(SPIKES, dtype=torch.float64) / 8)
    laws = [Spectrum(values, _orthonormal(seed, k), NEURONS) for k in (0, 1)]
    first, second, unrelated = (_sample(laws[k], seed, j) for j, k in enumerate((0, 0, 1)))
    rng = generator(seed, 11)
    found = [agreement(first, x, rng=rng, draws=3, resamples=0) for x in (second, unrelated)]
    return {"same": found[0].mean, "unrelated": found[1].mean}


def _orthonormal(seed: int, k: int) -> Tensor:
    noise = torch.randn(INPUTS, SPIKES, generator=generator(seed, 12, k), dtype=torch.float64)
    return torch.linalg.qr(noise).Q


def _sample(law: Spectrum, seed: int, k: int) -> Spectrum:
    white = torch.randn(NEURONS, INPUTS, generator=generator(seed, 13, k), dtype=torch.float64)
    return learned_part(weight_spectrum(with_covariance(white, law), by="neurons"))


def shuffled(net: FactorizedVGG, seed: int) -> FactorizedVGG:
    """Return a copy whose neurons, in every layer, stand in another order; it computes the same."""
    net = copy.deepcopy(net).eval()
    order = None
    for number, (name, copies) in enumerate(net.copies.items()):
        weight = net.get_submodule(name).get_parameter("weight")
        if order is not None:
            weight.data = weight.data.unflatten(1, (-1, copies))[:, order].flatten(1, 2)
        order = torch.randperm(len(weight), generator=generator(seed, 14, number))
        weight.data = weight.data[order]
    net.classify.weight.data = net.classify.weight.data[:, order]
    return net


def shuffling(
    net: FactorizedVGG, train: LabelledImages, held: LabelledImages, comparing: Comparing, seed: int
) -> float:
    """Return the least mean |cos| over layers between a network and its shuffled copy, aligned."""
    other = shuffled(net, seed)
    _, batches = picture_batches(train.first(comparing.settled))
    net = copy.deepcopy(net)
    for each in (net, other):
        settle_all(each, batches)
    alignment = encodings.aligned((net, other), train, comparing)
    rows = encodings.compared((net, other), alignment, held, comparing, seed)
    known = [row["aligned"] for row in rows if row["aligned"] is not None]
    return min(known, default=0.0)
