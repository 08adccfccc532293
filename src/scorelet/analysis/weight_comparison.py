"""How alike two aligned layers are: what is above noise in both, in the coordinates of the first.

Reference: Guth, Ménard 2024, arXiv 2409.19460, section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from scorelet.analysis.alignment import AlignedLayer
from scorelet.analysis.layer_spectrum import LayerSpectrum
from scorelet.analysis.weight_covariance import (
    Agreement,
    Spectrum,
    agreement,
    effective_rank,
    eigenvector_cosines,
    learned_part,
    weight_spectrum,
)
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.numbers import finite_or_none

LISTED = 40
"""Eigenvectors whose cosines are listed."""


@dataclass(frozen=True, repr=False)
class ComparedLayer(Brief):
    """A layer of two networks, in the coordinates of the first.

    Attributes:
        aligned: the layer and its rotation.
        r2_held_out: similarity of activations on pictures that the rotation was not fitted to.
        spectra: of both, each in its own coordinates.
        learned: what both have learned, in the coordinates of the first; where the pictures
            determine only a part of the directions, in coordinates of that part.
        agreement: S both ways; NaN where the rotation is not determined.
        cosines: |cos| between learned eigenvectors, (r, r'); (0, 0) there.
    """

    aligned: AlignedLayer
    r2_held_out: float
    spectra: tuple[LayerSpectrum, LayerSpectrum]
    learned: tuple[Spectrum, Spectrum]
    agreement: Agreement
    cosines: Tensor


def compared_layer(
    layer: AlignedLayer,
    r2_held_out: float,
    spectra: tuple[LayerSpectrum, LayerSpectrum],
    *,
    draws: int,
    rng: Generator,
) -> ComparedLayer:
    """Compare what a layer of two networks has learned.

    Where the samples do not determine all directions of the rotation, it is arbitrary in the
    others: both are compared as layers that read the determined ones alone.

    Args:
        layer: aligned.
        r2_held_out: similarity of its activations on other pictures.
        spectra: of both, see `layer_spectrum`.
        draws: of random networks for floor, ceiling and deviation.
        rng: draws them.
    """
    learned = learned_of_both(layer, spectra)
    if not layer.rotation.is_determined:
        nothing = learned[0].vectors.new_zeros(0, 0)
        return ComparedLayer(layer, r2_held_out, spectra, learned, Agreement.undefined(), nothing)
    taps = 1 if layer.fixed else layer.reference.shape[2]
    found = agreement(*learned, rng=rng, draws=draws, resamples=draws, taps=taps)
    cosines = eigenvector_cosines(*learned)
    return ComparedLayer(layer, r2_held_out, spectra, learned, found, cosines)


def layer_entry(layer: ComparedLayer) -> dict[str, Any]:
    """Return the numbers of a layer for JSON, as `scorelet weights compare` lists them.

    None stands for what is not defined; of the matrix of cosines there are the first 40 x 40.
    """
    aligned, found = layer.aligned, layer.agreement
    a, b = aligned.reference, aligned.other
    learned = [both.learned.values for both in layer.spectra]
    ranks = [finite_or_none(effective_rank(values)) for values in learned]
    return {
        "name": a.name,
        "kind": a.kind,
        "neurons": [a.shape[0], b.shape[0]],
        "channels": [a.shape[1], b.shape[1]],
        "weights_per_channel": a.shape[2],
        "gamma": [s.spectrum.gamma for s in layer.spectra],
        "bulk_variance": [s.bulk for s in layer.spectra],
        "samples": aligned.rotation.samples,
        "needed": aligned.needed,
        "directions": aligned.rotation.directions,
        "r2_align": finite_or_none(aligned.rotation.similarity),
        "r2_held_out": finite_or_none(layer.r2_held_out),
        "r2_means": finite_or_none(aligned.of_means),
        **{f"kept{k}": len(values) for k, values in enumerate(learned, 1)},
        **{f"reff{k}": rank for k, rank in enumerate(ranks, 1)},
        "cos_raw": finite_or_none(found.forward.cosine),
        "cos_floor": finite_or_none((found.forward.floor + found.backward.floor) / 2),
        "cos_ceiling": finite_or_none((found.forward.ceiling + found.backward.ceiling) / 2),
        "S12": finite_or_none(found.forward.value),
        "S21": finite_or_none(found.backward.value),
        "S_mean": finite_or_none(found.mean),
        "bootstrap_sd": finite_or_none(found.deviation),
        "chance_mean": finite_or_none(found.unrelated),
        "chance_sd": finite_or_none(found.chance),
        "eigenvector_cosines": layer.cosines[:LISTED, :LISTED].tolist(),
    }


def learned_of_both(
    layer: AlignedLayer, spectra: tuple[LayerSpectrum, LayerSpectrum]
) -> tuple[Spectrum, Spectrum]:
    """Return what both have learned, in one system of coordinates, see `ComparedLayer`.

    U (d_a, r) spans the determined directions in the reference, Aᴴ U in the other network. White
    noise is white in these coordinates, too, so that the edge of noise is that of r inputs.
    """
    basis = layer.rotation.determined
    if basis is None:
        return spectra[0].learned, turned(spectra[1].learned, layer)
    maps = basis.mH, basis.mH @ layer.rotation.matrix
    first, second = (
        learned_part(_decomposed(_mapped(both.spectrum, by), both.spectrum))
        for both, by in zip(spectra, maps, strict=True)
    )
    return first, second


def turned(spectrum: Spectrum, layer: AlignedLayer) -> Spectrum:
    """Bring a covariance of the other network into the coordinates of the reference."""
    image = _mapped(spectrum, layer.rotation.matrix)
    if layer.rotation.is_isometry or not len(spectrum.values):
        return Spectrum(spectrum.values, image, spectrum.neurons)
    return _decomposed(image, spectrum)


def _mapped(spectrum: Spectrum, by: Tensor) -> Tensor:
    """Map the channels (c) of eigenvectors (c s, k) by a matrix (r, c): (r s, k)."""
    vectors = spectrum.vectors.unflatten(0, (by.shape[1], -1))
    dtype = torch.promote_types(vectors.dtype, by.dtype)
    return torch.einsum("rc,csk->rsk", by.to(dtype), vectors.to(dtype)).flatten(0, 1)


def _decomposed(image: Tensor, spectrum: Spectrum) -> Spectrum:
    """Return the spectrum of Σ λ v vᴴ for images v of eigenvectors, no longer orthonormal."""
    left, roots, _ = torch.linalg.svd(image * spectrum.values.sqrt(), full_matrices=False)
    return Spectrum(roots.square(), left, spectrum.neurons)


def pooled_spectrum(layers: Sequence[AlignedLayer], *, variance: float | int = 1.0) -> Spectrum:
    """Return the spectrum of one layer of several networks, all aligned with one reference.

    Rows of all networks, in the coordinates of the reference, lie below each other: the estimate is
    that of N times as many neurons. (Covariances are averaged after the alignment, not before.)

    Args:
        layers: the same layer of the reference with each of the other networks.
        variance: of a weight before training.

    Raises:
        InputError: no layer, or layers of different references.
    """
    if not layers or any(
        layer.reference.module is not layers[0].reference.module for layer in layers
    ):
        raise InputError("Give the same layer of one reference, aligned with other networks.")
    rows = [layers[0].reference.rows(), *(layer.weights().flatten(1) for layer in layers)]
    return weight_spectrum(torch.cat(rows), variance=variance)
