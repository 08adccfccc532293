"""Which noise spectra are in units of, and what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from scorelet.analysis.alignment import Layer
from scorelet.analysis.layer_spectrum import (
    NOISES,
    LayerSpectrum,
    in_units_of,
    layer_spectrum,
    noise_of,
)
from scorelet.analysis.weight_covariance import mostly_norms
from scorelet.core.errors import InputError
from scorelet.core.progress import Progress, told
from scorelet.core.words import listed

AUTO = "auto"
WAYS = (AUTO, *NOISES)


@dataclass(frozen=True)
class NoiseWords:
    """What is said of a kind of noise.

    Attributes:
        unit: what eigenvalues are in units of.
        chance: what shows a direction, too.
        taken: what noise does where bulks are off.
    """

    unit: str
    chance: str
    taken: str


WORDS: Mapping[str, NoiseWords] = {
    "init": NoiseWords(
        "the variance that weights started with",
        "one of a hundred untrained layers",
        "stays that of the initialisation",
    ),
    "bulk": NoiseWords(
        "the variance of the bulk",
        "one of twenty untrained layers, and of small ones up to one of three,",
        "is taken from the bulk",
    ),
}


def check_noise(noise: str) -> None:
    """Refuse what is no way to find the noise."""
    if noise not in WAYS:
        raise InputError(f"noise is {noise!r}: it must be one of {', '.join(WAYS)}.")


def in_units_of_noise(
    noise: str, *networks: Sequence[Layer], progress: Progress | None = None
) -> tuple[str, list[tuple[LayerSpectrum, ...]], list[list[str]]]:
    """Return the kind of noise, the spectra of each network in units of it, and what is to be said.

    Of auto it is bulk where it is that of any network by `noise_of`, else init. `progress` is
    called with (layers done, layers of all networks).

    Raises:
        InputError: another word.
    """
    check_noise(noise)
    flat = [layer for layers in networks for layer in layers]
    found = iter([layer_spectrum(layer, "init") for layer in told(flat, progress)])
    spectra = [tuple(islice(found, len(layers))) for layers in networks]
    used = noise
    if noise == AUTO:
        used = next((way for way in map(noise_of, spectra) if way != "init"), "init")
    said = [[*_no_bulks(layers, used), *_bulk_warnings(layers, noise, used)] for layers in spectra]
    spectra = [tuple(in_units_of(used, layer) for layer in layers) for layers in spectra]
    for words, layers in zip(said, spectra, strict=True):
        words += _unequal_norms(layers)
    return used, spectra, said


def zeros(layers: Sequence[LayerSpectrum]) -> list[str]:
    """Name layers all of whose weights are 0, as those that end a branch may start."""
    return [s.layer.name for s in layers if not s.spectrum.trace > 0]


def other_bulks(layers: Sequence[LayerSpectrum]) -> str:
    """Name layers with a bulk whose variance is not that of the initialisation, and say it."""
    return _bulks([s for s in layers if s.tells and s.is_off])


def _bulks(layers: Sequence[LayerSpectrum]) -> str:
    said = [f"{s.layer.name} ({s.bulk:.2g})" for s in layers]
    return ", ".join(said[:5]) + (", ..." if len(said) > 5 else "")


def _bulk_warnings(layers: Sequence[LayerSpectrum], noise: str, used: str) -> list[str]:
    """Say where the bulk, in units of the initial variance, is not that of an initialisation."""
    telling = [s for s in layers if s.tells]
    off = [s for s in layers if s.is_off]
    if used == "init" and not telling and 2 * len(off) > len(layers):
        shown = f"bulks of most layers, {_bulks(off)}, have"
        if len(layers) == 1:
            shown = f"bulk of the only layer ({layers[0].bulk:.2g}) has"
        return [
            f"the {shown} not the variance of an initialisation, which is 1: the network was "
            "initialised otherwise, or has learned all directions there, and no layer is large "
            "enough to tell which; noise stays that of the initialisation, and bulk takes it from "
            "the bulk"
        ]
    shown = other_bulks(layers)
    if noise == "bulk" or not shown:
        return []
    alone = used != "init" and len(telling) == 1
    by = ", by this layer alone: no other is large enough to tell" if alone else ""
    return [
        f"the bulk of {shown} has not the variance of an initialisation, which is 1: the network "
        "was initialised otherwise, was trained with weight decay, or has learned all directions "
        f"there; noise {WORDS[used].taken}{by}"
    ]


def _no_bulks(layers: Sequence[LayerSpectrum], used: str) -> list[str]:
    """Say which layers have a bulk of 0, with which no noise can be compared."""
    empty = zeros(layers)
    said = [f"all weights of {listed(empty)} are 0: nothing is said of them"] if empty else []
    flat = [s.layer.name for s in layers if not s.bulk > 0 and s.layer.name not in empty]
    if flat:
        kept = ", and noise stays that of the initialisation there" if used == "bulk" else ""
        said.append(
            f"half of the eigenvalues of {listed(flat)}, or more, are 0: neurons there have no "
            f"weights, or those of others{kept}"
        )
    return said


def _unequal_norms(layers: Sequence[LayerSpectrum]) -> list[str]:
    """Say where many directions may be there because norms of neurons differ."""
    counts = [(s.layer.name, len(s.learned.values), s.beyond_norms) for s in layers]
    many = [(name, kept, rest) for name, kept, rest in counts if mostly_norms(kept, rest)]
    if not many:
        return []
    shown = ", ".join(f"{name} ({kept - rest} of {kept})" for name, kept, rest in many[:5])
    return [
        f"neurons of {shown}{', ...' if len(many) > 5 else ''} have unequal norms, perhaps 0, and "
        "random ones of the same norms would show so many of the learned directions, too"
    ]
