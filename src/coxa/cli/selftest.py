"""`coxa selftest`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, Quiet, Verbose, edge, print_json, working

if TYPE_CHECKING:
    from coxa.selftest import Selftest


def selftest_command(
    only: Annotated[
        list[str] | None, typer.Option("--case", help="Name of a case; repeat it for several. All unless given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the validation file: HTML, PDF, and every number as CSV.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Prove this installation: fit data that ship with coxa, and compare each number with that of R or SAS.

    Exit code 1 if a number differs by more than its tolerance.

    Example: coxa selftest --out validation
    """
    with edge(verbose, as_json):
        from coxa.selftest import run_selftest

        with working("fitting", quiet):
            result = run_selftest(tuple(only or ()))
        if as_json:
            print_json(result.to_frame())
        elif not quiet:
            show(result)
        typer.echo(result.verdict, err=as_json)
        if out is not None:
            for path in write(result, out):
                typer.echo(f"wrote {path}", err=as_json)
        if not result.passed:
            raise typer.Exit(1)


def show(result: Selftest) -> None:
    """Print each case with how many numbers passed and the largest difference, and every number that did not."""
    from rich.table import Table

    from coxa.cli.show import console
    from coxa.selftest.cases import CASES

    table = Table("Case", "Compared with", "Numbers", "Passed", "Largest difference", box=None)
    for name in result.seconds:
        checks = [check for check in result.checks if check.case == name]
        if name in result.failed:
            table.add_row(CASES[name].title, "", "", "stopped", result.failed[name])
            continue
        worst = max(checks, key=lambda check: check.difference / check.tolerance)
        passed = sum(check.passed for check in checks)
        said = f"{worst.difference:.1e} {worst.unit} (allowed {worst.tolerance:.0e})"
        table.add_row(CASES[name].title, checks[0].software, str(len(checks)), str(passed), said)
    console().print(table)
    for check in result.checks:
        if not check.passed:
            typer.echo(f"{check.case}, {check.quantity}: {check.ours:.10g}, {check.software} {check.reference:.10g}")
    for operation in result.operation:
        typer.echo(f"{'passed' if operation.passed else 'FAILED'}: {operation.name} ({operation.found})")
    for name, why in result.left_out.items():
        typer.echo(f"left out: {CASES[name].title}; {why}")


def write(result: Selftest, folder: Path) -> list[Path]:
    """Write the validation file as HTML and PDF, and the numbers as CSV; return where they are."""
    from datetime import date

    from coxa.files import save, whole_run
    from coxa.report import render
    from coxa.report.output.csv_files import csv_text
    from coxa.selftest.document import selftest_document

    document = selftest_document(result, date.today().isoformat())
    content = {
        "validation.html": render(document, "html").encode(),
        "validation.pdf": render(document, "pdf"),
        "numbers.csv": csv_text(result.to_frame()).encode(),
    }
    with whole_run(folder) as writing:
        for name, text in content.items():
            save(writing / name, text)
    return [folder / name for name in content]
