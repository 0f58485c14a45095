"""Build the documentation site: `nox -s docs`, or `python -m docs.site.build OUT`.

The pages are those of `docs/`, the page of each worked study in `analyses/`, the notebooks, and the reference, which is
made from the docstrings. They are gathered in one folder first, with links that lead to pages of the site instead of
folders of the repository, and with the numbers of the self-test, run on this machine, on the pages of the methods.
The tutorials and the gallery are run at the same time (`docs/site/runs.py`), and Sphinx writes the site. A warning is
an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from coxa.selftest import Check, run_selftest
from coxa.selftest.cases import CASES
from docs.make_reference import namespaces
from docs.site.runs import RUNS, has_code, prepare

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")
TERMINAL = {"COLUMNS": "100"}
"""What commands of a page write to: a terminal of this width."""

EVIDENCE = {
    "methods/mmrm.md": ("mmrm_",),
    "methods/contrasts.md": ("adjusted_means", "ancova"),
    "methods/random-effects.md": ("lmm_slopes", "sleepstudy"),
    "methods/gee.md": ("gee",),
    "methods/counts.md": ("counts_",),
    "methods/binary.md": ("binary_",),
    "methods/glmm.md": ("glmm",),
    "methods/ordinal.md": ("ordinal",),
    "methods/time-to-event.md": ("cox", "wins"),
    "methods/hypotheses.md": ("looks",),
    "methods/imputation.md": ("imputed_",),
    "methods/multiple-imputation.md": ("sets_pooled",),
    "methods/responders.md": ("responders",),
    "methods/diagnostics.md": ("diagnostics",),
    "methods/location-scale.md": ("location_scale",),
    "methods/causal.md": ("compliers",),
    "methods/without-randomisation.md": ("groups",),
    "methods/measurement.md": ("reliability",),
    "evidence.md": ("pooled",),
}
"""Page of a method -> how the names of its cases of the self-test begin."""


ACCESSIBLE = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    "<pre>": '<pre tabindex="0">',
    "<th></th>": "<td></td>",
    '<th class="head"><p></p></th>': "<td></td>",
    '<table border="1" class="dataframe">': '<table border="1" class="dataframe" tabindex="0">',
}
"""What the theme writes -> the same for those who use a keyboard or a screen reader."""


def main(out: Path) -> None:
    """Gather the pages, and write the site to a folder, while the pages that have code run."""
    gathered, runs = (out.with_name(f"{out.name}-{what}") for what in ("source", "runs"))
    prepare_runs(runs)
    environment = {**os.environ, **TERMINAL, RUNS: str(runs)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # each command of a page would compile the package anew
    with subprocess.Popen([sys.executable, "-m", "docs.site.runs", str(runs)], env=environment, cwd=ROOT) as running:
        try:
            gather(gathered)
            write_site(gathered, out, environment)
        except BaseException:
            running.terminate()
            raise
    for page in out.rglob("*.html"):
        page.write_text(accessible(page.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {out / 'index.html'}")


def prepare_runs(runs: Path) -> None:
    """Write every page that has code as a notebook, to be run."""
    shutil.rmtree(runs, ignore_errors=True)
    names = dict(sources())
    for source, name in names.items():
        if has_code(source):
            prepare(runs, name.rpartition(".")[0], linked(source, names))


def write_site(gathered: Path, out: Path, environment: dict[str, str]) -> None:
    """Let Sphinx write the site from the gathered pages."""
    options = ["-W", "--keep-going", "-q", "-j", "auto", "-c", str(Path(__file__).parent)]
    trees = str(out.with_name(f"{out.name}-trees"))
    command = [sys.executable, "-m", "sphinx", *options, "-d", trees, str(gathered), str(out)]
    subprocess.run(command, check=True, env=environment)


def gather(into: Path) -> None:
    """Write every page and picture of the site into one folder."""
    shutil.rmtree(into, ignore_errors=True)
    names = dict(sources())
    checks = run_selftest(only=list(CASES)).checks  # numbers alone: no page shows what the software does beyond them
    for source, name in names.items():
        page = into / name
        page.parent.mkdir(parents=True, exist_ok=True)
        if has_code(source):
            page.write_text("", encoding="utf-8")  # read from its run
        elif source.suffix == ".md":
            text = linked(source, names) + evidence(checks, EVIDENCE.get(name, ()))
            page.write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(source, page)
    (into / "api").mkdir()
    for namespace in ("coxa", *(f"coxa.{name}" for name in namespaces())):
        (into / "api" / f"{namespace}.md").write_text(api_page(namespace), encoding="utf-8")


def sources() -> Iterator[tuple[Path, str]]:
    """Each file of the repository that is a page or a picture, and its name in the site."""
    for page in sorted(ROOT.glob("docs/**/*")):
        if page.suffix in (".md", ".png") and page.name != "README.md":
            name = page.relative_to(ROOT / "docs").as_posix().removeprefix("site/")
            yield page, f"{name.removesuffix('.md')}.ipynb" if has_code(page) else name
    for page in sorted(ROOT.glob("analyses/*/README.md")):
        yield page, f"analyses/{page.parent.name}.md"
    for notebook in sorted(ROOT.glob("notebooks/*.ipynb")):
        yield notebook, f"notebooks/{notebook.name}"
    yield ROOT / "analyses" / "README.md", "analyses/index.md"
    yield ROOT / "CONTRIBUTING.md", "contributing.md"
    yield ROOT / "CHANGELOG.md", "changelog.md"


def linked(source: Path, names: dict[Path, str]) -> str:
    """Return the text of a page with links to pages of the site; what is in the repository alone is named.

    Raises
    ------
    FileNotFoundError
        A page links to what is in neither.
    """
    here = Path(names[source]).parent

    def link(match: re.Match[str]) -> str:
        words, target, place = match.groups()
        path = (source.parent / target).resolve()
        if not path.exists():
            raise FileNotFoundError(f"{source.name} links to {target}, which is not there. Correct the link.")
        path = path / "README.md" if path.is_dir() else path
        if path not in names:
            return words if "`" in words else f"`{words}`"
        return f"[{words}]({os.path.relpath(names[path], here)}{place or ''})".replace(os.sep, "/")

    return LINK.sub(link, source.read_text(encoding="utf-8"))


def evidence(checks: tuple[Check, ...], cases: tuple[str, ...]) -> str:
    """Return the numbers of the self-test on the page of a method; nothing for a page that has none."""
    rows = [check for check in checks if check.case.startswith(cases)] if cases else []
    if not rows:
        return ""
    head = "\n## Our numbers next to those of other software\n\nFrom `coxa selftest`, run when this page was built.\n\n"
    table = "| case | number | coxa | other software | | difference |\n|---|---|---|---|---|---|\n"
    return (
        head
        + table
        + "".join(
            f"| {CASES[row.case].title} | `{row.quantity}` | {row.ours:.10g} | {row.reference:.10g} | {row.software} "
            f"| {row.difference:.1e} {row.unit} |\n"
            for row in rows
        )
    )


def accessible(page: str) -> str:
    """Return a page with levels of headings, named landmarks, and what scrolls within reach of the keyboard."""
    for written, instead in ACCESSIBLE.items():
        page = page.replace(written, instead)
    return page


def api_page(namespace: str) -> str:
    """Return the page of a namespace in the reference: every public name with its docstring."""
    members = "   :members:\n   :imported-members:\n" + ("   :no-index:\n" if namespace == "coxa" else "")
    return f"# {namespace}\n\n```{{eval-rst}}\n.. automodule:: {namespace}\n{members}```\n"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site").resolve())
