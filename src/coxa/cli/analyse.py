"""`coxa analyse` and `coxa report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, DataPath, OutPath, Quiet, StudyPath, Verbose, check_there, edge, print_json, working

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
    with edge(verbose, as_json):
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
    forms: Annotated[
        str, typer.Option("--format", help="Forms of the report: html, pdf, docx (Word), or several with commas.")
    ] = "html",
    style: Annotated[
        str | None,
        typer.Option("--style", help="How numbers are written: plain, jama, lancet, nejm; else as the plan says."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run every analysis of a plan and write the report beside the results."""
    with edge(verbose, as_json):
        from coxa.report.styled import check_style

        wanted = asked_forms(forms)
        if style is not None:
            check_style(style)
        report = run(study, data, quiet)
        written = write_report(report, out, quiet, wanted, data, style)
        show(report, as_json, quiet)
        if not as_json:
            typer.echo(f"report: {', '.join(map(str, written))}")


def asked_forms(text: str) -> tuple[str, ...]:
    """Return the forms named in a list with commas, each once; refuse what there is not."""
    from coxa.errors import check_option
    from coxa.report.render import FORMATS

    forms = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",")))
    for form in forms:
        check_option("report format", form, FORMATS)
    return forms


def run(study: Path, data: Path | None, quiet: bool) -> Report:
    """Analyse a plan with a sign of life."""
    check_there(data)
    with working(f"analysing {study}", quiet):
        from coxa.report.analyse import analyse

        return analyse(study, data)


def write_report(
    report: Report,
    out: Path,
    quiet: bool,
    forms: tuple[str, ...] = ("html",),
    data: Path | None = None,
    style: str | None = None,
) -> list[Path]:
    """Write results, the results data set and the report; return the paths of the report's forms."""
    with working("writing the report", quiet):
        from coxa.report.build import build_document
        from coxa.report.kept import write_kept
        from coxa.report.render import render_document
        from coxa.report.write import write_document, write_results

        document = build_document(report, style)
        write_results(report, out)
        write_kept(report, document, out, data)
        return [write_document(render_document(document, form), out / f"report.{form}") for form in forms]


def show(report: Report, as_json: bool, quiet: bool) -> None:
    """Print the comparisons, or all estimates as JSON."""
    if as_json:
        print_json(report.estimates.frame)
        return
    from coxa.cli.show import show_comparisons, show_findings

    if not quiet:
        show_comparisons(report)
        show_findings(report.findings.warnings)
