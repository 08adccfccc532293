"""Two networks that have no picture in common become one function, in a basis of harmonics.

Twins on halves of a set say where memorisation ends; images whose best denoiser is known say where
the basis of networks is the best one (regular images with contours) and where it is not (few
dimensions).
"""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from scorelet.analysis.memorization import SIGMAS, Shown, median_with_error
from scorelet.models import Denoiser
from scorelet.plots.report import Section
from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.claims import Measured, difference
from scorelet.recipes.faces import FACES, Arrays
from scorelet.recipes.hits import mean_of_all
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.harmonic_generalization import figures
from scorelet.recipes.subjects.harmonic_generalization.claims import BELOW, LEAD, claims
from scorelet.recipes.subjects.harmonic_generalization.eigenvectors import basis_at, read_pictures
from scorelet.recipes.subjects.harmonic_generalization.geometry import (
    DIMENSIONS,
    discs,
    network_slope,
    oracle_slope,
    ray,
)
from scorelet.recipes.subjects.harmonic_generalization.halves import load_halves
from scorelet.recipes.subjects.harmonic_generalization.miniature import miniature
from scorelet.recipes.subjects.harmonic_generalization.quantities import quantities
from scorelet.recipes.subjects.harmonic_generalization.settings import (
    SETTINGS,
    Settings,
    Slopes,
    Twins,
)
from scorelet.tasks.audit import (
    HALVES,
    AuditSettings,
    Network,
    Told,
    compare_twins,
    twin_weights,
    write_halves,
)
from scorelet.tasks.picture_arrays import images_of
from scorelet.zoo import load_as

Rows = list[dict[str, Any]]


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Measure everything."""
    arrays, copies = load_halves(settings.twins, seed)
    fields = steps("miniature", partial(miniature, settings.fields, seed))
    rows, shown = _twins(settings.twins, settings.twins.network, "", arrays, seed, steps)
    sections = [figures.twins_section("Twins", rows, shown, SIGMAS)]
    larger: Rows = []
    if settings.twins.larger is not None:
        larger, more = _twins(settings.twins, settings.twins.larger, "larger-", arrays, seed, steps)
        sections.append(figures.twins_section("Twins of a larger network", larger, more, SIGMAS))
    if settings.twins.source == FACES and settings.twins.side == 40:
        sections.append(figures.published_curves(rows, SIGMAS))
    sections.append(_eigenvectors(rows[-1]["size"], arrays, seed, steps))
    slopes = _slopes(settings.slopes, seed, steps)
    found = ray(settings.ray, seed, steps)
    sections += [
        figures.slopes_section(slopes),
        figures.ray_section(found),
        figures.miniature_section(fields),
    ]
    measured = _of_fields(fields) | of_twins(rows) | _of_slopes(slopes) | _of_ray(found)
    seen = [] if settings.discs is None else discs(settings.discs, seed, steps)
    if seen:
        measured |= _of_discs(seen)
        sections.append(figures.discs_section(seen))
    tables = {
        "discs": _listed(seen),
        "twins": [_short(row) for row in rows],
        "larger_twins": [_short(row) for row in larger],
        "slopes": slopes,
        "miniature": fields,
    }
    return Findings(_data(settings, copies), measured, sections, tables)


def _twins(
    twins: Twins, network: Network, name: str, arrays: Arrays, seed: int, steps: Steps
) -> tuple[Rows, dict[int, Shown]]:
    sizes = twins.beside if name else twins.sizes
    fewest = min(len(arrays["first"]), len(arrays["second"]))
    settings = AuditSettings(
        tuple(min(size, fewest) for size in sizes),
        len(arrays["held_out"]),
        samples=twins.samples,
        network=network,
        device="auto",
        seed=seed,
    )
    folder = steps.folder / f"{name}twins"
    write_halves(folder, arrays)
    return compare_twins(folder, arrays, settings, steps, Told(quiet=steps.quiet), name=name)


def _eigenvectors(size: int, arrays: Arrays, seed: int, steps: Steps) -> Section:
    file = steps.folder / "eigenvectors.npz"

    def work() -> dict[str, Any]:
        weights = twin_weights(steps.folder / "twins", HALVES[0], size)
        model = load_as(Denoiser, weights, verb="audit").eval()
        return basis_at(model, images_of(arrays["held_out"][:1]), seed, file)

    return figures.eigenvectors_section(steps("eigenvectors", work), read_pictures(file))


def _slopes(slopes: Slopes, seed: int, steps: Steps) -> Rows:
    rows = []
    for law in slopes.laws:
        for alpha in slopes.alphas:
            name = f"{law}-{alpha:g}"
            row = steps(f"oracle-{name}", partial(oracle_slope, slopes, law, alpha, seed))
            if law in slopes.trained:
                row = row | network_slope(slopes, law, alpha, seed, steps)
            rows.append(row)
    return rows


def _of_fields(rows: Rows) -> dict[str, Measured]:
    return {f"{row['kind']} {row['fields']}": Measured(row["variance"]) for row in rows}


def of_twins(rows: Rows) -> dict[str, Measured]:
    """Return what claims on twins are about, of rows of an audit by size."""
    first, last = rows[0], rows[-1]
    middle = len(first["variance"]) // 2
    few, many = (row["variance"][middle] for row in (first, last))
    ratio = few["value"] / many["value"]
    share = np.hypot(few["error"] / few["value"], many["error"] / many["value"])
    pairs, near = (
        [_median(_known(row[f"{kind}_cosines"])) for row in (first, last)]
        for kind in ("pair", "nearest")
    )
    return {
        LEAD: Measured(last["lead"]),
        "first gap": Measured(first["gap"], first["gap_error"], first["verdict"]),
        "last gap": Measured(last["gap"], last["gap_error"], last["verdict"]),
        "variance ratio": Measured(ratio, float(ratio * share)),
        "pair rise": difference(pairs[1], pairs[0]),
        "pair of few": pairs[0],
        "pair of many": pairs[1],
        "pair over nearest": _median(
            _known(last["pair_cosines"]) - _with_training(last, "nearest_cosines")
        ),
        "nearest fall": difference(near[0], near[1]),
        "own over others": difference(*(_own_over_others(row) for row in (first, last))),
    }


def _known(cosines: list[float] | None) -> torch.Tensor:
    """Return cosines; where none could be measured, one that is no number and meets no claim."""
    return torch.tensor([torch.nan] if cosines is None else cosines)


def _median(cosines: torch.Tensor) -> Measured:
    return Measured(*median_with_error(cosines))


def _with_training(row: dict[str, Any], key: str) -> torch.Tensor:
    """Return cosines of samples with training pictures by noise, the mean over both twins.

    Twins draw from the same noise, so that their cosines are not independent of each other.
    """
    return torch.stack([_known(each.get(key)) for each in row["each"]]).mean(0)


def _own_over_others(row: dict[str, Any]) -> Measured:
    """Return by how much samples are nearer to pictures of their network than to the twin's.

    What samples have in common with all pictures, of which they are smoother, drops out.
    """
    own, others = (_with_training(row, f"{key}_cosines") for key in ("nearest", "others"))
    return _median(own - others)


def _of_slopes(rows: Rows) -> dict[str, Measured]:
    found = {}
    for row in rows:
        theory = row["law"] == "c_alpha_regular"
        if theory:
            found[f"oracle {row['alpha']:g}"] = Measured(row["oracle"])
        if "slope" in row:
            name = "slope" if theory else "printed slope"
            found[f"{name} {row['alpha']:g}"] = Measured(row["slope"])
    return found


def _of_ray(found: dict[str, Any]) -> dict[str, Measured]:
    return {
        BELOW: Measured(found["below"]),
        "ray slope": Measured(found["slope"], note=f"{found['below']:.1f} {BELOW}"),
        "ray alignment": Measured(found["alignment"]),
        "ray first": Measured(found["values"][0]),
        "ray second": Measured(found["values"][1]),
    }


def _of_discs(rows: list[dict[str, Any]]) -> dict[str, Measured]:
    within = float(np.mean([row["within"] for row in rows]))
    factors = torch.tensor([row["values"] for row in rows], dtype=torch.float64)
    cosine = mean_of_all(torch.tensor([row["cosine"] for row in rows], dtype=torch.float64))
    means = ", ".join(f"{value:.2f}" for value in factors.mean(0)[:DIMENSIONS])
    return {
        "disc cosine": replace(cosine, note=f"{within:.2f} of the tangents and the first ten"),
        "disc sixth": replace(
            mean_of_all(factors[:, DIMENSIONS]), note=f"those before it: {means}"
        ),
    }


def _listed(discs: Rows) -> Rows:
    """Return the rows of the first discs, without eigenvalues."""
    return [{key: row[key] for key in row if key != "values"} for row in discs[: figures.LISTED]]


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in row if not key.endswith("_cosines")}


def _data(settings: Settings, copies: int) -> str:
    twins, side = settings.twins, settings.slopes.side
    told = f"{twins.source}, {twins.side}x{twins.side} pixels, {copies} copies left out"
    more = "" if settings.discs is None else f"; discs of {settings.discs.side} pixels"
    return f"{told}; regular images of {side} pixels; multiples of one image{more}"


RECIPE: Recipe[Any] = Recipe(
    subject="harmonic_generalization",
    title="Generalisation in diffusion models by geometry-adaptive harmonic bases",
    paper=(
        "Kadkhodaie, Guth, Simoncelli, Mallat: Generalization in diffusion models arises from "
        "geometry-adaptive harmonic representations. ICLR 2024, arXiv 2310.02557."
    ),
    summary=(
        "The publication says that denoisers of few pictures know them by heart; that of many, two "
        "that have no picture in common become the same function and draw the same new pictures; "
        "and that the basis in which they shrink is made of waves that follow contours: the best "
        "one for regular images with contours, not for images of few dimensions."
    ),
    setups={scale: Setup(each, claims(scale, each)) for scale, each in SETTINGS.items()},
    run=run,
    measures=quantities,
)
