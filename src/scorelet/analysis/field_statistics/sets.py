"""Two sets of fields: every statistic of both, a control, a search for copies."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from jaxtyping import Int
from torch import Tensor

from scorelet.analysis.field_statistics.comparison import (
    Comparison,
    common_length,
    compare_neighbours,
    compare_statistics,
)
from scorelet.analysis.field_statistics.control import control_fields
from scorelet.analysis.field_statistics.fields import prepare
from scorelet.analysis.field_statistics.memorisation import nearest_neighbours
from scorelet.analysis.field_statistics.one_unit import deviation, far_apart
from scorelet.analysis.field_statistics.statistic import Statistic, by_chain
from scorelet.analysis.field_statistics.table import STATISTICS, gaussian_reference, spectra
from scorelet.analysis.field_statistics.units import in_units
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.core.typing import Fields

OnStatistic = Callable[[str], None]
"""Is told the name of each statistic that is done."""


@dataclass(frozen=True)
class FieldSet:
    """Fields, and which Markov chain drew each, or which map each was cut out of.

    Attributes:
        fields: (n, h, w).
        chain: a number for each field, (n); None if all are independent.
        cut: whether it is the number of a map.
    """

    fields: Fields
    chain: Int[Tensor, " n"] | None = None
    cut: bool = False

    @property
    def blocks(self) -> int:
        """How many independent parts there are: chains, maps, or fields."""
        return len(self.fields) if self.chain is None else len(self.chain.unique())

    @property
    def lengths(self) -> Tensor:
        """How many fields each independent part has, float64."""
        fields = torch.arange(len(self.fields)) if self.chain is None else self.chain
        return fields.unique(return_counts=True)[1].double()

    @property
    def size(self) -> str:
        """Pixels as height x width."""
        return f"{self.fields.shape[1]}x{self.fields.shape[2]}"


@dataclass(frozen=True)
class Line:
    """One statistic of the data, of what is compared, and of the control.

    Attributes:
        data, other, control: the statistic.
        gaussian: values of a Gaussian field with the power of the data, if known.
        comparison: other with data.
        control_comparison: control with data.
    """

    data: Statistic
    other: Statistic
    control: Statistic
    gaussian: Tensor | None
    comparison: Comparison
    control_comparison: Comparison


@dataclass(frozen=True)
class SetComparison:
    """Everything that `compare_sets` found.

    Attributes:
        lines: by name of the statistic.
        neighbours: nearest neighbours of the other fields among the data; None for a single field,
            or sets that are hardly in one unit.
        control: of `control_fields`: random phases, or mixtures of fields that were cut out.
        messages: warnings, each once.
    """

    lines: dict[str, Line]
    neighbours: Comparison | None
    control: Fields
    messages: list[str] = field(default_factory=list)


def compare_sets(
    data: FieldSet,
    other: FieldSet,
    *,
    window: str = "none",
    spacing: float | None = None,
    on_statistic: OnStatistic | None = None,
) -> SetComparison:
    """Measure all statistics of two sets of fields, and of a Gaussian control, see `control`.

    Args:
        data: the reference.
        other: what is compared with it.
        window: none for periodic fields, hann for fields that were cut out.
        spacing: side of a pixel in a unit of length, see `in_units`; None: as they are measured.
        on_statistic: is told the name of each statistic that is done.

    Raises:
        InputError: the sizes differ, or fields cannot be measured.
    """
    if data.size != other.size:
        raise InputError(
            f"The sets have fields of {data.size} and {other.size} pixels: expected one size; "
            "cut both with --patches, or crop or average the larger ones."
        )
    data, other = _alike(data, other)
    made = control_fields(data.fields, window=window, rng=generator(0))
    control = replace(data, fields=made)
    units = _units(data.fields, other.fields)
    lines, refused, messages = {}, [], [*units, *_too_few(data, other), *_cut(data, other)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        powers = spectra(data.fields, window=window)
        for name in STATISTICS:
            try:
                power = powers[STATISTICS[name].spectrum]
                line = _measure(name, (data, other, control), window, power)
                lines[name] = line if spacing is None else _in_units(line, spacing, data.fields)
            except InputError as error:
                refused.append(str(error))
                messages.append(f"Left out: {STATISTICS[name].title}. {error}")
            if on_statistic:
                on_statistic(name)
    if not lines:
        reasons = " ".join(dict.fromkeys(refused))
        raise InputError(f"None of {len(STATISTICS)} statistics can be measured: {reasons}")
    near = None
    if len(data.fields) > 1 and not units:
        near = compare_neighbours(nearest_neighbours(other.fields, data.fields))
    messages += dict.fromkeys(str(w.message) for w in caught if w.category is not RuntimeWarning)
    return SetComparison(lines, near, control.fields, list(messages))


def _alike(*sets: FieldSet) -> list[FieldSet]:
    """Return sets on one device and in the wider dtype, in which the numbers of both are known.

    What no statistic can measure ends here; whether fields are periodic comes later.
    """
    fields = [prepare(s.fields, "hann") for s in sets]
    kind = torch.promote_types(*(x.dtype for x in fields))
    return [
        replace(s, fields=x.to(fields[0].device, kind)) for s, x in zip(sets, fields, strict=True)
    ]


def _measure(name: str, sets: tuple[FieldSet, ...], window: str, power: Tensor) -> Line:
    measure = partial(STATISTICS[name].measure, window=window)
    found = [measure(sets[0].fields)]
    found += [measure(s.fields, like=found[0]) for s in sets[1:]]
    reference = gaussian_reference(power, found[0])
    data, other, control = (
        statistic if s.chain is None else by_chain(statistic, s.chain)
        for statistic, s in zip(found, sets, strict=True)
    )
    return Line(
        data,
        other,
        control,
        reference,
        compare_statistics(data, other),
        compare_statistics(data, control),
    )


def _in_units(line: Line, spacing: float, x: Fields) -> Line:
    sets = (line.data, line.other, line.control)
    data, other, control = (in_units(s, spacing, min(x.shape[1:])) for s in sets)
    return replace(line, data=data, other=other, control=control)


def _cut(data: FieldSet, other: FieldSet) -> list[str]:
    """Say how many fields of chains or maps decide, if not all do."""
    length = common_length(data.lengths, other.lengths)
    used = [length * int((s.lengths >= length).sum()) for s in (data, other)]
    if used == [len(data.fields), len(other.fields)]:
        return []
    return [
        f"Chains of different lengths, or maps of different numbers of patches, are compared by "
        f"the first {length} field{'' if length == 1 else 's'} of each: {used[0]} of "
        f"{len(data.fields)} fields with {used[1]} of {len(other.fields)}. Give as many of each in "
        "both sets to use all."
    ]


def _units(data: Tensor, other: Tensor) -> list[str]:
    """Ask whether sets whose deviations are far apart are in one unit."""
    one, two = deviation(data), deviation(other)
    if not far_apart(one, two):
        return []
    return [
        f"The sets deviate from their means by {one:.3g} and {two:.3g}: are they in one unit? If "
        "not, statistics differ by that alone; copies are not looked for."
    ]


def _too_few(*sets: FieldSet) -> list[str]:
    single = [s for s in sets if len(s.fields) == 1]
    if single:
        shape = tuple(single[0].fields.shape[1:])
        return [
            f"A set has one field, of shape {shape}, so there are no errors over fields: give more "
            "fields, (n, height, width), as (height, width) is taken as one, or cut them by "
            "--patches SIDE."
        ]
    if any(s.blocks == 1 for s in sets):
        return ["A set is one Markov chain, so there are no errors over chains: draw more chains."]
    return []
