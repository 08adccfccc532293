"""Reports: one HTML file with everything in it, pictures too; nothing is fetched when it is read.

A report is a title, parts that open it, and sections of parts. Every text is plain: what looks like
markup in it is shown, not obeyed.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal

from scorelet.core.words import readable

if TYPE_CHECKING:
    from jinja2 import Template

Tone = Literal["plain", "good", "bad", "open"]
"""Colour of a mark: nothing said, as it should be, not so, undecided."""


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Attributes:
        text: plain text.
        kind: "lead" is large, "note" small and gray, "warning" has a coloured ground.
    """

    text: str
    kind: Literal["", "lead", "note", "warning"] = ""


@dataclass(frozen=True)
class Mark:
    """A cell of a table with a coloured ground: a verdict in a word."""

    text: str
    tone: Tone = "plain"


Cell = str | Mark


@dataclass(frozen=True)
class Table:
    """A table; numbers are texts, aligned to the right like all but the first column.

    Attributes:
        head: titles of the columns.
        rows: cells, as many in each row as there are titles.
        texts: numbers of the columns that hold sentences, aligned to the left; the first always is.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    texts: frozenset[int] = frozenset({0})


@dataclass(frozen=True)
class Facts:
    """Names and values, one beside the other: the command, the versions, the date."""

    pairs: dict[str, str]


@dataclass(frozen=True)
class Picture:
    """A PNG picture that becomes part of the file.

    Attributes:
        png: the bytes of the file.
        description: for those who do not see it.
        caption: below it; none if empty.
    """

    png: bytes = field(repr=False)
    description: str
    caption: str = ""

    @property
    def address(self) -> str:
        """The picture as a data address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


Part = Text | Table | Facts | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it.

    Attributes:
        title: of the section; the list of contents names it.
        parts: in order.
        mark: a verdict beside the title, and in the list of contents.
    """

    title: str
    parts: Sequence[Part]
    mark: Mark | None = None

    @property
    def anchor(self) -> str:
        """Its name in addresses."""
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")


def render(title: str, opening: Sequence[Part], sections: Sequence[Section] = ()) -> str:
    """Return the report as one HTML document.

    Args:
        title: of the document.
        opening: what stands below the title.
        sections: with a list of contents if there are more than two.
    """
    text = _template().render(
        title=title, opening=opening, sections=sections, contents=len(sections) > 2, kind=_kind
    )
    return readable(text)


def number(value: float | None, form: str = ".3g") -> str:
    """Write a number for a table, or a dash where it is undefined."""
    if value is None:
        return "–"
    text = format(value, form)
    return text.removeprefix("-") if not text.strip("-0.") else text


def _kind(part: Part) -> str:
    """Return which block of the template draws a part."""
    return type(part).__name__.lower()


@cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("scorelet.plots"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")
