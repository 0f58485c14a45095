"""The edge of the program: options that commands share, errors turned into messages and exit codes.

Exit codes: 0 done, 1 a finding (a faulty plan, bad data, a model that did not converge), 2 wrong use.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from coxa.errors import CoxaError, FindingsError, OptionError
from coxa.sentences import sentence, sentences

if TYPE_CHECKING:
    import pandas as pd

FOUND, WRONG_USE = 1, 2
PROGRESS = "COXA_PROGRESS"
"""Variable of the environment by which a program asks for a line of standard error for each step."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)

StudyPath = Annotated[Path, typer.Argument(metavar="STUDY.YAML", help="The study file.")]
DataPath = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the data files, or the one data file, instead of the plan's folder."),
]
OutPath = Annotated[Path, typer.Option("--out", help="Folder for the results; created if it does not exist.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
SheetName = Annotated[str | None, typer.Option("--sheet", help="Sheet of an Excel file; the first by default.")]
HeaderRow = Annotated[
    list[int] | None,
    typer.Option("--header-row", help="Row with the names of the columns; repeat it for names in several rows."),
]
MaxCells = Annotated[
    int | None,
    typer.Option("--max-cells", min=1, help="Largest number of cells of the file; 2 million by default for Excel."),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only findings and the places of the results.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Show the traceback of an unexpected error.")]


@contextmanager
def edge(verbose: bool = False, as_json: bool = False) -> Iterator[None]:
    """Turn what goes wrong inside into a message on standard error and an exit code.

    With `as_json`, standard output has JSON in every case: the findings, or `{"error": message}`.
    """
    try:
        yield
    except FindingsError as error:
        from coxa.cli.show import show_findings

        typer.secho(sentence(str(error.args[0])), fg="red", bold=True, err=True)
        if as_json:
            print_json(error.findings.to_frame())
        else:
            show_findings(error.findings, to_stderr=True)
        raise typer.Exit(FOUND) from None
    except OptionError as error:
        _stop(str(error), WRONG_USE, as_json)
    except CoxaError as error:
        _stop(str(error), FOUND, as_json)
    except BrokenPipeError:
        raise
    except FileNotFoundError as error:
        _stop(f"There is no file {error.filename}.", WRONG_USE, as_json)
    except OSError as error:
        if error.errno in NO_ROOM:
            _stop(f"{error.filename} cannot be written: {error.strerror}. Nothing was changed.", FOUND, as_json)
        _stop(f"{error.filename}: {sentences(str(error.strerror or error))}", WRONG_USE, as_json)
    except MemoryError as error:
        _stop(f"There is not enough memory for this. {error}".rstrip(), FOUND, as_json)
    except (typer.Exit, typer.Abort, KeyboardInterrupt):
        raise
    except Exception as error:
        if verbose:
            traceback.print_exc()
        _stop(
            f"Unexpected {type(error).__name__}: {error}\nThis is a fault of coxa, not of your data. Run again with "
            "-v and report what it prints.",
            FOUND,
            as_json,
        )


def _stop(message: str, code: int, as_json: bool) -> NoReturn:
    """Print a message and leave with an exit code."""
    if as_json:
        typer.echo(json.dumps({"error": message}))
    else:
        typer.secho(message, fg="red", err=True)
    raise typer.Exit(code) from None


def print_json(frame: pd.DataFrame) -> None:
    """Print a table as JSON, one object a row."""
    typer.echo(frame.to_json(orient="records", double_precision=15))


def check_there(path: Path | None) -> None:
    """Raise `FileNotFoundError` if a file or folder that was named is not there."""
    if path is not None and not path.exists():
        raise FileNotFoundError(errno.ENOENT, "no such file", str(path))


@contextmanager
def working(what: str, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show on a terminal's standard error that something is going on; nothing with -q, or into a file.

    Yields a function that reports a step: its name, how many are done, and how many there are. A program that has
    set `COXA_PROGRESS=lines` gets a line for each step.
    """
    if os.environ.get(PROGRESS) == "lines":
        _progress_line(what, 0, 0)
        yield _progress_line
        return
    if quiet or not can_move():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.markup import escape

    started = perf_counter()
    with Console(stderr=True).status(escape(what)) as status:
        yield lambda step, done, total: status.update(
            escape(f"{what}: {step} ({done + 1} of {total}{to_go(perf_counter() - started, done, total)})")
        )


def can_move() -> bool:
    """Return whether standard error is a terminal in which a line is drawn over; that of a notebook is none."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and "JPY_PARENT_PID" not in os.environ


def _progress_line(step: str, done: int, total: int) -> None:
    """Write a step on standard error for the program that started this one; go on where it has ended."""
    with suppress(OSError):
        sys.stderr.write(f"progress\t{' '.join(step.split())}\t{done}\t{total}\n")
        sys.stderr.flush()


def to_go(elapsed: float, done: int, total: int) -> str:
    """Return how long the rest of some steps takes, if they take as long as those that are done.

    Examples
    --------
    >>> to_go(12.0, 3, 10), to_go(0.4, 0, 10)
    (', about 28 s to go', '')
    """
    return f", about {elapsed / done * (total - done):.0f} s to go" if done else ""
