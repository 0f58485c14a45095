"""Write a report, its results and its crate: all files of a run together, or none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from coxa.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.errors import OptionError
from coxa.estimates import Estimates
from coxa.figures import renderer
from coxa.files import save, save_parquet, whole_run
from coxa.findings import Findings
from coxa.report.build import build_document
from coxa.report.document import PARTS, FigureBlock, Format, Section
from coxa.report.lengths import ReportLength, files_of
from coxa.report.output.csv_files import write_csv
from coxa.report.output.render import render_document
from coxa.report.record import ReportRecord
from coxa.report.timing import timed
from coxa.report.topics.committee.groups import Arms
from coxa.report.trace.crate import NOT_SHARED, CrateOptions, write_crate
from coxa.report.trace.imputed import FILE, imputed_frame
from coxa.report.trace.kept import write_kept, write_numbers
from coxa.report.trace.run_data import run_data
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.words import StyleName


def write_report(
    report: ReportRecord[Study],
    folder: str | Path,
    forms: Sequence[Format] = ("html",),
    *,
    data: str | Path | None = None,
    style: StyleName | None = None,
    length: ReportLength | None = None,
    arms: Arms = "pooled",
    share: bool = False,
    crate: CrateOptions | None = None,
) -> list[Path]:
    """Write a report with its results: all files, or none where one cannot be written.

    Parameters
    ----------
    report
        A plan, its data and its results.
    folder
        Where to write; made if it is missing.
    forms
        Of the report: "html", "pdf", "docx".
    data
        Where the data files are, if elsewhere than the plan says; `coxa verify` looks there again.
    style
        How numbers are written: "plain", "jama", "lancet" or "nejm"; else as the plan says.
    length
        "slide" (one page in the ratio 16:9, as "html"), "brief" (the answer and the result in people), "journal"
        (what a paper shows, with the rest as a supplement
        beside it), "committee" (recruitment, completeness, departures and harms, no results) or "full"; unless given,
        a page is full, and PDF and Word are for a journal.
    arms
        Of a report to a committee: "pooled", or "masked" under letters.
    share
        For others: small counts hidden, and no files that name participants or hold all estimates.
    crate
        What an RO-Crate says of itself; without it none is written.

    Returns
    -------
    list of Path
        The report in each form, its supplement, and the crate.

    Raises
    ------
    OptionError
        If the report is to be shared and the folder has files of an earlier report that are not.
    OSError
        If a file cannot be written; the folder is as it was.
    """
    out = Path(folder)
    files = {form: files_of(form, length) for form in forms}
    committee = arms if length == "committee" else None
    if share or committee:
        refuse_team_files(out)
    if committee:
        report = without_results(report)
    seconds: dict[str, float] = {}
    lengths = {name: shown for parts in files.values() for name, shown in parts.items()}
    shows = {part for shown in lengths.values() for part in PARTS[shown]}

    def begin(section: Section) -> None:
        if section.part in shows:
            _begin_charts(section)

    with timed(seconds, "document"):
        document = build_document(report, style, share, committee, begin)
    for section in document.sections:
        begin(section)
    with whole_run(out) as part:
        numbers = write_numbers(report, document, part)
        if not share and not committee:
            _tables(report, part)
        for form, parts in files.items():
            with timed(seconds, form):
                for name, shown in parts.items():
                    save(part / name, render_document(replace(document, length=shown), form))
        _run(report, part, seconds)
        write_kept(report, document, numbers, part, lengths, data, home=out, arms=committee)
        crates = [write_crate(report, part, tuple(lengths), crate, share).name] if crate is not None else []
    return [out / name for name in (*lengths, *crates)]


def _begin_charts(section: Section) -> None:
    """Have the charts of a section drawn, unless they are already, while other sections and results are written."""
    for block in section.blocks:
        if isinstance(block, FigureBlock):
            renderer.begin(block.figure.spec())
    for inner in section.sections:
        _begin_charts(inner)


def without_results(report: ReportRecord[Study]) -> ReportRecord[Study]:
    """Return a report of which no number compares arms: for those who are not to see any."""
    none = Estimates.of([])
    return replace(report, datasets={}, fits={}, estimates=none, observed={}, not_fitted={}, parts_not_fitted={})


def write_results(report: ReportRecord[Study], folder: str | Path) -> list[Path]:
    """Write estimates, findings, disposition and run record, all or none; return the files written.

    Parameters
    ----------
    report
        A plan, its data and its results.
    folder
        Where to write; made if it is missing.

    Notes
    -----
    `findings.csv`, `left_out.csv` and `imputed.csv` name participants and are for the trial team only; nothing else
    does.
    """
    out = Path(folder)
    with whole_run(out) as part:
        written = [*_tables(report, part), _run(report, part, {})]
    return [out / path.name for path in written]


def write_checked(cohort: Cohort, folder: str | Path) -> list[Path]:
    """Write what was found in the data of a cohort, what was left out, and the account of all rows."""
    return write_accounts(cohort.findings, cohort.disposition, folder)


def write_accounts(findings: Findings, disposition: Disposition, folder: str | Path) -> list[Path]:
    """Write findings, what was left out, and the account of all rows."""
    out = Path(folder)
    with whole_run(out) as part:
        written = _accounts(findings, disposition, part)
    return [out / path.name for path in written]


def _tables(report: ReportRecord[Study], folder: Path) -> list[Path]:
    frame = estimates_table(report)
    return [
        write_csv(frame, folder / "estimates.csv"),
        *_accounts(report.findings, report.disposition, folder),
        *_imputed(report, folder),
        save_parquet(frame, folder / "estimates.parquet"),
    ]


def _imputed(report: ReportRecord[Study], folder: Path) -> list[Path]:
    """Write the imputed values, which name participants; nothing where none are imputed."""
    frame = imputed_frame(report)
    return [] if frame is None else [write_csv(frame, folder / FILE, private=True)]


def estimates_table(report: ReportRecord[Study]) -> pd.DataFrame:
    """Return every estimate, and whether its visit is one that its estimand names.

    Returns
    -------
    DataFrame
        The columns of `coxa.Estimates`, and `of_estimand`: false for the visits that a model gives beside those of the
        estimand, which are context; true for a number over all visits.
    """
    frame = report.estimates.frame
    estimands = report.study.estimands if isinstance(report.study, ComparativeStudy) else {}
    named = {name: {"", *plan.endpoint.visit} for name, plan in estimands.items()}
    mine = [
        visit in named.get(estimand, {visit}) for estimand, visit in zip(frame["estimand"], frame["visit"], strict=True)
    ]
    return frame.assign(of_estimand=mine)


def _accounts(findings: Findings, disposition: Disposition, folder: Path) -> list[Path]:
    """Write findings and rows left out, which name participants, and the counts of all rows."""
    return [
        write_csv(findings.to_frame(), folder / "findings.csv", private=True),
        write_csv(disposition.left_out, folder / "left_out.csv", private=True),
        write_csv(disposition.counts, folder / "disposition.csv"),
    ]


def _run(report: ReportRecord[Study], folder: Path, render: Mapping[str, float]) -> Path:
    """Write the run record, which holds no number of the results."""
    return save(folder / "run.json", json.dumps(run_data(report, render), indent=2, ensure_ascii=False) + "\n")


def refuse_team_files(folder: Path) -> None:
    """Raise `OptionError` where a folder that is to be shared has files of an earlier run that are not to be."""
    there = [name for name in NOT_SHARED if (folder / name).is_file()]
    if there:
        raise OptionError(
            f"{folder} has {', '.join(there)} of an earlier report, which are not to be shared. Name another "
            "folder with `--out`."
        )
