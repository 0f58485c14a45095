"""`coxa demo` and `coxa new`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from coxa.cli.analyse import run, show, write_report
from coxa.cli.edge import WRONG_USE, OutPath, Quiet, Verbose, edge

PACKAGE = Path(__file__).parents[1]
TEMPLATES = PACKAGE / "study" / "templates"


def demo_files() -> Path:
    """Return the folder that holds the demonstration: in the installed package, or the repository itself."""
    installed = PACKAGE / "_demo"
    return installed if installed.is_dir() else PACKAGE.parents[1]


def demo_command(out: OutPath = Path("coxa-demo"), quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Analyse a small synthetic hip osteoarthritis trial and write its report."""
    with edge(verbose):
        report = run(demo_files() / "analyses" / "hip_oa_trial" / "study.yaml", None, quiet)
        (page,) = write_report(report, out, quiet)
        show(report, as_json=False, quiet=quiet)
        typer.echo(f"report: {page}")


def new_command(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")] = Path("my-trial"),
    template: Annotated[str, typer.Option("--template", help="Which example to start from.")] = "parallel-trial",
) -> None:
    """Start a study: a commented study.yaml that runs, with example data to be replaced by your own."""
    with edge():
        from coxa.errors import check_option

        names = sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir())
        check_option("template", template, names)
        if folder.exists() and any(folder.iterdir()):
            typer.secho(f"{folder} exists and is not empty; name another folder", fg="red", err=True)
            raise typer.Exit(WRONG_USE)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEMPLATES / template / "study.yaml", folder / "study.yaml")
        example = demo_files() / "synthetic_data" / "hip_oa_trial"
        shutil.copytree(example, folder / "data", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        typer.echo(f"wrote {folder / 'study.yaml'} and {folder / 'data'}; now try:")
        command = os.environ.get("COXA_COMMAND", "coxa")
        typer.echo(f"  {command} check {folder / 'study.yaml'}")
        typer.echo(f"  {command} report {folder / 'study.yaml'} --out {folder / 'out'}")
