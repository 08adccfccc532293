"""Numbers of a comparison as sentences, each with its threshold."""

from scorelet.analysis.field_statistics.comparison import RELABELINGS, Comparison
from scorelet.analysis.field_statistics.sets import Line, SetComparison
from scorelet.analysis.field_statistics.table import STATISTICS

METHOD = (
    "The distance of two sets is the root mean square of their differences, each in units of what "
    f"chance makes of it: {RELABELINGS:,} times all fields of both sets, or the chains or maps "
    "that they belong to, are dealt at random into two sets of the same sizes. It is about 1 for "
    "two sets of the same law. The threshold is the largest distance among these "
    f"{RELABELINGS:,}, so that sets of the same law exceed it less than once in {RELABELINGS:,} "
    "comparisons if what is dealt is independent. The control is the data with random phases: it "
    "has the same power spectrum and is Gaussian otherwise. Of fields that were cut out it is "
    "random mixtures of the data, by an orthogonal matrix: they have the same mean and power, too, "
    "and are nearly Gaussian, as sums of many fields are. Power spectrum, two-point function and "
    "critical quantities do not see phases; another statistic that does not tell it from the data "
    "does not tell these data from Gaussian fields, and says nothing about what is not Gaussian."
)
_BLIND = frozenset({"power", "two_point", "critical"})  # to phases, whatever the data


def verdict(name: str, line: Line) -> str:
    """Return the sentences about one statistic."""
    return f"{_finding(line.comparison)} {_size(line.comparison)} {_control(name, line)}"


def neighbour_verdict(found: Comparison) -> str:
    """Return the sentence about copies."""
    if not found.varies:
        return "Undecided: distances between fields do not vary, beyond rounding."
    ratio, copies = found.sizes["median distance ratio"], round(found.sizes["copies"])
    numbers = (
        f"the median distance to the nearest field of the data is {ratio:.3g} times that among the "
        f"data; {copies} lie within half the least distance among the data. {_threshold(found)}"
    )
    if not found.decidable:
        return f"Undecided, there are too few fields: {numbers}"
    if found.differs:
        return f"Too close: the fields copy the data, or vary less than they do; {numbers}"
    return f"No copies: {numbers}"


def summary(found: SetComparison) -> str:
    """Return one sentence about all statistics."""
    lines = found.lines
    decided = {
        name: line.comparison for name, line in lines.items() if not line.comparison.undecided
    }
    if not any(line.comparison.decidable for line in lines.values()):
        return (
            "Undecided: there are too few independent fields for a verdict; at least 10 of each "
            "are needed, or 10 chains."
        )
    different = [STATISTICS[name].title for name, c in decided.items() if c.differs]
    close = found.neighbours is not None and found.neighbours.differs
    copies = " The fields are too close to the data: see the nearest neighbours." if close else ""
    unclear = [STATISTICS[name].title for name in lines if name not in decided]
    more = f" Undecided: {', '.join(unclear)}." if unclear else ""
    if not decided:
        return f"No verdict.{more}{copies}"
    if not different:
        return f"No difference found by any of {len(decided)} statistics.{more}{copies}"
    said = f"{len(different)} of {len(decided)} statistics differ: {', '.join(different)}."
    return f"{said}{more}{copies}"


def word(comparison: Comparison) -> str:
    """Return the verdict in one word."""
    if comparison.undecided:
        return "undecided"
    return "differs" if comparison.differs else "agrees"


def _finding(comparison: Comparison) -> str:
    if not comparison.decidable:
        return f"Undecided, there are too few independent fields. {_threshold(comparison)}"
    if not comparison.varies:
        return f"Undecided, nothing varies beyond rounding. {_threshold(comparison)}"
    if comparison.undecided:
        return (
            f"Undecided: chance makes differences of {100 * comparison.blur:.3g} % of the data, as "
            f"few fields hold most of it, or there are few. {_threshold(comparison)}"
        )
    found = "Different" if comparison.differs else "No difference found"
    return f"{found}. {_threshold(comparison)}"


def _threshold(comparison: Comparison) -> str:
    return (
        f"The distance is {comparison.distance:.3g}, the threshold {comparison.threshold:.3g} "
        f"(the largest of {RELABELINGS:,} relabelings)."
    )


def _size(comparison: Comparison) -> str:
    name = next(iter(comparison.sizes))
    size, floor = 100 * comparison.sizes[name], 100 * comparison.floor[name]
    word = name if name == "total variation" or "difference" in name else f"{name} difference"
    return f"The {word} is {size:.3g} %; chance alone makes {floor:.3g} %."


def _control(name: str, line: Line) -> str:
    control = line.control_comparison
    if not control.decidable:
        return f"The control is at {control.distance:.3g}."
    if name in _BLIND:
        found = "this statistic does not see phases"
    elif control.differs:
        found = "this statistic sees phases"
    else:
        found = "it does not tell these data from Gaussian fields of the same power"
    return f"The control is at {control.distance:.3g}: {found}."
