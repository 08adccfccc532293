"""What samples of a model lack of the fields that were fitted: their variance, their tails."""

import math
from typing import Any

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Fields
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.scale import preparation_of

_FEW = 50  # samples, whose variance says little
_MANY = 1000  # samples, of which no more are looked at
_LEAST = 1e-6  # of the mean power, below which a field counts as one with so much
_OFF = 0.3  # share of the variance by which samples may miss that of the fields, without a word


def unlike_fields(field: dict[str, Any], x: Fields) -> list[str]:
    """Return what samples miss of the fields that were fitted, a sentence each.

    Args:
        field: what the record of the model says of its fields.
        x: samples in units of the data, (n, h, w); of fewer than 50 nothing is said. Prewhitened
            ones that were cut are compared as they are, before they would be amplified, and how
            they end at their border with them.
    """
    preparation = preparation_of(field)
    if len(x) < _FEW:
        return []
    cut = preparation.prewhitening and _are_cut(field, preparation, x)
    try:
        if cut:
            return _other_powers(field, preparation.of_energies.transform.forward(x[:_MANY]))
        drawn = preparation.drawn_from(x[:_MANY].double())
    except InputError:  # samples of a logarithm that have become 0
        return []
    z = (drawn - field["mean"]) / field["deviation"]
    return _other_variance(field, z) + _other_tails(field, z)


def _other_variance(field: dict[str, Any], z: Tensor) -> list[str]:
    """Return a sentence if samples z of the model have another variance than its fields.

    What an energy of this family cannot say (a gradient or stripes across whole fields), and chains
    that have not arrived, show in the variance first. Samples have their four errors, and another
    third, which few fields of heavy tails may lack.
    """
    powers = z.square().mean((1, 2)) / field.get("power", 1.0)
    ratio, error = _mean_and_error(powers)
    if not abs(ratio - 1) > _OFF + 4 * error:
        return []
    return [
        f"Samples have {100 * ratio:.0f} % (+- {100 * error:.0f}) of the variance of the fitted "
        "fields: their energy is not in this family (gradients and stripes across whole fields "
        "are not), chains are too short, or few fields hold most of it. Compare both before you "
        "use them."
    ]


def _other_tails(field: dict[str, Any], z: Tensor) -> list[str]:
    """Return a sentence if the kurtosis of samples z is below half of that of the fields.

    So it is of bright points on a smooth ground: so few pixels move neither variance nor moments.
    """
    fields = field.get("kurtosis")
    square = float(z.square().mean()) ** 2
    samples, error = _mean_and_error(z.pow(4).mean((1, 2)) / square)
    if fields is None or not fields > 2 * (samples + 4 * error):
        return []
    return [
        f"Pixels of samples have a kurtosis of {samples:.3g}, those of the fitted fields of "
        f"{fields:.3g} (3 is normal): what few pixels hold, such as points on a smooth ground, is "
        "not in samples. Mask such pixels, or compare both before you use them."
    ]


def powers_of_fields(z: Fields) -> dict[str, Any]:
    """Return what a record says of fields that were transformed and not amplified, (n, h, w).

    Of each power, see `_powers`: the mean, and the mean of its logarithms with its error. Where few
    bright fields hold most of a mean its own error says nothing.
    """
    mean = float(z.double().mean())
    found = {}
    for name, powers in _powers(z, mean).items():
        if float(powers.mean()) > 0:
            level, error = _mean_and_error(_logarithms(powers))
            found[name] = {"mean": float(powers.mean()), "log": level, "error": error}
    return {"mean": mean, "powers": found}


def _other_powers(field: dict[str, Any], z: Fields) -> list[str]:
    """Return a sentence if samples z of the transformed fields have other powers than these.

    Both the mean and the typical power, e to the mean logarithm, have to be off, to the same side.
    """
    if (known := field.get("unamplified")) is None:  # a model fitted before these were kept
        return []
    drawn, found = _powers(z, known["mean"]), []
    for name, fields in known["powers"].items():
        if name not in drawn or not float(drawn[name].mean()) > 0:
            continue
        level, error = _mean_and_error(_logarithms(drawn[name]))
        mean = math.log(float(drawn[name].mean()) / fields["mean"])
        typical = level - fields["log"]
        least = math.log(1 + _OFF) + 4 * math.hypot(error, fields["error"])
        if abs(typical) > least and mean * typical > 0 and abs(mean) > math.log(1 + _OFF):
            found.append(f"{math.exp(mean):.2g} times for {name}")
    if not found:
        return []
    return [
        f"Samples have other mean squares than the fitted fields, {', '.join(found)}: the fields "
        "are few, chains are too short, or their energy is not in this family. Compare both before "
        "you use them."
    ]


def _powers(z: Fields, mean: float) -> dict[str, Tensor]:
    """Return of each field its mean square about a mean, and those of steps along both axes."""
    steps = {"steps from row to row": 1, "steps from column to column": 2}
    z = z.double()
    found = {"deviations from the mean": (z - mean).square().mean((1, 2))}
    for name, axis in steps.items():
        if z.shape[axis] > 1:
            found[name] = z.diff(dim=axis).square().mean((1, 2))
    return found


def _logarithms(powers: Tensor) -> Tensor:
    return powers.clamp(min=_LEAST * float(powers.mean())).log()


def _are_cut(field: dict[str, Any], preparation: Preparation, x: Fields) -> bool:
    """Whether samples were cut out of the periodic fields that the model draws."""
    sides = zip(x.shape[1:], field["size"], strict=True)
    return preparation.border == "mirror" or any(n % own for n, own in sides)


def _mean_and_error(x: Tensor) -> tuple[float, float]:
    return float(x.mean()), float(x.std()) / len(x) ** 0.5
