"""`coxa analyse` and `coxa report`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import (
    FOUND,
    AsJson,
    DataPath,
    OutPath,
    Quiet,
    StudyPath,
    Verbose,
    check_there,
    edge,
    print_json,
    working,
)
from coxa.errors import OptionError
from coxa.files import save, whole_run

if TYPE_CHECKING:
    from coxa.report.document import Format
    from coxa.report.lengths import ReportLength
    from coxa.report.report import Report
    from coxa.report.topics.committee.groups import Arms
    from coxa.report.trace.crate import CrateOptions
    from coxa.study import Study
    from coxa.study.words import StyleName


SMALL_DATA = 10_000_000
"""Bytes of data up to which texts are kept as Python's. What is done to short columns thousands of times in a report
takes a fifth less time so; long columns are read faster, and are smaller, as Arrow's."""


def analyse_command(
    study: StudyPath,
    data: DataPath = None,
    out: OutPath = Path("out"),
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run every analysis of a plan, and write estimates, findings and excluded rows.

    Example: coxa analyse study.yaml --data data --out results
    """
    with edge(verbose, as_json):
        from coxa.study import read_study
        from coxa.study.comparative import with_arms

        plan = with_arms(read_study(study), "`coxa analyse`")
        with texts_by_size(plan, data):
            report = run(plan, data, quiet)
            from coxa.report.write import write_results

            files = write_results(report, out)
        show(report, as_json, quiet)
        if not as_json:
            typer.echo(f"results: {', '.join(str(file) for file in files)}")
        stop_if_not_fitted(report)


def report_command(
    study: StudyPath,
    data: DataPath = None,
    out: OutPath = Path("out"),
    forms: Annotated[
        str, typer.Option("--format", help="Formats of the report: html, pdf, docx (Word), or several with commas.")
    ] = "html",
    style: Annotated[
        str | None,
        typer.Option("--style", help="Style of numbers: plain, jama, lancet or nejm; by default that of the plan."),
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(
            "--length",
            help=(
                "Length: slide (one, as html), brief (two pages), journal (with a supplement), committee (recruitment, "
                "completeness and harms, without results) or full. The default is full for a page, journal for PDF and "
                "Word."
            ),
        ),
    ] = None,
    arms: Annotated[
        str | None,
        typer.Option("--arms", help="Arms in a report to a committee: pooled (default), or masked as A and B."),
    ] = None,
    shell: Annotated[
        bool, typer.Option("--shell", help="Write shell.html, the planned report with blanks, without any data.")
    ] = False,
    share: Annotated[
        bool | None,
        typer.Option(
            "--share/--no-share",
            help=(
                "Hide small counts (`report: small_cells`) and leave out single participants, for a report that "
                "is shared. The default for a crate."
            ),
        ),
    ] = None,
    crate: Annotated[
        bool, typer.Option("--crate", help="Also write an RO-Crate: plan, lock, results and report in one archive.")
    ] = False,
    date: Annotated[
        str | None, typer.Option("--date", help="Date of the crate, as YYYY-MM-DD; today by default.")
    ] = None,
    licence: Annotated[str, typer.Option("--licence", help="Licence of the crate, as text or as an address.")] = "",
    watched: Annotated[
        bool, typer.Option("--watch", help="Write the report again whenever the plan or its data change.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run every analysis of a plan and write the report with its results.

    Example: coxa report study.yaml --format html,pdf --out report
    """
    with edge(verbose, as_json):
        from coxa.errors import check_option
        from coxa.figures.renderer import second_process
        from coxa.report.lengths import LENGTHS
        from coxa.report.topics.committee.groups import ARMS
        from coxa.report.transform.styled import check_style
        from coxa.report.write import refuse_team_files
        from coxa.study import read_study

        wanted = asked_forms(forms)
        named = check_style(style) if style is not None else None
        long = check_option("--length", length, LENGTHS) if length is not None else None
        if arms is not None and long != "committee":
            raise OptionError("`--arms` is for a report to a committee. Add `--length committee`.")
        seen = check_option("--arms", arms, ARMS) if arms is not None else "pooled"
        if shell:
            _shell(study, data, out, wanted, quiet)
            return
        if not crate and (date or licence):
            raise OptionError("`--date` and `--licence` describe a crate. Add `--crate`.")
        options = crate_options(date, licence) if crate else None
        for_others = crate if share is None else share
        if for_others:
            refuse_team_files(out)

        def make() -> None:
            with second_process(), texts_by_size(plan := read_study(study), data):
                report = observe(plan, data, quiet) if long == "committee" else run(plan, data, quiet)
                written = write(
                    report, out, quiet, wanted, data=data, style=named, length=long, arms=seen, share=for_others,
                    crate=options,
                )  # fmt: skip
            if long != "committee":
                show(report, as_json, quiet)
            if not as_json:
                typer.echo(f"report: {', '.join(map(str, written))}")
            stop_if_not_fitted(report)

        if watched:
            from coxa.cli.watch import watch

            watch(study, data, lambda: _again(make, verbose))
        else:
            make()


def _again(make: Callable[[], None], verbose: bool) -> None:
    """Make a report, and show what is wrong with the plan or the data as the command does."""
    with edge(verbose):
        make()


def _shell(study: Path, data: Path | None, out: Path, forms: tuple[Format, ...], quiet: bool) -> None:
    """Write the report before there are data, and say where."""
    if data is not None:
        raise OptionError("A shell is made without data. Leave out `--data` or `--shell`.")
    with working(f"planning the report of {study}", quiet):
        from coxa.report.output.render import render_document
        from coxa.report.transform.shell import shell
        from coxa.study import read_study
        from coxa.study.comparative import with_arms

        document = shell(with_arms(read_study(study), "`coxa report --shell`"))
        with whole_run(out) as part:
            written = [save(part / f"shell.{form}", render_document(document, form)) for form in forms]
    typer.echo(f"shell: {', '.join(str(out / path.name) for path in written)}")


def asked_forms(text: str) -> tuple[Format, ...]:
    """Return the forms named in a list with commas, each once; refuse what there is not."""
    from coxa.errors import check_option
    from coxa.report.document import FORMATS

    forms = (check_option("--format", word.strip().lower(), FORMATS) for word in text.split(","))
    return tuple(dict.fromkeys(forms))


@contextmanager
def texts_by_size(study: Study, data: Path | None) -> Iterator[None]:
    """Let pandas keep texts as Python's while the data of a plan are small, and as Arrow's where they are not."""
    import pandas as pd

    from coxa.cohort.read import data_size

    check_there(data)
    with pd.option_context("mode.string_storage", "python" if data_size(study, data) <= SMALL_DATA else "auto"):
        yield


def run(study: Study, data: Path | None, quiet: bool) -> Report[Study]:
    """Analyse a plan with a sign of life."""
    with working(f"analysing {study.study}", quiet) as tell:
        from coxa.report.analyse import analyse

        return analyse(study, data, progress=tell)


def observe(study: Study, data: Path | None, quiet: bool) -> Report[Study]:
    """Read and check the data of a plan, and analyse nothing."""
    with working(f"reading the data of {study.study}", quiet):
        from coxa.report.analyse import describe

        return describe(study, data)


def write(
    report: Report[Study],
    out: Path,
    quiet: bool,
    forms: tuple[Format, ...] = ("html",),
    *,
    data: Path | None = None,
    style: StyleName | None = None,
    length: ReportLength | None = None,
    arms: Arms = "pooled",
    share: bool = False,
    crate: CrateOptions | None = None,
) -> list[Path]:
    """Write the report with its results; warn of forms in the folder that are those of other results."""
    with working("writing the report", quiet):
        from coxa.report.trace.kept import FORMS, read_kept, written_with
        from coxa.report.write import write_report

        written = write_report(
            report, out, forms, data=data, style=style, length=length, arms=arms, share=share, crate=crate
        )
        before = [out / form for form in FORMS if (out / form).is_file() and out / form not in written]
        kept = read_kept(out) if before else None
        others = [form.name for form in before if kept and not written_with(kept, form)]
    if others:
        typer.secho(
            f"warning: {out} also has {', '.join(others)} of an earlier run with other results. Write all forms in one "
            "run with --format, or delete the old ones.",
            fg="yellow",
            err=True,
        )
    return written


def crate_options(date: str | None, licence: str) -> CrateOptions:
    """Return the options of a crate; refuse a date that is none before anything is done."""
    from coxa.report.trace.crate import CrateOptions
    from coxa.study.locking.lock import day_text

    return CrateOptions(day_text(date), licence)


def stop_if_not_fitted(report: Report[Study]) -> None:
    """Print which analyses and parts have no numbers and what can be done, on standard error; leave with a finding."""
    from coxa.errors import FitError

    failed = [(why, "the other analyses of the plan are in the results") for why in report.not_fitted.values()]
    for parts in report.parts_not_fitted.values():
        failed += [(why, "the rest of the analysis is in the results") for why in parts]
    for why, rest in failed:
        typer.secho(str(FitError(f"{why.message} ({rest})", why.remedies)), fg="red", err=True)
    if failed:
        raise typer.Exit(FOUND)


def show(report: Report[Study], as_json: bool, quiet: bool) -> None:
    """Print the comparisons, or all estimates as JSON."""
    if as_json:
        print_json(report.estimates.frame)
        return
    from coxa.cli.show import show_comparisons, show_findings
    from coxa.cli.show_lock import show_status

    if not quiet:
        from coxa.report.record import compares
        from coxa.report.topics.answer.section import comparison_cautions

        if compares(report):
            show_comparisons(report)
            for text in comparison_cautions(report):
                typer.echo(f"caution: {text}")
        show_findings(report.findings.warnings)
    show_status(report.status, quiet)
