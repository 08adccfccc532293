"""Across wavelet scales short windows are enough: local conditional models of pictures.

The same networks, with receptive fields from 5 pixels on, denoise pixels (flat) or the details of
each scale given the scale below (a cascade). Cascades enlarge pictures and draw new ones.
"""

import re
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import torch

from scorelet.core.device import choose_device
from scorelet.core.random import Noise
from scorelet.core.words import counted
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.models.shifted import ShiftedDenoiser
from scorelet.plots.report import Section
from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.claims import Measured, difference
from scorelet.recipes.contrasts import least, most
from scorelet.recipes.hits import mean_of_all
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.local_multiscale import figures
from scorelet.recipes.subjects.local_multiscale.claims import claims, learned
from scorelet.recipes.subjects.local_multiscale.curves import (
    ALL_PIXELS,
    GUIDED,
    LOW,
    OVER_SHIFTS,
    baselines,
    filter_of_all,
    level_shown,
    linear,
    psnr_rows,
    table_rows,
    without_details,
)
from scorelet.recipes.subjects.local_multiscale.filters import far_share, filters_at
from scorelet.recipes.subjects.local_multiscale.miniature import miniature
from scorelet.recipes.subjects.local_multiscale.networks import (
    cascade,
    flat,
    flat_with_level,
    guided,
    low_band,
    write_pictures,
)
from scorelet.recipes.subjects.local_multiscale.pictures import load_pictures
from scorelet.recipes.subjects.local_multiscale.quantities import quantities
from scorelet.recipes.subjects.local_multiscale.samples import (
    BICUBIC,
    DIFFUSION,
    enlarge,
    kept_images,
    memory,
    nearer_than_most,
    off_by,
    spectrum_rows,
    synthesise,
)
from scorelet.recipes.subjects.local_multiscale.settings import SETTINGS, Settings
from scorelet.recipes.subjects.local_multiscale.told_details import told_share
from scorelet.tasks.picture_arrays import images_of

Curves = dict[str, list[list[float]]]
"""PSNR of each test picture at each input PSNR, by name: "flat 9", "scales 9" and baselines."""
_SEEN = 2000
"""Training pictures that tell what is linear of details."""


class _Run:
    """What all parts of a run share: pictures on the device, networks by name."""

    def __init__(self, settings: Settings, seed: int, steps: Steps) -> None:
        self.settings, self.seed, self.steps = settings, seed, steps
        arrays = load_pictures(settings.pictures, seed)
        self.counts = {name: len(part) for name, part in arrays.items()}
        write_pictures(steps.folder, arrays)
        self.place = choose_device("auto")
        self.train = images_of(arrays["train"])
        self.test = images_of(arrays["test"]).to(self.place)
        self.weights: dict[str, int] = {}
        self.flat: dict[int, Denoiser] = {}
        self.controls: dict[str, Denoiser] = {}
        self.cascades: dict[int, Multiscale[Denoiser]] = {}

    def learn(self) -> None:
        """Train the networks of the curves; that which draws may be another one, see `drawing`."""
        training, side = self.settings.training, self.settings.pictures.side
        first, *_ = self.settings.fields
        low = low_band(training, first, side, self.seed, self.steps)
        for field in self.settings.fields:
            plain, count = flat(training, field, self.seed, self.steps)
            self.flat[field], self.weights[f"flat {field}"] = plain.to(self.place), count
            scales, count = cascade(training, field, side, self.seed, self.steps, low)
            self.cascades[field], self.weights[f"scales {field}"] = scales.to(self.place), count
        if self.settings.has_controls:
            self._learn_controls()

    def _learn_controls(self) -> None:
        """Train flat networks that have what cascades have, but for the scales."""
        training, field = self.settings.training, self.settings.sampling.field
        side, seed, steps = self.settings.pictures.side, self.seed, self.steps
        found = {
            level_shown(field): flat_with_level(training, field, seed, steps),
            GUIDED: guided(training, side, seed, steps),
        }
        for name, (model, count) in found.items():
            self.controls[name], self.weights[name] = model.to(self.place), count

    @property
    def chosen(self) -> Multiscale[Denoiser]:
        """The cascade with the receptive field of that which draws."""
        return self.cascades[self.settings.sampling.field]

    @cached_property
    def drawing(self) -> Multiscale[Denoiser]:
        """The cascade that draws: that which is chosen, or one of more scales, in smaller batches.

        Nothing is compared with it, so that its networks need not see as many places in a step.
        """
        training, levels = self.settings.training, self.settings.drawn_levels
        if levels == training.levels:
            return self.chosen
        training = replace(training, levels=levels, finest=training.batch)
        field, side = self.settings.sampling.field, self.settings.pictures.side
        return cascade(training, field, side, self.seed, self.steps)[0].to(self.place)


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Measure everything."""
    work = _Run(settings, seed, steps)
    exact = steps("miniature", partial(miniature, settings.linear))
    work.learn()
    curves = _curves(work)
    known = steps("told", partial(_told, work))
    measured = _of_fields(exact) | _of_curves(curves, settings)
    measured["told"] = Measured(known["told"] - known["linear"], note=_words(known))
    sections = [
        figures.curves_section(curves, settings.decibels, work.weights),
        figures.miniature_section(exact),
    ]
    tables = {"denoising": table_rows(curves, settings.decibels), "miniature": exact}
    sections.append(_filters(work))
    for part in (_enlarged, _samples):
        found, section, rows = part(work)
        measured |= found
        sections.append(section)
        tables |= rows
    return Findings(_data(work), measured, sections, tables)


def _curves(work: _Run) -> Curves:
    """Return the curves of all denoisers, each a step."""
    denoisers: dict[str, Denoiser] = {}
    for field in work.settings.fields:
        denoisers[f"flat {field}"] = work.flat[field]
    for field in work.settings.fields:
        denoisers[f"scales {field}"] = MultiscaleDenoiser(work.cascades[field])
    chosen = f"scales {work.settings.sampling.field}"
    denoisers[f"{chosen} {OVER_SHIFTS}"] = ShiftedDenoiser(denoisers[chosen])
    denoisers |= work.controls
    denoisers |= baselines(work.train, work.chosen, work.settings.fields)
    if work.settings.linear_of_all:
        denoisers[ALL_PIXELS] = filter_of_all(work.train)
    found: Curves = {}
    for name, model in denoisers.items():
        measure = partial(
            psnr_rows, model.to(work.place), work.test, work.settings.decibels, work.seed
        )
        found[name] = work.steps(f"psnr-{'-'.join(re.findall('[A-Za-z0-9]+', name))}", measure)
    return found


def _told(work: _Run) -> dict[str, float]:
    train = work.train[:_SEEN].to(work.place)
    return told_share(work.chosen, train, work.test, work.settings.sampling.field, work.seed)


Measurement = tuple[dict[str, Measured], Section, dict[str, Any]]


def _filters(work: _Run) -> Section:
    """Look at the filters of the smallest, the chosen and the largest receptive field."""
    settings, field = work.settings, work.settings.sampling.field
    side = work.settings.pictures.side
    places = [(i * side // 8, j * side // 8) for i, j in ((4, 4), (3, 3), (2, 5), (5, 2))]
    x = work.test[:1]
    y = x + settings.filters * Noise(work.seed, [0], scale=9).normal(x)
    models: dict[str, Denoiser] = {
        f"flat {field}": work.flat[field],
        f"scales {field}": MultiscaleDenoiser(work.chosen),
        LOW: MultiscaleDenoiser(without_details(work.chosen)),
        f"flat {settings.fields[-1]}": work.flat[settings.fields[-1]],
    }
    rows = {
        name: filters_at(model, y, settings.filters, places).cpu() for name, model in models.items()
    }
    far = {name: far_share(found, places, field // 2) for name, found in rows.items()}
    return figures.filters_section(rows, far, y.cpu(), settings.filters)


def _enlarged(work: _Run) -> Measurement:
    sampling, test = work.settings.sampling, work.test[: work.settings.sampling.count]
    measured, rows, pictures = {}, [], {}
    for factor in sampling.factors:
        draw = partial(enlarge, work.drawing, test, factor, sampling, work.seed)
        pictures[factor] = kept_images(work.steps, f"enlarged-{factor}", draw)
        own = spectrum_rows(pictures[factor], test.cpu(), factor)
        rows += own
        measured |= _of_spectra(own, factor)
        measured[f"means {factor}"] = Measured(
            off_by(pictures[factor][DIFFUSION], test.cpu(), factor)
        )
    section = figures.enlarged_section(pictures, test.cpu(), rows)
    return measured, section, {"spectra": rows}


def _samples(work: _Run) -> Measurement:
    sampling = work.settings.sampling
    draw = partial(synthesise, work.drawing, work.test, sampling, work.seed)
    drawn = kept_images(work.steps, "samples", lambda: {"samples": draw()})
    cosines, near = memory(drawn["samples"], work.train, work.test.cpu())
    section = figures.samples_section(drawn["samples"], near, cosines)
    return {"memory": nearer_than_most(cosines)}, section, {}


def _of_fields(rows: list[dict[str, Any]]) -> dict[str, Measured]:
    (row,) = [r for r in rows if r["exponent"] == 3.0 and r["sigma"] == 2.0]
    return {
        "linear lead": Measured(row["scales 3"] - row["pixels 5"]),
        "linear loss": Measured(row["all pixels"] - row["scales 3"]),
        "linear pixels": Measured(row["pixels 13"] - row["pixels 5"]),
        "linear scales": Measured(row["scales 5"] - row["scales 3"]),
    }


def _of_curves(curves: Curves, settings: Settings) -> dict[str, Measured]:
    field, largest = settings.sampling.field, settings.fields[-1]
    decibels = settings.decibels

    def apart(one: str, other: str, value: int) -> Measured:
        return _of_pairs(curves[one], curves[other], [decibels.index(value)])

    def all_apart(one: str, other: str, low: int, high: int) -> list[Measured]:
        return [apart(one, other, value) for value in decibels if low <= value <= high]

    strong = decibels.index(-6)
    best = {f: _better(curves[f"flat {f}"], curves[linear(f)], strong) for f in (5, 13)}
    gains = [
        _of_pairs(best[13], best[5], [strong]),
        _of_pairs(curves["scales 13"], curves["scales 5"], [strong]),
    ]
    both = f"flat {gains[0].value:.2f} dB, cascades {gains[1].value:.2f} dB"
    fields = [f"scales {f}" for f in (5, 13)]
    spread = [replace(m, value=abs(m.value)) for m in all_apart(*fields, 0, 20)]
    mine = f"scales {field}"
    loss, of_mean = (apart(f"flat {largest}", name, 30) for name in (mine, f"{mine} {OVER_SHIFTS}"))
    controls = {}
    if settings.linear_of_all:
        controls = {"against linear": apart(mine, ALL_PIXELS, -6)}
    if settings.has_controls:
        controls |= {
            "against level": apart(mine, level_shown(field), -6),
            "against guided": apart(mine, GUIDED, -6),
        }
    return controls | {
        "what fields are worth": replace(difference(*gains), note=both),
        "lead at strong noise": apart(mine, f"flat {field}", -6),
        "against the largest": apart(mine, f"flat {largest}", -6),
        "loss at weak noise": loss,
        "loss of the mean": of_mean,
        "spread of fields": most(spread),
        "over the low band": least(all_apart(mine, LOW, -6, 0)),
        "details": apart(mine, LOW, 20),
        **{
            learned(f, value): apart(f"flat {f}", linear(f), value)
            for f, value in ((field, -6), (largest, -6), (largest, 30))
        },
    }


def _better(one: list[Any], other: list[Any], level: int) -> list[Any]:
    """Return the curve with the larger mean at a level."""
    return one if sum(one[level]) >= sum(other[level]) else other


def _of_pairs(one: list[Any], other: list[Any], levels: list[int]) -> Measured:
    """Return the mean difference over pictures, of the mean of some levels."""
    a, b = (torch.tensor(rows, dtype=torch.float64)[levels].mean(0) for rows in (one, other))
    return mean_of_all(a - b)


def _of_spectra(rows: list[dict[str, Any]], factor: int) -> dict[str, Measured]:
    by = {name: [row for row in rows if row["method"] == name] for name in (DIFFUSION, BICUBIC)}
    worst = most([Measured(abs(row["ratio"] - 1), row["error"]) for row in by[DIFFUSION]])
    return {
        f"spectrum {factor}": worst,
        f"bicubic {factor}": most([Measured(r["ratio"], r["error"]) for r in by[BICUBIC]]),
    }


def _words(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items())


def _data(work: _Run) -> str:
    wanted, training = work.settings.pictures, work.settings.training
    drawn = work.settings.drawn_levels
    return (
        f"{wanted.source}, {wanted.side}x{wanted.side} pixels: {work.counts['train']:,} to learn "
        f"from, {work.counts['test']:,} others; networks of width {training.width} see "
        f"{training.steps:,} batches of {training.batch}, finest details {training.finest}, each "
        f"trained once; cascades have {counted(training.levels, 'level')} and one low band"
        + (f", that which draws has {drawn} and its own" if drawn != training.levels else "")
    )


RECIPE: Recipe[Any] = Recipe(
    subject="local_multiscale",
    title="Local conditional models of images across scales",
    paper=(
        "Kadkhodaie, Guth, Mallat, Simoncelli: Learning multi-scale local conditional probability "
        "models of images. ICLR 2023, arXiv 2303.02984."
    ),
    summary=(
        "Given the picture at half its size, its details depend on few of their neighbours, "
        "everywhere in the same way; pixels do not. So across scales networks that see 9 places "
        "denoise as well as those that see all, enlarge pictures with texture, and draw new ones."
    ),
    setups={scale: Setup(each, claims(scale, each)) for scale, each in SETTINGS.items()},
    run=run,
    measures=quantities,
)
