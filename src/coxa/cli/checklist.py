"""`coxa checklist` and `coxa cite`: what a plan and its report say, and what they go back to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, DataPath, Quiet, StudyPath, Verbose, check_there, edge, print_json, working

if TYPE_CHECKING:
    from coxa.report.document import Document
    from coxa.report.report import Report
    from coxa.report.topics.checklists.answer import Checklist
    from coxa.study import Study

Data = Annotated[
    Path | None,
    typer.Argument(metavar="[DATA]", help="Folder of the data files, or one file; without it, only the plan is used."),
]


def checklist_command(
    study: StudyPath,
    data: Data = None,
    named_data: DataPath = None,
    guideline: Annotated[
        str | None,
        typer.Option(
            help=(
                "Checklists: consort-2025, cent, consort-pro, spirit-2025, strobe, tidier, cert, or several "
                "with commas; by default those of the design."
            )
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write: .docx, .pdf, .html, .csv or .md.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Fill in reporting checklists: where each item is reported, and which items are missing.

    Example: coxa checklist study.yaml data --out checklist.docx
    """
    with edge(verbose, as_json):
        from coxa.errors import OptionError
        from coxa.report.topics.checklists.answer import fill
        from coxa.report.topics.checklists.definition import load_guideline
        from coxa.report.topics.checklists.files import asked_form, write_checklists
        from coxa.report.topics.checklists.select import by_design
        from coxa.report.topics.checklists.table import frame
        from coxa.study import read_study

        form = asked_form(out) if out else None
        plan = read_study(study)
        names = tuple(word.strip() for word in guideline.split(",")) if guideline else None
        guidelines = [load_guideline(name) for name in names or by_design(plan, reported=bool(data or named_data))]
        if not guidelines:
            raise OptionError(
                f"No checklist goes with `design: {plan.design}`. Name one, such as `--guideline strobe`."
            )
        report = _analysed(plan, data or named_data, quiet)
        document = _document(report)
        filled = tuple(fill(each, plan, document) for each in guidelines)
        if as_json:
            print_json(frame(filled))
        else:
            _show(filled, quiet)
        if out and form:
            written = write_checklists(plan, filled, out, form)
            if not as_json:
                typer.echo(f"checklist: {written}")


def cite_command(
    study: Annotated[Path | None, typer.Argument(metavar="[STUDY.YAML]", help="The study file.")] = None,
    data: Data = None,
    named_data: DataPath = None,
    method: Annotated[
        str | None, typer.Option(help="Method by its name in a plan, such as kenward-roger, instead of a plan.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="Format of the references: bibtex, ris or text.")] = "bibtex",
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Print the references of a plan's methods (with data, of those that ran) and of coxa.

    Example: coxa cite study.yaml --format ris
    """
    with edge(verbose):
        from coxa.errors import OptionError, check_option
        from coxa.report.references.bibliography import coxa_entry, of_method
        from coxa.report.references.cited import cited
        from coxa.report.references.styles import FORMATS
        from coxa.study import read_study

        check_option("--format", form, list(FORMATS))
        if (study is None) == (method is None):
            raise OptionError(
                "`cite` takes either a study file or `--method`. Give one of them, such as `--method kenward-roger`."
            )
        if method is not None:
            entries = of_method(method)
            if not entries:
                typer.secho(f"{method} needs no reference", err=True)
        elif study is not None:
            plan = read_study(study)
            report = _analysed(plan, data or named_data, quiet)
            entries = (*cited(plan, report.fits if report else None), coxa_entry())
        typer.echo(FORMATS[form](entries), nl=False)


def _analysed(plan: Study, data: Path | None, quiet: bool) -> Report[Study] | None:
    """Return the report of a plan on its data, None without data."""
    if data is None:
        return None
    check_there(data)
    with working("analysing", quiet):
        from coxa.report.analyse import analyse

        return analyse(plan, data)


def _document(report: Report[Study] | None) -> Document | None:
    from coxa.report.build import build_document

    return build_document(report) if report else None


def _show(filled: tuple[Checklist, ...], quiet: bool) -> None:
    from coxa.cli.show_checklist import show_checklists

    show_checklists(filled, quiet)
