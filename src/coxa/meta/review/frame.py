"""A review as a table: its comparisons and its answers, one row each."""

from __future__ import annotations

import pandas as pd

from coxa.meta.review.answer import Answer, limits_of
from coxa.meta.review.run import Review


def effects_frame(review: Review) -> pd.DataFrame:
    """Return comparisons, the answer and the other answers, on the scale on which they are pooled.

    Returns
    -------
    DataFrame
        kind ("comparison", "pooled", "sensitivity"), label, trial, estimate, std_error, conf_low, conf_high, df,
        p_value, weight, tau2, prediction_low, prediction_high; ratios are logarithms.
    """
    rows = [
        {
            "kind": "comparison", "label": one.label, "trial": one.trial, "estimate": one.estimate,
            "std_error": one.variance**0.5, **_limits(limits_of(one, review.plan.model.level)), "weight": float(weight),
        }
        for one, weight in zip(review.effects, review.main.weights, strict=True)
    ]  # fmt: skip
    rows.append(_answer("pooled", review.main))
    rows += [_answer("sensitivity", one) for one in review.sensitivity]
    return pd.DataFrame(rows)


def _answer(kind: str, one: Answer) -> dict[str, object]:
    low, high = one.prediction
    return {
        "kind": kind, "label": one.label, "estimate": one.estimate, "std_error": one.std_error, **_limits(one.limits),
        "df": one.df, "p_value": one.p_value, "tau2": one.tau2, "prediction_low": low, "prediction_high": high,
    }  # fmt: skip


def _limits(limits: tuple[float, float]) -> dict[str, float]:
    return {"conf_low": limits[0], "conf_high": limits[1]}
