"""How many steps samplers need for a Gaussian field, in pixels and for its finest details.

Exact: no samples are drawn. The field has 64x64 pixels and the spectrum 1/(1 + |k|^2), k in cycles
per side; the schedule is that of Ornstein-Uhlenbeck up to the time 5, the wavelet db4, the
tolerance 10 %.
"""

import sys
from typing import Any

import torch
from measure import Row
from program import run_parts

from scorelet.core.errors import InputError
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.sampling.reverse import (
    SAMPLERS,
    ReversePlan,
    Sampler,
    detail_variances,
    pixel_variances,
    steps_needed,
)

SIDE, QUICK_SIDE, END, MOST = 64, 8, 5.0, 4096
TIMES = {"uniform": 1.0, "quadratic": 2.0}


def gaussian(*, quick: bool) -> dict[str, Any]:
    """Return a row for each sampler, kind of times and measure."""
    side = QUICK_SIDE if quick else SIDE
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    spectrum = 1 / (1 + k[:, None] ** 2 + k**2)
    cases = {
        "pixels": pixel_variances(spectrum),
        "details": detail_variances(spectrum, "db4", 1)[0],
    }
    rows = [
        _row(sampler, times, measure, cases)
        for measure in ("sup", "relative")
        for sampler in SAMPLERS.values()
        for times in TIMES
    ]
    return {"side": side, "rows": rows}


def _row(sampler: Sampler, times: str, measure: str, cases: dict[str, torch.Tensor]) -> Row:
    plan = ReversePlan(1, OrnsteinUhlenbeck(END), sampler, TIMES[times])
    row: Row = {"sampler": sampler.name, "times": times, "measure": measure}
    for name, variances in cases.items():
        try:
            row[name] = steps_needed(variances, plan, measure=measure, most=MOST)
        except InputError:
            row[name] = f"more than {MOST}"
    return row | {"calls": sampler.calls}


if __name__ == "__main__":
    sys.exit(run_parts("sampling_steps", {"gaussian": gaussian}, ("scorelet", "torch"), __doc__))
