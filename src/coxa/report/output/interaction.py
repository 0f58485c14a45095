"""What makes the figures of a page interactive: one engine for all, their descriptions, and the leave to run it.

A page stays one file that asks the network for nothing. Its policy names the two scripts in it by their hashes and
allows no other; the engine lies in the page as text, and runs when a reader first points at a figure.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from coxa.report.output.kept_engine import kept_script
from coxa.tables.characters import printable

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {}"

SCRIPTS = ("page.js", "narrow.js", "figures.js", "explain.js")
CHOOSING = "choices.js"


@cache
def page_script(choosing: bool = False) -> str:
    """Return the script of the page: its contents and folds, its figures, and what is behind its numbers.

    With `choosing` also the choices of a reader among the rows of tables.
    """
    return "".join(static(name) for name in (*SCRIPTS, *([CHOOSING] if choosing else [])))


@cache
def engine() -> str:
    """Return Vega-Embed with all that it needs, as one script; the same for every report."""
    bundle = kept_script(f"vega-embed-{version('vl-convert-python')}.js", bundled)
    return f"/*!\n{static('engine-licence.txt')}*/\n{bundle}"


def bundled() -> str:
    """Return the engine as the renderer bundles it, without what would end its element in a page."""
    import vl_convert

    return printable(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")).replace("</script", "<\\/script")


def policy(*scripts: str) -> str:
    """Return the content security policy of a page that runs these scripts and no others."""
    return POLICY.format(" ".join(f"'sha256-{_hash(script)}'" for script in scripts))


def static(name: str) -> str:
    """Return the text of a file that goes into every page."""
    return files("coxa.report.output").joinpath("static", name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
