"""Tests of proportional odds: whether an effect is the same at every threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from coxa.errors import FitError, NonConvergenceError, OptionError, check_kind, check_option
from coxa.models.ordinal.data import INTERCEPT, OrdinalData
from coxa.models.ordinal.fit import fitted, spread_of
from coxa.models.ordinal.likelihood import expected_information, gradient_of, maximise
from coxa.models.ordinal.record import OrdinalFit

Test = Literal["likelihood_ratio", "score", "brant"]
TESTS: tuple[Test, ...] = get_args(Test)

METHODS = {
    "likelihood_ratio": "likelihood ratio against an effect at each threshold",
    "score": "score test against an effect at each threshold, expected information",
    "brant": "Brant's test that logistic models of the cuts have the same effect",
}
ALL = "all"
"""Row of the test of all terms together."""

BOUND = 1e-4
"""Distance from the maximum, in standard errors, at which a likelihood that only approaches its bound is there to eight
digits."""

FLAT = 1e-10
"""Eigenvalue of information scaled to a unit diagonal, below which an alternative is not identified."""


def proportional_odds_test(fit: OrdinalFit, *, test: Test = "likelihood_ratio") -> pd.DataFrame:
    """Test for each term, and for all together, whether odds are proportional.

    Parameters
    ----------
    fit : OrdinalFit
        From `coxa.models.fit_ordinal`; terms of `partial` have an effect at each threshold already and are not tested.
    test : {"likelihood_ratio", "score", "brant"}
        Against the model with an effect of the term at each threshold. By the likelihood ratio, for which that model is
        fitted; where one of its effects is infinite, its likelihood is the bound (as of R's ordinal::nominal_test).
        By the score test at the fit that there is, with expected information, for which the wider model need not have a
        maximum. Brant's: by Wald's statistic of the effects of a logistic model of each cut, with their covariance (no
        number where one of them is infinite). The last two are not offered with a random intercept.

    Returns
    -------
    DataFrame
        One row per term and one for `all`: `term`, `statistic` (chi-squared), `df`, `p_value`, `test`, and in `note`
        why there is no number, or that an effect is infinite. With one threshold there is no test,
        and no row.

    Raises
    ------
    OptionError
        The test is not one of these, or is not offered for this fit.

    Notes
    -----
    In small samples the likelihood ratio rejects too often, the score test does not: at 20 an arm, five categories,
    10.5% and 4.4% of 4,000 simulated trials at 5% (docs/methods/ordinal-size.md). A large p-value is no proof. Compare
    the effects at each threshold (`partial`) before a summary over thresholds is given up. Brant, Biometrics 1990,
    46:1171-1178.

    Examples
    --------
    >>> from coxa.models import fit_ordinal
    >>> pain = [0, 1, 2, 1, 0, 2, 0, 1] * 2 + [0, 1, 2, 0, 2, 2, 0, 0]
    >>> d = pd.DataFrame({"arm": list("aaaabbbb") * 3, "pain": pain})
    >>> test = proportional_odds_test(fit_ordinal("pain ~ arm", d, levels=[0, 1, 2]))
    >>> test[["term", "df"]].values.tolist(), round(float(test["statistic"][0]), 3)
    ([['arm', 1], ['all', 1]], 1.774)
    """
    check_kind("fit", fit, OrdinalFit, "a fit of coxa.models.fit_ordinal")
    check_option("test", test, TESTS)
    if test != "likelihood_ratio" and fit.random is not None:
        raise OptionError(f"`test` is '{test}', which has no random intercept. Use test='likelihood_ratio'.")
    rows = [
        {"term": name, **one_test(fit, wider, test), "test": METHODS[test]}
        for name, wider in alternatives(fit.data)
        if fit.data.k > 1
    ]
    return pd.DataFrame(rows, columns=["term", "statistic", "df", "p_value", "test", "note"])


def alternatives(data: OrdinalData) -> list[tuple[str, OrdinalData]]:
    """Return for each term with proportional odds, and for all of them, the rows with an effect at each threshold."""
    terms = {
        term: columns
        for term, columns in data.design.terms.items()
        if term != INTERCEPT and not set(columns) <= set(data.partial)
    }
    every = [column for columns in terms.values() for column in columns]
    wider = [(term, data.with_partial(columns)) for term, columns in terms.items()]
    return [*wider, (ALL, data.with_partial(every))] if terms else []


def one_test(fit: OrdinalFit, wider: OrdinalData, test: str) -> dict[str, Any]:
    """Return statistic, degrees of freedom, p and note of one alternative."""
    df = len(wider.names) - len(fit.data.names)
    try:
        if test == "likelihood_ratio":
            statistic, note = likelihood_ratio(fit, wider)
        else:
            statistic, note = (score if test == "score" else brant)(fit, wider), ""
    except FitError as error:
        return {"statistic": np.nan, "df": df, "p_value": np.nan, "note": error.message}
    return {"statistic": statistic, "df": df, "p_value": float(stats.chi2.sf(statistic, df)), "note": note}


def likelihood_ratio(fit: OrdinalFit, wider: OrdinalData) -> tuple[float, str]:
    """Return twice how much higher the log-likelihood of the wider model is, and what is to be known of it."""
    if fit.random is not None:
        return max(2 * (fitted(fit.spec, wider).loglik - fit.loglik), 0.0), ""
    centre, scale = spread_of(wider.design.x)
    optimum = maximise(wider.thresholds((wider.design.x - centre) / scale), wider.codes, wider.k)
    if not optimum.distance < BOUND:
        raise NonConvergenceError(f"the wider model has no proven maximum: {optimum.failure}", ["Join categories."])
    note = "" if optimum.converged else "an effect at a threshold is infinite; the likelihood is that of its limit"
    return max(2 * (-optimum.point.value - fit.loglik), 0.0), note


def score(fit: OrdinalFit, wider: OrdinalData) -> float:
    """Return g' I^-1 g of the wider model at the coefficients of the fit, I the expected information."""
    x, k = wider.design.x, wider.k
    at = equal_effects(fit, wider)
    gradient = gradient_of(wider.thresholds(x), at)
    information = expected_information(*wider.parts(x), k, at)
    length = 1 / np.sqrt(np.diag(information))
    values, vectors = np.linalg.eigh(length[:, None] * information * length)
    if values[0] < FLAT:
        raise FitError("an effect at each threshold is not identified", ["Join categories."])
    return float((vectors.T @ (length * gradient)) ** 2 @ (1 / values))


def brant(fit: OrdinalFit, wider: OrdinalData) -> float:
    """Return Wald's statistic that a logistic model of each cut has the same effects of the tested columns.

    Of cuts m < l, above which a share of p_m and p_l is, the indicators have the covariance p_l (1 - p_m) in each row.
    """
    data = fit.data
    slopes = [j for j, name in enumerate(data.design.names) if name != INTERCEPT]
    tested = [slopes.index(j) for j in wider.partial if j not in data.partial]
    x = np.column_stack([np.ones(len(data.codes)), data.design.x[:, slopes]])
    effects, shares, inverses = [], [], []
    for cut in range(data.k):
        binary = replace(data, levels=(0, 1), codes=(data.codes > cut).astype(int), partial=())
        own = fitted(replace(fit.spec, levels=(0, 1), partial=()), binary).params.to_numpy()
        share = expit(x[:, 1:] @ own[1:] - own[0])
        effects.append(own[1:][tested])
        shares.append(share)
        inverses.append(np.linalg.inv((x * (share * (1 - share))[:, None]).T @ x))
    size, place = len(tested), [1 + j for j in tested]
    covariance = np.empty((data.k * size, data.k * size))
    for m in range(data.k):
        for upper in range(m, data.k):
            both = (x * (shares[upper] * (1 - shares[m]))[:, None]).T @ x
            block = (inverses[m] @ both @ inverses[upper])[np.ix_(place, place)]
            covariance[m * size : (m + 1) * size, upper * size : (upper + 1) * size] = block
            covariance[upper * size : (upper + 1) * size, m * size : (m + 1) * size] = block.T
    less_first = np.kron(np.column_stack([-np.ones(data.k - 1), np.eye(data.k - 1)]), np.eye(size))
    gaps = less_first @ np.concatenate(effects)
    return float(gaps @ np.linalg.solve(less_first @ covariance @ less_first.T, gaps))


def equal_effects(fit: OrdinalFit, wider: OrdinalData) -> np.ndarray:
    """Return the coefficients of the fit as those of the wider model, the same at each threshold."""
    own, names = fit.params, wider.design.names
    one = [own[names[j]] for j in wider.common]
    each = []
    for j in wider.partial:
        same = [own[names[j]]] * wider.k if names[j] in own.index else None
        each += same or [own[f"{names[j]}: {between}"] for between in wider.names[: wider.k]]
    return np.array([*own.iloc[: wider.k], *one, *each])
