"""Across wavelet scales short windows are enough: local conditional models of pictures.

The same networks, with receptive fields from 5 pixels on, denoise pixels (flat) or the details of
each scale given the scale below (a cascade). Cascades enlarge pictures and draw new ones.
"""

from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import torch

from scorelet.analysis.memorization import median_with_error
from scorelet.core.device import choose_device
from scorelet.core.random import Noise
from scorelet.core.words import counted
from scorelet.models import Denoiser
from scorelet.models.guided import LARGEST_COVARIANCE
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
from scorelet.recipes.subjects.local_multiscale.claims import LEAD, claims
from scorelet.recipes.subjects.local_multiscale.curves import (
    ALL_PIXELS,
    LOW,
    OVER_SHIFTS,
    WIENER,
    baselines,
    filter_of_all,
    psnr_rows,
    table_rows,
    told_share,
)
from scorelet.recipes.subjects.local_multiscale.filters import far_share, filters_at
from scorelet.recipes.subjects.local_multiscale.miniature import miniature
from scorelet.recipes.subjects.local_multiscale.networks import (
    cascade,
    flat,
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
    off_by,
    spectrum_rows,
    synthesise,
)
from scorelet.recipes.subjects.local_multiscale.settings import SETTINGS, Settings
from scorelet.tasks.picture_arrays import images_of

Curves = dict[str, list[list[float]]]
"""PSNR of each test picture at each input PSNR, by name: "flat 9", "scales 9" and baselines."""
_SEEN = 4000


class _Run:
    """What all parts of a run share: pictures on the device, networks by name."""

    def __init__(self, settings: Settings, seed: int, steps: Steps) -> None:
        self.settings, self.seed, self.steps = settings, seed, steps
        arrays = load_pictures(settings.pictures, seed)
        self.counts = {name: len(part) for name, part in arrays.items()}
        write_pictures(steps.folder, arrays)
        self.place = choose_device("auto")
        self.train = images_of(arrays["train"][:_SEEN])
        self.everything = arrays["train"]
        self.test = images_of(arrays["test"]).to(self.place)
        self.weights: dict[str, int] = {}
        self.flat: dict[int, Denoiser] = {}
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
    told = steps("told", partial(told_share, work.chosen, work.test, seed))
    measured = _of_fields(exact) | _of_curves(curves, settings)
    measured["told"] = Measured(told["told"] - told["not told"], note=_words(told))
    sections = [
        figures.curves_section(curves, settings.decibels, work.weights),
        figures.miniature_section(exact),
    ]
    tables = {"denoising": table_rows(curves, settings.decibels), "miniature": exact}
    for part in (_filters, _enlarged, _samples):
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
    denoisers |= baselines(work.train.to(work.place), work.chosen)
    if work.test[0].numel() <= LARGEST_COVARIANCE:
        denoisers[ALL_PIXELS] = filter_of_all(images_of(work.everything)).to(work.place)
    found: Curves = {}
    for name, model in denoisers.items():
        measure = partial(psnr_rows, model, work.test, work.settings.decibels, work.seed)
        found[name] = work.steps(f"psnr-{name.replace(' ', '-')}", measure)
    return found


Part = tuple[dict[str, Measured], Section, dict[str, Any]]


def _filters(work: _Run) -> Part:
    """Look at the filters of the smallest, the chosen and the largest receptive field."""
    settings, field = work.settings, work.settings.sampling.field
    side = work.settings.pictures.side
    places = [(i * side // 8, j * side // 8) for i, j in ((4, 4), (3, 3), (2, 5), (5, 2))]
    x = work.test[:1]
    y = x + settings.filters * Noise(work.seed, [0], scale=9).normal(x)
    models: dict[str, Denoiser] = {
        f"flat {field}": work.flat[field],
        f"scales {field}": MultiscaleDenoiser(work.chosen),
        f"flat {settings.fields[-1]}": work.flat[settings.fields[-1]],
    }
    rows = {
        name: filters_at(model, y, settings.filters, places).cpu() for name, model in models.items()
    }
    far = {name: far_share(found, places, field // 2) for name, found in rows.items()}
    section = figures.filters_section(rows, y.cpu(), settings.filters)
    table = [{"model": name, "far_share": share} for name, share in far.items()]
    measured = Measured(far[f"scales {field}"], note=_words(far))
    return {"far share": measured}, section, {"filters": table}


def _enlarged(work: _Run) -> Part:
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


def _samples(work: _Run) -> Part:
    sampling = work.settings.sampling
    draw = partial(synthesise, work.drawing, work.test, sampling, work.seed)
    drawn = kept_images(work.steps, "samples", lambda: {"samples": draw()})
    everything = images_of(work.everything)
    cosines, near = memory(drawn["samples"], everything, work.test.cpu())
    one, other = (
        Measured(*median_with_error(torch.tensor(cosines[k]))) for k in ("samples", "held out")
    )
    section = figures.samples_section(drawn["samples"], near, cosines)
    return {"memory": difference(one, other)}, section, {}


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

    gains = [
        _of_pairs(curves[f"{k} 13"], curves[f"{k} 5"], [decibels.index(-6)])
        for k in ("flat", "scales")
    ]
    both = f"flat {gains[0].value:.2f} dB, cascades {gains[1].value:.2f} dB"
    between = [k for k, value in enumerate(decibels) if 5 <= value <= 20]
    fields = [f"scales {f}" for f in (5, 13)]
    spread = [replace(m, value=abs(m.value)) for m in all_apart(*fields, 0, 20)]
    mine = f"scales {field}"
    loss, of_mean = (apart(f"flat {largest}", name, 30) for name in (mine, f"{mine} {OVER_SHIFTS}"))
    return {
        "what fields are worth": replace(difference(*gains), note=both),
        "lead at strong noise": apart(mine, f"flat {field}", -6),
        "against the largest": apart(mine, f"flat {largest}", -6),
        "loss at weak noise": loss,
        "loss of the mean": of_mean,
        "spread of fields": most(spread),
        "over the low band": least(all_apart(mine, LOW, -6, 30)),
        LEAD: _of_pairs(curves[f"flat {largest}"], curves[WIENER], between),
    }


def _of_pairs(one: list[Any], other: list[Any], levels: list[int]) -> Measured:
    """Return the mean difference over pictures, of the mean of some levels."""
    a, b = (torch.tensor(rows, dtype=torch.float64)[levels].mean(0) for rows in (one, other))
    return mean_of_all(a - b)


def _of_spectra(rows: list[dict[str, Any]], factor: int) -> dict[str, Measured]:
    by = {name: [row for row in rows if row["method"] == name] for name in (DIFFUSION, BICUBIC)}
    worst = max(by[DIFFUSION], key=lambda row: abs(row["ratio"] - 1))
    least = min(by[BICUBIC], key=lambda row: row["ratio"])
    return {
        f"spectrum {factor}": Measured(abs(worst["ratio"] - 1), worst["error"]),
        f"bicubic {factor}": Measured(least["ratio"], least["error"]),
    }


def _words(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items())


def _data(work: _Run) -> str:
    wanted, training = work.settings.pictures, work.settings.training
    return (
        f"{wanted.source}, {wanted.side}x{wanted.side} pixels: {work.counts['train']:,} to learn "
        f"from, {work.counts['test']:,} others; networks of width {training.width} see "
        f"{training.steps:,} batches of {training.batch}, finest details {training.finest}, each "
        f"trained once; cascades have {counted(training.levels, 'level')} and one low band, that "
        f"which draws has {work.settings.drawn_levels} and its own"
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
