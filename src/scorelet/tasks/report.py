"""Reports: one HTML file with everything in it, figures too."""

import base64
from collections.abc import Iterable, Sequence
from html import escape

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff }}
h1, h2 {{ line-height: 1.2 }}
h2 {{ margin-top: 2.5rem; border-top: 1px solid #ddd; padding-top: 1rem }}
table {{ border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }}
th, td {{ padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #e5e5e5 }}
th:first-child, td:first-child {{ text-align: left }}
img {{ max-width: 100%; height: auto }}
.note {{ color: #666 }} .warning {{ background: #fff3cd; padding: .5rem 1rem }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""


def page(title: str, parts: Iterable[str]) -> str:
    """Return a whole HTML document.

    Args:
        title: plain text.
        parts: HTML, from the functions below.
    """
    return _PAGE.format(title=escape(title), body="\n".join(parts))


def heading(text: str) -> str:
    """Return the heading of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, *, kind: str = "") -> str:
    """Return a paragraph; `kind` is note or warning."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of plain texts."""
    lines = ["<table>", _row("th", head), *(_row("td", row) for row in rows), "</table>"]
    return "\n".join(lines)


def picture(png: bytes, description: str) -> str:
    """Return a PNG picture that is part of the page."""
    data = base64.b64encode(png).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{escape(description)}">'


def _row(cell: str, texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts) + "</tr>"
