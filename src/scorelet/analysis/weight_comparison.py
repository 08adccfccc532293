"""What a layer has learned, and how alike two aligned layers are.

The first is a spectrum in units of the noise that weights started as; the second compares what is
above noise in both networks, in the coordinates of the first.

Reference: Guth, Ménard 2024, arXiv 2409.19460, section 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Generator, Tensor

from scorelet.analysis.alignment import AlignedLayer, Layer
from scorelet.analysis.weight_covariance import (
    Agreement,
    Spectrum,
    agreement,
    bulk_variance,
    eigenvector_cosines,
    largest_of_noise,
    learned_part,
    seen_beyond_norms,
    weight_spectrum,
)
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError

NOISES = ("init", "bulk")
"""Noise is what the constructor of the layer draws, or the bulk of the spectrum itself."""


@dataclass(frozen=True, repr=False)
class LayerSpectrum(Brief):
    """A layer's covariance in units of the noise that its weights started as.

    Attributes:
        layer: its weights.
        spectrum: all of it.
        learned: what is above noise.
        bulk: variance of the bulk in units of that of the initialisation.
        noise: whose units values are in, see `NOISES`.
    """

    layer: Layer
    spectrum: Spectrum
    learned: Spectrum
    bulk: float
    noise: str

    @cached_property
    def beyond_norms(self) -> int:
        """How many learned directions random neurons of the same norms would not show."""
        rows, kept = self.layer.rows(), len(self.learned.values)
        return seen_beyond_norms(rows, self.spectrum, kept, known=self.noise == "init")

    @property
    def edge(self) -> float:
        """Eigenvalues below it are those of noise."""
        return largest_of_noise(self.spectrum.neurons, self.spectrum.inputs)


def layer_spectrum(layer: Layer, noise: str) -> LayerSpectrum:
    """Return the spectrum of a layer's own weights, in its own coordinates.

    Raises:
        InputError: another kind of noise, or weights that are not finite.
    """
    if noise not in NOISES:
        raise InputError(f"noise is {noise!r}: it must be init or bulk.")
    try:
        raw = weight_spectrum(layer.rows(), variance=layer.initial_variance(), by="fast")
    except InputError as error:
        said = str(error)
        raise InputError(f"Layer {layer.name}: {said[0].lower()}{said[1:]}") from None
    found = LayerSpectrum(layer, raw, learned_part(raw), bulk_variance(raw), "init")
    return in_units_of_bulk(found) if noise == "bulk" else found


def in_units_of_bulk(found: LayerSpectrum) -> LayerSpectrum:
    """Return a spectrum in units of the initial variance in those of its bulk, if it has one."""
    if found.bulk <= 0:
        return found
    raw = found.spectrum
    scaled = Spectrum(raw.values / found.bulk, raw.vectors, raw.neurons)
    return LayerSpectrum(found.layer, scaled, learned_part(scaled), found.bulk, "bulk")


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
    found = agreement(*learned, rng=rng, draws=draws, resamples=draws)
    cosines = eigenvector_cosines(*learned)
    return ComparedLayer(layer, r2_held_out, spectra, learned, found, cosines)


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
