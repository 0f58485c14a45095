"""How Sphinx writes the site: see `docs/site/build.py`."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import coxa

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".yaml", ".json", ".csv"))
CODE = sha256(b"".join(path.read_bytes() for path in FILES)).hexdigest()[:16]
"""What the pages run: as long as it is the same, their outputs are."""

project = "coxa"
author = "the coxa authors"
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
nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "runs-of-pages" / CODE)  # what is kept goes by page and by code
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_excludepatterns = ["notebooks/*"]

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


def setup(app: Sphinx) -> None:
    """Take the docstrings of records as they are written."""
    app.connect("autodoc-process-docstring", take_fields, priority=400)
