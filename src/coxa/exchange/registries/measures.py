"""Outcomes of the planned analyses and their comparisons, one row per number or per comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from coxa.estimates.table import COURSES
from coxa.exchange.shown import Shown, first_of_each
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import estimand_title
from coxa.tables.phrases import sentence_case

MEANS = ("marginal_mean", "average", "slope", "auc")
CHANGES, OF_CHANGES = ("change", "percent_change"), "difference of changes"
RATIOS = ("risk_ratio", "odds_ratio")
SMALLEST = "<0.001"
FACTS = ("analysis", "role", "title", "description", "population", "time", "unit")
OUTCOMES = (*FACTS, "arm", "kind", "n", "value", "level", "low", "high")
COMPARED = (*FACTS, "term", "arm", "reference", "n", "p_value", "method", "value", "level", "low", "high", "std_error",
            "type")  # fmt: skip


def outcomes(shown: Shown) -> pd.DataFrame:
    """Return OUTCOMES: the estimate in each arm, of every planned analysis at the visits that its estimand names.

    Returns
    -------
    DataFrame
        `kind` is a term of the estimates, or count where responders are counted; limits are those of the interval.
    """
    rows = [row for planned in shown.study.planned_analyses for row in _by_arm(shown, planned)]
    return pd.DataFrame(rows, columns=list(OUTCOMES))


def comparisons(shown: Shown) -> pd.DataFrame:
    """Return COMPARED: every comparison that the estimands name, with interval, p-value and method."""
    rows = [row for planned in shown.study.planned_analyses for row in _compared(shown, planned)]
    return pd.DataFrame(rows, columns=list(COMPARED))


def _numbers(shown: Shown, planned: PlannedAnalysis, *terms: str) -> pd.DataFrame:
    rows = shown.frame
    mine = first_of_each(rows[(rows["analysis"] == planned.name) & rows["term"].isin(terms)])
    return mine[mine["visit"].isin((*planned.visits, ""))]


def _facts(shown: Shown, planned: PlannedAnalysis, visit: str) -> tuple[str, ...]:
    study = shown.study
    when = [visit] if visit else list(planned.visits)
    return (
        planned.name,
        planned.analysis.role,
        sentence_case(planned.variable),
        sentence_case(estimand_title(study, planned.estimand_name)),
        study.words.sets[planned.estimand.population],
        ", ".join(study.label("visits", name) for name in when),
        planned.scale.unit if planned.kind != "binary" else "participants",
    )


def _by_arm(shown: Shown, planned: PlannedAnalysis) -> Iterator[tuple[Any, ...]]:
    rows = _numbers(shown, planned, *MEANS, "risk")
    for (term, visit, arm), group in rows[rows["reference"] == ""].groupby(["term", "visit", "arm"], sort=False):
        values = dict(zip(group["statistic"], group["value"], strict=True))
        facts = _facts(shown, planned, str(visit))
        if term == "risk":
            yield (*facts, arm, "count", values.get("total"), values.get("n"), None, None, None)
        elif "estimate" in values:
            limits = _level(shown, planned, str(term)), values.get("conf_low"), values.get("conf_high")
            yield (*facts, arm, term, values.get("n"), values["estimate"], *limits)


def _compared(shown: Shown, planned: PlannedAnalysis) -> Iterator[tuple[Any, ...]]:
    rows = _numbers(shown, planned, planned.effect.term, *COURSES, *RATIOS)
    sizes = _sizes(shown, planned)
    margin = planned.analysis.option("margin")
    keys = ["term", "visit", "arm", "reference"]
    for (term, visit, arm, reference), group in rows.groupby(keys, sort=False):
        values = dict(zip(group["statistic"], group["value"], strict=True))
        if "estimate" not in values:
            continue
        n = [sizes.get((str(visit), str(one))) for one in (arm, reference)]
        yield (
            *_facts(shown, planned, str(visit)),
            OF_CHANGES if term == "difference" and planned.response in CHANGES else term,
            arm,
            reference,
            None if None in n else sum(one for one in n if one is not None),
            _p_value(values.get("p_value")),
            next((text for text in group["method"] if text), ""),
            values["estimate"],
            _level(shown, planned, str(term)),
            values.get("conf_low"),
            values.get("conf_high"),
            values.get("std_error"),
            margin.type if margin else "superiority",
        )


def _p_value(value: float | None) -> float | str | None:
    """Return a p-value; one that is shown as too small for its digits in words."""
    return SMALLEST if value == 0 else value


def _sizes(shown: Shown, planned: PlannedAnalysis) -> dict[tuple[str, str], float]:
    """Return the participants behind the estimate of each visit and arm."""
    rows = _numbers(shown, planned, *MEANS, "risk")
    rows = rows[rows["statistic"].isin(["n", "total"])].drop_duplicates(["visit", "arm"], keep="last")
    return dict(zip(zip(rows["visit"], rows["arm"], strict=True), rows["value"], strict=True))


def _level(shown: Shown, planned: PlannedAnalysis, term: str) -> float | None:
    """Return the level of the interval in percent."""
    estimates = shown.report.estimates.frame
    mine = estimates[(estimates["analysis"] == planned.name) & (estimates["term"] == term)]["conf_level"].dropna()
    return round(100 * float(mine.iloc[0]), 6) if len(mine) else None
