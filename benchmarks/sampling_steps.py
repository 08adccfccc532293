"""How many steps samplers need for a Gaussian field, in pixels and scale by scale.

Exact: no samples are drawn. The schedule is that of Ornstein-Uhlenbeck up to the time 5, the
tolerance 10 %. The part `gaussian` has the spectrum 1/(1 + |k|^2), k in cycles per side, 64x64
pixels and the wavelet db4. The part `measured` has the spectra of critical phi^4 of 64x64 and of
faces of 80x80, measured on one set of fields or faces, plain and whitened by the law of another
set; it needs faces80.npz under $SCORELET_DATA.
"""

import sys
from dataclasses import replace
from typing import Any

import torch
from measure import Row
from program import run_parts

from scorelet.core.errors import InputError
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.recipes.subjects.wavelet_score.settings import SETTINGS
from scorelet.recipes.subjects.wavelet_score.spectra import spectra_table
from scorelet.sampling.reverse import (
    SAMPLERS,
    ReversePlan,
    Sampler,
    detail_variances,
    pixel_variances,
    steps_needed,
)

SIDE, QUICK_SIDE, END, MOST, SEED = 64, 8, 5.0, 4096, 0
TIMES = {"uniform": 1.0, "quadratic": 2.0}


def gaussian(*, quick: bool) -> dict[str, Any]:
    """Return a row for each sampler, kind of times and measure."""
    side = QUICK_SIDE if quick else SIDE
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    spectrum = 1 / (1 + k[:, None] ** 2 + k**2)
    cases = {
        "pixels": pixel_variances(spectrum),
        "details": detail_variances(spectrum, "db4", 1)[-1],
    }
    rows = [
        _row(sampler, times, measure, cases)
        for measure in ("sup", "relative")
        for sampler in SAMPLERS.values()
        for times in TIMES
    ]
    return {"side": side, "rows": rows}


def measured(*, quick: bool) -> dict[str, Any]:
    """Return rows of each measured spectrum at its largest side: its scales, coarse to fine."""
    setups = SETTINGS["smoke" if quick else "small"].spectra
    largest = [replace(setup, sides=setup.sides[-1:]) for setup in setups]
    rows = [row for setup in largest for row in spectra_table(setup, SEED)]
    return {"seed": SEED, "rows": rows}


def _row(sampler: Sampler, times: str, measure: str, cases: dict[str, torch.Tensor]) -> Row:
    plan = ReversePlan(1, OrnsteinUhlenbeck(END), sampler, TIMES[times])
    row: Row = {"sampler": sampler.name, "times": times, "measure": measure}
    for name, variances in cases.items():
        try:
            row[name] = steps_needed(variances, plan, measure=measure, most=MOST)
        except InputError:
            row[name] = f"more than {MOST}"
    return row | {"calls": sampler.calls}


PARTS = {"gaussian": gaussian, "measured": measured}

if __name__ == "__main__":
    sys.exit(run_parts("sampling_steps", PARTS, ("scorelet", "torch"), __doc__))
