"""Between fields as users hold them and those of a model: prepared, standardised, and back."""

import warnings
from typing import Any

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Fields
from scorelet.data.fields.labels import Label
from scorelet.data.fields.pointwise import POINTWISE, Pointwise, QuantileMatched
from scorelet.data.fields.prewhitening import Prewhitening
from scorelet.tasks.field_model.census import FieldWarning
from scorelet.tasks.field_model.preparation import Preparation

_FAR = 10.0  # deviations, beyond which a model of fields knows nothing
_FEW = 50  # samples, whose variance says little
_MANY = 1000  # samples, of which no more are looked at
_STEP = 1e-3  # deviations, to which samples may be rounded
_OFF = 0.3  # share of the variance by which samples may miss that of the fields, without a word


def preparation_of(field: dict[str, Any]) -> Preparation:
    """Return how fields were prepared, from the record of a model."""
    transform: Pointwise = POINTWISE[field.get("transform", "none")](**(field.get("asinh") or {}))
    if quantiles := field.get("quantiles"):
        transform = QuantileMatched(
            transform, tuple(quantiles["fields"]), tuple(quantiles["drawn"])
        )
    filtered = Prewhitening(**(field.get("prewhitening") or {}))
    return Preparation(field.get("border", "periodic"), transform, filtered)


def label_of(field: dict[str, Any]) -> Label:
    """Return name and unit of the fields, as their file says them."""
    return Label(field.get("name", ""), field.get("unit", ""))


def label_of_potentials(field: dict[str, Any]) -> str:
    """Return what potentials are functions of: pixels, or their transform."""
    name, label = field.get("transform", "none"), str(label_of(field))
    return label if name == "none" else f"{name} of {label}"


def standardised(field: dict[str, Any], x: Fields) -> Tensor:
    """Return fields of the model, (n, 1, h, w), float64.

    Args:
        field: what the record of the model says of its fields.
        x: as users hold them, (n, h, w).

    Raises:
        InputError: another size.
    """
    check_size(field, x)
    z = (preparation_of(field).apply(x).double() - field["mean"]) / field["deviation"]
    _warn_of_far(z)
    return z[:, None]


def unmatched(field: dict[str, Any]) -> dict[str, Any]:
    """Return what a record says of its fields, before quantiles were matched if prewhitened.

    Kinks of the line that matches them are amplified: samples are damped afterwards, energies not.
    """
    if not field.get("prewhitening"):
        return field
    return {key: value for key, value in field.items() if key != "quantiles"}


def in_place(field: dict[str, Any], x: Fields) -> tuple[Tensor, int]:
    """Return fields of the model whose pixels all stay where they are, and how often each is there.

    Fields that were cut out are continued, but not rolled as those that were fitted, and nothing is
    filled: so field i does not depend on the others, nor on i.

    Arguments as of `standardised`.

    Raises:
        InputError: another size, gaps, or prewhitened fields whose border was filled.
    """
    check_size(field, x)
    if bool(x.isnan().any()):
        raise InputError("Fields with gaps (NaN) have no energy: fill them first.")
    if field.get("prewhitening") and preparation_of(field).makes_gaps:
        raise InputError(
            "The fields of this model were prewhitened with their border filled, and the step "
            "across one that is not would be amplified: fit with border='mirror' for energies."
        )
    z = _continued(field, x)
    _warn_of_far(z)
    return z, z.numel() // x.numel()


def _warn_of_far(z: Tensor) -> None:
    largest = float(z.abs().max())
    if largest > _FAR:
        warnings.warn(
            f"Pixels are up to {largest:.3g} deviations of the fitted fields away from their mean: "
            "there the model continues what it has learnt elsewhere.",
            FieldWarning,
            stacklevel=5,
        )


def unlike_fields(field: dict[str, Any], x: Fields) -> list[str]:
    """Return what samples miss of the fields that were fitted, a sentence each.

    Args:
        field: what the record of the model says of its fields.
        x: samples in units of the data, (n, h, w); of fewer than 50 nothing is said, nor of
            prewhitened ones that were cut: how they end at their border would be amplified.
    """
    preparation = preparation_of(field)
    cut = any(n % own for n, own in zip(x.shape[1:], field["size"], strict=True))
    cut = cut or preparation.border == "mirror"
    if len(x) < _FEW or (preparation.prewhitening and cut):
        return []
    z = preparation.inside(x[:_MANY].double())
    z = (z - field["mean"]) / field["deviation"]
    return other_variance(field, z) + other_tails(field, z)


def other_variance(field: dict[str, Any], z: Tensor) -> list[str]:
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


def other_tails(field: dict[str, Any], z: Tensor) -> list[str]:
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


def _mean_and_error(x: Tensor) -> tuple[float, float]:
    return float(x.mean()), float(x.std()) / len(x) ** 0.5


def check_size(field: dict[str, Any], x: Fields) -> None:
    """Raise InputError for fields of another size than those of the model."""
    height, width = field["size"]
    if tuple(x.shape[1:]) != (height, width):
        raise InputError(
            f"The fields have {x.shape[1]}x{x.shape[2]} pixels: this model is of fields of "
            f"{height}x{width}."
        )


def coarse_to_model(field: dict[str, Any], x: Fields, octaves: int) -> Tensor:
    """Return coarse fields of the model, (n, 1, h, w), float64, from those in units of the data.

    Raises:
        InputError: fields are prewhitened, and their coarse fields are no others'.
    """
    if field.get("prewhitening"):
        raise InputError(
            "The fields of this model were prewhitened, which changes what their coarse fields "
            "are: fit without it (--no-prewhiten) to go on from coarse fields."
        )
    return 2**octaves * _continued(field, x)


def _continued(field: dict[str, Any], x: Fields) -> Tensor:
    z = (preparation_of(field).continued(x).double() - field["mean"]) / field["deviation"]
    return z[:, None]


def needs_double(field: dict[str, Any]) -> bool:
    """Whether single precision would round fields to steps that show beside their deviation.

    So it is of a small signal on a large level, as pressures in pascal have, if the fields that
    were fitted had double precision.
    """
    if field["dtype"] != "float64":
        return False
    mean, deviation = field["mean"], field["deviation"]
    z = torch.tensor([mean - deviation, mean, mean + deviation], dtype=torch.float64)
    low, middle, high = preparation_of(field).transform.inverse(z).tolist()
    return abs(middle) * torch.finfo(torch.float32).eps > _STEP * (high - low) / 2


def restored(field: dict[str, Any], x: Tensor, size: tuple[int, int]) -> Fields:
    """Return fields of a size, in the units and the dtype of the data, from those of the model."""
    kind = torch.float64 if field["dtype"] == "float64" else torch.float32
    y = field["mean"] + field["deviation"] * x[:, 0]
    return preparation_of(field).undo(y, size).to(kind)
