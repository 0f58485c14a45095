"""`coxa analyse` and `coxa report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, DataPath, OutPath, Quiet, StudyPath, Verbose, edge, working

if TYPE_CHECKING:
    from coxa.report.record import Report


def analyse_command(
    study: StudyPath,
    data: DataPath = None,
    out: OutPath = Path("out"),
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run every analysis of a plan; write estimates, findings and what was left out."""
    with edge(verbose):
        report = run(study, data, quiet)
        from coxa.report.write import write_results

        files = write_results(report, out)
        show(report, as_json, quiet)
        if not as_json:
            typer.echo(f"results: {', '.join(str(file) for file in files)}")


def report_command(
    study: StudyPath,
    data: DataPath = None,
    out: OutPath = Path("out"),
    form: Annotated[str, typer.Option("--format", help="Form of the report: html.")] = "html",
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run every analysis of a plan and write the report beside the results."""
    with edge(verbose):
        from coxa.errors import check_option

        check_option("report format", form, ["html"])
        report = run(study, data, quiet)
        page = write_report(report, out, quiet)
        show(report, as_json, quiet)
        if not as_json:
            typer.echo(f"report: {page}")


def run(study: Path, data: Path | None, quiet: bool) -> Report:
    """Analyse a plan with a sign of life."""
    with working(f"analysing {study}", quiet):
        from coxa.report.analyse import analyse

        return analyse(study, data)


def write_report(report: Report, out: Path, quiet: bool) -> Path:
    """Write results and report; return the report's path."""
    with working("writing the report", quiet):
        from coxa.report.render import render
        from coxa.report.write import write_document, write_results

        write_results(report, out)
        return write_document(render(report, format="html"), out / "report.html")


def show(report: Report, as_json: bool, quiet: bool) -> None:
    """Print the comparisons, or all estimates as JSON."""
    if as_json:
        typer.echo(report.estimates.frame.to_json(orient="records", double_precision=15))
        return
    from coxa.cli.show import show_comparisons, show_findings

    if not quiet:
        show_comparisons(report)
        show_findings(report.findings.warnings)
