"""The edge of the program: options that commands share, errors turned into messages and exit codes.

Exit codes: 0 done, 1 a finding (a faulty plan, bad data, a model that did not converge), 2 wrong use.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from coxa.errors import CoxaError, FindingsError, OptionError

FOUND, WRONG_USE = 1, 2

StudyPath = Annotated[Path, typer.Argument(metavar="STUDY.YAML", help="The study file.")]
DataPath = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the data files, or the one data file, instead of the plan's folder."),
]
OutPath = Annotated[Path, typer.Option("--out", help="Folder for the results; made if it is not there.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only what was found and where results are.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Show where an unexpected error came from.")]


@contextmanager
def edge(verbose: bool = False) -> Iterator[None]:
    """Turn what goes wrong inside into a message on standard error and an exit code."""
    try:
        yield
    except FindingsError as error:
        from coxa.cli.show import show_findings

        typer.secho(str(error.args[0]), fg="red", bold=True, err=True)
        show_findings(error.findings, to_stderr=True)
        raise typer.Exit(FOUND) from None
    except OptionError as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(WRONG_USE) from None
    except CoxaError as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(FOUND) from None
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        typer.secho(f"{error.strerror}: {error.filename}", fg="red", err=True)
        raise typer.Exit(WRONG_USE) from None
    except (typer.Exit, typer.Abort, KeyboardInterrupt):
        raise
    except Exception as error:
        if verbose:
            traceback.print_exc()
        typer.secho(
            f"unexpected {type(error).__name__}: {error}\nThis is a fault of coxa, not of your data; run again with "
            "-v and report what it prints.",
            fg="red",
            err=True,
        )
        raise typer.Exit(FOUND) from None


@contextmanager
def working(what: str, quiet: bool) -> Iterator[None]:
    """Show that something is going on, where somebody is looking."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
