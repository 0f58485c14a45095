"""The table of observed values: n and mean (SD), or median, by arm and visit, of each outcome and of its change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.cohort.cohort import Cohort
from coxa.derive.groups import participants_by_group
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.tables.by_arm import known_by_arm, share_cell, summarised
from coxa.tables.cells import Cell, Statistic
from coxa.tables.characteristics import SUMMARY_LABELS, outcome_kind, outcome_range
from coxa.tables.formats import cell, counted
from coxa.tables.phrases import abbreviations
from coxa.tables.prose import with_n
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table

ANALYSIS = "observed"


def observed_table(study: Study, values: pd.DataFrame, sizes: Mapping[str, int]) -> Table:
    """Describe what was recorded, before any model and any strategy for intercurrent events.

    Parameters
    ----------
    study
        The plan.
    values
        From `coxa.derive.observed.observed_values`.
    sizes
        Arm -> its participants, for the headings.

    Returns
    -------
    Table
        For each outcome of the plan that was measured, a row for each visit and below it the change from baseline of
        those with both values; for each arm n, and mean (SD), or median [quartiles] where the plan says
        `summary: median_iqr`, and for levels with an order. An outcome with two values, as yes and no, has n (%) of the
        higher one. Changes are those of scores.

    Examples
    --------
    >>> observed_table(study, observed_values(cohort), {"usual_care": 59, "exercise": 60})  # doctest: +SKIP
    """
    words = study.words
    arms = list(sizes)
    columns = [
        Column(label, spanner=with_n(study.groups[arm], counted(sizes[arm], "participants", study.counted_as, arm)))
        for arm in arms
        for label in ("n", "Value")
    ]
    groups = [
        RowGroup(heading(study, name, rows["value"]), tuple(_rows(study, name, rows, arms)))
        for name in study.outcomes
        if len(rows := values[values["outcome"] == name])
    ]
    applied = "without a model or strategies for intercurrent events"
    if not isinstance(study, ComparativeStudy):
        applied = "without a model"
    notes = (
        (
            f"Recorded values of all {words.started} participants, {applied}. Changes are from "
            f"{study.label('visits', study.baseline_visit)}, of participants with both values."
        ),
        abbreviations([group.label for group in groups]),
    )
    return Table(
        "observed-values",
        f"Observed values {words.by_visit}",
        "Outcome and visit",
        tuple(columns),
        tuple(groups),
        tuple(Footnote(text) for text in notes if text),
    )


def arm_sizes(cohort: Cohort) -> dict[str, int]:
    """Return how many participants are in each arm or group, the reference first."""
    arms = participants_by_group(cohort)["arm"].astype(str)
    return {arm: int((arms == arm).sum()) for arm in cohort.study.groups}


def heading(study: Study, outcome: str, values: pd.Series) -> str:
    """Return the label of an outcome with its range, direction, and how its values are described."""
    scale = study.scale(outcome)
    high = "yes" if outcome_kind(study, outcome) == "yes_no" else f"{scale.high:g}"
    how = f"n (%) with {high}" if is_binary(study, outcome, values) else SUMMARY_LABELS[summary_of(study, outcome)]
    return f"{study.label('outcomes', outcome)} ({outcome_range(study, outcome)}), {how}"


def summary_of(study: Study, outcome: str) -> str:
    """Return how the values of an outcome are summed up: as the plan says, and levels by their quartiles."""
    return "median_iqr" if outcome_kind(study, outcome) == "ordered" else study.outcomes[outcome].summary


def is_binary(study: Study, outcome: str, values: pd.Series) -> bool:
    """Return whether an outcome has only the two ends of its range as values, as yes and no have."""
    scale = study.scale(outcome)
    return scale.high - scale.low == 1 and bool(values.isin([scale.low, scale.high]).all())


def _rows(study: Study, outcome: str, rows: pd.DataFrame, arms: list[str]) -> Iterator[Row]:
    binary = is_binary(study, outcome, rows["value"])
    for visit in sorted(rows["visit"].unique(), key=lambda visit: study.visits[visit].day):
        here = rows[rows["visit"] == visit]
        yield Row(study.label("visits", visit), tuple(_cells(study, outcome, here, "value", visit, arms, binary)))
        if not binary and outcome_kind(study, outcome) == "score" and here["change"].notna().any():
            yield Row("Change from baseline", tuple(_cells(study, outcome, here, "change", visit, arms)), level=1)


def _cells(
    study: Study, outcome: str, rows: pd.DataFrame, column: str, visit: str, arms: list[str], binary: bool = False
) -> Iterator[Cell]:
    """Yield n and the description of a column for each arm."""
    for arm, known in known_by_arm(rows, column, arms).items():
        at = Statistic(analysis=ANALYSIS, term=f"{outcome} {column}", visit=visit, arm=arm)
        yield cell("count", {"n": len(known)}, at)
        yield _described(study, outcome, known, at, binary)


def _described(study: Study, outcome: str, known: NDArray[np.float64], at: Statistic, binary: bool) -> Cell:
    scale = study.scale(outcome)
    if binary:
        n = int((known == scale.high).sum())
        return share_cell(n, len(known), replace(at, term=f"{at.term}={scale.high:g}"))
    whole = outcome_kind(study, outcome) == "ordered"
    return summarised(summary_of(study, outcome), known, at, 0 if whole else scale.decimals)
