"""What real maps need before they are fitted, and what undoes it: transform, gaps, borders,
prewhitening; and what samples alone go through, so that they have quantiles and powers of the maps.

A map that was cut out of something larger jumps where its opposite sides meet. It is continued by
its mirror image to twice its sides, which has no jump; samples are drawn on that grid and cut.
Each is rolled by a shift of its own, since mirrors that all stand at one place are not stationary:
on the coarsest grids all of their pixels would be equal. Or else (`window`) a strip along the
border is taken for a gap: what fills it joins opposite sides.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.field_statistics import is_periodic
from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.core.typing import Fields, OtherFields, PerSample
from scorelet.data.fields.asinh import (
    chance_distance,
    distance_of_some,
    fit_asinh,
    mildest_asinh,
    worth_asinh,
)
from scorelet.data.fields.gaps import GapFiller
from scorelet.data.fields.pointwise import (
    POINTWISE,
    Asinh,
    Logarithm,
    Pointwise,
    QuantileMatched,
    Unchanged,
    refuse_not_positive,
)
from scorelet.data.fields.prewhitening import Prewhitening
from scorelet.data.fields.radial_filter import RadialFilter
from scorelet.tasks.field_model.census import Census

BORDERS = "auto", "periodic", "mirror", "window"
TRANSFORMS = "auto", *POINTWISE
_SEED = 577
_LEAST_SIDE = 8  # below, nobody can tell
_LEAST_CUT = 3  # of a side with a border of its own: a pixel at each end, and one between
_STRIP = 16  # its width along the border is the side over this


@dataclass(frozen=True)
class Preparation:
    """How fields are prepared.

    Args:
        border: periodic, mirror or window.
        transform: of single pixels.
        prewhitening: of the transformed fields, on the grid of the model.
        samples_filter: what samples alone are filtered by, before the transform is undone.
    """

    border: str = "periodic"
    transform: Pointwise = field(default_factory=Unchanged)
    prewhitening: Prewhitening = field(default_factory=Prewhitening)
    samples_filter: RadialFilter = field(default_factory=RadialFilter)

    @property
    def cut_out(self) -> bool:
        """Whether opposite sides of the fields do not meet, so that spectra need a window."""
        return self.border != "periodic"

    @property
    def makes_gaps(self) -> bool:
        """Whether there is something to fill even in fields without gaps."""
        return self.border == "window"

    def apply(
        self, x: Fields, numbers: Sequence[int] | None = None, filler: GapFiller | None = None
    ) -> OtherFields:
        """Return periodic fields without gaps, on the grid of the model.

        Args:
            x: fields (n, h, w), NaN where they are not known.
            numbers: of the fields in their set; 0, 1, ... if None.
            filler: for gaps, see `gapped`; measured on x if None.

        Raises:
            InputError: pixels that have no logarithm, or none that is known.
        """
        numbers = range(len(x)) if numbers is None else numbers
        y = self.prewhitening.apply(self._filled(x, numbers, filler))
        return self._rolled(y, numbers)

    def transformed(
        self, x: Fields, numbers: Sequence[int], filler: GapFiller | None = None
    ) -> Fields:
        """Return T(x) of fields whose gaps are filled, of their own size and where they were.

        Arguments and errors as of `apply`.
        """
        return self._filled(x, numbers, filler)[:, : x.shape[1], : x.shape[2]]

    def _filled(self, x: Fields, numbers: Sequence[int], filler: GapFiller | None) -> OtherFields:
        y = self.gapped(x)
        if not bool(y.isnan().any()):
            return y
        height, width = x.shape[1:]
        filler = filler or GapFiller.measured(lambda: [y])
        return self._continued(filler.fill(y, numbers)[:, :height, :width].to(x.dtype))

    def gapped(self, x: Fields) -> OtherFields:
        """Return periodic fields on the grid of the model, with the gaps that have to be filled."""
        x = self.transform.forward(x)
        if self.makes_gaps:
            known = x.new_zeros(x.shape[1:], dtype=torch.bool)
            rows, columns = (max(1, n // _STRIP) for n in x.shape[1:])
            known[rows:-rows, columns:-columns] = True
            x = torch.where(known, x, torch.nan)
        return self._continued(x)

    def continued(self, x: Fields) -> OtherFields:
        """Return periodic fields whose pixels all stay, on the grid of the model, not rolled."""
        return self.prewhitening.apply(self._continued(self.transform.forward(x)))

    def jacobian(self, x: Fields) -> PerSample:
        """Return what turns -log p of the transformed fields into that of x: -sum_u log T'(x)."""
        return -self.transform.log_slope(x.double()).sum((1, 2))

    def undo(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """Return fields (n, h, w) of the data, from samples of the model.

        It is the inverse of `drawn_from`, and of `apply` only where samples are not filtered.
        """
        return self.transform.inverse(self.filtered(self.prewhitening.undo(x), size))

    def filtered(self, z: Tensor, size: Sequence[int]) -> Tensor:
        """Return samples of transformed fields after their filter, cut to a size (h, w)."""
        return self.samples_filter.apply(z)[:, : size[0], : size[1]]

    def drawn_from(self, y: Fields) -> Tensor:
        """Return what the model has drawn where `undo` makes the periodic fields y of it."""
        return self.prewhitening.apply(self.samples_filter.undo(self.transform.forward(y)))

    @property
    def of_energies(self) -> "Preparation":
        """How fields are prepared whose energy is asked for: as those that were fitted.

        Kinks of a line through quantiles would be amplified where fields are prewhitened: so only
        samples go through it there, after they were damped.
        """
        if not self.prewhitening or not isinstance(self.transform, QuantileMatched):
            return self
        return replace(self, transform=self.transform.inner, samples_filter=RadialFilter())

    def grid(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the sides of the fields of the model."""
        factor = 2 if self.border == "mirror" else 1
        return factor * size[0], factor * size[1]

    def _rolled(self, x: Tensor, numbers: Sequence[int]) -> Tensor:
        if self.border != "mirror":
            return x
        units = [Noise(_SEED, numbers, scale=axis).uniform(x) for axis in range(2)]
        rows, columns = ((u * n).long() for u, n in zip(units, x.shape[1:], strict=True))
        pairs = zip(x, rows.tolist(), columns.tolist(), strict=True)
        return torch.stack([field.roll((a, b), (0, 1)) for field, a, b in pairs])

    def _continued(self, x: Tensor) -> Tensor:
        if self.border != "mirror":
            return x
        x = torch.cat([x, x.flip(1)], 1)
        return torch.cat([x, x.flip(2)], 2)


def choose_preparation(
    x: Fields, census: Census, *, border: str, transform: str, even: bool | None = None
) -> tuple[Preparation, list[str]]:
    """Return how to prepare fields, and what to say of it, a sentence each.

    Args:
        x: some of the fields (n, h, w), NaN where they are not known.
        census: of all of them.
        border: periodic, mirror, window; auto looks at the step across the border.
        transform: none, log or asinh; auto takes asinh if it makes pixels far more normal, and log
            instead if pixels are positive and it makes them no less so. Of all asinh that take
            three quarters of the distance from normal away it is the mildest.
        even: whether the law is known to be even; an asinh is odd then.

    Raises:
        InputError: unknown names, pixels that have no logarithm, fields without an inside.
    """
    check_choice(border, transform)
    said = []
    if border == "auto":
        border = "periodic" if _looks_periodic(x) else "mirror"
        if border == "mirror":
            said.append(
                "The fields jump at their border: they are continued by their mirror image "
                "(--border periodic takes them as they are)."
            )
    if border != "periodic" and min(x.shape[1:]) < _LEAST_CUT:
        raise InputError(
            f"Fields of {x.shape[1]}x{x.shape[2]} pixels have no inside: a {border} needs sides of "
            f"at least {_LEAST_CUT}; use --border periodic, or larger fields."
        )
    if border == "window":
        said.append(
            "A strip along the border is taken for a gap: it is filled by Gaussian fields that "
            "join opposite sides."
        )
    if census.gaps:
        said.append(
            f"{census.gaps} of {census.pixels} pixels are masked or NaN: they are filled by "
            "Gaussian fields of the same correlations, given what surrounds them."
        )
    chosen, words = _choose_transform(x, census, transform, odd=bool(even))
    return Preparation(border, chosen), said + words


def check_choice(border: str, transform: str) -> None:
    """Refuse unknown names.

    Raises:
        InputError: one of them.
    """
    if border not in BORDERS or transform not in TRANSFORMS:
        raise InputError(
            f"border={border!r}, transform={transform!r}: use {', '.join(BORDERS)}, and "
            f"{', '.join(TRANSFORMS)}."
        )


def describe(preparation: Preparation, said: list[str], warned: list[str]) -> dict[str, Any]:
    """Return what the record of a model says of the preparation."""
    return {
        "border": preparation.border,
        "transform": preparation.transform.name,
        "asinh": dict(vars(preparation.transform)) or None,
        "prewhitening": asdict(preparation.prewhitening) if preparation.prewhitening else None,
        "remarks": said,
        "warnings": warned,
    }


def _looks_periodic(x: Fields) -> bool:
    if min(x.shape[1:]) < _LEAST_SIDE:
        return True
    known = x.isfinite()
    if not bool(known.all()):
        x = torch.where(known, x, x[known].mean() if bool(known.any()) else 0.0)
    return is_periodic(x)


def _choose_transform(
    x: Fields, census: Census, name: str, *, odd: bool
) -> tuple[Pointwise, list[str]]:
    """Return the transform of pixels, and what to say of it."""
    if name == "log":
        refuse_not_positive(census.not_positive, census.pixels)
        return Logarithm(), ["The logarithm of the fields is fitted, and undone in samples."]
    known = x[x.isfinite()]
    if name == "asinh":
        _refuse_constant(census)
        return _said(mildest_asinh(known, fit_asinh(known, odd=odd)), "")
    found = worth_asinh(known, odd=odd) if name == "auto" else None
    if found and found[1] > chance_distance(x):
        transform, before, after = found
        if not census.not_positive and (logged := distance_of_some(known.log())) <= after:
            return Logarithm(), [
                "The logarithm of the fields is fitted, and undone in samples: the law of pixels "
                f"is {before:.2f} from a normal one (Kolmogorov's distance), and {logged:.2f} "
                "after it. --transform none fits the fields as they are."
            ]
        milder = mildest_asinh(known, transform)
        left = distance_of_some(milder.forward(known))
        return _said(
            milder,
            f": the law of pixels is {before:.2f} from a normal one (Kolmogorov's distance), and "
            f"{left:.2f} after it. --transform none fits the fields as they are"
            + ("" if census.not_positive else ", and --transform log keeps samples positive"),
        )
    return Unchanged(), []


def _refuse_constant(census: Census) -> None:
    value = census.least[0]
    if value == census.largest[0]:
        raise InputError(f"All pixels are {value:g}: expected fields that vary.")


def _said(transform: Asinh, why: str) -> tuple[Asinh, list[str]]:
    formula = f"asinh((x - {transform.centre:.4g}) / {transform.scale:.4g})".replace("- -", "+ ")
    return transform, [f"{formula} of the fields is fitted, and undone in samples{why}."]
