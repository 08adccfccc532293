"""What claims on twins and slopes are worth: linear filters in the place of the networks.

The twins of `harmonic_generalization` at `small` become filters of the mean and the covariance of
the same faces, measured by the same audit and judged by the same claims. The networks of its
slopes become linear filters of the same images, measured on the same noise. What is known of the
networks is read from docs/results/harmonic_generalization.json. Part `twins` needs faces80 under
$SCORELET_DATA.
"""

import json
import sys
from typing import Any

import torch
from measure import Row
from program import FOLDER, run_parts
from torch import Tensor

from scorelet.analysis.memorization import (
    Pair,
    at_middle,
    covariance_filter,
    psnr_by_level,
    wiener_filter,
)
from scorelet.analysis.psnr_slope import psnr_slope
from scorelet.data.fields.ensembles import ensemble
from scorelet.models import Denoiser
from scorelet.recipes.drawn_sets import drawn
from scorelet.recipes.subjects.harmonic_generalization import of_twins
from scorelet.recipes.subjects.harmonic_generalization.claims import claims
from scorelet.recipes.subjects.harmonic_generalization.geometry import DECIBELS, window
from scorelet.recipes.subjects.harmonic_generalization.halves import load_halves
from scorelet.recipes.subjects.harmonic_generalization.settings import SETTINGS
from scorelet.tasks.audit import AuditSettings
from scorelet.tasks.audit.measure import measure
from scorelet.tasks.picture_arrays import images_of

SCALE, SEED = "small", 0
KINDS = {"stationary": wiener_filter, "covariance": covariance_filter}
LAW = "c_alpha_regular"
FEWER = 600
"""Pictures in the place of all where the program only shows that it runs."""

stored = json.loads((FOLDER / "harmonic_generalization.json").read_text(encoding="utf-8"))


def twins(*, quick: bool) -> dict[str, Any]:
    """Return the claims on twins, and what filters and networks are worth on training faces."""
    setup = SETTINGS[SCALE].twins
    arrays, _ = load_halves(setup, SEED)
    first, second, held_out = (images_of(arrays[k]) for k in ("first", "second", "held_out"))
    most = FEWER if quick else min(len(first), len(second))
    settings = AuditSettings(
        (setup.sizes[0], most), len(held_out), samples=4 if quick else setup.samples, device="cpu"
    )
    rows = []
    for size in settings.sizes:
        a, b = first[:size], second[:size]
        pair = Pair(covariance_filter(a).float(), covariance_filter(b).float(), a, b)
        rows.append(measure(pair, held_out, settings)[0])
    sizes = [min(size, most) for size in setup.sizes]
    return {
        "claims": judged(rows),
        "verdicts": [_verdict(size, row) for size, row in zip(settings.sizes, rows, strict=True)],
        "leads": [lead(first[:n], second[:n], len(held_out), settings) for n in sizes],
    }


def judged(rows: list[Row]) -> list[Row]:
    """Return what the claims on twins say of linear filters, beside what was stored of networks."""
    measured = of_twins(rows)
    of_networks = {line["name"]: line for line in stored["claims"]}
    found = []
    for claim in claims(SCALE, SETTINGS[SCALE]):
        if claim.needs <= measured.keys():
            line, networks = claim.judge(measured), of_networks.get(claim.name, {})
            kept = {k: line[k] for k in ("name", "unit", "measured", "error", "criterion", "holds")}
            found.append({"networks": networks.get("measured")} | kept)
    return found


def _verdict(size: int, row: Row) -> Row:
    return {
        "size": size,
        "verdict": row["verdict"],
        "known": sum(each["known"] for each in row["each"]),
        "copies": sum(each["copies"] for each in row["each"]),
        "own_lead": row["lead"],
    }


def lead(first: Tensor, second: Tensor, count: int, settings: AuditSettings) -> Row:
    """Return PSNR of both filters on training faces of the other half at the middle level.

    The stored networks are better than the better one by `networks_over_better`; the same faces
    and the same noise, so that it is known for the stationary one, too: `networks`.
    """
    levels = {
        name: torch.cat(
            [
                at_middle(list(psnr_by_level(fit(other), own[:count], settings.sigmas, seed=SEED)))
                for own, other in ((first, second), (second, first))
            ]
        ).mean()
        for name, fit in KINDS.items()
    }
    row: Row = {"size": len(first), "sigma": settings.middle}
    row |= {name: float(level) for name, level in levels.items()}
    known = {twin["size"]: twin["lead"] for twin in reversed(stored["twins"])}
    if len(first) in known:
        over = known[len(first)]
        better = float(max(levels.values()) - levels["stationary"])
        row |= {"networks": over + better, "networks_over_better": over}
    return row


def slopes(*, quick: bool) -> dict[str, Any]:
    """Return slopes and the ends of curves of filters, the stored networks and the oracle."""
    setup = SETTINGS[SCALE].slopes
    count = FEWER if quick else setup.count
    networks = {row["alpha"]: row for row in stored["slopes"] if row["law"] == LAW}
    rows = []
    for alpha in setup.alphas:
        train = images_of(drawn(LAW, count, setup.side, SEED + 1, alpha=alpha))
        clean = ensemble(LAW, alpha=alpha).sample(setup.test, setup.side, SEED)
        row: Row = {"alpha": alpha, "theory": alpha / (alpha + 1)}
        curves = {name: _curve(fit(train).float(), clean) for name, fit in KINDS.items()}
        for name, found in curves.items():
            row[name] = psnr_slope(DECIBELS, found, window(alpha)).slope
        row |= {"networks": networks[alpha]["slope"], "oracle": networks[alpha]["oracle"]}
        row |= {f"strong_{name}": found[0] for name, found in curves.items()}
        row |= {"strong_networks": networks[alpha]["strong"]}
        row |= {f"weak_{name}": found[-1] for name, found in curves.items()}
        rows.append(row | {"weak_networks": networks[alpha]["weak"]})
        print(rows[-1], file=sys.stderr, flush=True)
    return {"slopes": rows}


def _curve(model: Denoiser, clean: Tensor) -> list[float]:
    sigmas = [10 ** (-value / 20) for value in DECIBELS]
    return psnr_by_level(model, clean, sigmas).mean(1).tolist()


if __name__ == "__main__":
    parts = {"twins": twins, "slopes": slopes}
    sys.exit(run_parts("linear_twins", parts, ("scorelet", "torch", "numpy"), __doc__ or ""))
