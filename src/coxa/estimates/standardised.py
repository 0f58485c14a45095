"""Risks, counts or means of arms averaged over all participants, and what they differ by: g-computation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.errors import FitError, OptionError, check_kind, check_level, check_option, not_allowed
from coxa.estimates.risk_rows import RISK_CONTRASTS, contrast, finite, on_scale, own_limits, quantile_of
from coxa.estimates.table import Estimates
from coxa.models.design.columns import label_text
from coxa.models.glm.families import FAMILIES
from coxa.models.glm.record import GLMFit

Variance = Literal["ye", "ge", "hc3"]
Scheme = Literal["simple", "pb", "bc", "ps"]
VARIANCES: tuple[Variance, ...] = ("ye", "ge", "hc3")
SCHEMES: tuple[Scheme, ...] = ("simple", "pb", "bc", "ps")
WORDS = {
    "ye": "variance of Ye and others, right where the model is wrong too",
    "ge": "variance of Ge and others, covariates taken as given",
    "hc3": "delta method with the HC3 covariance of the coefficients, covariates taken as given",
}
SCHEME_WORDS = {
    "simple": "simple randomisation",
    "pb": "permuted blocks in strata",
    "bc": "a biased coin in strata",
    "ps": "minimisation over strata",
}
BALANCED = ("pb", "bc")
"""Schemes under which the arms of a stratum are as large as planned, but for a number that does not grow."""

CLUSTER_WORDS = "delta method, robust over {n} clusters ({kind}), covariates taken as given"
SMALL_WORDS = "residuals over the root of one less their leverage, quantiles of t with {df} degrees of freedom"
TERMS_OF = {
    "binomial": ("risk", RISK_CONTRASTS),
    **{
        family: ("rate", {"difference": "difference", "rate_ratio": "log_ratio"})
        for family in ("poisson", "quasi-poisson", "negative_binomial")
    },
    "gaussian": ("marginal_mean", {"difference": "difference"}),
}
NOT_BALANCED = 1e-6
"""Mean residual of an arm in a stratum, in standard deviations of the outcome, that is more than rounding."""


FEW_IN_STRATUM = 5
"""Participants of an arm in a stratum whose mean residual is too uncertain to be taken off the variance."""


@dataclass(frozen=True, slots=True, repr=False)
class Standardised(Carded):
    """Marginal means of the arms.

    arms       : their names, in the order of the levels
    means      : (K,) average over all participants, each put into every arm
    covariance : (K, K)
    warning    : why the covariance should be looked at; empty if nothing
    slopes     : (K, p) of the means in the coefficients; None where the variance is not that of coefficients

    Examples
    --------
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "better": [0, 1, 0, 0, 1, 1, 0, 1]})
    >>> standardised_means(fit_glm("better ~ arm", d), d).arms
    ('a', 'b')
    """

    arms: tuple[str, ...]
    means: np.ndarray
    covariance: np.ndarray
    warning: str = ""
    slopes: np.ndarray | None = field(default=None, repr=False)

    def pair(self, arm: str, reference: str) -> tuple[np.ndarray, np.ndarray]:
        """Return means (2,) and covariance (2, 2) of two arms."""
        both = [self.arms.index(arm), self.arms.index(reference)]
        return self.means[both], self.covariance[np.ix_(both, both)]

    def pair_slopes(self, arm: str, reference: str, scale: str) -> np.ndarray:
        """Return the derivatives (p,) of what two arms differ by on a scale."""
        assert self.slopes is not None
        both = [self.arms.index(arm), self.arms.index(reference)]
        return np.asarray(on_scale(self.means[both], scale)[1] @ self.slopes[both])


@kinds(data=FRAME)
def standardised_risks(
    fit: GLMFit,
    data: pd.DataFrame,
    arm: str = "arm",
    against: str | None = None,
    *,
    variance: Variance = "ye",
    scheme: Scheme = "simple",
    strata: Sequence[str] = (),
    small_samples: bool = False,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate every arm's risk (or mean) over all participants of a trial, and what it differs by from a reference.

    Parameters
    ----------
    fit : GLMFit
        From `coxa.models.fit_glm`, with the arm in its formula.
    data : DataFrame
        The frame that was fitted; read for the strata.
    arm : str
        Column of the arms.
    against : str, optional
        The arm that the others are compared with; unless given the first level.
    variance : {"ye", "ge"}
        `ye` holds in a randomised trial whether or not the model is right, and takes covariates as drawn with the
        participants. `ge` is the delta method with the model's covariance; the model has to be right. `hc3` is the
        delta method with a sandwich. Of a fit with `cluster`, `ge` has its robust covariance and the degrees of freedom
        that go with it, for each number its own.
    scheme : {"simple", "pb", "bc", "ps"}
        How participants were randomised: simply, in permuted blocks or by a biased coin within strata, or by
        minimisation over strata.
    strata : sequence of str
        Columns of the strata, whose every combination is one; for every scheme but `simple`.
    small_samples : bool
        Each residual over the root of one less its leverage (with `ye`), and quantiles of t with as many degrees of
        freedom as participants less coefficients. Recommended below 80 participants an arm.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Estimates
        A row for each arm: `risk` of a yes-or-no outcome, `rate` (events per participant) of a count, `marginal_mean`
        of a measurement. Then rows against the reference: `risk_difference`, `risk_ratio` and `odds_ratio`;
        `difference` and `rate_ratio`; `difference`. Tests and limits are of the normal distribution, of ratios on the
        log scale, of arms on the scale of the link; `std_error` of a ratio is that of its logarithm.

    Raises
    ------
    OptionError
        An option or a column is not allowed, the scheme needs strata, or the frame is another one.
    FitError
        An arm has one participant.

    Notes
    -----
    Sources: FDA, Adjusting for covariates in randomized clinical trials, 2023; Ye, Bannick, Yi & Shao, Statistical
    Theory and Related Fields 2023, 7:159-163; Bannick, Shao, Liu, Du, Yi & Ye, Biometrika 2025 (arXiv:2306.10213); Ge,
    Durham, Meyer, Xie & Thomas, Drug Information Journal 2011, 45:481-493.

    Examples
    --------
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aaaaabbbbb"), "age": range(10), "better": [0, 1, 0, 0, 1, 1, 0, 1, 1, 0]})
    >>> e = standardised_risks(fit_glm("better ~ arm", d), d)
    >>> e.only(term="risk_difference").frame[["estimate", "std_error"]].round(4).values.tolist()
    [[0.2, 0.3464]]
    """
    return Estimates.of(
        standardised_rows(
            fit,
            data,
            arm,
            against,
            variance=variance,
            scheme=scheme,
            strata=strata,
            small_samples=small_samples,
            conf_level=conf_level,
        )
    )


def standardised_rows(
    fit: GLMFit,
    data: pd.DataFrame,
    arm: str = "arm",
    against: str | None = None,
    *,
    variance: Variance = "ye",
    scheme: Scheme = "simple",
    strata: Sequence[str] = (),
    small_samples: bool = False,
    conf_level: float = 0.95,
) -> list[dict[str, Any]]:
    """Return the rows of `standardised_risks`, before they are a table."""
    check_level(conf_level)
    found = standardised_means(
        fit, data, arm, variance=variance, scheme=scheme, strata=strata, small_samples=small_samples
    )
    against = found.arms[0] if against is None else check_option("against", str(against), found.arms)
    n = len(fit.design.y)
    randomised = f"{SCHEME_WORDS[scheme]}" if variance == "ye" else ""
    t = small_samples or fit.clusters > 0
    small = SMALL_WORDS.format(df=fit.residual_df) if small_samples and not fit.clusters else ""
    errors = CLUSTER_WORDS.format(kind=fit.spec.vcov, n=fit.clusters) if fit.clusters else WORDS[variance]
    shared: dict[str, Any] = {
        "outcome": fit.design.formula.response,
        "conf_level": conf_level,
        "n_participants": n,
        "n_observations": n,
        "method": "; ".join(filter(None, (f"{fit.family} model, standardised", errors, randomised, small))),
        "warning": "; ".join(filter(None, (*fit.warnings, found.warning))),
    }

    def df_of(slopes: Callable[[], np.ndarray]) -> float:
        if fit.clusters:
            return fit.df_of(slopes())
        return float(fit.residual_df) if small_samples else np.inf

    def said(df: float) -> dict[str, float]:
        return {"df": finite(df)} if t else {}

    term, compared = TERMS_OF[fit.family]
    rows = []
    for k, (name, mean) in enumerate(zip(found.arms, found.means, strict=True)):
        df = df_of(lambda k=k: found.slopes[k])  # type: ignore[misc, index]
        own = own_limits(fit.family, mean, np.sqrt(max(found.covariance[k, k], 0.0)), quantile_of(conf_level, df))
        rows.append({"arm": name, "term": term, **own, **said(df)})
    for name in found.arms:
        for term, scale in compared.items() if name != against else ():
            df = df_of(lambda name=name, scale=scale: found.pair_slopes(name, against, scale))  # type: ignore[misc]
            pair = contrast(*found.pair(name, against), scale, conf_level, df)
            rows.append({"arm": name, "reference": against, "term": term, **pair, **said(df)})
    return [{**shared, **row} for row in rows]


@kinds(data=FRAME)
def standardised_means(
    fit: GLMFit,
    data: pd.DataFrame,
    arm: str = "arm",
    *,
    variance: Variance = "ye",
    scheme: Scheme = "simple",
    strata: Sequence[str] = (),
    small_samples: bool = False,
) -> Standardised:
    """Return the marginal means of the arms with their covariance; the arguments are those of `standardised_risks`.

    Examples
    --------
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "better": [0, 1, 0, 0, 1, 1, 0, 1]})
    >>> standardised_means(fit_glm("better ~ arm", d), d).means.round(4).tolist()
    [0.25, 0.75]
    """
    check_kind("fit", fit, GLMFit, "a fit of coxa.models.fit_glm")
    check_option("variance", variance, VARIANCES)
    check_option("scheme", scheme, SCHEMES)
    levels = fit.design.levels
    if arm not in levels or arm not in fit.design.terms:
        raise OptionError(not_allowed("factor with an effect of its own in the formula", arm, levels))
    if (scheme != "simple") != bool(strata):
        remedy = "Name them." if scheme != "simple" else "Choose `scheme` pb or ps, or leave `strata` out."
        raise OptionError(f"`scheme` is {scheme} and `strata` is {', '.join(strata) or 'empty'}. {remedy}")
    if variance == "ye" and (fit.exposure is not None or fit.family == "negative_binomial"):
        why = f"exposure '{fit.spec.exposure}'" if fit.exposure is not None else f"family '{fit.family}'"
        raise OptionError(
            f"`variance` is \"ye\", which is not known with {why}. Use variance='ge', or coxa.estimates.model_rates."
        )
    if fit.clusters and variance != "ge":
        raise OptionError(
            f'`variance` is "{variance}", which takes rows as independent, and the fit has clusters of '
            f"'{fit.spec.cluster}'. Use variance='ge'."
        )
    groups = strata_of(fit, data, strata)
    design = fit.design
    rows = [design.rows_as(arm, place) for place in range(len(levels[arm]))]
    predicted = np.column_stack([fit.means(x) for x in rows])
    codes = design.frame[arm].cat.codes.to_numpy().astype(int)
    weights = None
    if variance != "ye":
        slope = FAMILIES[fit.family].slope
        weights = np.array([(slope(mean)[:, None] * x).mean(axis=0) for mean, x in zip(predicted.T, rows, strict=True)])
        of_beta = fit.covariance.to_numpy() if variance == "ge" else sandwich_hc3(fit)
        covariance, warning = weights @ of_beta @ weights.T, ""
    else:
        covariance = robust_covariance(wider_outcomes(fit) if small_samples else design.y, predicted, codes)
        bias = residual_products(design.y - fit.fitted, codes, groups)
        covariance = covariance - bias / len(codes) if scheme in BALANCED else covariance
        modelled = np.sqrt(np.abs(bias).max()) <= NOT_BALANCED * design.y.std()
        warning = "" if modelled or scheme == "simple" else MINIMISED if scheme == "ps" else small_strata(codes, groups)
    return Standardised(tuple(map(label_text, levels[arm])), predicted.mean(axis=0), covariance, warning, weights)


MINIMISED = (
    "the model does not have the arm in every stratum, so that the variance under minimisation is not known; this one "
    "is of simple randomisation. Put the strata, crossed with the arm, into the formula"
)


def small_strata(codes: np.ndarray, groups: np.ndarray) -> str:
    """Say where strata are so small that what balance takes off the variance is mostly chance; empty where none is."""
    smallest = min(int(np.bincount(codes[groups == group], minlength=codes.max() + 1).min()) for group in set(groups))
    if smallest >= FEW_IN_STRATUM:
        return ""
    return (
        f"a stratum has {smallest} participants in an arm, fewer than {FEW_IN_STRATUM}, so that too much may be taken "
        "off the variance. Join strata, or put them, crossed with the arm, into the formula"
    )


def strata_of(fit: GLMFit, data: pd.DataFrame, strata: Sequence[str]) -> np.ndarray:
    """Return the number of each analysed row's stratum, a combination of levels; 0 where there are none."""
    if len(data) != len(fit.design.complete):
        raise OptionError(
            f"`data` has {len(data)} rows, and {len(fit.design.complete)} were fitted. Give the frame that was fitted."
        )
    for column in strata:
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    if not strata:
        return np.zeros(len(fit.design.y), dtype=int)
    used = data.loc[fit.design.complete, list(strata)]
    if used.isna().any(axis=None):
        raise OptionError("A participant has no value in a column of the strata. Give every participant's stratum.")
    return used.groupby(list(strata), observed=True).ngroup().to_numpy()


def leverages(fit: GLMFit) -> np.ndarray:
    """Return the leverage of each row (N,): the share of its own outcome in its fitted mean, at the last step."""
    weights = FAMILIES[fit.family].slope(fit.fitted)
    x = fit.design.x
    return np.asarray(weights * np.einsum("ij,jk,ik->i", x, fit.covariance.to_numpy() / fit.scale, x))


def wider_outcomes(fit: GLMFit) -> np.ndarray:
    """Return outcomes (N,) whose residuals are over the root of one less the leverage; one of leverage 1 is as it is.

    Notes
    -----
    A residual has the variance of its outcome times one less its leverage where the model is right: MacKinnon & White,
    Journal of Econometrics 1985, 29:305-325 (HC2).
    """
    left = 1 - leverages(fit)
    return fit.fitted + (fit.design.y - fit.fitted) / np.sqrt(np.where(left > NOT_BALANCED, left, 1.0))


def sandwich_hc3(fit: GLMFit) -> np.ndarray:
    """Return the HC3 covariance (p, p) of the coefficients, residuals over one less their leverage.

    Notes
    -----
    Source: MacKinnon & White 1985; for generalised linear models as in the R package sandwich.
    """
    bread, left = fit.covariance.to_numpy() / fit.scale, 1 - leverages(fit)
    scores = fit.design.x * ((fit.design.y - fit.fitted) / np.where(left > NOT_BALANCED, left, 1.0))[:, None]
    return np.asarray(bread @ scores.T @ scores @ bread)


def robust_covariance(y: np.ndarray, predicted: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the covariance of the marginal means under simple randomisation, with the variances of each arm n - 1.

    y (N,), predicted (N, K) in every arm, codes (N,) the arm that each participant was in.
    """
    n, k = predicted.shape
    counts = np.bincount(codes, minlength=k)
    if counts.min() < 2:
        raise FitError(
            "an arm has one participant, and no variance",
            ["Leave the arm out, or use coxa.estimates.compare_proportions."],
        )
    between = np.atleast_2d(np.cov(predicted, rowvar=False))
    with_outcome = np.empty((k, k))
    own = np.empty(k)
    for arm in range(k):
        mine = codes == arm
        gap = y[mine] - y[mine].mean()
        with_outcome[:, arm] = gap @ (predicted[mine] - predicted[mine].mean(axis=0)) / (counts[arm] - 1)
        own[arm] = gap @ gap / (counts[arm] - 1)
    residual = (own + np.diag(between) - 2 * np.diag(with_outcome)) * n / counts
    return np.asarray((np.diag(residual) + with_outcome + with_outcome.T - between) / n)


def residual_products(residuals: np.ndarray, codes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return what balance within strata takes off N times the covariance.

    The mean residuals of the arms in a stratum, over their shares, times each other and times the covariance of the
    assignment, summed over strata by their size. Zero where the model has the arm in every stratum.
    """
    n, k = len(codes), codes.max() + 1
    share = np.bincount(codes) / n
    total = np.zeros((k, k))
    for group in np.unique(groups):
        here = groups == group
        counts = np.bincount(codes[here], minlength=k)
        sums = np.bincount(codes[here], residuals[here], minlength=k)
        mean = np.divide(sums, counts, out=np.zeros(k), where=counts > 0) / share
        total += here.mean() * np.outer(mean, mean)
    return total * (np.diag(share) - np.outer(share, share))
