"""Differences of arms with outcomes weighted by the inverse probability of having stayed, plain and augmented.

Both take the mean of each arm over the covariates of all participants. Plain weighting is right where the models of
dropout are; augmented weighting where those of dropout or those of the outcome are, visit by visit.

Sources: Robins, Rotnitzky & Zhao, JASA 1995, 90:106-121; Bang & Robins, Biometrics 2005, 61:962-973; Tsiatis,
Semiparametric Theory and Missing Data, 2006, chapters 9 to 11.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from coxa.errors import FitError, check_level
from coxa.estimates.table import Estimates
from coxa.impute.dropout import Dropout, check_reference

Mean = Callable[[Dropout, int], tuple[float, np.ndarray]]
"""Of an arm: its mean, and what each participant adds to the error of it (n,)."""


def analyse_weighted(dropout: Dropout, *, reference: str | None = None, conf_level: float = 0.95) -> Estimates:
    """Estimate means and differences with outcomes weighted by the inverse probability of having stayed.

    Parameters
    ----------
    dropout : Dropout
        Of `fit_dropout`.
    reference : str, optional
        By default the first arm.
    conf_level : float

    Returns
    -------
    Estimates
        At the last visit of `dropout`: the mean of each arm, and its difference from the reference.

    Raises
    ------
    OptionError
        There is no such arm.

    Notes
    -----
    In each arm a weighted regression on the covariates, averaged over all participants. Standard errors are robust, and
    take account of the weights' being estimated: what participants add to the error is projected off the scores of
    the models of dropout.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.impute import fit_dropout
    >>> d = pd.DataFrame({"participant_id": np.repeat(range(60), 2), "visit": ["a", "b"] * 60})
    >>> d = d.assign(age=np.repeat(range(60), 2), arm=np.where(d["participant_id"] % 2, "new", "old"))
    >>> d["pain"] = np.sin(np.arange(120.0) ** 2)
    >>> d.loc[[1, 5, 21, 41], "pain"] = np.nan
    >>> analyse_weighted(fit_dropout(d, "pain", ["age"]), reference="old").frame["term"].tolist()
    ['marginal_mean', 'marginal_mean', 'difference']
    """
    return estimated(dropout, weighted_mean, reference, conf_level, "inverse probability weights for dropout")


def analyse_augmented(dropout: Dropout, *, reference: str | None = None, conf_level: float = 0.95) -> Estimates:
    """Estimate means and differences by augmented inverse probability weights.

    Parameters
    ----------
    dropout, reference, conf_level
        As of `analyse_weighted`.

    Returns
    -------
    Estimates

    Raises
    ------
    OptionError
        There is no such arm.

    Notes
    -----
    The outcome is regressed on covariates and outcomes before, then its predictions on those before that, visit by
    visit back to the covariates; each regression is corrected by the weighted residuals of those who stayed.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.impute import fit_dropout
    >>> d = pd.DataFrame({"participant_id": np.repeat(range(60), 2), "visit": ["a", "b"] * 60})
    >>> d = d.assign(age=np.repeat(range(60), 2), arm=np.where(d["participant_id"] % 2, "new", "old"))
    >>> d["pain"] = np.sin(np.arange(120.0) ** 2)
    >>> d.loc[[1, 5, 21, 41], "pain"] = np.nan
    >>> analyse_augmented(fit_dropout(d, "pain", ["age"]), reference="old").frame["term"].tolist()
    ['marginal_mean', 'marginal_mean', 'difference']
    """
    return estimated(
        dropout, augmented_mean, reference, conf_level, "augmented inverse probability weights for dropout"
    )


def estimated(dropout: Dropout, mean: Mean, reference: str | None, conf_level: float, method: str) -> Estimates:
    """Return means and differences with robust intervals; t with the outcomes less the covariates of all arms."""
    check_level(conf_level)
    code = check_reference(dropout, reference)
    n, arms = len(dropout.arm), range(len(dropout.arms))
    each = [mean(dropout, a) for a in arms]
    seen = int(dropout.present[:, -1].sum())
    df = float(seen - len(dropout.arms) * dropout.x.shape[1])
    shared = {"outcome": dropout.outcome, "visit": dropout.visits[-1], "method": method, "conf_level": conf_level}
    quantile = stats.t.ppf(0.5 + conf_level / 2, df)
    rows = []
    for a, r in [*((a, None) for a in arms), *((a, code) for a in arms if a != code)]:
        value, influence = each[a]
        if r is not None:
            value, influence = value - each[r][0], influence - each[r][1]
        std_error = float(np.sqrt((influence**2).sum()) / n)
        test = value / std_error
        rows.append(
            {
                **shared,
                "arm": dropout.arms[a],
                "reference": "" if r is None else dropout.arms[r],
                "term": "marginal_mean" if r is None else "difference",
                "estimate": value,
                "std_error": std_error,
                "df": df,
                "statistic": np.nan if r is None else test,
                "p_value": np.nan if r is None else float(2 * stats.t.sf(abs(test), df)),
                "conf_low": value - quantile * std_error,
                "conf_high": value + quantile * std_error,
                "n_participants": n,
                "n_observations": seen,
            }
        )
    return Estimates.of(rows)


def weighted_mean(dropout: Dropout, arm: int) -> tuple[float, np.ndarray]:
    """Return the mean of an arm by weighted regression, and its influences (n,)."""
    x, n = dropout.x, len(dropout.arm)
    own = (dropout.arm == arm) & dropout.present[:, -1]
    weights = np.where(own, dropout.weights, 0.0)
    y = np.where(own, dropout.y[:, -1], 0.0)
    gram = (x * weights[:, None]).T @ x
    if np.linalg.cond(gram) > 1e12:
        raise FitError(
            f"the covariates do not vary among those with an outcome in arm '{dropout.arms[arm]}'",
            ["Use fewer covariates."],
        )
    beta = np.linalg.solve(gram, x.T @ (weights * y))
    centre = x.mean(axis=0)
    of_residual = n * weights * (y - x @ beta) * (x @ np.linalg.solve(gram, centre))
    return float(centre @ beta), off_scores(of_residual, dropout.scores) + (x - centre) @ beta


def off_scores(influence: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return influences (n,) less their projection on the scores (n, k) of estimated probabilities."""
    if not scores.shape[1]:
        return influence
    return np.asarray(influence - scores @ np.linalg.lstsq(scores, influence, rcond=None)[0])


def augmented_mean(dropout: Dropout, arm: int) -> tuple[float, np.ndarray]:
    """Return the mean of an arm by regressions from visit to visit with weighted residuals, and its influences (n,)."""
    own, n = dropout.arm == arm, len(dropout.arm)
    steps = dropout.y.shape[1]
    target = np.where(dropout.present[:, -1], dropout.y[:, -1], 0.0)
    added = np.zeros(n)
    for step in range(steps - 1, -1, -1):
        rows = own & dropout.present[:, step]
        history = dropout.history(step)
        beta = np.linalg.lstsq(history[rows], target[rows], rcond=None)[0]
        predicted = history @ beta
        added += np.where(rows, (target - predicted) / dropout.probability[:, step], 0.0)
        target = predicted
    share = own.mean()
    centre = target.mean() + added[own].mean()
    influence = target - target.mean() + np.where(own, (added - added[own].mean()) / share, 0.0)
    return float(centre), influence
