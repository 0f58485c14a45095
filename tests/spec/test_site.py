"""The documentation site: every page is in its contents, and links lead to pages of the site."""

from __future__ import annotations

import inspect
import posixpath
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

import coxa
from coxa.selftest import Check
from coxa.selftest.cases import CASES
from docs.site import runs
from docs.site.build import EVIDENCE, LINK, accessible, api_page, evidence, linked, sources
from docs.site.navigation import marked

NAMES = dict(sources())
CONTENTS = (Path(__file__).parents[2] / "docs" / "site" / "index.md").read_text(encoding="utf-8")


def test_every_page_is_in_the_contents() -> None:
    entries = [line for block in re.findall(r"```{toctree}\n(.*?)```", CONTENTS, re.DOTALL) for line in block.split()]
    pages = [name.removesuffix(".md") for name in NAMES.values() if name.endswith(".md") and name != "index.md"]
    assert not [page for page in pages if page not in entries and f"{Path(page).parent}/*" not in entries]
    assert not [entry for entry in entries if entry.endswith(".md")]


@pytest.mark.parametrize("source", [source for source in NAMES if source.suffix == ".md"], ids=lambda path: path.name)
def test_links_of_a_page_lead_to_pages_of_the_site(source: Path) -> None:
    here = Path(NAMES[source]).parent
    for _, target, _ in LINK.findall(linked(source, NAMES)):
        assert posixpath.normpath((here / target).as_posix()) in NAMES.values()


def test_a_link_to_the_repository_is_a_name(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "See [the plan](study.yaml), [`run.py`](run.py), [there](https://a.org) and [next](other.md#place)."
    )
    other = tmp_path / "other.md"
    for there in (other, tmp_path / "study.yaml", tmp_path / "run.py"):
        there.write_text("")
    text = linked(page, {page: "a/page.md", other: "b/other.md"})
    assert text == "See `the plan`, `run.py`, [there](https://a.org) and [next](../b/other.md#place)."
    page.write_text("See [the table](table.md).")
    with pytest.raises(FileNotFoundError, match=r"page.md links to table.md, which is not there"):
        linked(page, {page: "a/page.md"})


def test_pages_of_methods_have_the_numbers_of_their_cases() -> None:
    assert set(EVIDENCE) <= set(NAMES.values())
    methods = {
        name
        for source, name in NAMES.items()
        if name.startswith("methods/") and "--write" not in source.read_text(encoding="utf-8")
    } - {"methods/power-speed.md"}
    assert methods <= set(EVIDENCE)
    starts = [start for cases in EVIDENCE.values() for start in cases]
    assert not [case for case in CASES if not case.startswith(tuple(starts))]
    check = Check("ancova", "mean: df", 167.0, 167.0, "R lm", 0.0, "relative", 1e-4)
    assert "| Analysis of covariance | `mean: df` | 167 | 167 | R lm | 0.0e+00 relative |" in evidence(
        (check,), ("anc",)
    )
    assert evidence((check,), ("gee",)) == evidence((check,), ()) == ""


def test_the_reference_has_each_namespace_once() -> None:
    assert ":no-index:" in api_page("coxa")
    assert ":no-index:" not in api_page("coxa.models")


def test_what_scrolls_is_in_reach_of_the_keyboard() -> None:
    assert accessible("<pre>a</pre><th></th>") == '<pre tabindex="0">a</pre><td></td>'
    assert accessible(accessible("<pre>a</pre>")) == accessible("<pre>a</pre>")


@pytest.mark.parametrize("name", sorted({"coxa", *dir(coxa)} - {"__version__"}))
def test_docstrings_have_no_markup_by_accident(name: str) -> None:
    """|size| is a substitution and name_ a link in reStructuredText, unless they stand between backticks."""
    shown = coxa if name == "coxa" else getattr(coxa, name)
    members = [getattr(shown, member) for member in getattr(shown, "__all__", ())]
    for each in [shown, *members]:
        text = re.sub(r"`+[^`]*`+", "", (inspect.getdoc(each) or "").split("Examples\n---")[0])
        assert not re.search(r"\|\w[^|]*\||(?<![\w.*])[A-Za-z]\w*_(?![\w*])", text), each


def notebook(folder: Path, code: str) -> Path:
    """Write a notebook of one cell into the folder of a page; return it."""
    folder.mkdir(parents=True)
    page = folder / runs.NOTEBOOK
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), page)
    return page


def test_a_page_is_run_once_as_long_as_page_and_code_are_the_same(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(runs, "KEPT", tmp_path / "kept")
    count = tmp_path / "count.txt"
    page = notebook(tmp_path / "runs" / "tutorials-a", f"open({str(count)!r}, 'a').write('x'); print(6 * 7)")
    for _ in range(2):
        runs.run(page, "state")
    assert "42" in runs.outputs(tmp_path / "runs", "tutorials/a", seconds=1)
    assert count.read_text(encoding="utf-8") == "x"
    runs.run(page, "another state")
    assert count.read_text(encoding="utf-8") == "xx"


def test_a_page_whose_command_fails_stops_the_site(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(runs, "KEPT", tmp_path / "kept")
    runs.run(notebook(tmp_path / "runs" / "a", "!exit 3"), "state")
    with pytest.raises(RuntimeError, match="`exit 3` ended with exit code 3"):
        runs.outputs(tmp_path / "runs", "a", seconds=1)


def test_a_page_whose_cell_fails_stops_the_site(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(runs, "KEPT", tmp_path / "kept")
    runs.run(notebook(tmp_path / "runs" / "a", "1 / 0"), "state")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        runs.outputs(tmp_path / "runs", "a", seconds=1)
    (tmp_path / "runs" / runs.ENDED).write_text("", encoding="utf-8")
    with pytest.raises(RuntimeError, match="b was not run"):
        runs.outputs(tmp_path / "runs", "b")


def test_the_tree_of_a_folder_is_marked_for_each_of_its_pages() -> None:
    own = '<li class="toctree-l1 current current-page"><a class="current reference internal" href="#">A</a></li>'
    other = '<li class="toctree-l1"><a class="reference internal" href="b.html">B</a></li>'
    assert marked(own + other, "m/a", "m/b") == (
        '<li class="toctree-l1"><a class="reference internal" href="a.html">A</a></li>'
        '<li class="toctree-l1 current current-page"><a class="current reference internal" href="#">B</a></li>'
    )
    assert marked(own + other, "m/a", "m/a") == own + other
    assert marked(marked(own + other, "m/a", "m/b"), "m/b", "m/a") == own + other
