"""A tipping map of responders: who responds is counted anew in every data set for every pair of amounts.

What is added to imputed outcomes moves some of them past the mark of a responder. Data sets are imputed once; each pair
of amounts has its logistic regressions, which begin at those of the amounts next to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coxa.errors import OptionError, check_known
from coxa.estimates.table import RATIOS
from coxa.impute.analyse import arm_rows, visit_places
from coxa.impute.imputations import Imputations
from coxa.impute.pooling import pool_rubin
from coxa.impute.responders import Better, compared_risks, logistic, responds
from coxa.impute.tipping import TippingMap
from coxa.models.numerics.one_thread import one_thread

Region = tuple[tuple[float, float], tuple[float, float]]

NOTHING: Region = ((0.0, 0.0), (0.0, 0.0))


def tipping_responders(
    imputed: Imputations,
    formula: str,
    arm: str,
    *,
    against: str,
    visit: str,
    threshold: float | np.ndarray,
    better: Better = "higher",
    term: str = "risk_difference",
    arm_shifts: Sequence[float],
    against_shifts: Sequence[float] = (0.0,),
    plausible: Region = NOTHING,
    alpha: float = 0.05,
) -> TippingMap:
    """Return a comparison of responders for all pairs of amounts added to the imputed outcomes of two arms.

    Parameters
    ----------
    imputed : Imputations
        Of a normal outcome, without a delta, on the scale on which the response is defined.
    formula, visit, threshold, better
        As of `analyse_responders`.
    arm, against : str
        The comparison.
    term : {"risk_difference", "risk_ratio", "odds_ratio"}
    arm_shifts, against_shifts : sequences of float
        Amounts in rising order, in units of the outcome.
    plausible : pair of pairs of float
        As of `TippingMap`: `tipping_map(...).plausible` of the means.
    alpha : float
        Two-sided level of the conclusion.

    Returns
    -------
    TippingMap
        `line` is interpolated between neighbouring amounts of the arm, where the p-value crosses `alpha`; ratios are on
        their own scale, their standard errors on that of the logarithm.

    Raises
    ------
    OptionError
        An arm, a visit or the term is unknown, or the outcome is a score on steps.
    FitError
        A logistic regression has no finite estimate.

    Examples
    --------
    >>> from coxa.impute import draw_parameters, impute_outcomes, incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(120), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": list("ab") * 120, "arm": np.where(who % 2, "new", "old")})
    >>> d["change"] = rng.normal(size=120)[who] + rng.normal(size=240) + 1.6 * (d["arm"] == "new")
    >>> d.loc[(d["visit"] == "b") & (d["participant_id"] % 5 == 0), "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> imputed = impute_outcomes(fit, incomplete_outcomes(fit, d, reference="old"), draw_parameters(fit, 20))
    >>> asked = {"against": "old", "visit": "b", "threshold": 1.0}
    >>> found = tipping_responders(imputed, "~ arm", "new", arm_shifts=[-8, -4, 0], **asked)
    >>> found.estimate[0].round(2).tolist()
    [0.47, 0.47, 0.6]
    """
    if imputed.steps is not None:
        raise OptionError(
            "The outcome is a score on steps, which an amount does not move alike in all data sets. Impute again with "
            "each delta."
        )
    outcomes, made = imputed.outcomes, arm_rows(imputed, formula, against)
    own, other = (outcomes.arms.index(check_known("arm", name, outcomes.arms)) for name in (arm, against))
    check_known("term", term, ("risk_difference", "risk_ratio", "odds_ratio"))
    place = visit_places(imputed, [visit])[0]
    labels = made.labels("risk", "risk_difference", "risk_ratio", "odds_ratio")
    row = int(np.flatnonzero((labels["term"] == term) & (labels["arm"] == arm))[0])
    designs = [made.design.rows_as(imputed.columns[3], k) @ made.back for k in range(len(made.levels))]
    y = np.concatenate([block[:, :, place] for block in imputed.blocks()])
    moved = [outcomes.missing[:, place] & (outcomes.arm == code) for code in (own, other)]
    x_shift, y_shift = (np.asarray(list(each), dtype=float) for each in (arm_shifts, against_shifts))
    estimate, std_error, p_value = (np.empty((len(y_shift), len(x_shift))) for _ in range(3))
    start = None
    with one_thread():
        for i, second in enumerate(y_shift):
            for j, first in enumerate(x_shift):
                yes = responds(y + first * moved[0] + second * moved[1], threshold, better)
                beta, covariance = logistic(made.x, yes, start)
                values, variances = compared_risks(made, designs, beta, covariance)
                pooled = pool_rubin(values[:, [row]], variances[:, [row]], df_complete=np.array([np.inf]))
                estimate[i, j], std_error[i, j] = pooled.estimate[0], pooled.std_error[0]
                p_value[i, j] = pooled.p_value[0]
                start = beta
    shown = np.exp(estimate) if term in RATIOS else estimate
    return TippingMap(
        arm=arm,
        against=against,
        visit=visit,
        arm_shifts=x_shift,
        against_shifts=y_shift,
        estimate=shown,
        std_error=std_error,
        p_value=p_value,
        line=pd.DataFrame(crossings(x_shift, y_shift, shown, p_value, alpha), columns=LINE),
        plausible=plausible,
        alpha=alpha,
    )


LINE = ["against_shift", "arm_shift", "estimate"]


def crossings(
    x: np.ndarray, y: np.ndarray, estimate: np.ndarray, p_value: np.ndarray, alpha: float
) -> list[tuple[float, float, float]]:
    """Return where p-values (h, g) cross the level along each row, interpolated on their logarithm.

    Examples
    --------
    >>> crossings(np.array([0.0, 1.0]), np.zeros(1), np.array([[2.0, 1.0]]), np.array([[0.01, 0.25]]), 0.05)
    [(0.0, 0.5, 1.5)]
    """
    excess = np.log(np.maximum(p_value, 1e-300)) - np.log(alpha)
    found = []
    for i in range(len(y)):
        for j in np.flatnonzero(np.sign(excess[i, :-1]) != np.sign(excess[i, 1:])):
            share = float(excess[i, j] / (excess[i, j] - excess[i, j + 1]))
            at = float(x[j] + share * (x[j + 1] - x[j]))
            value = float(estimate[i, j] + share * (estimate[i, j + 1] - estimate[i, j]))
            found.append((float(y[i]), round(at, 12), round(value, 12)))
    return found
