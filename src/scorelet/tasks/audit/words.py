"""What an audit says in plain words."""

from collections.abc import Sequence

from scorelet.analysis.memorization import Verdict, at_middle, where_it_ends
from scorelet.tasks.audit.singles import FIRST_SECOND, Row, by_heart, copies, known

SUMMARY: dict[Verdict, str] = {
    "memorises": "the networks know their training pictures by heart",
    "memorises in part": "some pictures are known by heart",
    "one memorises": "one of the networks knows its training pictures by heart",
    "undertrained": "a linear filter does better",
    "in between": "memorisation is ending, or training was too short",
    "contradictory": "the signs contradict one another",
    "generalises": "two networks that have no picture in common are the same function",
    "same function": "the two are the same function, and whether they have it by heart is not "
    "known",
    "not known": "whether they copy training pictures is not known",
}
OPEN: tuple[Verdict, ...] = ("same function", "not known")
"""Verdicts without the gap, or without samples beside training pictures."""


def conclusion(rows: Sequence[Row]) -> str:
    """Say in one or two sentences where memorisation ends; rows have `size` and `verdict`."""
    lacking = [row["size"] for row in rows if row["verdict"] == "undertrained"]
    largest, least = where_it_ends({row["size"]: row["verdict"] for row in rows})
    if lacking:
        known = "" if largest is None else f"The networks memorise with {pictures_of(largest)}. "
        return (
            f"{known}The networks of {_sizes(lacking)} have not learned enough to be "
            "judged: a linear filter does better. Train them longer, with more --steps."
        )
    if reason := _unknown(rows):
        return f"Where memorisation ends is not known: {reason}"
    last = rows[-1]["size"]
    if largest is None and least == rows[0]["size"]:
        return f"No memorisation was found: from {least} pictures on the networks generalise."
    begun = "No networks memorise"
    if largest is not None:
        begun = f"The networks memorise with {pictures_of(largest)}{_in_part(rows, largest)}"
    if largest is not None and largest == last:
        return (
            f"{begun}, the largest size: more pictures are needed, or a smaller network, for one "
            "that learns their density."
        )
    if least is None:
        return f"{begun}, and they do not yet generalise with {pictures_of(last)}."
    return f"{begun}, and they generalise from {pictures_of(least)} on."


def _in_part(rows: Sequence[Row], size: int) -> str:
    """Say how much those of a size memorise if it is a part."""
    (row,) = (row for row in rows if row["size"] == size)
    if row["verdict"] != "memorises in part":
        return ""
    return f" in part ({' and '.join(by_heart(row['each']))})"


def _unknown(rows: Sequence[Row]) -> str:
    """Say why nobody knows where memorisation ends; nothing where one does."""
    unseen = [row["size"] for row in rows if row["verdict"] in OPEN]
    diverged = [row["size"] for row in rows if row["verdict"] in OPEN and row.get("diverged")]
    torn = [row["size"] for row in rows if row["verdict"] == "contradictory"]
    if diverged:
        return (
            f"of the networks of {pictures_of(diverged[0])} no samples could be drawn. Train them "
            "longer, with more --steps."
        )
    if unseen:
        return (
            f"with {pictures_of(unseen[0])} no samples were compared with training pictures. Draw "
            "some, with --samples."
        )
    if not torn:
        return ""
    (row, *_) = (row for row in rows if row["verdict"] == "contradictory")
    return f"with {_sizes(torn)} {contradiction(row)}."


def contradiction(row: Row) -> str:
    """Say that the signs contradict one another, and which one speaks of memory."""
    said = SUMMARY["contradictory"]
    if row.get("by_samples") == "memorises":
        return (
            f"{said}: samples are nearer to training pictures than to each other, as those of "
            "networks that know these by heart, and yet training pictures come back no better "
            "than held-out ones"
        )
    if row.get("by_samples") == "generalises":
        return (
            f"{said}: training pictures{_of_which(row)} come back better than held-out ones, as "
            "from networks that know these by heart, and yet samples are nearer to each other "
            "than to training pictures"
        )
    return said


def _of_which(row: Row) -> str:
    """Name the network whose gap alone speaks of memory."""
    signs = [one["by_gap"] for one in row["each"]]
    if signs.count("memorises") != 1:
        return ""
    return f" of the {FIRST_SECOND[signs.index('memorises')]} network"


def evidence(row: Row) -> str:
    """Say in one sentence what was measured of a pair of models."""
    level = at_middle(row["variance"])
    said = [f"they differ by V = {level['value']:.2g} at noise level {level['sigma']:g}"]
    if row.get("verdict") == "one memorises":
        gaps = (better(one["gap"]) for one in row["each"])
        said[:0] = [
            f"training pictures of the {which} come back {gap} than held-out ones"
            for which, gap in zip(("first", "second"), gaps, strict=True)
        ]
    elif row["gap"] is not None:
        said.insert(0, f"training pictures come back {better(row['gap'])} than held-out ones")
    if row["pair"] is not None:
        said.append(f"their samples of the same noise have a cosine of {row['pair'][1]:.2f}")
    if row["nearest"] is not None and row.get("verdict") == "one memorises":
        medians = " and ".join(f"{one['nearest'][1]:.2f}" for one in row["each"])
        said.append(f"the nearest training pictures have {medians}")
    elif row["nearest"] is not None:
        said.append(f"the nearest training picture has one of {row['nearest'][1]:.2f}")
    if row["nearest_of_held_out"] is not None:
        said.append(f"that of a held-out picture {row['nearest_of_held_out'][1]:.2f}")
    each = row.get("each", ())
    said += [text for text in (copies(each), known(each)) if text]
    lead = row.get("lead")
    if row["gap"] is not None and lead is not None and lead < 0:
        said.append(f"a linear filter fitted to training pictures is {-lead:.1f} dB better on them")
    return f"{', '.join(said)}."


def better(gap: float) -> str:
    """Write a difference in dB."""
    return f"{gap:.1f} dB better" if gap >= 0 else f"{-gap:.1f} dB worse"


def _sizes(sizes: Sequence[int]) -> str:
    """Return numbers of pictures in words."""
    *others, last = sizes
    before = f"{', '.join(f'{n:,}' for n in others)} and " if others else ""
    return before + pictures_of(last)


def pictures_of(size: int) -> str:
    """Return a number of pictures in words."""
    return "1 picture" if size == 1 else f"{size:,} pictures"
