"""A report without the words of single people: free text, and findings, that too few have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from coxa.cohort.dictionary import load_table
from coxa.cohort.disposition import Disposition
from coxa.findings import Finding, Findings
from coxa.report.record import ReportRecord, StudyKind
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.words import TABLES

OTHER = "Other"
OTHER_FINDING = ("other findings", "The list of findings of the study team has them.")
TOKEN = re.compile(r"[^\s,;:()\"']+")


def without_rare_words(report: ReportRecord[StudyKind]) -> ReportRecord[StudyKind]:
    """Return a report in which free text of fewer than `report: small_cells` participants is one kind, "Other".

    Reasons, terms and notes that people wrote are joined in the data before anything is counted, so that the numbers
    of those who are joined are right. Findings and reasons why rows were left out, which can quote a correction, are
    joined likewise; so are texts with an identifier of a participant, however many there are.
    """
    k = report.study.report.small_cells
    people = report.cohort.table("participants")
    ids = frozenset(people["participant_id"].astype(str)) if "participant_id" in people else frozenset()
    tables = {name: _table(report.study, name, frame, k, ids) for name, frame in report.cohort.tables.items()}
    findings = Findings(tuple(_findings(report.findings, k, ids)))
    cohort = replace(report.cohort, tables=tables, findings=findings)
    left_out = report.disposition.left_out
    reasons = left_out.assign(reason=common(left_out["reason"], left_out.index.to_series(), k, ids))
    disposition = Disposition(reasons, report.disposition.counts)
    return replace(report, cohort=cohort, findings=findings, disposition=disposition)


def common(words: pd.Series, people: pd.Series, k: int, ids: frozenset[str] = frozenset()) -> pd.Series:
    """Return texts, those of fewer than k people as "Other"; capitals and spaces make no other text.

    Examples
    --------
    >>> common(pd.Series(["Moved", "moved ", "ill"]), pd.Series(["a", "b", "c"]), 2).tolist()
    ['Moved', 'moved ', 'Other']
    """
    known = words.dropna().astype(str)
    if known.empty:
        return words
    tidy = known.map(lambda text: " ".join(text.split()).casefold())
    n_people = people.loc[known.index].groupby(tidy).nunique()
    rare = tidy.map(n_people).lt(k) | known.map(lambda text: names_anybody(text, ids))
    return words.astype(object).mask(rare.reindex(words.index, fill_value=False), OTHER)


def names_anybody(text: str, ids: Iterable[str]) -> bool:
    """Say whether an identifier is in a text as a word of its own."""
    return not set(TOKEN.findall(text)).isdisjoint(ids)


def _table(study: Study, name: str, frame: pd.DataFrame, k: int, ids: frozenset[str]) -> pd.DataFrame:
    """Return a table with its free text joined; what the plan names, it has levels of or models with, stays."""
    analyses = study.analyses.values() if isinstance(study, ComparativeStudy) else ()
    planned = {*study.covariates, *(factor for one in analyses for factor in one.factors)}
    texts = [one.name for one in load_table(name).fields.values() if one.type == "text"] if name in TABLES else []
    people = frame["participant_id"] if "participant_id" in frame else frame.index.to_series()
    joined = {column: common(frame[column], people, k, ids) for column in texts if column in {*frame} - planned}
    return frame.assign(**joined) if joined else frame


def _findings(findings: Findings, k: int, ids: frozenset[str]) -> Iterable[Finding]:
    """Yield findings; those that concern few rows, or that name somebody, without what they say."""
    counted: dict[tuple[str, ...], int] = {}
    for one in findings:
        counted[_key(one)] = counted.get(_key(one), 0) + one.n_rows
    for one in findings:
        rare = counted[_key(one)] < k or names_anybody(f"{one.rule} {one.remedy}", ids)
        yield Finding(one.severity, one.table, *OTHER_FINDING, n_rows=one.n_rows) if rare else one


def _key(one: Finding) -> tuple[str, ...]:
    return one.severity, one.table, one.field or "", one.rule, one.remedy


def without_counts(facts: Mapping[str, object]) -> dict[str, object]:
    """Return the provenance of a report without its counts and reasons; the report has those that are shown.

    Examples
    --------
    >>> without_counts({"models": {"m": {"rows": 200, "call": "fit_mmrm()", "left_out": [{"rows": 2}]}}})
    {'models': {'m': {'rows': None, 'call': 'fit_mmrm()', 'left_out': []}}}
    """
    return {name: _without(name, value) for name, value in facts.items()}


def _without(name: str, value: object) -> object:
    if name == "left_out":
        return []
    if isinstance(value, dict):
        return without_counts(value)
    if name in NUMBERS and isinstance(value, int):
        return None
    return [_without("", item) for item in value] if isinstance(value, list) else value


NUMBERS = ("n", "rows", "participants", "expected", "analysed", "empty")
"""Names of counts in `coxa.report.trace.provenance`."""
