"""The tree of all pages in the margin of each, worked out once per folder: for each page anew it took the longest."""

from __future__ import annotations

import posixpath
import re
from typing import Any

TREES: dict[str, tuple[str, str]] = {}
"""Folder of a page -> the name of a page in it, and the tree in that page's margin."""

TREE = "furo_navigation_tree"
OWN = re.compile(r'<li class="(toctree-l\d+) current current-page"><a class="current reference internal" href="#">')


def lend_tree(_: Any, name: str, __: str, context: dict[str, Any], ___: Any) -> None:
    """Before the theme works out the tree: give it none where that of the folder is known."""
    if posixpath.dirname(name) in TREES:
        context["toctree"] = lambda **_: ""


def keep_tree(_: Any, name: str, __: str, context: dict[str, Any], ___: Any) -> None:
    """After the theme has worked out the tree: keep it, or take the one of the folder, with this page marked."""
    folder = posixpath.dirname(name)
    if folder in TREES:
        first, tree = TREES[folder]
        context[TREE] = marked(tree, first, name)
    elif OWN.search(context.get(TREE, "")):
        TREES[folder] = (name, context[TREE])


def marked(tree: str, first: str, name: str) -> str:
    """Return the tree of one page as that of another in the same folder: the links are the same, the mark is not.

    Parameters
    ----------
    tree
        Of the page `first`.
    first, name
        Names of pages in one folder.
    """
    if first == name:
        return tree
    link = f"{posixpath.basename(first)}.html"
    plain = OWN.sub(lambda own: f'<li class="{own[1]}"><a class="reference internal" href="{link}">', tree)
    here = re.escape(f"{posixpath.basename(name)}.html")
    return re.sub(
        rf'<li class="(toctree-l\d+)"><a class="reference internal" href="{here}">',
        r'<li class="\1 current current-page"><a class="current reference internal" href="#">',
        plain,
        count=1,
    )
