"""A tipping map by multiple imputation: every amount from one analysis of every data set.

What is added to imputed outcomes moves the estimate of each data set by the same, and its residual sum of squares along
a parabola: the pooled difference at any amount follows from three sums, and no data set is analysed again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from coxa.errors import OptionError, check_known
from coxa.impute.analyse import arm_rows, visit_places
from coxa.impute.deltas import Of
from coxa.impute.imputations import Imputations
from coxa.impute.pooling import barnard_rubin
from coxa.models.numerics.one_thread import one_thread


def tipping_imputed(
    imputed: Imputations,
    formula: str,
    arm: str,
    *,
    against: str | None = None,
    visit: str | None = None,
    arm_shifts: Sequence[float],
    against_shifts: Sequence[float] = (0.0,),
    of: Of = "missing",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Return the pooled difference for all pairs of amounts added to the imputed outcomes of two arms.

    Parameters
    ----------
    imputed : Imputations
        Of a normal outcome.
    formula : str
        As of `analyse_ancova`.
    arm, against : str
        The comparison; by default with the arm's reference arm.
    visit : str, optional
        By default the last.
    arm_shifts, against_shifts : sequences of float
        Amounts, in units of the outcome.
    of : {"missing", "after_event"}
        Whether all imputed outcomes are moved, or those after an event.
    alpha : float
        Two-sided level of the conclusion.

    Returns
    -------
    DataFrame
        One row per pair: `arm_shift, against_shift, estimate, std_error, df, p_value, significant, mc_error`.

    Raises
    ------
    OptionError
        An arm or a visit is unknown, or the outcome is a score on steps, which amounts do not move alike.

    Notes
    -----
    With R = I - P of the regression, the residual sum of squares at the amounts a is y'Ry + 2 a'D'Ry + a'D'RD a, where
    the columns of D are 1 for the outcomes that are moved.

    Examples
    --------
    >>> from coxa.impute import draw_parameters, impute_outcomes, incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(80), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": list("ab") * 80, "arm": np.where(who % 2, "new", "old")})
    >>> d["change"] = rng.normal(size=80)[who] + rng.normal(size=160) + 2 * (d["arm"] == "new")
    >>> d.loc[(d["visit"] == "b") & (d["participant_id"] % 5 == 0), "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> imputed = impute_outcomes(fit, incomplete_outcomes(fit, d, reference="old"), draw_parameters(fit, 100))
    >>> tipping_imputed(imputed, "~ arm", "new", arm_shifts=[0, -5, -10])["significant"].tolist()
    [True, True, False]
    """
    if imputed.steps is not None:
        raise OptionError(
            "The outcome is a score on steps, which an amount does not move alike in all data sets. Impute again with "
            "each delta."
        )
    outcomes = imputed.outcomes
    place = visit_places(imputed, None if visit is None else [visit])[-1]
    own = outcomes.arms.index(check_known("arm", arm, outcomes.arms))
    of_arm = outcomes.arms[int(outcomes.reference[outcomes.arm == own][0])] if against is None else against
    other = outcomes.arms.index(check_known("arm", of_arm, outcomes.arms))
    if own == other:
        raise OptionError(f"Arm '{arm}' is compared with itself. Name another arm in `against`.")
    made = arm_rows(imputed, formula)
    row = made.means[made.levels.index(arm)] - made.means[made.levels.index(of_arm)]
    moved = outcomes.missing[:, place]
    if of == "after_event":
        moved = moved & (place >= outcomes.event)
    columns = np.column_stack([moved & (outcomes.arm == own), moved & (outcomes.arm == other)]).astype(float)
    estimates, squares, slopes = [], [], []
    for block in imputed.blocks():
        with one_thread():
            y = block[:, :, place]
            b = y @ made.x
            estimates.append(b @ row)
            squares.append((y**2).sum(axis=1) - (b**2).sum(axis=1))
            slopes.append(y @ columns - b @ (made.x.T @ columns))
    values, square, slope = (
        np.concatenate(estimates),
        np.concatenate(squares).mean(),
        np.concatenate(slopes).mean(axis=0),
    )
    curve = columns.T @ columns - (columns.T @ made.x) @ (made.x.T @ columns)
    y_shift, x_shift = np.meshgrid(np.asarray(against_shifts, float), np.asarray(arm_shifts, float), indexing="ij")
    amounts = np.column_stack([x_shift.ravel(), y_shift.ravel()])
    free = float(len(made.x) - made.x.shape[1])
    residual = square + 2 * amounts @ slope + np.einsum("ki,ij,kj->k", amounts, curve, amounts)
    within = residual / free * float(row @ row)
    between = float(values.var(ddof=1))
    total = within + (1 + 1 / len(values)) * between
    df = barnard_rubin(len(values), (1 + 1 / len(values)) * between / total, free)
    estimate = values.mean() + amounts @ (columns.T @ (made.x @ row))
    p_value = 2 * stats.t.sf(np.abs(estimate) / np.sqrt(total), df)
    return pd.DataFrame(
        {
            "arm_shift": amounts[:, 0],
            "against_shift": amounts[:, 1],
            "estimate": estimate,
            "std_error": np.sqrt(total),
            "df": df,
            "p_value": p_value,
            "significant": p_value < alpha,
            "mc_error": np.sqrt(between / len(values)),
        }
    )
