"""What samples of a model lack of the fields that were fitted: variance, powers, tails."""

from typing import Any

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Fields
from scorelet.tasks.field_model.field_powers import OFF, other_powers, powers_of_fields
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.scale import preparation_of

_FEW = 50  # samples, whose variance says little
_MANY = 1000  # samples, of which no more are looked at


def unlike_fields(field: dict[str, Any], x: Fields) -> list[str]:
    """Return what samples miss of the fields that were fitted, a sentence each.

    Args:
        field: what the record of the model says of its fields.
        x: samples in units of the data, (n, h, w); of fewer than 50 nothing is said. Prewhitened
            ones that were cut are compared before they would be amplified, and how they end at
            their border with them: not by rings.
    """
    if len(x) < _FEW:
        return []
    preparation = preparation_of(field)
    cut = bool(preparation.prewhitening) and _are_cut(field, preparation, x)
    try:
        powers = _other_powers(field, preparation, x[:_MANY], cut=cut)
        if cut:
            return powers
        drawn = preparation.drawn_from(x[:_MANY].double())
    except InputError:  # samples of a logarithm that have become 0
        return []
    z = (drawn - field["mean"]) / field["deviation"]
    return (_other_variance(field, z) or powers) + _other_tails(field, z)


def _other_powers(
    field: dict[str, Any], preparation: Preparation, x: Fields, *, cut: bool
) -> list[str]:
    """Return a sentence if samples x have other powers than the fields, see `compared_powers`."""
    if (known := field.get("powers")) is None:  # a model fitted before these were kept
        return []
    z = preparation.of_energies.transform.forward(x) if _are_transformed(preparation) else x
    same_size = list(x.shape[1:]) == list(field["size"])
    return other_powers(known, z, same_size=same_size, rings=not cut)


def compared_powers(preparation: Preparation, z: Fields) -> dict[str, Any]:
    """Return the powers with which those of samples are compared, for a record.

    They are those of the data, which is what users have. Of prewhitened fields that were continued
    by their mirror image they are those of the transformed ones.

    Args:
        preparation: of the fields, before anything is known of samples.
        z: transformed fields of their own size, (n, h, w).
    """
    x = z if _are_transformed(preparation) else preparation.transform.inverse(z.double())
    return powers_of_fields(x, cut_out=preparation.cut_out)


def _are_transformed(preparation: Preparation) -> bool:
    return bool(preparation.prewhitening) and preparation.border == "mirror"


def _other_variance(field: dict[str, Any], z: Tensor) -> list[str]:
    """Return a sentence if samples z of the model have another variance than its fields.

    What an energy of this family cannot say (a gradient or stripes across whole fields), and chains
    that have not arrived, show in the variance first. Samples have their four errors, and another
    third, which few fields of heavy tails may lack.
    """
    powers = z.square().mean((1, 2)) / field.get("power", 1.0)
    ratio, error = _mean_and_error(powers)
    if not abs(ratio - 1) > OFF + 4 * error:
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


def _are_cut(field: dict[str, Any], preparation: Preparation, x: Fields) -> bool:
    """Whether samples were cut out of the periodic fields that the model draws."""
    sides = zip(x.shape[1:], field["size"], strict=True)
    return preparation.border == "mirror" or any(n % own for n, own in sides)


def _mean_and_error(x: Tensor) -> tuple[float, float]:
    return float(x.mean()), float(x.std()) / len(x) ** 0.5
