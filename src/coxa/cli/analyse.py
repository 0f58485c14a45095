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
    shell: Annotated[
        bool, typer.Option("--shell", help="Write shell.html: the planned report with blanks, without any data.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run every analysis of a plan and write the report beside the results."""
    with edge(verbose, as_json):
        wanted = asked_forms(forms)
        if shell:
            _shell(study, data, out, wanted, quiet)
            return
        report = run(study, data, quiet)
        written = write_report(report, out, quiet, wanted, data)
        show(report, as_json, quiet)
        if not as_json:
            typer.echo(f"report: {', '.join(map(str, written))}")


def _shell(study: Path, data: Path | None, out: Path, forms: tuple[str, ...], quiet: bool) -> None:
    """Write the report before there are data, and say where."""
    from coxa.errors import OptionError

    if data is not None:
        raise OptionError("a shell is made without data; leave out --data, or --shell")
    with working(f"planning the report of {study}", quiet):
        from coxa.report.render import render_document
        from coxa.report.shell import shell
        from coxa.report.write import write_document
        from coxa.study import read_study

        document = shell(read_study(study))
        out.mkdir(parents=True, exist_ok=True)
        written = [write_document(render_document(document, form), out / f"shell.{form}") for form in forms]
    typer.echo(f"shell: {', '.join(map(str, written))}")


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
    report: Report, out: Path, quiet: bool, forms: tuple[str, ...] = ("html",), data: Path | None = None
) -> list[Path]:
    """Write results, the results data set and the report; return the paths of the report's forms."""
    with working("writing the report", quiet):
        from coxa.report.build import build_document
        from coxa.report.kept import write_kept
        from coxa.report.render import render_document
        from coxa.report.write import write_document, write_results

        document = build_document(report)
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
