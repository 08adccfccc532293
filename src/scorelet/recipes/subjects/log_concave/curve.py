"""Learning curves: what score matching finds with more and more fields of critical φ⁴.

Symbols: F exact force of the finest details, G that of the model; error |G - F| / |F|, over fields
that were not fitted; excess: what the loss is expected to be above its least, see `Solution`.
"""

import torch

from scorelet.recipes.subjects.log_concave.action import exact_action
from scorelet.recipes.subjects.log_concave.settings import Curve
from scorelet.sampling import Phi4
from scorelet.tasks.field_model import FieldModel


def learning_curve(settings: Curve, seed: int) -> list[dict[str, int | float]]:
    """Return, for each number of fields, excess and error of the finest band, and their cosine."""
    law, rows = Phi4(), []
    x = law.sample(max(settings.sizes), settings.side, seed)[:, 0]
    held = law.sample(settings.held, settings.side, seed + 1).double()
    for count in settings.sizes:
        model = FieldModel(moments=False, smooth=False, even=True, steps=1).fit(x[:count])
        finest, band = model.model.details[-1], model.record["bands"][-1]
        deviation = model.record["field"]["deviation"]
        exact = finest.band.analyze(exact_action(law).force(held))
        found = finest.band.analyze(finest.field.force(held / deviation)) / deviation
        overlap = (exact * found).sum() / (exact.norm() * found.norm())
        rows.append(
            {
                "fields": count,
                "excess": band["excess"],
                "force_error": float((found - exact).norm() / exact.norm()),
                "cosine": float(overlap),
            }
        )
    return rows


def exponent(rows: list[dict[str, int | float]], key: str) -> tuple[float, float]:
    """Return the slope of log(key) over log(fields), and its standard error."""
    x, y = (
        torch.tensor([row[name] for row in rows], dtype=torch.float64).log()
        for name in ("fields", key)
    )
    centred = x - x.mean()
    slope = (centred * y).sum() / centred.square().sum()
    rest = y - y.mean() - slope * centred
    freedom = max(1, len(rows) - 2)
    return float(slope), float((rest.square().sum() / freedom / centred.square().sum()).sqrt())
