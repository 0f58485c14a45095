"""Do something again whenever a plan or its data change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from time import sleep

import typer

SECONDS = 0.5
"""Between two looks at the files."""

State = dict[Path, tuple[int, int] | None]


def watch(study: Path, data: Path | None, make: Callable[[], None], *, looks: int | None = None) -> None:
    """Call `make`, and again after each change, until the user stops it with Ctrl-C.

    Parameters
    ----------
    study, data
        The study file, and the folder or the file of its data where it is not the plan's.
    make
        What is done; a run that ends in a finding is shown, and the next change is waited for.
    looks
        How often the files are looked at; without end unless given.
    """
    looked = 0
    while True:
        before = state_of(files_of(study, data))
        with suppress(typer.Exit):
            make()
        typer.echo(f"watching {len(before)} files; Ctrl-C ends it", err=True)
        while state_of(before) == before:
            if looks is not None and looked >= looks:
                return
            looked += 1
            sleep(SECONDS)


def files_of(study: Path, data: Path | None) -> list[Path]:
    """Return the study file and the data files that it names; only itself while it has faults."""
    from coxa.errors import CoxaError
    from coxa.study import read_study

    try:
        plan = read_study(study)
    except CoxaError:
        return [study]
    if data is not None and data.is_file():
        return [study, data]
    named = plan.data.tables.values() if plan.data else ()
    folder = data or study.parent / (plan.data.folder if plan.data else ".")
    return list(dict.fromkeys([study, *(folder / source.file for source in named)]))


def state_of(files: Iterable[Path]) -> State:
    """Return time of change and size of each file; None of one that is not there."""
    return {file: (file.stat().st_mtime_ns, file.stat().st_size) if file.is_file() else None for file in files}
