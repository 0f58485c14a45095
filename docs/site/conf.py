"""How Sphinx writes the site: see `docs/site/build.py`."""

import gc
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

import coxa

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from docs.site.navigation import keep_tree, lend_tree  # noqa: E402
from docs.site.runs import RUNS, outputs  # noqa: E402

gc.set_threshold(
    200_000, 50, 100
)  # trees of pages are millions of objects that stay: looking for garbage took half the time

project = "coxa"
author = "the coxa authors"
project_copyright = author
release = coxa.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
default_role = "py:obj"

suppress_warnings = ["ref.python"]  # "name : of the family" stands where a type would, and `name` is many
autodoc_typehints = "none"
autodoc_member_order = "alphabetical"
napoleon_numpy_docstring = True
napoleon_google_docstring = False

myst_heading_anchors = 4
smartquotes = False  # quotes of code and of R are typed as they are here; looking for them took a tenth of the time
nb_merge_streams = True  # what a command prints is one box
nb_execution_mode = "off"  # pages with code are run beside Sphinx, notebooks by `nox -s notebooks`

html_theme = "furo"
html_title = "coxa"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["tables.css"]


FIELD = re.compile(r"^(\w+(?:, \w+)*) +: (.*)$")


def list_of_fields(lines: list[str]) -> list[str]:
    """Return the lines of a docstring with each run of `name : what it is`, as records have them, as a list."""
    written: list[str] = []
    inside = False
    for line in lines:
        field = FIELD.match(line)
        if field and (inside or not written or not written[-1]):
            written.append(f"- ``{field[1]}``: {field[2]}")
            inside = True
        elif inside and line.strip():
            written.append(f"  {line.strip()}")
        else:
            written.append(line)
            inside = False
    return written


def take_fields(*event: Any) -> None:
    """Change the lines of a docstring, the last argument of Sphinx's event, in place."""
    event[-1][:] = list_of_fields(event[-1])


def take_outputs(_: Sphinx, name: str, source: list[str]) -> None:
    """Take a page that has code from its run."""
    runs = Path(os.environ[RUNS])
    if (runs / name.replace("/", "-")).is_dir():
        source[0] = outputs(runs, name)


def stem_once() -> None:
    """Let the search index look for the stem of each word once, where it does so for each place of a word."""
    stem = cache(SearchEnglish.stem)
    SearchEnglish.stem = lambda self, word: stem(self, word)  # type: ignore[method-assign]


def setup(app: Sphinx) -> None:
    """Take docstrings of records as they are written, pages with code from their run, and the tree of pages once."""
    stem_once()
    app.connect("autodoc-process-docstring", take_fields, priority=400)
    app.connect("source-read", take_outputs, priority=400)
    app.connect("html-page-context", lend_tree, priority=400)
    app.connect("html-page-context", keep_tree, priority=600)
