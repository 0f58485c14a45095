"""Rates in every imputed data set of counts: negative binomial models on one design, and what they say of the arms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import linalg

from coxa.errors import FitError, check_known
from coxa.impute.analyse import check_arm, with_outcome
from coxa.impute.analysed import LABELS, Analysed, pool_imputations
from coxa.impute.counts import CountImputations
from coxa.impute.nearest import nearest_change
from coxa.models.design.matrix import design_matrix, orthonormal
from coxa.models.glm.families import NEGATIVE_BINOMIAL
from coxa.models.glm.fit import newton
from coxa.models.glm.negative_binomial import Counts, maximum
from coxa.models.numerics.one_thread import one_thread

MOST_FACTOR = 32.0
"""Farthest factor, up and down, at which a change of the conclusion is looked for."""

CLOSE = 0.005
"""How closely the logarithm of a factor is found; data sets are whole counts, so that more would not be real."""


def analyse_rates(
    imputed: CountImputations, formula: str, *, against: str, visit: str = "", per: float = 1.0
) -> Analysed:
    """Analyse every imputed data set of counts by a negative binomial model of the planned time.

    Parameters
    ----------
    imputed : CountImputations
        Of `impute_counts`.
    formula : str
        ``~ age + arm``, of columns of its data.
    against : str
        The arm that all others are compared with.
    visit : str
        Name of the visit in the results.
    per : float
        Units of time that a rate is given for.

    Returns
    -------
    Analysed
        The rate of each arm, standardised over the covariates of all participants, and of each other arm the ratio of
        the rates, as a logarithm, and their difference.

    Raises
    ------
    OptionError
        The arm is not in the formula, or unknown.
    FitError
        The model has no maximum in one of the data sets.

    Notes
    -----
    Each is the fit of ``fit_glm(..., family="negative_binomial", exposure=planned)``, with observed information; errors
    of rates are by the delta method.

    Examples
    --------
    >>> from coxa.impute import impute_counts, pool_imputations
    >>> from coxa.models import fit_glm
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": range(200), "arm": ["new", "old"] * 100, "year": 1.0})
    >>> d["seen"] = np.where(rng.random(200) < 0.3, 0.5, 1.0)
    >>> d["falls"] = rng.poisson(d["seen"] * np.where(d["arm"] == "new", 1.0, 2.0) * rng.gamma(2, 0.5, 200))
    >>> fit = fit_glm("falls ~ arm", d, family="negative_binomial", exposure="seen")
    >>> results = analyse_rates(impute_counts(fit, d, "year", reference="old", draws=20), "~ arm", against="old")
    >>> results.labels["term"].tolist(), results.size
    (['rate', 'rate', 'rate_ratio', 'rate_difference'], 20)
    """
    count, _, planned = imputed.columns
    data = imputed.data.assign(**{count: np.arange(len(imputed.data), dtype=float)})
    design = design_matrix(with_outcome(count, formula), data)
    check_arm(design, imputed.arm)
    levels = [str(level) for level in design.levels[imputed.arm]]
    check_known("arm", against, levels)
    basis = orthonormal(design.x, design.names)
    offset = np.log(data[planned].to_numpy(dtype=float)[design.complete])
    rows = [design.rows_as(imputed.arm, k) @ basis.back for k in range(len(levels))]
    pairs = [(k, levels.index(against)) for k in range(len(levels)) if levels[k] != against]
    estimates, variances = [], []
    with one_thread():
        for block in imputed.blocks():
            for y in block[:, design.complete]:
                values, squares = compared_rates(rows, pairs, per, *fitted_counts(basis.q, y, offset))
                estimates.append(values)
                variances.append(squares)
    labels = [{"arm": arm, "reference": "", "term": "rate"} for arm in levels]
    terms = ("rate_ratio", "rate_difference")
    labels += [{"arm": levels[a], "reference": levels[r], "term": term} for a, r in pairs for term in terms]
    return Analysed(
        labels=pd.DataFrame(labels).assign(outcome=count, visit=visit)[list(LABELS)],
        estimates=np.array(estimates),
        variances=np.array(variances),
        df_complete=np.full(len(labels), np.inf),
        n=int(design.complete.sum()),
        method="negative binomial model",
    )


def fitted_counts(q: np.ndarray, y: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients (p,) and covariance (p, p) of a negative binomial model of orthonormal columns (n, p).

    Raises
    ------
    FitError
        There is no maximum: an arm or a level has no event.
    """
    try:
        poisson, _ = newton(q, y, NEGATIVE_BINOMIAL, offset)
        found = maximum(Counts.of(q, y, offset), poisson)
        inverse = linalg.inv(found.hessian)
    except (FitError, np.linalg.LinAlgError) as error:
        raise FitError(
            "the model of counts has no maximum in an imputed data set",
            ["Look at the numbers of events in each arm and level.", "Take a covariate out of `adjust`."],
        ) from error
    p = q.shape[1]
    return found.gamma, inverse[:p, :p]


def compared_rates(
    rows: list[np.ndarray], pairs: list[tuple[int, int]], per: float, beta: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return rates of arms, then of each pair the logarithm of the ratio and the difference (k,), and squared errors.

    rows : of each arm (n, p) the design as if all were in it
    """
    means = [np.exp(x @ beta) for x in rows]
    rates = [mean.mean() for mean in means]
    slopes = [mean @ x / len(x) for mean, x in zip(means, rows, strict=True)]
    values, gradients = [per * rate for rate in rates], [per * slope for slope in slopes]
    for a, r in pairs:
        values += [np.log(rates[a] / rates[r]), per * (rates[a] - rates[r])]
        gradients += [slopes[a] / rates[a] - slopes[r] / rates[r], per * (slopes[a] - slopes[r])]
    g = np.array(gradients)
    return np.array(values), np.einsum("ki,ij,kj->k", g, covariance, g)


@dataclass(frozen=True, slots=True)
class TippingFactor:
    """The factor of the rate after leaving, in one arm, at which a conclusion changes.

    factor      : the nearest to 1, up or down; NaN where there is none up to `MOST_FACTOR`
    significant : the conclusion without it

    Examples
    --------
    >>> TippingFactor(2.5, True).factor
    2.5
    """

    factor: float
    significant: bool


def tipping_factor(
    imputed: CountImputations,
    formula: str,
    arm: str,
    *,
    against: str,
    term: str = "rate_ratio",
    alpha: float = 0.05,
    most: int = 100,
) -> TippingFactor:
    """Find the factor of the rates after leaving, in one arm alone, at which the pooled conclusion changes.

    Parameters
    ----------
    imputed : CountImputations
    formula, against : str
        As of `analyse_rates`.
    arm : str
        Whose imputed events are made more or fewer.
    term : {"rate_ratio", "rate_difference"}
        Whose interval decides.
    alpha : float
        Two-sided level.
    most : int
        Data sets that are used; with the same random numbers at every factor.

    Returns
    -------
    TippingFactor

    Raises
    ------
    OptionError
        An arm is unknown.
    FitError
        The model has no maximum in one of the data sets.

    Examples
    --------
    >>> from coxa.impute import impute_counts
    >>> from coxa.models import fit_glm
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": range(200), "arm": ["new", "old"] * 100, "year": 1.0})
    >>> d["seen"] = np.where(rng.random(200) < 0.3, 0.5, 1.0)
    >>> d["falls"] = rng.poisson(d["seen"] * np.where(d["arm"] == "new", 1.0, 2.0) * rng.gamma(2, 0.5, 200))
    >>> fit = fit_glm("falls ~ arm", d, family="negative_binomial", exposure="seen")
    >>> found = tipping_factor(impute_counts(fit, d, "year", reference="old", draws=20), "~ arm", "new", against="old")
    >>> found.significant, found.factor > 1
    (True, True)
    """
    few = replace(
        imputed, before=imputed.before[:most], after=imputed.after[:most], dispersion=imputed.dispersion[:most]
    )
    own = (imputed.data[imputed.arm].astype(str) == arm).to_numpy()
    check_known("arm", arm, imputed.data[imputed.arm].astype(str).unique().tolist())

    def excess(log_factor: float) -> float:
        moved = replace(few, after=few.after * np.where(own, np.exp(log_factor), 1.0))
        table = pool_imputations(analyse_rates(moved, formula, against=against)).table
        p = float(table.loc[table["term"].eq(term) & table["arm"].eq(arm), "p_value"].iloc[0])
        return float(np.log(max(p, 1e-300)) - np.log(alpha))

    log_two = float(np.log(2.0))
    found, at_one = nearest_change(excess, first=log_two / 2, most=float(np.log(MOST_FACTOR)), close=CLOSE)
    return TippingFactor(float(np.exp(found)), at_one < 0)
