"""Powers of single fields: what a record keeps of them, and where those of samples are others.

Powers P of a field are its mean square about its mean, those of its steps along both axes, and the
means of |X(k)|^2 over rings of |k|, the last of which are the corners; of many fields also the
square of its mean less that of all. Where few bright fields hold most of a mean of P, its error
says nothing: so logarithms are compared, too. Of n fields and m samples of one law

    mean log P_samples - mean log P_fields    has the variance    s^2 (1 / n + 1 / m)

with s^2 the variance of log P, from both together. That j samples exceed all fields has the
probability (1 + n / m)^-j, whatever the law. That they do so by d in log P has

    (1 + n / m exp(d / s))^-j

if tails of P are those of a power that has this s, and less where they are shorter, as those of
Gaussian fields. Both have to be small.
"""

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.field_statistics.bins import frequency_rings
from scorelet.analysis.field_statistics.fields import SMALLEST, by_pieces, transform
from scorelet.core.typing import Fields

OFF = 0.3
"""Share by which powers of samples may miss those of the fields, without a word."""
_LEAST = 1e-5  # of a field's mean square: less counts as so much, since files round samples
_FAINTEST = 1e-16  # of the mean square of all: fields without any power count as so faint
_FIRST_RING = {"none": 1, "hann": 2}  # 0 is of means, and 1 of tapered fields of the taper
_TINY = 1e-200  # that of samples which do not vary
_FEWEST = 10  # fields, of which nothing is said: those of skewed laws may all be bright
_DOUBT, _SKEW = 4.0, 5.0  # standard errors, and n beside which they are many; 6 of 10 fields
_FEW = 50  # fields, of which neither the mean nor the largest power is known well
_NARROW = 0.01  # least spread of logarithms: nothing is far from fields that are all alike
_FAR = 2.0  # times the largest power of the fields
_CHANCES = 1e-3, 1e-6  # that so many samples of the same law exceed all fields, and by so much


def powers_of_fields(z: Fields, *, cut_out: bool = False) -> dict[str, Any]:
    """Return what a record says of the powers of fields (n, h, w).

    Args:
        z: fields.
        cut_out: opposite sides do not meet, so that rings need a window.

    Returns: the mean, the number of fields, the window, and of each power the mean, the mean and
        the deviation of its logarithms, and the largest one.
    """
    mean, window = float(z.double().mean()), "hann" if cut_out else "none"
    found = {
        name: {
            "mean": float(powers.mean()),
            "log": float(powers.log().mean()),
            "spread": float(powers.log().std()),
            "largest": float(powers.max()),
        }
        for name, powers in _powers(z, mean, window).items()
    }
    if len(z) < _FEW:
        del found[_MEANS]
    return {"mean": mean, "count": len(z), "window": window, "powers": found}


def other_powers(
    known: dict[str, Any], z: Fields, *, same_size: bool = True, rings: bool = True
) -> list[str]:
    """Return a sentence if samples z have other powers than the fields, all together or a few.

    Of all together the mean and the typical power, e to the mean logarithm, have to be off, to the
    same side.

    Args:
        known: what `powers_of_fields` has found.
        z: samples, (m, h, w).
        same_size: as the fields; else only steps are compared.
        rings: are compared.
    """
    if known["count"] < _FEWEST:
        return []
    drawn = _powers(z, known["mean"], known["window"] if rings and same_size else None)
    names = drawn.keys() if same_size else set(_STEPS) - {_ALL}
    pairs = {name: (p, drawn[name]) for name, p in known["powers"].items() if name in names}
    ratios = {name: _ratio(known["count"], *pair) for name, pair in pairs.items()}
    found = [name for name in (_MEANS, *_STEPS) if ratios.get(name)]
    on_rings = [name for name in ratios if name.startswith(_WAVES) and ratios[name]]
    found += sorted(on_rings, key=lambda name: -abs(ratios[name]))[:1]
    if not found:
        return _far_samples(known, pairs)
    listed = ", ".join(f"{math.exp(ratios[name]):.2g} times for {name}" for name in found)
    return [
        f"Samples have other mean squares than the fitted fields, {listed}: the fields are few, "
        "chains are too short, or their energy is not in this family. Compare both before you use "
        "them."
    ]


def _ratio(count: int, fields: dict[str, float], powers: Tensor) -> float:
    """Return the logarithm of the ratio of mean powers; 0 where it may be chance or is small."""
    logs, more = powers.log(), len(powers)
    squares = (count - 1) * fields["spread"] ** 2 + (more - 1) * float(logs.var())
    error = (squares / (count + more - 2) * (1 / count + 1 / more)) ** 0.5
    typical = float(logs.mean()) - fields["log"]
    mean, least = math.log(float(powers.mean()) / fields["mean"]), math.log(1 + OFF)
    doubt = _DOUBT * (1 + _SKEW / count) * error
    off = abs(typical) > least + doubt and abs(mean) > least and mean * typical > 0
    return mean if off else 0.0


def _far_samples(
    known: dict[str, Any], pairs: dict[str, tuple[dict[str, float], Tensor]]
) -> list[str]:
    """Return a sentence if too many samples have powers far beyond those of all fields."""
    if known["count"] < _FEW:
        return []
    doubts = {name: _doubt(known["count"], *pair) for name, pair in pairs.items()}
    name = max(doubts, key=lambda name: doubts[name][0])
    doubt, far = doubts[name]
    if doubt < -math.log(_CHANCES[1]):
        return []
    fields, powers = pairs[name]
    times = float(powers.max()) / fields["largest"]
    return [
        f"In {far} of {len(powers)} samples the mean square of {name} is up to {times:.2g} times "
        "the largest of all fitted fields: chains have gone where no field is. Leave such samples "
        "out, and compare the others before you use them."
    ]


def _doubt(count: int, fields: dict[str, float], powers: Tensor) -> tuple[float, int]:
    """Return minus the logarithm of the probability of the far samples, and how many there are."""
    beyond = (powers / fields["largest"]).log().sort(descending=True).values
    beyond = beyond[beyond > math.log(_FAR)]
    scale, share = max(fields["spread"], _NARROW), count / len(powers)
    numbers = torch.arange(1, len(beyond) + 1).double()
    doubts = numbers * torch.nn.functional.softplus(beyond / scale + math.log(share))
    doubts = doubts[numbers * math.log1p(share) > -math.log(_CHANCES[0])]
    return (float(doubts.max()) if len(doubts) else 0.0), len(beyond)


_ALL, _MEANS, _WAVES = "deviations from their mean", "means of whole fields", "waves of |k|"
_STEPS = {_ALL: 0, "steps from row to row": 1, "steps from column to column": 2}


def _powers(z: Fields, mean: float, window: str | None) -> dict[str, Tensor]:
    """Return of each field its powers, (n), by name; those of rings only with a window.

    Args:
        z: fields.
        mean: of all pixels of the fields that were fitted.
        window: none or hann.
    """
    levels = z.double().mean((1, 2), keepdim=True)
    z = z.double() - levels
    steps = {name: z.diff(dim=axis) if axis else z for name, axis in _STEPS.items()}
    found = {name: step.square().mean((1, 2)) for name, step in steps.items() if step.numel()}
    found[_ALL] = found[_ALL].clamp(min=max(_FAINTEST * float(found[_ALL].mean()), _TINY))
    found[_MEANS] = (levels[:, 0, 0] - mean).square()
    if window is not None and min(z.shape[1:]) >= SMALLEST:
        found |= _powers_of_rings(z, window)
    return {name: torch.maximum(powers, _LEAST * found[_ALL]) for name, powers in found.items()}


def _powers_of_rings(z: Fields, window: str) -> dict[str, Tensor]:
    """Return of each field, less its mean, the means of |X(k)|^2 over rings, and the corners."""
    rings = frequency_rings(*z.shape[1:])
    names = [f"{_WAVES} = {k:.3g}" for k in rings.radius.tolist()]
    names.append(f"{_WAVES} beyond {min(z.shape[1:]) // 2}")  # the corners, in no ring
    rings = replace(rings, radius=torch.cat([rings.radius, rings.radius.new_tensor([torch.inf])]))
    means = by_pieces(z, lambda u: rings.means(transform(u, window).abs().square()))
    first = _FIRST_RING[window]
    return dict(zip(names[first:], means.T[first:], strict=True))
