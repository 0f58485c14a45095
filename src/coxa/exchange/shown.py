"""The numbers of a report as its results data set has them: what an exported file shows is what the report shows."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coxa.report.build import build_document
from coxa.report.document import Document
from coxa.report.record import ReportRecord
from coxa.report.trace.results import ADDRESS, results_frame
from coxa.report.transform.styled import check_style
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.tables.formats import RULES, write_one
from coxa.tables.styles import STYLES


@dataclass(frozen=True, slots=True)
class Shown:
    """What a report of a study with arms or groups shows.

    results : the results data set
    frame   : its rows that are in tables, not in sentences or figures
    share   : whether small counts are hidden in it
    """

    study: ComparativeStudy
    report: ReportRecord[Study]
    document: Document
    results: pd.DataFrame
    frame: pd.DataFrame
    share: bool


def shown_by(report: ReportRecord[Study], what: str, share: bool = False) -> Shown:
    """Return what a report shows; the numbers are those that `coxa report` would write.

    Raises
    ------
    OptionError
        If the study has no arms; `what` is the subject of the sentence.
    """
    study = with_arms(report.study, what)
    document = build_document(report, share=share)
    results = results_frame(report, document)
    return Shown(study, report, document, results, results[results["cell"].str.match(r"T\d+\.")], share)


def first_of_each(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each number once, where it is shown first."""
    return frame.drop_duplicates(list(ADDRESS), ignore_index=True)


def as_text(row: dict[str, object]) -> str:
    """Return a number as the report shows it, without the others of its cell; a hidden one is its mark."""
    rule, value = str(row["format"]), float(str(row["value"]))
    if rule not in RULES or f"{{{row['statistic']}:" not in RULES[rule]:
        return str(row["shown"])
    style = STYLES[check_style(str(row["style"]))]
    return write_one(rule, str(row["statistic"]), value, int(str(row["decimals"])), style)
