"""What samples are, in plain words."""

import math
from typing import Literal

from scorelet.tasks.evaluate.sample_findings import Findings, Likeness, Octave
from scorelet.tasks.evaluate.sample_tones import tone_words

LOW, HIGH = 0.7, 1.4
"""Power over that of the data between which an octave passes."""
FAR = 3.0
"""Times the kernel distance of halves from which on samples are far from the data."""
Grade = Literal["as halves", "near", "far"]

_ERRORS = 2.0
_ALIKE = 0.05  # by which the mean cosine of pairs may exceed that of the data


def verdict(found: Findings) -> str:
    """Return two to eight sentences: on distance and power, copies, variety and brightness."""
    first = _distance(found)
    if power := _power(found.octaves):
        first += f", {'and' if _grade(found) == 'far' else 'but'} {power}"
    tones = tone_words(found.tones, found.real_tones)
    return " ".join([f"{first}.", _copies(found.likeness), *_variety(found), *tones])


def times_halves(found: Findings) -> float | None:
    """Return the kernel distance of samples over that of halves; None if these have none."""
    own = found.distance.halves
    return found.distance.samples / own if own > 0 else None


def _grade(found: Findings) -> Grade:
    near, times = found.distance, times_halves(found)
    if near.samples <= near.halves + _ERRORS * near.halves_spread:
        return "as halves"
    return "near" if times is not None and times <= FAR else "far"


def _distance(found: Findings) -> str:
    grade, times = _grade(found), times_halves(found)
    if grade == "as halves":
        return (
            f"As far as {found.distance.pictures} of each show, the samples are as near to the "
            "data as halves of it are to each other"
        )
    if times is None:
        return "The samples are farther from the data than halves of it are from each other"
    return (
        f"The samples are {'near' if grade == 'near' else 'far from'} the data, "
        f"{times:,.{1 if times < 9.95 else 0}f} times as far as halves of it are from each other"
    )


def _power(octaves: list[Octave]) -> str:
    off = [octave for octave in octaves if _is_off(octave)]
    if not off:
        return ""
    worst = max(off, key=lambda octave: abs(math.log(max(octave.samples[0], 1e-9))))
    others = len(off) - 1
    more = f" ({others} more {'octave is' if others == 1 else 'octaves are'} off)" if others else ""
    ratio = worst.samples[0]
    power = f"{ratio:.2g} times the power of the data" if ratio < math.inf else "power of its own"
    return f"{_name(worst, octaves)} has {power}{more}"


def _is_off(octave: Octave) -> bool:
    """Return whether an octave does not pass, beyond chance; of power that the data lack, too."""
    ratio, error = octave.samples
    return ratio == math.inf or ratio - _ERRORS * error > HIGH or ratio + _ERRORS * error < LOW


def _name(octave: Octave, octaves: list[Octave]) -> str:
    if octave is octaves[-1]:
        return "the finest octave"
    if octave is octaves[0]:
        return "the coarsest octave"
    return f"the octave of {octave.least:g} to {octave.end:g} cycles a side"


def _copies(likeness: Likeness) -> str:
    """Count copies, and say what the data themselves have if they have some."""
    count, of = likeness.copies(likeness.samples), len(likeness.samples.cosine)
    if not count:
        return f"None of the {of} samples is a copy of a picture of the data."
    if count <= _by_chance(likeness):
        real, of_real = likeness.copies(likeness.real), len(likeness.real.cosine)
        return (
            f"{count} of {of} samples are as near to a picture of the data as copies are, which "
            f"{real} of {of_real} of these are to one another, too."
        )
    if count == 1:
        return f"1 of {of} samples is a copy of a picture of the data."
    return f"{count} of {of} samples are copies of pictures of the data."


def _by_chance(likeness: Likeness) -> float:
    """Return how many samples would be copies if as many were as there are in the data."""
    of, of_real = len(likeness.samples.cosine), len(likeness.real.cosine)
    share = likeness.copies(likeness.real) / of_real
    return of * share + _ERRORS * math.sqrt(of * share * (1 + of / of_real))


def _variety(found: Findings) -> list[str]:
    """Say that samples repeat one another, or are more alike than the data, beyond chance."""
    said, near = [], found.likeness
    if (repeats := near.copies(near.one_another)) > _by_chance(near):
        said.append(f"{repeats} of {len(near.samples.cosine)} samples repeat another sample.")
    (made, error), (real, real_error) = found.pairs, found.real_pairs
    if made - real > max(_ALIKE, _ERRORS * math.hypot(error, real_error)):
        said.append(
            f"The samples vary less than the data: two of them have the mean cosine {made:.2f}, "
            f"two pictures {real:.2f}."
        )
    return said
