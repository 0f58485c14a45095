"""What the case mix makes to be expected: in bands beside what was observed, and of a usual patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from coxa.audit.casemix.nested import NestedFit
from coxa.clinics.measures.design import INTAKE, INTERCEPT, SQUARED, Column, Design
from coxa.clinics.measures.reached import changed_sql, improvement_sql
from coxa.episodes.episodes import Episodes
from coxa.study.scales import OutcomeScale

BUCKETS = 2000
"""Widths between the lowest and the highest expected change from which ten bands are joined."""

BANDS = 10
COVERAGE = 0.8
STEPS = 20
"""Steps from the lowest to the highest value of a scale in the table of recovery."""


def expected_sql(design: Design, fit: NestedFit) -> str:
    """Return the expected change as SQL over a row of episodes."""
    estimates = fit.params.astype(float).to_dict()  # columns that are combinations of others have none
    parts = [repr(design.change)]
    parts += [f"({estimates[each.name]!r}) * ({each.sql})" for each in design.numbers if each.name in estimates]
    for category in design.categories:
        own = [0.0, *(estimates.get(column.name, 0.0) for column in category.columns)]
        parts.append(category.sql(own))
    return f"CAST({' + '.join(parts)} AS DOUBLE PRECISION)"


def calibration(episodes: Episodes, design: Design, fit: NestedFit) -> pd.DataFrame:
    """Return expected and observed mean change in ten bands of the expected one, each of about as many episodes.

    Bands are joined from narrow widths, so that the rows are passed twice: for the ends, and for counts and sums.

    Returns
    -------
    DataFrame
        band (from 1, the lowest expected change), n, expected, observed; fewer than ten where many have the same.
    """
    change = improvement_sql(episodes.plan, design.outcome)
    values = f"{expected_sql(design, fit)} AS e, {change} AS y"
    rows = f"(SELECT {values} FROM episodes WHERE {changed_sql(design.outcome)}) AS r"
    ends = episodes.query(f"SELECT MIN(e) AS low, MAX(e) AS high FROM {rows}", **design.values).iloc[0]
    low, step = float(ends["low"]), max(float(ends["high"] - ends["low"]) / BUCKETS, 1e-12)
    bucket = f"CAST(FLOOR((e - ({low!r})) / {step!r}) AS INTEGER)"
    found = episodes.query(
        f"SELECT {bucket} AS bucket, COUNT(*) AS n, SUM(e) AS expected, SUM(y) AS observed FROM {rows} "
        "GROUP BY 1 ORDER BY 1",
        **design.values,
    ).astype({"n": "int64"})
    middle = found["n"].cumsum() - found["n"] / 2
    band = np.minimum((BANDS * middle / found["n"].sum()).astype(int), BANDS - 1)
    table = found.groupby(pd.factorize(band)[0])[["n", "expected", "observed"]].sum()
    return pd.DataFrame(
        {
            "band": np.arange(1, len(table) + 1),
            "n": table["n"].to_numpy(),
            "expected": (table["expected"] / table["n"]).to_numpy(),
            "observed": (table["observed"] / table["n"]).to_numpy(),
        }
    )


def recovery(design: Design, fit: NestedFit, scale: OutcomeScale) -> pd.DataFrame:
    """Return the expected outcome at discharge of a usual patient, by the intake score.

    A usual patient has the mean of each number and the most frequent level of each category, and is seen by any
    therapist of any clinic. Intake scores are those within two standard deviations of the mean.

    Returns
    -------
    DataFrame
        intake, expected, low, high: limits between which 80 in 100 such patients are, cut to the scale.
    """
    scores = _scores(design, scale)
    names = {INTERCEPT: np.ones_like(scores), INTAKE: scores - design.intake}
    names[Column(INTAKE, SQUARED, "").name] = (scores - design.intake) ** 2
    x = np.column_stack([names.get(str(name), np.zeros_like(scores)) for name in fit.params.index])
    change = design.change + x @ fit.params.to_numpy()
    spread = np.sqrt(float(fit.variances.sum()) + np.einsum("ij,jk,ik->i", x, fit.covariance, x))
    half = float(stats.norm.ppf((1 + COVERAGE) / 2)) * spread
    discharge = scores + (change if scale.higher_is_better else -change)
    columns = {"expected": discharge, "low": discharge - half, "high": discharge + half}
    return pd.DataFrame({"intake": scores, **{k: np.clip(v, scale.low, scale.high) for k, v in columns.items()}})


def _scores(design: Design, scale: OutcomeScale) -> np.ndarray:
    """Return the intake scores of the table, on steps of the scale."""
    low = max(scale.low, design.intake - 2 * design.spread)
    high = min(scale.high, design.intake + 2 * design.spread)
    width = scale.high - scale.low
    step = width / STEPS if np.isfinite(width) else design.spread / 5
    if not step > 0:
        return np.array([design.intake])
    start = scale.low if np.isfinite(scale.low) else design.intake - 2 * design.spread
    first, last = np.ceil((low - start) / step - 1e-9), np.floor((high - start) / step + 1e-9)
    return np.asarray(start + step * np.arange(first, last + 1)) if first <= last else np.array([design.intake])
