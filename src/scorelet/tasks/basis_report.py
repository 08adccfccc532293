"""The report of the verb basis."""

from typing import Any

import numpy as np

from scorelet.analysis.jacobian import JacobianBasis
from scorelet.analysis.shrinkage import OracleShrinkage
from scorelet.core.words import counted
from scorelet.plots import png
from scorelet.plots.eigenvectors import factors_figure, pictures_figure, vectors_figure
from scorelet.plots.report import Facts, Part, Picture, Section, Table, Text, number, render
from scorelet.tasks.picture_arrays import pixels_of

METHOD = (
    "Near this picture y the denoiser is a linear map, its Jacobian J. Its symmetric part has "
    "orthonormal eigenvectors e_k and eigenvalues λ_k: the denoiser keeps what looks like an "
    "eigenvector with λ near 1 and removes what looks like one with λ near 0. For the best "
    "denoiser J is symmetric and σ² Σ λ_k is its expected error. Networks trained on pictures have "
    "learnt such a basis for each picture: waves along its contours and within its flat regions, "
    "faster and faster as λ falls. Eigenvalues above 1, up to 2 or 3, are usual."
)
PAIRS = (
    "A part u vᵀ of J, by which a change along v changes the answer along another direction u, is "
    "not symmetric. In the symmetric part it is a pair of eigenvectors in the plane of u and v, "
    "with eigenvalues of opposite signs: where the asymmetry is large, a first λ far above 1 and a "
    "last one below 0 belong together, and say neither what is kept nor what is removed. Small "
    "pictures have such pairs most."
)
SINGULAR = (
    "Near this picture y the denoiser is a linear map, its Jacobian J = Σ s_k u_k v_kᵀ, with "
    "singular values s_k and two orthonormal systems: a change of the picture along v_k changes "
    "the answer along u_k, s_k times as much. Drawn are the v_k. For the best denoiser J is "
    "symmetric and u_k = v_k; how far networks are from that is the asymmetry below."
)
NUMBERS = (
    "The trace of J counts the dimensions that are kept. SURE estimates the error without a clean "
    "picture, from the noise level, the trace and what was taken away; that of one picture "
    "scatters about the true error, by its standard error (±), which holds that of a noise level "
    "that was found, and may even be negative. The asymmetry |J - Jᵀ| / |J| is 0 "
    "for the best denoiser; that of trained networks is 0.3 to 0.5, and 0.4 to 0.8 at pictures of "
    "less than 50 pixels a side. |J y - f(y)| / |f(y)|, with "
    "f(y) what the denoiser answers, is 0 for networks without biases: then the factors tell all "
    "that it does to the picture."
)
ORACLES = (
    "An oracle that knows the clean picture chooses the best factor for every coefficient of a "
    "fixed basis. A denoiser whose factors fall sooner describes the picture by fewer numbers."
)
DENOISED = (
    "Here there is no clean picture, and the oracle takes the denoised one for it, which has lost "
    "what is hard to tell from noise: its trace is too small, and its error says nothing. To "
    "compare both, take a clean picture and add noise: --noise 25."
)
_FIRST, _REST = 12, 24
"""Eigenvectors that are drawn: the first ones, and of further ones so many, evenly spread."""


def report(
    document: dict[str, Any], found: JacobianBasis, oracles: dict[str, OracleShrinkage]
) -> str:
    """Return the HTML text of what `basis` has found."""
    shown = "picture with noise added" if document["noise_added"] else "picture"
    panels = {shown: found.noisy, "denoised": found.denoised}
    drawn = pictures_figure(
        list(panels), [pixels_of(image).clip(0, 1) for image in panels.values()]
    )
    symmetric = document["kind"] == "symmetric"
    notes = (METHOD, PAIRS, NUMBERS) if symmetric else (SINGULAR, NUMBERS)
    name, symbol = ("Eigenvectors", "λ") if symmetric else ("Singular vectors", "s")
    opening: list[Part] = [
        Text(f"{document['source']}, seen by {document['model']}", "lead"),
        *(Text(f"{warning}.", "warning") for warning in document["warnings"]),
        Facts(facts(document)),
        Picture(png(drawn), "The picture and what the denoiser makes of it."),
        *(Text(note, "note") for note in notes),
    ]
    ranks = shown_ranks(len(found.vectors))
    vectors = np.stack([pixels_of(found.vectors[rank - 1]) for rank in ranks])
    values = [document["values"][rank - 1] for rank in ranks]
    drawn = png(vectors_figure(values, vectors, symbol, ranks))
    sections = [
        Section(name, [Picture(drawn, f"{name} as pictures.")]),
        Section("Shrinkage factors", _factors(document, oracles, symbol)),
    ]
    return render("The basis of a denoiser at a picture", opening, sections)


def shown_ranks(count: int) -> list[int]:
    """Return which of so many eigenvectors are drawn, from 1 on."""
    if count <= _FIRST + _REST:
        return list(range(1, count + 1))
    rest = np.linspace(_FIRST, count, _REST + 1)[1:].round().astype(int)
    return [*range(1, _FIRST + 1), *rest.tolist()]


def facts(document: dict[str, Any]) -> dict[str, str]:
    """Return names and values in words, for the report and the shell."""
    error = document["effective_dim_error"]
    kept = f"{document['effective_dim']:.1f}" + (f" ± {error:.1f}" if error else "")
    named = {"picture": _picture(document)}
    if document["noise_added"]:
        named["noise added (8-bit units)"] = (
            f"{document['noise_added']:g} (seed {document['seed']})"
        )
    named |= {
        "dimensions kept (trace)": f"{kept} of {document['dimensions']}",
        f"{values_of(document)} above one half": _above_half(document["values"]),
        **_least(document),
        "asymmetry of the Jacobian": f"{document['asymmetry']:.3f}",
        "|J y - f(y)| / |f(y)|": f"{document['homogeneity']:.1e}",
        "products with the Jacobian": str(document["products"]),
    }
    if document["sigma"] is None:
        named["noise level"] = "not found"
    else:
        error = document["sigma_error"]
        bar = f" ± {error:.2f}" if error else ""
        named["noise level (8-bit units)"] = f"{document['sigma']:.2f}{bar}"
        named["mean square error by SURE (8-bit units²)"] = _by_sure(document)
    if document["true_mse"] is not None:
        named["its true mean square error (8-bit units²)"] = f"{document['true_mse']:.2f}"
    return named


def values_of(document: dict[str, Any]) -> str:
    """Return what the factors are called."""
    return "eigenvalues" if document["kind"] == "symmetric" else "singular values"


def _picture(document: dict[str, Any]) -> str:
    crop = "" if document["crop"] is None else f" (the middle, crop {document['crop']})"
    size = f"{document['width']}x{document['height']}"
    return f"{size}, {counted(document['channels'], 'channel')}{crop}"


def _least(document: dict[str, Any]) -> dict[str, str]:
    """Return the least eigenvalue, where all are known and may be negative."""
    values = document["values"]
    if len(values) < document["dimensions"] or document["kind"] != "symmetric":
        return {}
    negative = sum(value < 0 for value in values)
    are = "is" if negative == 1 else "are"
    return {"least eigenvalue": f"{values[-1]:.3f}; {negative} {are} negative"}


def _by_sure(document: dict[str, Any]) -> str:
    return f"{document['mse']:.2f} ± {document['mse_error']:.2f}"


def _above_half(values: list[float]) -> str:
    count = sum(value > 0.5 for value in values)
    return f"{count}" if count < len(values) else f"at least {count}: all that were computed"


def _factors(
    document: dict[str, Any], oracles: dict[str, OracleShrinkage], symbol: str
) -> list[Part]:
    curves = {name: oracle.factors.numpy() for name, oracle in oracles.items()}
    drawn = factors_figure(document["values"], curves, symbol=symbol)
    parts: list[Part] = [Picture(png(drawn), "Shrinkage factors by rank.")]
    if document["oracles"]:
        true = document["true_mse"]
        own = ("SURE", _by_sure(document)) if true is None else ("its true error", f"{true:.2f}")
        rows = [(f"this denoiser ({own[0]})", f"{document['effective_dim']:.1f}", own[1])]
        rows += [
            (f"oracle, {o['basis']}", f"{o['effective_dim']:.1f}", number(o["mse"], ".2f"))
            for o in document["oracles"]
        ]
        known = DENOISED if true is None else "Here the oracle knows the clean picture."
        parts += [
            Table(["basis", "trace", "mean square error (8-bit units²)"], rows),
            Text(f"{ORACLES} {known}", "note"),
        ]
    return parts
