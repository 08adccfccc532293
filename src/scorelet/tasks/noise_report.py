"""What the verb noise says of pictures: a line for each, and a report with figures."""

import math
from collections.abc import Sequence
from typing import Any

from scorelet.plots import png
from scorelet.plots.noise import noise_figure
from scorelet.plots.report import Facts, Part, Picture, Section, Table, Text, render
from scorelet.tasks.denoise.raw.law import kind_of_sensor, law_words

METHOD = (
    "The variance of the noise at brightness x is a x + b: photons give the first term, reading "
    "them the second. It is read off fast cosine coefficients of 8x8 blocks by maximum likelihood, "
    "under a law for what the picture itself has there, and then, if it is white, off the quietest "
    "blocks. The noise is white where its floor is the "
    "same in fast, middle, horizontal and vertical coefficients, and no grid of a JPEG shows. The "
    "spectrum is that of the flattest blocks, in units of its mean."
)
DRAWN = 20
"""Pages with figures; of more, only the table is written."""
DEVELOPED = "nothing can be measured on the mosaic of its sensor"
HEAD = ("picture", "sigma", "a", "b", "white", "remarks")


def sentence(page: dict[str, Any]) -> str:
    """Say what was measured in a picture, in one line.

    The variance is a line where its slope is three standard errors from 0, else one number. The
    error of b is said where b is within three of them.

    >>> page = {"sigma": 0.02, "a": 1e-3, "b": -2e-5, "white": True, "bounded": True}
    >>> page |= {"low": 0.1, "high": 0.8, "jpeg_quality": 90, "jpeg_grid": None, "left_out": 0}
    >>> page |= {"sensor": None, "developed": False, "b_error": 1e-6}
    >>> sentence(page | {"a_error": 1e-5})
    'sigma 5.1, white, variance 1.00e-03 x - 2.00e-05 for x in 0.1..0.8, JPEG quality 90'
    >>> sentence(page | {"a_error": 1e-5, "b_error": 1e-5, "jpeg_quality": None})
    'sigma 5.1, white, variance 1.00e-03 x - 2.00e-05 +- 1.0e-05 for x in 0.1..0.8'
    >>> sentence(page | {"a_error": 1e-3})
    'sigma 5.1, white, variance 4.00e-04, JPEG quality 90'
    """
    if page["sigma"] is None:
        return ", ".join([_nothing(page), *_remarks(page)])
    if page["sensor"]:
        return f"sigma {level(page)} on the sensor, {_sensor(page)}"
    parts = [
        f"sigma {level(page)}" + ("" if page["bounded"] else " (own unit)"),
        "white" if page["white"] else "not white",
        f"variance {_variance(page)}",
        *_remarks(page),
    ]
    return ", ".join(parts)


def _remarks(page: dict[str, Any]) -> list[str]:
    """Say what else is to be known of the figures of a picture."""
    said = [f"of the picture that LibRaw develops: {DEVELOPED}"] if page["developed"] else []
    return [*_left_out(page), *_jpeg(page), *said]


def _sensor(page: dict[str, Any]) -> str:
    """Say how the variance depends on the light of a sensor."""
    sensor = page["sensor"]
    laws = {colour: (one["a"], one["b"]) for colour, one in sensor["laws"].items()}
    words = law_words(laws, measured=sensor["measured"])
    return f"{kind_of_sensor(sensor['order'])}, variance by its light x, {words}"


def _nothing(page: dict[str, Any]) -> str:
    least = page["at_least"]
    if page["sensor"]:
        return f"no noise that can be measured, {kind_of_sensor(page['sensor']['order'])}"
    if page["reason"] == "cut off":
        said = "noise cannot be measured: too many pixels are cut off at black or white"
        return said if least is None else f"{said}, sigma {_in_unit(least, page)} or more"
    if least is None:
        return "no noise that can be measured"
    about = f"sigma about {_in_unit(least, page)}"
    return f"noise can hardly be measured, too few pixels tell of it: {about}"


def _left_out(page: dict[str, Any]) -> list[str]:
    count = page["left_out"]
    return [f"without {count} pixel{'s' * (count > 1)} far outside the others"] if count else []


def level(page: dict[str, Any]) -> str:
    """Write sigma: in 8-bit units, or in the unit of a picture that has one of its own."""
    return "–" if page["sigma"] is None else _in_unit(page["sigma"], page)


def _in_unit(sigma: float, page: dict[str, Any]) -> str:
    return f"{255 * sigma:.1f}" if page["bounded"] else f"{sigma:.3g}"


def _variance(page: dict[str, Any]) -> str:
    square = page["sigma"] * page["sigma"]
    if None in (page["a"], page["a_error"], page["b"]) or not 0 < square < math.inf:
        return "beyond the range of floats"
    if abs(page["a"]) <= 3 * page["a_error"]:  # both 0 of blocks of one brightness
        return f"{square:.2e}"
    sign = "-" if page["b"] < 0 else "+"
    line = f"{page['a']:.2e} x {sign} {abs(page['b']):.2e}{_doubt(page)}"
    return f"{line} for x in {page['low']:.3g}..{page['high']:.3g}"


def _doubt(page: dict[str, Any]) -> str:
    """Say the error of b where b is hardly told: an extrapolation, as a rule, to brightness 0."""
    error = page["b_error"]
    told = error is None or abs(page["b"]) >= 3 * error
    return "" if told else f" +- {error:.1e}"


def _jpeg(page: dict[str, Any]) -> list[str]:
    parts = [] if page["jpeg_quality"] is None else [f"JPEG quality {page['jpeg_quality']}"]
    if page["jpeg_grid"] and page["jpeg_quality"] is None:
        parts.append("was a JPEG, its grid starts at {}, {}".format(*page["jpeg_grid"]))
    return parts


def report(reports: Sequence[dict[str, Any]]) -> str:
    """Return the HTML text about files."""
    named = [
        (one["input"] + (f" page {number}" if len(one["pages"]) > 1 else ""), page)
        for one in reports
        for number, page in enumerate(one["pages"], 1)
    ]
    rows = [_row(name, page) for name, page in named]
    drawn = [(name, page) for name, page in named if page["variance"] is not None][:DRAWN]
    opening: list[Part] = [
        Text(f"{len(named)} pictures", "lead"),
        Facts({"unit of sigma": "8 bit, or that of the picture where it is not in [0, 1]"}),
        Table(HEAD, rows, frozenset({0, 4, 5})),
        Text(METHOD, "note"),
    ]
    sections = []
    if drawn:
        names, pages = zip(*drawn, strict=True)
        figure = png(noise_figure(pages, names))
        caption = "Left: variance of the noise by brightness. Right: its spectrum."
        sections.append(Section("Variance and spectrum", [Picture(figure, caption)]))
    return render("The noise of pictures", opening, sections)


def _row(name: str, page: dict[str, Any]) -> tuple[str, ...]:
    remarks = _remarks(page)
    if page["sensor"] and page["sigma"] is not None:
        return (name, f"{level(page)} (sensor)", "–", "–", "–", _sensor(page))
    if page["sigma"] is None:
        return (name, "–", "–", "–", "–", ", ".join([_nothing(page), *remarks]))
    lines = (_with_error(page[key], page[key + "_error"]) for key in ("a", "b"))
    white = "yes" if page["white"] else "no"
    unit = "" if page["bounded"] else " (own unit)"
    return (name, level(page) + unit, *lines, white, ", ".join(remarks))


def _with_error(value: float | None, error: float | None) -> str:
    return "–" if value is None or error is None else f"{value:.2e} ± {error:.0e}"
