"""What a layer has learned: the spectrum of its weights in units of the noise that they started as.

Symbols: v variance of that noise in units of what the layer's constructor draws. It is 1 where
weights began so; of weights that began otherwise, or decayed, it is that of the bulk.

Reference: Guth, Ménard 2024, arXiv 2409.19460, section 3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from scorelet.analysis.alignment import Layer
from scorelet.analysis.weight_covariance import (
    Spectrum,
    bulk_variance,
    is_other_start,
    largest_of_noise,
    learned_part,
    seen_beyond_norms,
    tells_its_start,
    weight_spectrum,
)
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError


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
        return seen_beyond_norms(rows, self.spectrum, kept, known=NOISES[self.noise].known)

    @property
    def edge(self) -> float:
        """Eigenvalues below it are those of noise."""
        return largest_of_noise(self.spectrum.neurons, self.spectrum.inputs)

    @property
    def tells(self) -> bool:
        """Whether its bulk tells how weights began."""
        return self.bulk > 0 and tells_its_start(self.spectrum.neurons, self.spectrum.inputs)

    @property
    def is_off(self) -> bool:
        """Whether its bulk is off the initial variance by more than chance."""
        return is_other_start(self.bulk, self.spectrum.neurons, self.spectrum.inputs)


@dataclass(frozen=True)
class Noise:
    """What weights started as.

    Attributes:
        variance: v of a layer, by its spectrum in units of the initial variance; 0: not known.
        known: it is no matter of the spectrum itself, see `seen_beyond_norms`.
    """

    variance: Callable[[LayerSpectrum], float]
    known: bool


NOISES: Mapping[str, Noise] = {
    "init": Noise(lambda _: 1.0, known=True),
    "bulk": Noise(lambda found: found.bulk, known=False),
}
"""By name: what the constructor of the layer draws, or the bulk of the spectrum itself."""


def layer_spectrum(layer: Layer, noise: str) -> LayerSpectrum:
    """Return the spectrum of a layer's own weights, in its own coordinates.

    Raises:
        InputError: another kind of noise, or weights that are not finite.
    """
    if noise not in NOISES:
        raise InputError(f"noise is {noise!r}: it must be {' or '.join(NOISES)}.")
    try:
        raw = weight_spectrum(layer.rows(), variance=layer.initial_variance(), by="fast")
    except InputError as error:
        said = str(error)
        raise InputError(f"Layer {layer.name}: {said[0].lower()}{said[1:]}") from None
    found = LayerSpectrum(layer, raw, learned_part(raw), bulk_variance(raw), "init")
    return in_units_of(noise, found)


def in_units_of(noise: str, found: LayerSpectrum) -> LayerSpectrum:
    """Return a spectrum in units of the initial variance in those of a noise, if it is known."""
    variance = NOISES[noise].variance(found)
    if noise == found.noise or not variance > 0:
        return found
    raw = found.spectrum
    scaled = Spectrum(raw.values / variance, raw.vectors, raw.neurons)
    return LayerSpectrum(found.layer, scaled, learned_part(scaled), found.bulk, noise)


def noise_of(layers: Sequence[LayerSpectrum]) -> str:
    """Return bulk if most of those that tell, perhaps one, are off; else init.

    Args:
        layers: of a network, in units of the initial variance.
    """
    telling = [layer for layer in layers if layer.tells]
    return "bulk" if 2 * sum(layer.is_off for layer in telling) > len(telling) else "init"
