"""`coxa analyse` and `coxa report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, DataPath, OutPath, Quiet, StudyPath, Verbose, check_there, edge, print_json, working
from coxa.errors import OptionError

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
    shell: Annotated[
        bool, typer.Option("--shell", help="Write shell.html: the planned report with blanks, without any data.")
    ] = False,
    share: Annotated[
        bool | None,
        typer.Option(
            "--share/--no-share",
            help="For others: hide small counts (`report: small_cells`), leave out single participants. A crate is for "
            "others unless --no-share.",
        ),
    ] = None,
    crate: Annotated[
        bool, typer.Option("--crate", help="Also write an RO-Crate: plan, lock, results and report in one archive.")
    ] = False,
    date: Annotated[
        str | None, typer.Option("--date", help="Day of the crate, as YYYY-MM-DD; today unless given.")
    ] = None,
    licence: Annotated[str, typer.Option("--licence", help="Licence of the crate: words, or an address.")] = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run every analysis of a plan and write the report beside the results."""
    with edge(verbose, as_json):
        from coxa.report.styled import check_style
        from coxa.report.write import refuse_team_files

        wanted = asked_forms(forms)
        if style is not None:
            check_style(style)
        if shell:
            _shell(study, data, out, wanted, quiet)
            return
        if not crate and (date or licence):
            raise OptionError("--date and --licence are those of a crate; add --crate")
        from coxa.study.lock import day_text

        day = day_text(date)
        for_others = crate if share is None else share
        if for_others:
            refuse_team_files(out)
        report = run(study, data, quiet)
        written = write_report(report, out, quiet, wanted, data, style, for_others)
        if crate:
            from coxa.report.crate import write_crate

            written.append(write_crate(report, out, wanted, day, licence, for_others))
        show(report, as_json, quiet)
        if not as_json:
            typer.echo(f"report: {', '.join(map(str, written))}")


def _shell(study: Path, data: Path | None, out: Path, forms: tuple[str, ...], quiet: bool) -> None:
    """Write the report before there are data, and say where."""
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
    report: Report,
    out: Path,
    quiet: bool,
    forms: tuple[str, ...] = ("html",),
    data: Path | None = None,
    style: str | None = None,
    share: bool = False,
) -> list[Path]:
    """Write results, the results data set and the report; return the paths of the report's forms.

    What is shared is written without small counts, and without the files that name participants or hold all estimates.
    """
    with working("writing the report", quiet):
        from coxa.report.analyse import timed
        from coxa.report.build import build_document
        from coxa.report.kept import write_kept
        from coxa.report.render import render_document
        from coxa.report.write import write_document, write_results, write_run

        seconds: dict[str, float] = {}
        with timed(seconds, "document"):
            document = build_document(report, style, share)
        written = []
        out.mkdir(parents=True, exist_ok=True)
        for form in forms:
            with timed(seconds, form):
                written.append(write_document(render_document(document, form), out / f"report.{form}"))
        if share:
            write_run(report, out, seconds)
        else:
            write_results(report, out, seconds)
        write_kept(report, document, out, data)
        return written


def show(report: Report, as_json: bool, quiet: bool) -> None:
    """Print the comparisons, or all estimates as JSON."""
    if as_json:
        print_json(report.estimates.frame)
        return
    from coxa.cli.show import show_comparisons, show_findings
    from coxa.cli.show_lock import show_status

    if not quiet:
        show_comparisons(report)
        show_findings(report.findings.warnings)
    show_status(report.status, quiet)
