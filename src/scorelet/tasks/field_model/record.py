"""The record of a saved model of fields: what it must say, of which type, in which range.

A record is JSON in the file of the model, so that anybody can read it, and damage or edit it. All
that later work takes from it is looked at once, when the model is loaded.
"""

import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scorelet.core.errors import CheckpointError
from scorelet.data.fields.pointwise import Asinh
from scorelet.models.field_energy import Band, ConditionalEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import chained
from scorelet.tasks.faults import wrong_value
from scorelet.tasks.field_model.scale import preparation_of

_REMEDY = "copy or fetch the file again, or fit the model again"

_LARGEST_GAIN = 80.0  # of a log amplitude: e^80 is a number in single precision, too

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Sides = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)]


class _Part(BaseModel):
    """A mapping in a record; what it holds besides is nobody's business."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Asinh(_Part):
    centre: float
    scale: Annotated[float, Field(gt=0, le=1e100)]  # its square is a number


class _Prewhitening(_Part):
    height: Count
    stored: str


class _SamplesFilter(_Part):
    frequencies: list[Annotated[float, Field(ge=0)]]
    log_gains: list[Annotated[float, Field(ge=-_LARGEST_GAIN, le=_LARGEST_GAIN)]]

    @model_validator(mode="after")
    def _is_line(self) -> "_SamplesFilter":
        if len(self.frequencies) != len(self.log_gains) or not self.log_gains:
            raise ValueError("expected as many gains as frequencies")
        if not all(a < b for a, b in pairwise(self.frequencies)):
            raise ValueError("expected frequencies that rise")
        return self


class _Quantiles(_Part):
    fields: list[float]
    drawn: list[float]

    @model_validator(mode="after")
    def _rise(self) -> "_Quantiles":
        for values in (self.fields, self.drawn):
            if len(values) < 2 or not all(a < b for a, b in pairwise(values)):
                raise ValueError("expected two or more numbers that rise")
        if len(self.fields) != len(self.drawn):
            raise ValueError("expected as many quantiles of samples as of fields")
        return self


class _Power(_Part):
    mean: Positive
    log: float
    spread: Annotated[float, Field(ge=0)]
    largest: Positive


class _Powers(_Part):
    mean: float
    count: Annotated[int, Field(ge=2)]
    window: Literal["none", "hann"]
    powers: Annotated[dict[str, _Power], Field(min_length=1)]


class _Fields(_Part):
    size: Sides
    count: Count
    held_out: Count
    mean: float
    deviation: Positive
    dtype: str
    power: Positive = 1.0
    kurtosis: Positive | None = None
    even: bool | None = None
    border: Literal["periodic", "mirror", "window"] = "periodic"
    transform: Literal["none", "log", "asinh"] = "none"
    asinh: _Asinh | None = None
    prewhitening: _Prewhitening | None = None
    quantiles: _Quantiles | None = None
    samples_filter: _SamplesFilter | None = None
    powers: _Powers | None = None
    remarks: list[str] = []
    warnings: list[str] = []
    name: str = ""
    unit: str = ""

    @model_validator(mode="after")
    def _has_parameters(self) -> "_Fields":
        if (self.transform == Asinh.name) != (self.asinh is not None):
            raise ValueError("expected parameters of an asinh where, and only where, it was taken")
        if self.samples_filter and not self.prewhitening:
            raise ValueError("expected a filter of samples of prewhitened fields only")
        return self


class _Schedule(_Part):
    epsilons: Annotated[list[Positive], Field(min_length=1)]
    acceptance: Annotated[float, Field(ge=0, le=1)]
    curvature: float | None = None


class _Chains(_Part):
    steps: Annotated[int, Field(ge=1)]
    schedules: list[_Schedule]


class _Family(_Part):
    wavelet: str
    bands: str


class _Potential(_Part):
    t: list[float]
    v: list[float]
    error: list[float]

    @model_validator(mode="after")
    def _are_alike(self) -> "_Potential":
        if not len(self.t) == len(self.v) == len(self.error) > 0:
            raise ValueError("expected as many places, values and errors")
        return self


class _Moments(_Part):
    before: float
    after: float


class _FittedBand(_Part):
    size: Sides
    parameters: Count
    loss: float
    condition: float | None
    excess: float
    potential: _Potential
    moments: _Moments | None = None
    moments_missed: float | None = None
    smoothing: float = 0.0
    loss_paid: float = 0.0
    mean_curvature: float | None = None


class _Spectrum(_Part):
    edges: list[float]
    share: list[float]

    @model_validator(mode="after")
    def _are_bins(self) -> "_Spectrum":
        if len(self.edges) != len(self.share) + 1:
            raise ValueError("expected one edge more than shares")
        return self


class _CertifiedBand(_Part):
    size: Sides
    fields: Count
    least_mean: float
    least_min: float
    largest_mean: float
    share_positive: Annotated[float, Field(ge=0, le=1)]
    kappa: float | None
    alpha_uniform: float
    kl_bound: float | None
    holds_at_fields: bool
    holds_uniformly: bool
    residual_max: Annotated[float, Field(ge=0)] = 0.0
    spectrum: _Spectrum | None = None


class _Certificate(_Part):
    model_config = ConfigDict(extra="forbid")

    fields: str
    bands: list[_CertifiedBand]
    transform: Literal["none", "log", "asinh"] = "none"
    prewhitened: bool = False


class _Record(_Part):
    field: _Fields
    family: _Family
    chains: _Chains
    bands: list[_FittedBand]
    certificate: _Certificate


def check_record(model: Multiscale[ConditionalEnergy], path: str | Path) -> None:
    """Refuse a model of fields whose record is not what `fit_model` writes.

    Args:
        model: with its record.
        path: of its file, for the sentence.

    Raises:
        CheckpointError: something is missing, of another type, out of range, or of another model.
    """
    try:
        found = _Record.model_validate(model.record)
    except ValidationError as error:
        raise _refusal(path, wrong_value(error.errors()[0])) from error
    for fault in _faults_of(model, found):
        raise _refusal(path, fault)


def _refusal(path: str | Path, fault: str) -> CheckpointError:
    return CheckpointError(f"The record in {path} is damaged: {fault}; {_REMEDY}.")


def _faults_of(model: Multiscale[ConditionalEnergy], record: _Record) -> Iterator[str]:
    """Yield what in a record does not fit the energies beside it."""
    if not all(isinstance(factor.band, Band) for factor in model.details):
        yield "an energy of details has no band"
    grid = preparation_of(model.record["field"]).grid((record.field.size[0], record.field.size[1]))
    expected = _sizes_of(model, grid)
    parts = {"bands": record.bands, "certificate.bands": record.certificate.bands}
    for name, bands in parts.items():
        sizes = [(band.size[0], band.size[1]) for band in bands]
        if sizes != expected:
            yield f"{name} have the sizes {_listed(sizes)}, and the energies {_listed(expected)}"
    if len(record.chains.schedules) != len(expected):
        count = len(record.chains.schedules)
        yield f"chains.schedules has {count} entries for {len(expected)} energies"
    if record.field.prewhitening and not _fits(model, grid):
        yield f"field.prewhitening holds no amplitudes for fields of {grid[0]}x{grid[1]} pixels"


def _sizes_of(model: Multiscale[ConditionalEnergy], grid: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the sides of the fields of each band that chains sample, coarse to fine."""
    (height, width), found = grid, []
    for factor in reversed(chained(model)):
        found.append((height, width))
        if isinstance(factor.band, Band) and factor.band.bottom:
            height, width = height // 2, width // 2
    return found[::-1]


def _fits(model: Multiscale[ConditionalEnergy], grid: tuple[int, int]) -> bool:
    """Whether the amplitudes of prewhitening can be read, and are those of a grid."""
    try:
        gains = preparation_of(model.record["field"]).prewhitening.gains
    except (ValueError, zlib.error, RuntimeError):
        return False
    return tuple(gains.shape) == (grid[0], grid[1] // 2 + 1)


def _listed(sizes: list[tuple[int, int]]) -> str:
    return ", ".join(f"{height}x{width}" for height, width in sizes)
