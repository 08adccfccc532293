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
from scorelet.data.fields.radial_filter import RadialFilter
from scorelet.tasks.field_model.census import FieldWarning
from scorelet.tasks.field_model.preparation import Preparation

_FAR = 10.0  # deviations, beyond which a model of fields knows nothing
_STEP = 1e-3  # deviations, to which samples may be rounded
_SMALL, _LARGE = 1e-30, 1e34  # well within what single precision knows


def preparation_of(field: dict[str, Any]) -> Preparation:
    """Return how fields were prepared, from the record of a model."""
    transform: Pointwise = POINTWISE[field.get("transform", "none")](**(field.get("asinh") or {}))
    if quantiles := field.get("quantiles"):
        transform = QuantileMatched(
            transform, tuple(quantiles["fields"]), tuple(quantiles["drawn"])
        )
    prewhitening = Prewhitening(**(field.get("prewhitening") or {}))
    line = {key: tuple(values) for key, values in (field.get("samples_filter") or {}).items()}
    border = field.get("border", "periodic")
    return Preparation(border, transform, prewhitening, RadialFilter(**line))


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
    preparation = preparation_of(field).of_energies
    z = (preparation.apply(x).double() - field["mean"]) / field["deviation"]
    _warn_of_far(z)
    return z[:, None]


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
    largest = float(z.detach().abs().max())
    if largest > _FAR:
        warnings.warn(
            f"Pixels are up to {largest:.3g} deviations of the fitted fields away from their mean: "
            "there the model continues what it has learnt elsewhere.",
            FieldWarning,
            stacklevel=4,
        )


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
    preparation = preparation_of(field).of_energies
    z = (preparation.continued(x).double() - field["mean"]) / field["deviation"]
    return z[:, None]


def needs_double(field: dict[str, Any]) -> bool:
    """Whether single precision would round fields to steps that show, or has no such numbers.

    Steps show beside the deviation of a small signal on a large level, as pressures in pascal have.
    Only fields that were fitted in double precision may need it.
    """
    if field["dtype"] != "float64":
        return False
    mean, deviation = field["mean"], field["deviation"]
    z = mean + deviation * torch.tensor([-_FAR, -1, 0, 1, _FAR], dtype=torch.float64)
    lowest, low, middle, high, highest = preparation_of(field).transform.inverse(z).tolist()
    if high - low < _SMALL or max(-lowest, highest) > _LARGE:
        return True
    return abs(middle) * torch.finfo(torch.float32).eps > _STEP * (high - low) / 2


def restored(field: dict[str, Any], x: Tensor, size: tuple[int, int]) -> Fields:
    """Return fields of a size, in the units and the dtype of the data, from those of the model."""
    kind = torch.float64 if field["dtype"] == "float64" else torch.float32
    y = field["mean"] + field["deviation"] * x[:, 0]
    return preparation_of(field).undo(y, size).to(kind)
