"""Run the pages that have code, two at a time, while Sphinx reads the others: `python -m docs.site.runs FOLDER`.

`prepare` writes each of them as a notebook without outputs, in a folder of its own. `main` runs them there and keeps
the outputs as long as page and code are the same. Sphinx asks `outputs` for them, and waits where they are not ready.
"""

from __future__ import annotations

import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "runs-of-pages"
RUNS = "COXA_RUNS_OF_PAGES"
"""Variable of the environment by which Sphinx is given the folder of the runs."""

MARK = "file_format: mystnb"
SECONDS, LOOK = 600, 0.2
AT_ONCE = 2
NOTEBOOK, FAILED, ENDED = "page.ipynb", "failed.txt", "ended.txt"


def has_code(page: Path) -> bool:
    """Say whether a page is run when the site is built."""
    return page.suffix == ".md" and MARK in page.read_text(encoding="utf-8")[:200]


def state_of_code() -> str:
    """Return the hash of what the pages run: as long as it is the same, their outputs are."""
    files = sorted(path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".yaml", ".json", ".csv"))
    plans = sorted(ROOT.glob("analyses/*/*.yaml"))
    return sha256(b"".join(path.read_bytes() for path in (*files, *plans))).hexdigest()[:16]


def prepare(folder: Path, name: str, text: str) -> None:
    """Write a page as a notebook without outputs, with the plans of worked studies next to it.

    Parameters
    ----------
    folder
        Of all runs; each page has a folder of its own in it, so that they can run at once.
    name, text
        Of the page.
    """
    from myst_nb.core.read import read_myst_markdown_notebook

    own = folder / name.replace("/", "-")
    own.mkdir(parents=True)
    notebook = read_myst_markdown_notebook(text)
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place}"  # those given are random, and outputs are kept by what the notebook is
    nbformat.write(notebook, own / NOTEBOOK)
    for plan in ROOT.glob("analyses/*/*.yaml"):
        copied = own / plan.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(plan, copied)


def main(folder: Path) -> None:
    """Run every page of a folder; those with the most commands and code first, as the last to end is waited for."""
    state = state_of_code()
    pages = sorted(folder.glob(f"*/{NOTEBOOK}"), key=work, reverse=True)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda page: run(page, state), pages))
    finally:
        (folder / ENDED).write_text("", encoding="utf-8")


def work(page: Path) -> tuple[int, int]:
    """Return how many commands a page runs, each with a start of its own, and how long its text is."""
    text = page.read_text(encoding="utf-8")
    return text.count("!coxa "), len(text)


def run(page: Path, state: str) -> None:
    """Write a page with its outputs, from those that are kept where page and code are the same, or why it failed."""
    kept = KEPT / f"{state}-{sha256(page.read_bytes()).hexdigest()[:16]}.ipynb"
    try:
        if not kept.exists():
            done = executed(nbformat.read(page, as_version=4), page.parent)
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_whole(kept, nbformat.writes(done))
        write_whole(page.with_name("done.ipynb"), kept.read_text(encoding="utf-8"))
    except Exception as error:  # whatever it is, Sphinx waits for it
        write_whole(page.with_name(FAILED), f"{type(error).__name__}: {error}")


COMMANDS_STOP = """
def system(command, run=get_ipython().system):
    run(command)
    if get_ipython().user_ns["_exit_code"]:
        raise RuntimeError(f"`{command}` ended with exit code {get_ipython().user_ns['_exit_code']}.")

get_ipython().system = system
"""
"""A line that begins with `!` and fails is an error of its page; Jupyter goes on."""


def executed(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Return a notebook with the outputs of its cells, run in a folder; the first error or failed command stops it."""
    from nbclient import NotebookClient

    whole = nbformat.v4.new_notebook(
        metadata=notebook.metadata, cells=[nbformat.v4.new_code_cell(COMMANDS_STOP, id="commands"), *notebook.cells]
    )
    NotebookClient(whole, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    del whole.cells[0]
    for cell in whole.cells:
        if cell.cell_type == "code":
            cell.execution_count -= 1
    return whole


def write_whole(path: Path, text: str) -> None:
    """Write a file aside and rename it, so that who waits for it finds it whole."""
    aside = path.with_suffix(".part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def outputs(folder: Path, name: str, seconds: float = SECONDS) -> str:
    """Return a page with its outputs as the text of a notebook, waiting until it has run.

    Raises
    ------
    RuntimeError
        A cell of the page failed, or the page was not run.
    """
    own, limit = folder / name.replace("/", "-"), time.monotonic() + seconds
    while time.monotonic() < limit:
        ended = (folder / ENDED).exists()
        if (own / "done.ipynb").exists():
            return (own / "done.ipynb").read_text(encoding="utf-8")
        if (own / FAILED).exists():
            raise RuntimeError(f"{name}: {(own / FAILED).read_text(encoding='utf-8')}")
        if ended:
            break
        time.sleep(LOOK)
    raise RuntimeError(f"{name} was not run.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
