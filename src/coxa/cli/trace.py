"""`coxa why`, `coxa verify` and `coxa compare`: where a number is from, and whether it comes out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from coxa.cli.edge import FOUND, AsJson, DataPath, Quiet, Verbose, check_there, edge, print_json, working

ReportPath = Annotated[Path, typer.Argument(metavar="REPORT", help="Folder of a report, or a file in it.")]
Tolerance = Annotated[float, typer.Option("--tolerance", min=0, help="Largest relative difference of equal numbers.")]
SAME = 1e-9


def why_command(
    report: ReportPath,
    cell: Annotated[
        str | None, typer.Option("--cell", help="Address of the number, such as T3.r4.c2 for table 3, row 4, column 2.")
    ] = None,
    imputed: Annotated[
        str | None,
        typer.Option("--imputed", metavar="PARTICIPANT:VISIT", help="An imputed value in place of a number."),
    ] = None,
    analysis: Annotated[str | None, typer.Option("--analysis", help="Of an imputed value: in which analysis.")] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Explain a number of a report: statistic, estimand, model, line of the plan, rows used and excluded.

    Or an imputed value: what was observed, the strategy, the reference arm, the conditional mean and its spread.

    Example: coxa why report --cell T3.r2.c4
    """
    with edge(verbose, as_json):
        check_there(report)
        from coxa.errors import OptionError

        if (cell is None) == (imputed is None):
            raise OptionError(
                "Give the address of a number by `--cell`, such as T1.r2.c5, or an imputed value by `--imputed`."
            )
        from coxa.files import undamaged
        from coxa.report.trace.kept import AGAIN, read_kept
        from coxa.report.trace.why import why

        kept = read_kept(report)
        with undamaged(kept.folder / "results.json", AGAIN):
            facts = why(kept, cell) if cell is not None else _imputed_facts(kept.folder, str(imputed), analysis)
        if as_json:
            typer.echo(json.dumps([{"name": name.strip(), "text": text} for name, text in facts], ensure_ascii=False))
            return
        width = max(len(name) for name, _ in facts)
        for name, text in facts:
            typer.echo(f"{name:<{width}}  {text}")


def _imputed_facts(folder: Path, imputed: str, analysis: str | None) -> list[tuple[str, str]]:
    """Return what is behind an imputed value that is named by its participant and visit."""
    from coxa.errors import OptionError
    from coxa.report.trace.imputed import why_imputed

    participant, colon, visit = imputed.rpartition(":")
    if not colon:
        raise OptionError(f"`--imputed` is {imputed}. Write the participant and the visit, such as P012:week_12.")
    return why_imputed(folder, participant, visit, analysis)


def verify_command(
    report: ReportPath,
    data: DataPath = None,
    tolerance: Tolerance = SAME,
    earlier: Annotated[
        Path | None, typer.Option("--earlier", help="Of an audit: the folder of the one before that it was made with.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run the plan of a report or an audit again and compare every number; exit code 1 if any differs.

    Example: coxa verify report
    """
    with edge(verbose, as_json):
        check_there(report)
        check_there(data)
        with working(f"running {report} again", quiet):
            from coxa.report.trace.kept import read_kept
            from coxa.report.trace.verify import verify

            if "audit" in read_kept(report).provenance:
                from coxa.clinics.verify import verify_audit

                verified = verify_audit(report, data, tolerance, earlier)
            else:
                verified = verify(report, data, tolerance)
        if as_json:
            print_json(verified.findings.to_frame())
        else:
            from coxa.cli.show import show_findings

            show_findings(verified.findings)
            differ = len(verified.findings.errors)
            typer.echo(f"{verified.n_numbers} numbers compared; {differ} difference(s)")
        if verified.findings.errors:
            raise typer.Exit(FOUND)


def compare_command(
    first: Annotated[
        Path, typer.Argument(metavar="FIRST", help="The folder of a report, or a results data set, .parquet or .csv.")
    ],
    second: Annotated[
        Path, typer.Argument(metavar="SECOND", help="The folder or results data set to compare it with.")
    ],
    tolerance: Tolerance = SAME,
    page: Annotated[
        Path | None,
        typer.Option("--page", help="Also write a page on two reports with the numbers that differ."),
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Compare every number of two reports or results data sets; exit code 1 if any differs.

    Example: coxa compare report report-after --page moved.html
    """
    with edge(verbose, as_json):
        check_there(first)
        check_there(second)
        from coxa.report.trace.compare import compare_results
        from coxa.report.trace.kept import read_results

        paths = [path / "results.parquet" if path.is_dir() else path for path in (first, second)]
        before, after = map(read_results, paths)
        differences = compare_results(before, after, tolerance)
        if page is not None:
            from coxa.files import save
            from coxa.report.output.html import render_html
            from coxa.report.trace.kept import read_kept
            from coxa.report.trace.moved import moved_document

            save(page, render_html(moved_document(read_kept(first), read_kept(second), tolerance)))
            typer.echo(f"page: {page}", err=True)
        if as_json:
            print_json(differences)
        else:
            for row in differences.itertuples(index=False):
                address = "/".join(str(part) or "-" for part in row[:7])
                typer.echo(f"{address}: {row.first!r}, {row.second!r} ({row.what})")
            typer.echo(f"{len(differences)} difference(s)")
        if len(differences):
            raise typer.Exit(FOUND)
