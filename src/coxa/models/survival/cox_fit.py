"""What a model of proportional hazards gives: coefficients, their covariance, hazard ratios, residuals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import chi2

from coxa.errors import check_known
from coxa.models.design.matrix import Design
from coxa.models.spec import Spec
from coxa.models.survival.follow_up import FollowUp
from coxa.models.survival.hazards import Hazards
from coxa.models.survival.partial import Stratum, score_of_rows

NO_VARIANCE = 1e-20
"""A robust variance of less than this share of the model's is rounding: the clusters of each group are alike."""


@dataclass(frozen=True, slots=True, repr=False)
class CoxFit(Hazards):
    """A fitted model of proportional hazards.

    names        : covariates
    coef         : (p,) log hazard ratios
    vcov         : (p, p) their covariance: inverse information, or robust by cluster
    model_vcov   : (p, p) the inverse information
    loglik, loglik_null : log partial likelihood at the estimate, and where no covariate matters
    nobs, n_events : rows, and rows with an event
    ties         : "efron" or "breslow"
    clusters     : number of clusters of a robust variance; None without
    gradient     : (p,) of the log partial likelihood at the estimate, in standard errors
    iterations   : steps of Newton's method
    rows         : the rows at risk
    strata       : rows at risk and events of each stratum, the covariates centred and over `scale`
    scale        : (p,) standard deviations of the covariates
    terms        : term of the formula -> positions of its coefficients
    spec         : the options; None of a fit to arrays
    design       : the rows that are analysed, and the recipe for new ones; None of a fit to arrays
    warnings     : what readers need to know
    expected     : (K, p, p) what each cluster adds to a corrected robust variance, expected under the model; None else

    Examples
    --------
    >>> d = pd.DataFrame({"day": [6, 7, 9, 10, 13, 15], "flare": [1, 0, 1, 1, 1, 0], "arm": list("ababab")})
    >>> from coxa.models import fit_cox
    >>> fit = fit_cox("arm", d, time="day", event="flare")
    >>> fit.names, fit.nobs, fit.n_events
    (('arm[b]',), 6, 4)
    """

    names: tuple[str, ...]
    coef: np.ndarray
    vcov: np.ndarray
    model_vcov: np.ndarray
    loglik: float
    loglik_null: float
    nobs: int
    n_events: int
    ties: str
    clusters: int | None
    gradient: np.ndarray
    iterations: int
    rows: FollowUp = field(repr=False)
    strata: tuple[Stratum, ...] = field(repr=False)
    scale: np.ndarray = field(repr=False)
    terms: Mapping[str, tuple[int, ...]]
    spec: Spec | None = None
    design: Design | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()
    expected: np.ndarray | None = field(default=None, repr=False)

    @property
    def se(self) -> np.ndarray:
        """Standard errors of the log hazard ratios; not a number where a robust variance is zero but for rounding."""
        variance, expected = np.diag(self.vcov), np.diag(self.model_vcov)
        return np.sqrt(np.where(variance > NO_VARIANCE * expected, variance, np.nan))

    @property
    def left_out(self) -> pd.DataFrame:
        """One row per row of the data that is not analysed: its label, and the columns that were empty."""
        return pd.DataFrame(columns=["row", "missing"]) if self.design is None else self.design.left_out

    def _df(self) -> np.ndarray:
        return np.array([self.df(row) for row in np.eye(len(self.coef))])

    def card_facts(self) -> dict[str, str]:
        """Return what the card says above the coefficients."""
        error = "" if self.clusters is None else f"robust, {self.clusters} clusters"
        return {
            "Rows": f"{self.nobs}, {self.n_events} with an event",
            "Ties": self.ties,
            **({"Standard errors": error} if error else {}),
            "Log-likelihood": f"{self.loglik:.4f} (without covariates {self.loglik_null:.4f})",
            **({"Warnings": "\n".join(self.warnings)} if self.warnings else {}),
        }

    def df(self, weights: np.ndarray) -> float:
        """Return the degrees of freedom of coefficients times weights (p,); infinite unless the variance is corrected.

        They are Satterthwaite's: the variance is a sum of squares of the clusters' scores, whose expected sizes are
        those of the model. Bell and McCaffrey, Survey Methodology 2002, 28:169-181.
        """
        if self.expected is None:
            return float("inf")
        sizes = np.einsum("a,kab,b->k", weights, self.expected, weights)
        return float(sizes.sum() ** 2 / (sizes**2).sum())

    def joint_test(self, term: str) -> pd.DataFrame:
        """Return Wald's chi-square of all coefficients of a term.

        Examples
        --------
        >>> from coxa.models import fit_cox
        >>> d = pd.DataFrame({"day": [6, 7, 9, 10, 13, 15, 5, 8], "flare": 1, "arm": list("abcabcab")})
        >>> fit_cox("arm", d, time="day", event="flare").joint_test("arm").round(3).to_dict("records")
        [{'term': 'arm', 'statistic': 2.045, 'df': 2, 'p_value': 0.36}]
        """
        where = list(self.terms[check_known("term", term, list(self.terms))])
        some, known = self.coef[where], bool(np.isfinite(self.se[where]).all())
        statistic = float(some @ np.linalg.solve(self.vcov[np.ix_(where, where)], some)) if known else np.nan
        row = {"term": term, "statistic": statistic, "df": len(where), "p_value": float(chi2.sf(statistic, len(where)))}
        return pd.DataFrame([row])

    def score_residuals(self) -> np.ndarray:
        """Return (n, p) what each row adds to the gradient of the log likelihood; they sum to zero."""
        return score_of_rows(list(self.strata), self.coef * self.scale, self.nobs) * self.scale

    def dfbeta(self) -> np.ndarray:
        """Return (n, p) by how much each row moves the coefficients, to first order."""
        return self.score_residuals() @ self.model_vcov
