"""The amount added to imputed outcomes of one arm at which a pooled conclusion changes, of responders and levels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coxa.analyses.imputed.sets import analysed
from coxa.impute import Imputations, pool_imputations
from coxa.impute.nearest import nearest_change
from coxa.study.comparative import PlannedAnalysis

MOST_SETS = 100
"""Data sets on which an amount is looked for; the first of those of the analysis."""

REACH_SD = 4.0
"""Farthest amount, in standard deviations of the outcome."""


def first_sets(imputed: Imputations) -> Imputations:
    """Return the first data sets without a delta."""
    draws = imputed.draws
    few = replace(
        draws,
        beta=draws.beta[:MOST_SETS],
        covariance=draws.covariance[:MOST_SETS],
        latent=None if draws.latent is None else draws.latent[:MOST_SETS],
        cuts=None if draws.cuts is None else draws.cuts[:MOST_SETS],
    )
    return replace(imputed, draws=few, delta=None, factor=None)


def amount_of(planned: PlannedAnalysis, imputed: Imputations, arm: str) -> float:
    """Return the smallest amount, up or down, at which the conclusion about an arm changes; NaN without one.

    It is added to the imputed scores of the arm before responders are counted, with the same random numbers at every
    amount; of levels to the variable behind them. A yes or no has no unit in which something could be added.
    """
    if planned.kind == "binary" and planned.response != "responder":
        return float("nan")
    few, visit = first_sets(imputed), str(planned.visits[-1])
    own = few.outcomes.arm == few.outcomes.arms.index(arm)
    alpha, sd = 1 - planned.analysis.conf_level, float(np.nanstd(few.outcomes.y))

    def excess(amount: float) -> float:
        moved = replace(few, delta=np.where(own[:, None], amount, 0.0) * np.ones(few.outcomes.y.shape))
        table = pool_imputations(analysed(planned, moved)).table
        mine = table["term"].eq(planned.effect.term) & table["arm"].eq(arm) & table["visit"].eq(visit)
        return float(np.log(max(float(table.loc[mine, "p_value"].iloc[0]), 1e-300)) - np.log(alpha))

    return nearest_change(excess, first=sd / 8, most=REACH_SD * sd, close=sd / 400)[0]
