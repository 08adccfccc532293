"""What an audit says in plain words of two models that are given."""

from collections.abc import Callable

from scorelet.analysis.memorization import Verdict, at_middle
from scorelet.analysis.memorization.curves import LARGE_GAP, SMALL_GAP
from scorelet.analysis.memorization.verdict import SAME, is_one_map
from scorelet.tasks.audit.singles import (
    FIRST_SECOND,
    Row,
    by_heart,
    copies,
    is_majority,
    known,
)
from scorelet.tasks.audit.words import OPEN, SUMMARY, better, contradiction

_UNSEEN = "those of the other network, which it has not seen"
_DIFFERENT = 0.5  # V from which on two models count as different functions; 1 is unrelated pictures


def conclusion_of_models(row: Row) -> str:
    """Say in a few sentences what two given models show."""
    found = row["verdict"]
    if found == "undertrained":
        return _of_unfit(row)
    if found == "one memorises":
        return _of_one(row)
    if found in OPEN:
        return _of_open(row)
    said: dict[Verdict, Callable[[Row], str]] = {
        "memorises": _of_memory,
        "memorises in part": _of_part,
        "generalises": _of_none,
        "contradictory": contradiction,
        "in between": _what_is_open,
    }
    return f"The verdict is {found}: {said[found](row)}."


def of_kind(row: Row) -> list[str]:
    """Warn of held-out pictures that seem to be of another kind than training pictures."""
    if not any(one["held_out_are"] for one in (row, *row["each"])):
        return []
    uncounted = any(one["known"] is None for one in row["each"])
    return [
        f"{_what_kind(row)}: training pictures of the first and of the second come back "
        f"{_of_each(row, 'others_gap')} than held-out ones by the other network, and "
        f"{_of_each(row, 'filter_gap')} by a linear filter of others of their set"
        f"{'; which are known by heart cannot be counted then' if uncounted else ''}"
    ]


def of_unfit(row: Row) -> list[str]:
    """Warn of models that a linear filter beats where there is a verdict all the same."""
    if row["verdict"] == "undertrained" or row["gap"] is None:
        return []
    return [
        f"of its own training pictures the {name} network is {better(one['lead'])} than a linear "
        "filter of others: it has not learned enough, or is for other noise levels (--sigmas, in "
        "Python sigmas) or for pictures in another unit than [0, 1]"
        for name, one in zip(FIRST_SECOND, row["each"], strict=True)
        if one["undertrained"]
    ]


def _of_each(row: Row, name: str) -> str:
    return " and ".join(better(one[name]) for one in row["each"])


def _what_kind(row: Row) -> str:
    kinds = {one["held_out_are"] for one in (row, *row["each"])} - {None}
    said = "held-out pictures seem to be of another kind than training pictures"
    if kinds == {"easier"}:
        return f"{said} (easier)"
    if kinds == {"harder"}:
        return f"{said} (harder), or both models have seen training pictures of each other"
    return f"{said}, or those of the two models are of different kinds"


def _of_memory(row: Row) -> str:
    """Say that pictures are known by heart if most are, else what speaks of it."""
    if all(is_majority(one) for one in row["each"]):
        return SUMMARY["memorises"]
    signs = []
    if row["by_gap"] == "memorises":
        beside = _UNSEEN if row["held_out_are"] else "held-out ones"
        signs.append(f"training pictures come back {better(row['counted_gap'])} than {beside}")
    if row["by_samples"] == "memorises":
        signs.append("samples are nearer to training pictures than to each other")
    return f"{' and '.join(signs)}; {_counted(row)}"


def _of_part(row: Row) -> str:
    return f"{SUMMARY['memorises in part']}: {' and '.join(by_heart(row['each']))}"


def _of_none(row: Row) -> str:
    return f"{SUMMARY['generalises']}, and {copies(row['each'])}"


def _counted(row: Row) -> str:
    """Say how many single pictures are copies and known, of both."""
    each = row["each"]
    return " and ".join(text for text in (copies(each), known(each)) if text)


def _of_unfit(row: Row) -> str:
    """Say of models that a linear filter beats what may be the reason, and which one it is."""
    behind = [k for k, one in enumerate(row["each"]) if one["undertrained"]]
    single = len(behind) == 1
    if row["gap"] is None:
        who = f"the {FIRST_SECOND[behind[0]]} model takes" if single else "the models take"
        return (
            f"No verdict: {who} out less than half of the strongest noise, if any. Pictures are "
            "given in [0, 1]; perhaps another unit is expected."
        )
    level = at_middle(row["variance"])["sigma"]
    fit = ", ".join(f"{sigma:g}" for sigma in row["fit_levels"])
    leads = [better(one["lead"]) for one in row["each"]]
    who = f"The {FIRST_SECOND[behind[0]]} has" if single else "The networks have"
    return (
        f"No verdict: at noise level {level:g} {SUMMARY['undertrained']}"
        f"{f', at {fit} it does not' if fit else ''}. Beside it the first network is {leads[0]}"
        f" and the second {leads[1]}. {who} not learned enough, or {'is' if single else 'are'} "
        "for other levels (choose those with --sigmas, in Python sigmas) or for pictures in "
        "another unit than [0, 1]."
    )


def _of_open(row: Row) -> str:
    if row["gap"] is not None and is_one_map(at_middle(row["variance"])["value"]):
        return (
            "The two models are one and the same function on these pictures. It agrees with "
            "itself, which shows nothing: give two models that were trained apart."
        )
    said = f"The two models {_difference(row)}. Whether they know training pictures by heart is "
    if row["gap"] is None:
        return f"{said}not known without training pictures."
    if row["by_gap"] is None:
        return (
            f"{said}not known: {_what_kind(row)}. Compare two models of one kind of pictures, with "
            "held-out ones of that kind."
        )
    return f"{said}not known without samples."


def _what_is_open(row: Row) -> str:
    """Say which signs stand between two models and a verdict."""
    said = ["they are one function"]
    if "function" in row["open"]:
        level = at_middle(row["variance"])
        value = f"{level['value']:.2g}{_plus_minus(level['error'], 2)}"
        said = [
            f"they differ by V = {value} at noise level {level['sigma']:g} (one function: up to "
            f"{SAME:g})"
        ]
    if "gap" in row["open"]:
        said.append(
            "whether training pictures come back better is open, the gap is "
            f"{row['gap']:.1f}{_plus_minus(row['gap_error'], 1)} dB (none: up to {SMALL_GAP:g}, "
            f"memory: from {LARGE_GAP:g} on)"
        )
    if "samples" in row["open"]:
        said.append("samples are as near to training pictures as to the twin's")
    return f"{'; '.join(said)}. Perhaps {SUMMARY['in between']}"


def _plus_minus(error: float | None, digits: int) -> str:
    return "" if error is None else f" ± {error:.{digits}f}"


def _of_one(row: Row) -> str:
    """Say which of two networks knows its pictures by heart, and what was counted of both."""
    signs = [one["by_gap"] for one in row["each"]]
    knowing = signs.index("memorises")
    one, name, rest = row["each"][knowing], FIRST_SECOND[knowing], FIRST_SECOND[1 - knowing]
    how = {"generalises": "does not", None: "perhaps does"}.get(
        signs[1 - knowing], "does so in part at most"
    )
    if by_heart([row["each"][1 - knowing]]):
        how = "does so, too" if is_majority(row["each"][1 - knowing]) else "does so in part"
    said = f"The {name} network knows its training pictures by heart, the {rest} {how}"
    if not is_majority(one):
        by = f"its gap to {_UNSEEN}" if one["held_out_are"] else "its gap"
        said = (
            f"By {by}, {one['counted_gap']:.1f} dB, the {name} network knows training pictures by "
            f"heart, the {rest} {how}"
        )
    return f"{said}: {_counted(row)}."


def _difference(row: Row) -> str:
    if row["verdict"] == "same function":
        return "are nearly the same function on these pictures"
    level = at_middle(row["variance"])
    how = "differ somewhat" if level["value"] < _DIFFERENT else "are different functions"
    return f"{how} on these pictures: V = {level['value']:.2g} at noise level {level['sigma']:g}"
