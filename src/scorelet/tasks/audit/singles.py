"""What an audit says of single pictures: samples that are copies, training pictures by heart."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

Row = Mapping[str, Any]
"""What was measured of a pair, or of one of both, as `Audit.document` lists it; plain JSON."""
What = Literal["copies", "known"]
Count = tuple[int, int]
"""How many, of how many."""
FIRST_SECOND = ("first", "second")


def counts(each: Sequence[Row], what: What) -> list[Count | None]:
    """Return how many, of how many, of each network; None where it is not known.

    Args:
        each: what is known of either network, or of one of them.
        what: samples that are copies, or training pictures that are known by heart.
    """
    of = {"copies": lambda one: len(one["nearest_cosines"]), "known": lambda one: one["measured"]}
    return [None if one.get(what) is None else (one[what], of[what](one)) for one in each]


def is_majority(one: Row) -> bool:
    """Return whether most samples are copies, of either set, or most training pictures known."""
    samples = len(one["nearest_cosines"] or ())
    copied = (one["copies"] or 0) + (one.get("copies_of_other") or 0)
    return 2 * copied > samples or 2 * (one["known"] or 0) > one["measured"]


def by_heart(each: Sequence[Row]) -> list[str]:
    """Say how many samples are copies and how many training pictures are known, if any."""
    found: list[tuple[What, str | None]] = [("copies", copies(each)), ("known", known(each))]
    return [text for what, text in found if text and _any(counts(each, what))]


def copies(each: Sequence[Row]) -> str | None:
    """Say how many samples are copies; None: it is not known."""
    one, many = "is a copy of a training picture", "are copies of training pictures"
    return _sentence(counts(each, "copies"), "samples", one, many)


def known(each: Sequence[Row]) -> str | None:
    """Say how many training pictures are known by heart; None: nobody knows."""
    one, many = "is known by heart", "are known by heart"
    return _sentence(counts(each, "known"), "training pictures", one, many)


def of_other(each: Sequence[Row]) -> list[str]:
    """Warn of models that know pictures which only the other one has learned, if any do."""
    names = FIRST_SECOND
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


def _any(found: Sequence[Count | None]) -> bool:
    return any(count is not None and count[0] > 0 for count in found)


def _sentence(found: list[Count | None], what: str, one: str, many: str) -> str | None:
    counted = [count for count in found if count is not None]
    if not counted:
        return None
    number, total = (sum(parts) for parts in zip(*counted, strict=True))
    if None in found and len(found) > 1:
        what = f"{what} of the {FIRST_SECOND[found.index(counted[0])]} network"
    said = f"{number or 'none'} of {total} {what} {one if number < 2 else many}"
    if len(counted) == 1 or not number:
        return said
    (first, _), (second, _) = counted
    return f"{said} ({first} of the first network's, {second} of the second's)"
