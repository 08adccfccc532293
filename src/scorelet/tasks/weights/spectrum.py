"""The verb weights spectrum: what the layers of a network have learned, from its weights alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from torch import Tensor

from scorelet.analysis.alignment import (
    Layer,
    left_out,
    own_forwards,
    registered_layers,
    sharing,
    sharing_words,
)
from scorelet.analysis.weight_comparison import (
    NOISES,
    LayerSpectrum,
    in_units_of_bulk,
    layer_spectrum,
)
from scorelet.analysis.weight_covariance import effective_rank
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.numbers import finite_or_none
from scorelet.core.options import checked
from scorelet.core.progress import Progress, told
from scorelet.core.words import listed
from scorelet.tasks.array_files import save_page
from scorelet.tasks.networks import Model, open_network
from scorelet.tasks.weights.spectrum_report import report

_ENOUGH, _WEIGHTS = 30, 64 * 64  # eigenvalues and weights of a layer, for a bulk to be seen
AUTO = "auto"
WAYS = (AUTO, *NOISES)
SHOWN = 200
"""Eigenvalues that a document lists."""


@dataclass(frozen=True, repr=False)
class Spectra(Brief):
    """Spectra of all layers.

    Attributes:
        document: for JSON: model, arch, noise, warnings and ``layers``: name, kind, neurons,
            inputs, gamma, kept, beyond_norms (how many of these no neurons show that know nothing
            and have the same norms), effective_rank (None if nothing is kept),
            effective_rank_of_all, bulk_variance, edge, eigenvalues and learned eigenvalues (the
            first 200).
        layers: what it was made from.
    """

    document: dict[str, Any]
    layers: tuple[LayerSpectrum, ...]

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a report with figures, NAME.html.

        Raises:
            InputError: another suffix, or a file that exists already.
        """
        save_page(path, lambda: report(self.document, self.layers), overwrite=overwrite)


@checked
def spectrum(model: Model, *, arch: str | None = None, noise: str = "auto") -> Spectra:
    """Say how many directions each layer of a network has learned.

    Args:
        model: path, built-in name or Hub id; with `arch` a file of weights; or a module.
        arch: torchvision:NAME, timm:NAME or FILE.py:FUNCTION, which builds the network.
        noise: "init": weights started with the variance that the layer's constructor draws;
            "bulk": that of the bulk of the spectrum, for networks that were drawn otherwise, or
            trained with weight decay; "auto": bulk where that of most layers that are large
            enough to tell has another variance than their constructors draw, else init.

    Raises:
        InputError: no layer that mixes channels, or options that cannot be used.
        CheckpointError: a file that cannot be read, or does not fit.
    """
    return spectra(model, arch=arch, noise=noise)


def spectra(
    model: Model, *, arch: str | None, noise: str, progress: Progress | None = None
) -> Spectra:
    """Do what `spectrum` says; `progress` is called with (layers done, layers)."""
    opened = open_network(model, arch, device="cpu")
    layers = registered_layers(opened.network)
    others = left_out(opened.network, "their neurons do not see all channels")
    if not layers:
        why = f": {'; '.join(others)}" if others else ""
        raise InputError(
            f"{opened.title} has no convolution, linear layer or channel matrix to look into{why}."
        )
    shared = sharing(layers)
    repeated = {name for others in shared.values() for name in others}
    layers = [layer for layer in layers if layer.name not in repeated]
    used, (found,), (notes,) = in_units_of_noise(noise, layers, progress=progress)
    document = {
        "model": opened.title,
        "arch": arch,
        "noise": used,
        "layers": [_entry(layer) for layer in found],
        "warnings": [
            *(*opened.notes, *others, *own_forwards(opened.network)),
            *(*sharing_words(shared), *notes),
        ],
    }
    return Spectra(document, found)


def check_noise(noise: str) -> None:
    """Refuse what is no way to find the noise."""
    if noise not in WAYS:
        raise InputError(f"noise is {noise!r}: it must be one of {', '.join(WAYS)}.")


def in_units_of_noise(
    noise: str, *networks: Sequence[Layer], progress: Progress | None = None
) -> tuple[str, list[tuple[LayerSpectrum, ...]], list[list[str]]]:
    """Return init or bulk, the spectra of each network in units of it, and what is to be said.

    Of auto it is bulk where that of most layers of a network that are large enough to tell, perhaps
    of one, is another one than was drawn. One layer all of whose directions have been learned is
    off, too, and has no bulk. `progress` is called with (layers done, layers of all networks).

    Raises:
        InputError: another word.
    """
    check_noise(noise)
    flat = [layer for layers in networks for layer in layers]
    found = iter([layer_spectrum(layer, "init") for layer in told(flat, progress)])
    spectra = [tuple(islice(found, len(layers))) for layers in networks]
    used = noise
    if noise == AUTO:
        most = any(2 * len(_off(layers)) > len(_large(layers)) for layers in spectra)
        used = "bulk" if most else "init"
    said = [[*_no_bulks(layers, used), *_bulk_warnings(layers, noise, used)] for layers in spectra]
    if used == "bulk":
        spectra = [tuple(map(in_units_of_bulk, layers)) for layers in spectra]
    for words, layers in zip(said, spectra, strict=True):
        words += _unequal_norms(layers)
    return used, spectra, said


def _bulk_warnings(layers: Sequence[LayerSpectrum], noise: str, used: str) -> list[str]:
    """Say where the bulk, in units of the initial variance, is not that of an initialisation."""
    if used == "init" and 2 * len(_small_off(layers)) > len(layers):
        shown = f"bulks of most layers, {_bulks(_small_off(layers))}, have"
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
    alone = len(_large(layers)) == 1
    done = {
        "bulk": "noise is taken from the bulk"
        + (", by this layer alone: no other is large enough to tell" if alone else ""),
        "init": "noise stays that of the initialisation",
    }
    return [
        f"the bulk of {shown} has not the variance of an initialisation, which is 1: the network "
        "was initialised otherwise, was trained with weight decay, or has learned all directions "
        f"there; {done[used]}"
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
    many = [(name, kept, rest) for name, kept, rest in counts if _mostly_norms(kept, rest)]
    if not many:
        return []
    shown = ", ".join(f"{name} ({kept - rest} of {kept})" for name, kept, rest in many[:5])
    return [
        f"neurons of {shown}{', ...' if len(many) > 5 else ''} have unequal norms, perhaps 0, and "
        "random ones of the same norms would show so many of the learned directions, too"
    ]


def _mostly_norms(kept: int, rest: int) -> bool:
    """Whether all of the directions go with the norms, or a fifth of them or more, but not one."""
    gone = kept - rest
    return gone > 0 and (not rest or (gone > 1 and gone >= 0.2 * kept))


def zeros(layers: Sequence[LayerSpectrum]) -> list[str]:
    """Name layers all of whose weights are 0, as those that end a branch may start."""
    return [s.layer.name for s in layers if not s.spectrum.trace > 0]


def other_bulks(layers: Sequence[LayerSpectrum]) -> str:
    """Name layers with a bulk whose variance is not that of the initialisation, and say it."""
    return _bulks(_off(layers))


def _bulks(layers: Sequence[LayerSpectrum]) -> str:
    said = [f"{s.layer.name} ({s.bulk:.2g})" for s in layers]
    return ", ".join(said[:5]) + (", ..." if len(said) > 5 else "")


def _off(layers: Sequence[LayerSpectrum]) -> list[LayerSpectrum]:
    return [s for s in _large(layers) if not 0.8 < s.bulk < 1.25]


def _small_off(layers: Sequence[LayerSpectrum]) -> list[LayerSpectrum]:
    """Return those off by more than the errors of their bulks, where none is large enough to tell.

    The logarithm of a bulk's variance has a standard error of 3 / √(weights) or less (2.0 to 3.1 in
    random layers of 8 x 8 to 128 x 128).
    """
    if _large(layers):
        return []
    return [s for s in layers if s.bulk > 0 and abs(math.log(s.bulk)) > _bound(s)]


def _bound(found: LayerSpectrum) -> float:
    weights = found.spectrum.neurons * found.spectrum.inputs
    return math.log(1.25) + 3 * 3 / weights**0.5


def _large(layers: Sequence[LayerSpectrum]) -> list[LayerSpectrum]:
    """Return those whose bulk is known: of small ones it scatters by more than these bounds."""
    found = []
    for each in layers:
        n, d = each.spectrum.neurons, each.spectrum.inputs
        if min(n, d) >= _ENOUGH and n * d >= _WEIGHTS and each.bulk > 0:
            found.append(each)
    return found


def numbers(values: Tensor) -> list[float]:
    """Return the first eigenvalues for JSON."""
    return [float(value) for value in values[:SHOWN]]


def _entry(found: LayerSpectrum) -> dict[str, Any]:
    return {
        "name": found.layer.name,
        "kind": found.layer.kind,
        "neurons": found.spectrum.neurons,
        "inputs": found.spectrum.inputs,
        "gamma": found.spectrum.gamma,
        "kept": len(found.learned.values),
        "beyond_norms": found.beyond_norms,
        "effective_rank": finite_or_none(effective_rank(found.learned.values)),
        "effective_rank_of_all": finite_or_none(effective_rank(found.spectrum.values)),
        "bulk_variance": found.bulk,
        "edge": found.edge,
        "eigenvalues": numbers(found.spectrum.values),
        "learned": numbers(found.learned.values),
    }
