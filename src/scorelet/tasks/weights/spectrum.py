"""The verb weights spectrum: what the layers of a network have learned, from its weights alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.analysis.alignment import (
    left_out,
    own_forwards,
    registered_layers,
    sharing,
    sharing_words,
)
from scorelet.analysis.layer_spectrum import LayerSpectrum
from scorelet.analysis.weight_covariance import effective_rank
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.numbers import finite_or_none
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.tasks.array_files import save_page
from scorelet.tasks.networks import Model, open_network
from scorelet.tasks.weights.noise import AUTO, in_units_of_noise
from scorelet.tasks.weights.spectrum_report import report

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
def spectrum(model: Model, *, arch: str | None = None, noise: str = AUTO) -> Spectra:
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
        "eigenvalues": found.spectrum.values[:SHOWN].tolist(),
        "learned": found.learned.values[:SHOWN].tolist(),
    }
