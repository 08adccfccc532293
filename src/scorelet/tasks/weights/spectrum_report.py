"""The report of the verb weights spectrum."""

from collections.abc import Sequence
from typing import Any

from scorelet.analysis.layer_spectrum import LayerSpectrum
from scorelet.core.words import counted
from scorelet.plots import png
from scorelet.plots.report import Facts, Part, Picture, Section, Table, Text, number, render
from scorelet.plots.weights import ranks_figure, spectra_figure
from scorelet.tasks.weights.noise import WORDS

READING = (
    "A layer is a matrix of weights, one row for each neuron. Before training the rows are random "
    "and point everywhere alike. Training stretches them along some directions: those of what the "
    "layer looks for in its input. The spectrum shows, from the strongest direction to the "
    "weakest, how much the rows vary along each. Below the dashed line random rows vary as much "
    "by chance; directions above it were learned."
)
METHOD = (
    "Eigenvalues of Wᵀ W / n in units of {unit}; the dashed line is what the largest eigenvalue of "
    "untrained weights exceeds in one of 100 networks (in more where noise is the bulk of a small "
    "layer). "
    "Eigenvalues above it are shrunk to those of the learned part, ℓ, which noise has made larger. "
    "The effective rank Σ k ℓ_k / Σ ℓ_k says around how many directions matter. Weights of a "
    "convolution are taken as one row of channels times positions in the kernel. Beyond norms are "
    "those that random neurons would not show whose norms differ as much as these do."
)
COLUMNS = (
    "kind",
    "neurons",
    "inputs",
    "learned",
    "beyond norms",
    "effective rank",
    "largest",
    "bulk / initial",
)
"""What tables of layers show, here and in the shell, after the name."""


def report(document: dict[str, Any], layers: Sequence[LayerSpectrum]) -> str:
    """Return the HTML text of what `spectrum` has found."""
    names = [layer.layer.name for layer in layers]
    kept = [entry["kept"] for entry in document["layers"]]
    ranks = [entry["effective_rank"] for entry in document["layers"]]
    drawn = [(s.layer.name, s.spectrum.values, s.edge) for s in layers]
    opening: list[Part] = [
        Text(lead(document), "lead"),
        *(Text(f"{warning}.", "warning") for warning in document["warnings"]),
        Text(READING),
        Picture(png(ranks_figure(names, kept, ranks)), "Learned directions by layer."),
        Picture(
            png(spectra_figure(drawn)),
            "Spectra of the layers with the edge of noise.",
            f"Eigenvalues are in units of {WORDS[document['noise']].unit}.",
        ),
        Text(METHOD.format(unit=WORDS[document["noise"]].unit), "note"),
        Facts({k: str(document[k]) for k in ("model", "arch", "noise") if document[k]}),
    ]
    rows = [(entry["name"], *values(entry)) for entry in document["layers"]]
    table = Table(["layer", *COLUMNS], rows, frozenset({0, 1}))
    return render(
        "What the layers of a network have learned", opening, [Section("Layers", [table])]
    )


def lead(document: dict[str, Any]) -> str:
    """Return the finding in a sentence."""
    layers = document["layers"]
    learned = [entry for entry in layers if entry["kept"]]
    if not learned:
        return f"{document['model']}: no layer has learned a direction that noise would not show"
    most = max(learned, key=lambda entry: entry["kept"])
    single = sum(entry["kept"] == 1 for entry in learned)
    by_chance = f"; {single} of them one only, as {WORDS[document['noise']].chance} does"
    return (
        f"{document['model']}: {len(learned)} of {counted(len(layers), 'layer')} "
        f"{'has' if len(learned) == 1 else 'have'} learned directions, at most {most['kept']} of "
        f"{min(most['neurons'], most['inputs'])} ({most['name']}){by_chance if single else ''}"
    )


def values(entry: dict[str, Any]) -> list[str]:
    """Write what tables show of a layer, in the order of `COLUMNS`."""
    numbers = (entry["effective_rank"], entry["eigenvalues"][0], entry["bulk_variance"])
    return [
        entry["kind"],
        *(str(entry[name]) for name in ("neurons", "inputs", "kept", "beyond_norms")),
        *map(number, numbers),
    ]
