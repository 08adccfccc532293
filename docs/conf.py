"""Configuration of the documentation: `python -m sphinx -W -b html docs docs/_build/html`."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "scorelet"
author = "The scorelet developers"
copyright = "The scorelet developers"
release = version = version_of("scorelet")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
    "myst_parser",
    "sphinxcontrib.bibtex",
    "tables",
]
exclude_patterns = ["_build", "_extensions", "results"]

# No formula is typeset by JavaScript: pages are the same without a network.
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
html_title = f"scorelet {release}"
html_copy_source = False
html_show_sphinx = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
maximum_signature_line_length = 90
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

bibtex_bibfiles = ["references.bib"]

# What the examples in docstrings may use without an import of their own.
doctest_global_setup = """
import numpy as np
from scorelet.data import to_unit
"""


def escape_bars(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """Keep |x| in docstrings: reStructuredText would take it for a substitution."""
    for k, line in enumerate(lines):
        if ">>>" not in line and "``" not in line:
            lines[k] = line.replace("|", "\\|")


def setup(app: Sphinx) -> None:
    """Escape before napoleon turns docstrings into reStructuredText."""
    app.connect("autodoc-process-docstring", escape_bars, priority=100)
