"""The sections of the report: curves, filters, enlarged pictures, samples and their neighbours."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from scorelet.plots import curves_figure, png
from scorelet.plots.memorisation import histograms_figure, twins_figure
from scorelet.plots.report import Part, Picture, Section, Table, Text
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.local_multiscale.miniature import PIXELS, SCALES

Row = Mapping[str, Any]
SHOWN = 8


def miniature_section(rows: Sequence[Row]) -> Section:
    """Show linear denoisers of windows."""
    names = ["all pixels", *(f"pixels {w}" for w in PIXELS), *(f"scales {w}" for w in SCALES)]
    cut = [
        (f"{row['exponent']:g}", f"{row['sigma']:g}", *(f"{row[name]:.2f}" for name in names))
        for row in rows
    ]
    text = (
        "Gaussian fields of 32 x 32 pixels, power |k|^-p, variance 0.06: exact PSNR in dB of the "
        "best linear denoiser that sees so many pixels, or so many places at each of two scales."
    )
    return Section("In miniature", [Text(text), Table(["p", "σ", *names], cut)])


def curves_section(
    curves: Mapping[str, list[list[float]]], decibels: Sequence[int], weights: Mapping[str, int]
) -> Section:
    """Show output over input PSNR of all denoisers, as a gain."""
    gains, cut = {}, []
    for name, levels in curves.items():
        psnr = torch.tensor(levels, dtype=torch.float64)
        mean, error = psnr.mean(1), psnr.std(1) / psnr.shape[1] ** 0.5
        gains[name] = ((mean - torch.tensor(decibels)).tolist(), error.tolist())
        size = f"{weights[name]:,}" if name in weights else "–"
        cut.append((name, size, *(f"{value:.2f}" for value in mean.tolist())))
    parts: list[Part] = [
        Table(["denoiser", "weights", *(f"{value} dB" for value in decibels)], cut),
    ]
    for title, others in (("Flat networks", ("scales ",)), ("Cascades", ("flat ", "window "))):
        shown = {name: gain for name, gain in gains.items() if not name.startswith(others)}
        both = [name for name in shown if not name.startswith(("flat ", "scales ", "window "))]
        shown = {name: shown[name] for name in both} | shown  # those have one colour in both
        drawn = curves_figure(decibels, shown, labels=("input PSNR (dB)", "gain (dB)"))
        parts.append(Picture(png(drawn), f"Gain by input PSNR: {title}.", title))
    return Section("Denoising", parts)


def filters_section(
    filters: Mapping[str, Tensor], far: Mapping[str, float], y: Tensor, sigma: float
) -> Section:
    """Show rows of Jacobians, each by its own largest number; gray is 0. Tell what is far."""
    rows = {"noisy": y.expand(filters[next(iter(filters))].shape[0], -1, -1, -1)}
    for name, found in filters.items():
        scaled = found / found.abs().amax((1, 2), keepdim=True).clamp_min(1e-12)
        rows[name] = 0.5 + 0.5 * scaled[:, None]
    text = (
        f"Which pixels are averaged for one, at noise {sigma:g}: white counts, black is taken off, "
        "gray does not matter. A flat network sees its window. Cascades reach further by their "
        "low band, which sees all of the picture."
    )
    shares = Table(
        ["denoiser", "share of the squares beyond the window"],
        [(name, f"{share:.3f}") for name, share in far.items()],
    )
    return Section("Filters", [Text(text), Picture(png(twins_figure(rows)), "Filters."), shares])


def enlarged_section(
    pictures: Mapping[int, Mapping[str, Tensor]], test: Tensor, rows: Sequence[Row]
) -> Section:
    """Show enlarged pictures, and their power in bands above the cut."""
    parts: list[Part] = []
    for factor, methods in pictures.items():
        small = torch.nn.functional.avg_pool2d(test[:SHOWN], factor)
        wide = small.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
        lines = {"given": wide} | {name: x[:SHOWN] for name, x in methods.items()}
        drawn = png(twins_figure(lines | {"real": test[:SHOWN]}))
        parts.append(Picture(drawn, f"Enlarged {factor} times.", f"Enlarged {factor} times"))
    cut = [
        (
            f"{row['factor']}",
            row["method"],
            f"{row['from']:g} to {row['to']:g}",
            figure(row["ratio"], row["error"]),
        )
        for row in rows
    ]
    head = ["factor", "method", "cycles a side", "power by that of real pictures"]
    return Section("Super-resolution", [*parts, Table(head, cut, frozenset({1}))])


def samples_section(samples: Tensor, near: Tensor, cosines: Mapping[str, list[float]]) -> Section:
    """Show samples, the nearest training picture beside each, and all cosines."""
    lines = {"sample": samples[:SHOWN], "nearest training picture": near[:SHOWN]}
    sets = {kind: (values, None) for kind, values in cosines.items()}
    return Section(
        "Synthesis",
        [
            Picture(png(twins_figure(lines)), "Samples and their nearest training pictures."),
            Text("Cosines with the nearest training picture: of samples, and of real pictures."),
            Picture(png(histograms_figure(sets, first=None)), "Cosines."),
        ],
    )
