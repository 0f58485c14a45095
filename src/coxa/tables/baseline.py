"""The baseline table: who was allocated to each arm, described, not tested.

Tests of baseline differences in a randomised trial test a hypothesis that is known to be true, and are left out
(CONSORT 2025, item 25).
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.scores import derive_scores
from coxa.study import Study
from coxa.study.parts import Covariate
from coxa.study.scales import outcome_scale
from coxa.tables.formats import cell, outcome_decimals, share
from coxa.tables.phrases import abbreviations
from coxa.tables.prose import Prose, prose
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table

TOTAL = "total"
SUMMARY_LABELS = {"mean_sd": "mean (SD)", "median_iqr": "median [Q1, Q3]"}

NB_N = "N\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"

Columns = dict[str, pd.DataFrame]
"""Arm, or `total` -> the participants in it."""


def baseline_table(cohort: Cohort) -> Table:
    """Describe the allocated participants by arm and overall.

    Parameters
    ----------
    cohort
        Checked tables; `participants` with arm and covariates, and the outcomes at baseline.

    Returns
    -------
    Table
        Numbers as mean (SD) or median [Q1, Q3], as the plan says; categories as n (%) of those known, with a
        row of missing where there are any. No p-values. Outcomes carry their range and direction.

    Examples
    --------
    >>> baseline_table(cohort)  # doctest: +SKIP
    """
    study = cohort.study
    people = cohort.table("participants")
    people = people[people["arm"].notna()].copy()
    shown = study.report.baseline_table or (*study.covariates, *study.outcomes)
    outcomes = [name for name in shown if name in study.outcomes]
    people = people.merge(_outcomes_at_baseline(cohort, outcomes), on="participant_id", how="left")
    columns = by_arm(study, people)
    rows: list[Row] = []
    for name in shown:
        if name in study.covariates:
            rows += _covariate_rows(study, name, columns)
        else:
            rows += _outcome_rows(study, name, columns)
    return Table(
        "baseline",
        "Participants at baseline",
        "Characteristic",
        arm_columns(study, columns),
        (RowGroup("", tuple(rows)),),
        (
            Footnote(f"Allocated participants. {abbreviations(row.label for row in rows)}".rstrip()),
            Footnote("Percentages are of participants with a known value. No tests: arms differ by chance."),
        ),
    )


def by_arm(study: Study, people: pd.DataFrame) -> Columns:
    """Split rows by arm, the reference first, and all of them last."""
    arms = people["arm"].astype(str)
    return {**{arm: people[arms == arm] for arm in study.arm_order}, TOTAL: people}


def arm_columns(study: Study, columns: Columns) -> tuple[Column, ...]:
    """Return one column per arm and one for all, with the number of participants in the heading."""
    return tuple(Column(_heading(study, arm, rows)) for arm, rows in columns.items())


def _heading(study: Study, arm: str, rows: pd.DataFrame) -> Prose:
    """Return "Usual care (N = 59)"."""
    at = Statistic(analysis="participants", term="allocated", arm=arm)
    n = cell("count", {"n": rows["participant_id"].nunique()}, at)
    return prose(f"{'All' if arm == TOTAL else study.label('arms', arm)} ({NB_N}", n, ")")


def _outcomes_at_baseline(cohort: Cohort, outcomes: list[str]) -> pd.DataFrame:
    """Return one row per participant and one column per outcome, scores from items included."""
    assessments, _ = derive_scores(cohort)
    empty = pd.DataFrame(columns=["participant_id", *outcomes])
    if assessments.empty or not outcomes:
        return empty
    mine = assessments[
        (assessments["visit"].astype(str) == cohort.study.baseline_visit) & assessments["outcome"].isin(outcomes)
    ]
    wide = mine.pivot(index="participant_id", columns="outcome", values="value")
    return wide.reindex(columns=outcomes).reset_index()


def _covariate_rows(study: Study, name: str, columns: Columns) -> Iterator[Row]:
    covariate = study.covariates[name]
    label = study.label("covariates", name)
    if covariate.type == "category":
        yield from _category_rows(name, label, covariate, columns)
        return
    unit = f" ({covariate.unit})" if covariate.unit else ""
    yield from _number_rows(name, f"{label}{unit}", covariate.summary, columns)


def _outcome_rows(study: Study, name: str, columns: Columns) -> Iterator[Row]:
    scale = outcome_scale(study.outcomes[name])
    label = f"{study.label('outcomes', name)} ({scale.low:g} to {scale.high:g}, {scale.direction})"
    yield from _number_rows(name, label, "mean_sd", columns, outcome_decimals(scale))


def _number_rows(name: str, label: str, summary: str, columns: Columns, decimals: int = 1) -> Iterator[Row]:
    values = {arm: _numbers(rows, name) for arm, rows in columns.items()}
    cells = tuple(_number_cell(summary, decimals, series, _at(name, arm)) for arm, series in values.items())
    yield Row(f"{label}, {SUMMARY_LABELS[summary]}", cells)
    yield from _missing_row(name, {arm: int(series.isna().sum()) for arm, series in values.items()})


def _numbers(rows: pd.DataFrame, name: str) -> pd.Series:
    found = rows[name] if name in rows else pd.Series(float("nan"), index=rows.index)
    return pd.to_numeric(found).astype(float)


def _number_cell(summary: str, decimals: int, series: pd.Series, at: Statistic) -> Cell:
    if summary == "mean_sd":
        return cell("mean_sd", {"mean": series.mean(), "sd": series.std(ddof=1)}, at, decimals)
    q1, median, q3 = (float(series.quantile(q)) for q in (0.25, 0.5, 0.75))
    return cell("median_iqr", {"median": median, "q1": q1, "q3": q3}, at, decimals)


def _category_rows(name: str, label: str, covariate: Covariate, columns: Columns) -> Iterator[Row]:
    values = {
        arm: rows[name].astype("string") if name in rows else pd.Series(pd.NA, rows.index, dtype="string")
        for arm, rows in columns.items()
    }
    missing = {arm: int(series.isna().sum()) for arm, series in values.items()}
    rule = "count_of_percent" if any(missing.values()) else "count_percent"
    yield Row(f"{label}, n (%)", tuple(Cell("") for _ in columns))
    for level, level_label in covariate.level_labels().items():
        cells = []
        for arm, series in values.items():
            n, total = int((series == level).sum()), int(series.notna().sum())
            counts: dict[str, float] = {"n": n, "total": total, "share": share(n, total)}
            if rule == "count_percent":
                del counts["total"]
            cells.append(cell(rule, counts, _at(f"{name}={level}", arm)))
        yield Row(level_label, tuple(cells), level=1)
    yield from _missing_row(name, missing)


def _missing_row(name: str, missing: dict[str, int]) -> Iterator[Row]:
    """Yield the row of how many are missing, where any are."""
    if any(missing.values()):
        cells = (cell("count", {"n": n}, _at(f"{name}=missing", arm)) for arm, n in missing.items())
        yield Row("Missing", tuple(cells), level=1)


def _at(term: str, arm: str) -> Statistic:
    return Statistic(analysis="baseline", term=term, visit="baseline", arm=arm)
