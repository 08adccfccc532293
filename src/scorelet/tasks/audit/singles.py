"""What an audit says of single pictures: samples that are copies, training pictures by heart."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from scorelet.analysis.memorization.curves import SMALL_GAP

Row = Mapping[str, Any]
"""What was measured of a pair, or of one of both, as `Audit.document` lists it; plain JSON."""
What = Literal["copies", "known"]


def counts(each: Sequence[Row], what: What) -> list[tuple[int, int]]:
    """Return how many, of how many, of each network; nothing where it is not known.

    Args:
        each: what is known of either network, or of one of them.
        what: samples that are copies, or training pictures that are known by heart.
    """
    if any(one.get(what) is None for one in each):
        return []
    of = {"copies": lambda one: len(one["nearest_cosines"]), "known": lambda one: one["measured"]}
    return [(one[what], of[what](one)) for one in each]


def by_heart(each: Sequence[Row]) -> list[str]:
    """Say how many samples are copies and how many training pictures are known, if any."""
    found: list[tuple[What, str | None]] = [("copies", copies(each)), ("known", known(each))]
    return [text for what, text in found if text and any(n for n, _ in counts(each, what))]


def copies(each: Sequence[Row]) -> str | None:
    """Say how many samples are copies; None: it is not known."""
    one, many = "is a copy of a training picture", "are copies of training pictures"
    return _sentence(counts(each, "copies"), "samples", one, many)


def known(each: Sequence[Row]) -> str | None:
    """Say how many training pictures are known by heart; None: nobody knows."""
    one, many = "is known by heart", "are known by heart"
    return _sentence(counts(each, "known"), "training pictures", one, many)


def of_kind(each: Sequence[Row]) -> list[str]:
    """Warn where held-out pictures are easier or harder than training pictures to both models.

    Each model is asked for the training pictures of the other one, which it has not seen.
    """
    gaps = [one["gap_of_other"] for one in each]
    if None in gaps or not (min(gaps) >= SMALL_GAP or max(gaps) <= -SMALL_GAP):
        return []
    kind = "easier" if gaps[0] > 0 else "harder"
    return [
        f"to the model that should not have seen them training pictures are {kind} than held-out "
        f"ones, those of the second by {abs(gaps[1]):.1f} dB to the first and those of the first "
        f"by {abs(gaps[0]):.1f} dB to the second: the gap says little of memory; held-out pictures "
        "may be of another kind (give some of the same), or the models have seen each other's"
    ]


def of_other(each: Sequence[Row]) -> list[str]:
    """Warn of models that know pictures which only the other one has learned, if any do."""
    names = ("first", "second")
    said = []
    for k, one in enumerate(each):
        parts = [
            f"{one[key]} {of_one if one[key] == 1 else of_many}"
            for key, of_one, of_many in (
                ("copies_of_other", "sample is a copy of one", "samples are copies of some"),
                ("known_of_other", "is known by heart", "are known by heart"),
            )
            if one[key]
        ]
        if parts:
            said.append(
                f"of training pictures of the {names[1 - k]} model the {names[k]} knows some, too "
                f"({', '.join(parts)}): perhaps the training sets are not given in the order of "
                "the models, or are not all that they have learned"
            )
    return said


def _sentence(found: list[tuple[int, int]], what: str, one: str, many: str) -> str | None:
    if not found:
        return None
    number, total = (sum(parts) for parts in zip(*found, strict=True))
    said = f"{number or 'none'} of {total} {what} {one if number < 2 else many}"
    if len(found) == 1 or not number:
        return said
    (first, _), (second, _) = found
    return f"{said} ({first} of the first network's, {second} of the second's)"
