"""A generalised linear model at its maximum: coefficients, their covariance, tests, and predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Card, Carded, coefficient_rows
from coxa.errors import FewClustersError, FitError, check_level
from coxa.models.design.matrix import Basis, Design
from coxa.models.glm.families import FAMILIES, Family
from coxa.models.glm.negative_binomial import Maximum
from coxa.models.glm.robust import FEW_CLUSTERS, FEW_DF, AloneError, df_of, robust
from coxa.models.glm.spec import GLMSpec
from coxa.models.inference.sandwich import Sandwich

AT_POISSON = (
    "the counts are not more variable than Poisson's: the dispersion is 0, its lowest value, and the fit is that of "
    "family 'poisson'"
)


@dataclass(frozen=True, slots=True, repr=False)
class GLMFit(Carded):
    """A generalised linear model at its maximum.

    formula    : as given
    family     : name of the family
    design     : the rows that are analysed, and the recipe for new ones
    params     : coefficients, on the scale of the link
    covariance : of the coefficients, by `spec.vcov`: the inverse of the information (times `scale`), or a sandwich
    fitted     : (N,) means of the analysed rows, at their exposure
    loglik     : log-likelihood; of a gaussian outcome at the maximum-likelihood variance; none of quasi-Poisson (NaN)
    scale      : Pearson's statistic over N - p: residual variance of a gaussian outcome, dispersion of quasi-Poisson;
                 else 1
    steps      : of Newton's method
    warnings   : what should be looked at
    spec       : every option; ``spec.call()`` gives the fit again
    exposure   : (N,) exposure of the analysed rows; None without
    dispersion : alpha of the negative binomial variance mu + alpha mu^2, whose inverse R calls theta; else 0
    dispersion_error : its standard error; NaN where it is 0
    clusters   : number of clusters of a robust covariance by cluster; else 0
    back       : (p, p) from the orthonormal basis of the design to the coefficients
    sandwich   : what degrees of freedom need of a robust covariance, in the orthonormal basis; None without

    Examples
    --------
    >>> from coxa.models import fit_glm
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "better": [0, 1, 0, 0, 1, 1, 0, 1]})
    >>> fit_glm("better ~ arm", d).residual_df
    6
    """

    formula: str
    family: str
    design: Design
    params: pd.Series
    covariance: pd.DataFrame
    fitted: np.ndarray
    loglik: float
    scale: float
    steps: int
    warnings: tuple[str, ...]
    spec: GLMSpec
    back: np.ndarray
    exposure: np.ndarray | None = None
    dispersion: float = 0.0
    dispersion_error: float = math.nan
    clusters: int = 0
    sandwich: Sandwich | None = None

    @property
    def residual_df(self) -> int:
        """Analysed rows less coefficients."""
        return len(self.design.y) - len(self.params)

    @property
    def outcome(self) -> str:
        """Name of the outcome."""
        return self.design.formula.response

    def means(self, x: np.ndarray) -> np.ndarray:
        """Return the means at design rows (`design.rows` makes them), at exposure 1."""
        return FAMILIES[self.family].mean(x @ self.params.to_numpy())

    def mean_slopes(self, x: np.ndarray) -> np.ndarray:
        """Return the derivatives of the means by the linear predictor at design rows, at exposure 1."""
        return FAMILIES[self.family].slope(self.means(x))

    def df_of(self, row: np.ndarray) -> float:
        """Return the degrees of freedom of a linear function (p,) of the coefficients; infinite where it is normal."""
        if self.sandwich is not None:
            return df_of(self.spec.vcov, self.sandwich, self.back.T @ row)
        return float(self.residual_df) if FAMILIES[self.family].scaled else math.inf

    @property
    def df(self) -> pd.Series:
        """Degrees of freedom of the coefficients; infinite where tests are normal."""
        return pd.Series([self.df_of(row) for row in np.eye(len(self.params))], self.params.index)

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the coefficients."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), self.params.index)

    @property
    def tvalues(self) -> pd.Series:
        """Coefficients over their standard errors: t with `df`, or normal."""
        return self.params / self.bse

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the coefficients."""
        return pd.Series(2 * t_or_normal(self.df).sf(np.abs(self.tvalues)), self.params.index)

    @property
    def llf(self) -> float:
        """Log-likelihood with all constants; `loglik`."""
        return self.loglik

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 `llf` + 2 k; k counts an estimated variance or dispersion, as R and SAS do."""
        return -2 * self.loglik + 2 * self._parameters

    @property
    def bic(self) -> float:
        """Bayesian criterion, -2 `llf` + k log(rows); k as in `aic`."""
        return -2 * self.loglik + math.log(self.nobs) * self._parameters

    @property
    def _parameters(self) -> int:
        return len(self.params) + (self.family in ("gaussian", "negative_binomial"))

    @property
    def nobs(self) -> int:
        """Analysed rows."""
        return len(self.design.y)

    @property
    def fittedvalues(self) -> pd.Series:
        """Means of the analysed rows, at their exposure."""
        return pd.Series(self.fitted, self.design.frame.index, name=self.outcome)

    @property
    def resid(self) -> pd.Series:
        """Outcome less `fittedvalues`."""
        return pd.Series(self.design.y - self.fitted, self.design.frame.index, name=self.outcome)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return limits of the coefficients at level 1 - alpha, columns 0 and 1."""
        table = self.tidy(conf_level=1 - alpha)
        return pd.DataFrame({0: table["conf_low"].to_numpy(), 1: table["conf_high"].to_numpy()}, self.params.index)

    def tidy(self, *, conf_level: float = 0.95, exponentiate: bool = False) -> pd.DataFrame:
        """Return one row per coefficient, as `exponentiate` asks with estimate and limits as ratios.

        Columns `term, estimate, std_error, df, statistic, p_value, conf_low, conf_high`; the standard error is that of
        the coefficient, also of a ratio.
        """
        check_level(conf_level)
        df, error = self.df, self.bse
        half = t_or_normal(df).ppf((1 + conf_level) / 2) * error
        shown = np.exp if exponentiate else np.asarray
        return pd.DataFrame(
            {
                "term": self.params.index,
                "estimate": shown(self.params.to_numpy()),
                "std_error": error.to_numpy(),
                "df": df.to_numpy(),
                "statistic": self.tvalues.to_numpy(),
                "p_value": self.pvalues.to_numpy(),
                "conf_low": shown((self.params - half).to_numpy()),
                "conf_high": shown((self.params + half).to_numpy()),
            }
        )

    @kinds(data=FRAME)
    def predict(self, data: pd.DataFrame) -> pd.Series:
        """Return the means of new rows, at exposure 1."""
        return pd.Series(self.means(self.design.rows(data)), data.index, name=self.outcome)

    def summary(self) -> str:
        """Return the fit as text."""
        return self.card().text()

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        facts = {
            "Outcome": self.outcome,
            "Formula": self.formula,
            "Family": f"{self.family}, {FAMILIES[self.family].link} link"
            + (f", exposure {self.spec.exposure}" if self.spec.exposure else ""),
            "Covariance": self.spec.vcov + (f", {self.clusters} clusters" if self.clusters else ""),
            "Observations": f"{self.nobs} ({len(self.design.left_out)} rows left out)",
        }
        if not math.isnan(self.loglik):
            facts["Log-likelihood"] = f"{self.loglik:.4f}"
        if self.family == "negative_binomial":
            facts["Dispersion"] = f"{self.dispersion:.4f} (standard error {self.dispersion_error:.4f})"
        if FAMILIES[self.family].scaled:
            facts["Scale"] = f"{self.scale:.4f}"
        if self.warnings:
            facts["Warnings"] = "; ".join(self.warnings)
        table = self.tidy()
        names = [str(name) for name in table.columns[1:]]
        return Card("Generalised linear model", facts, ["", *names], coefficient_rows(table, names))


def t_or_normal(df: Any) -> Any:
    """Return the t distribution with these degrees of freedom; normal where they are infinite."""
    return stats.t(np.asarray(df, dtype=float))


def assembled(
    spec: GLMSpec,
    design: Design,
    basis: Basis,
    gamma: np.ndarray,
    steps: int,
    exposure: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
) -> GLMFit:
    """Return the fit of a canonical link at the maximum, its coefficients those of the design."""
    family = FAMILIES[spec.family]
    offset = 0.0 if exposure is None else np.log(exposure)
    mean = family.mean(basis.q @ gamma + offset)
    n, p = basis.q.shape
    weight = family.slope(mean)
    scale = float(((design.y - mean) ** 2 / weight).sum() / (n - p)) if family.scaled else 1.0
    phi = linalg.inv((basis.q.T * weight) @ basis.q)
    covariance, sandwich = scale * phi, None
    if spec.vcov != "model":
        sandwich = sandwich_of(spec, design, basis.q, weight, design.y - mean, phi, clusters)
        covariance = sandwich.covariance
    warnings = design.unused_said + robust_warnings(spec, design, basis, sandwich)
    if spec.family == "quasi-poisson" and scale < 1:
        warnings += (f"the dispersion is {scale:.3f}: the counts are less variable than Poisson's",)
    return GLMFit(
        formula=design.formula.text,
        family=family.name,
        design=design,
        **coefficients(design, basis, gamma, covariance),
        fitted=mean,
        loglik=log_likelihood(family, design.y, mean),
        scale=scale,
        steps=steps,
        warnings=warnings,
        spec=spec,
        exposure=exposure,
        clusters=0 if clusters is None else int(clusters.max()) + 1,
        sandwich=sandwich,
    )


def coefficients(design: Design, basis: Basis, gamma: np.ndarray, covariance: np.ndarray) -> dict[str, Any]:
    """Return coefficients and covariance by name, from those of the basis, with the way back to them."""
    names = list(design.names)
    named = basis.back @ covariance @ basis.back.T
    return {
        "params": pd.Series(basis.back @ gamma, names),
        "covariance": pd.DataFrame((named + named.T) / 2, names, names),
        "back": basis.back,
    }


def log_likelihood(family: Family, y: np.ndarray, mean: np.ndarray) -> float:
    """Return the log-likelihood with all constants; NaN of quasi-Poisson, which has none."""
    value = float(family.loglik(y, mean).sum())
    if family.link == "identity":
        return float(-len(y) / 2 * (np.log(2 * np.pi * -2 * value / len(y)) + 1))
    return math.nan if family.scaled else value


def sandwich_of(
    spec: GLMSpec,
    design: Design,
    q: np.ndarray,
    weight: np.ndarray,
    gap: np.ndarray,
    phi: np.ndarray,
    clusters: np.ndarray | None,
) -> Sandwich:
    """Return the robust covariance in the basis: q (N, p), working weights (N,), and what scores have as residual (N,).

    Raises
    ------
    FewClustersError
        There are no more clusters than coefficients, or one alone determines a coefficient.
    FitError
        A row alone does.
    """
    if clusters is not None and clusters.max() + 1 <= q.shape[1]:
        raise FewClustersError(
            f"there are {clusters.max() + 1} clusters of '{spec.cluster}' for {q.shape[1]} coefficients",
            ["Leave covariates out.", "Compare means of clusters."],
        )
    root = np.sqrt(weight)
    try:
        return robust(spec.vcov, root[:, None] * q, gap / root, phi, clusters)
    except AloneError as alone:
        if clusters is None:
            raise FitError(
                f"row {design.frame.index[alone.cluster]} alone determines a coefficient, and {spec.vcov} needs others",
                ["Join levels of a factor with one participant.", "Use vcov='HC1'."],
            ) from None
        raise FewClustersError(
            f"one cluster of '{spec.cluster}' alone determines a coefficient, so that nothing tells how clusters "
            "differ there",
            ["Look for arms or levels with a single cluster.", "Leave the covariate out."],
        ) from None


def robust_warnings(spec: GLMSpec, design: Design, basis: Basis, sandwich: Sandwich | None) -> tuple[str, ...]:
    """Say that clusters are few for the covariance asked for, or that coefficients have few degrees of freedom."""
    if sandwich is None or not spec.vcov.startswith("CR"):
        return ()
    count = len(sandwich.starts)
    if spec.vcov in ("CR0", "CR1"):
        few = f"{count} clusters are fewer than {FEW_CLUSTERS}: standard errors by {spec.vcov} are too small. Use CR2"
        return (few,) if count < FEW_CLUSTERS else ()
    dfs = [df_of(spec.vcov, sandwich, row) for row in basis.back]
    low = [name for name, df in zip(design.names, dfs, strict=True) if df < FEW_DF]
    return (f"degrees of freedom below {FEW_DF:g}, so that p-values are imprecise: {', '.join(low)}",) if low else ()


def with_dispersion(
    spec: GLMSpec,
    design: Design,
    basis: Basis,
    found: Maximum,
    exposure: np.ndarray | None,
    clusters: np.ndarray | None = None,
) -> GLMFit:
    """Return the fit of a negative binomial model at its maximum."""
    p, alpha = len(found.gamma), found.dispersion
    mean = np.exp(basis.q @ found.gamma + (0.0 if exposure is None else np.log(exposure)))
    error, sandwich = math.nan, None
    if alpha == 0:
        inverse = linalg.inv(found.hessian)
    elif spec.information == "expected" or clusters is not None:
        inverse = linalg.inv((basis.q.T * (mean / (1 + alpha * mean))) @ basis.q)
        error = alpha / math.sqrt(found.hessian[-1, -1])
    else:
        joint = linalg.inv(found.hessian)
        inverse, error = joint[:p, :p], alpha * math.sqrt(joint[-1, -1])
    if clusters is not None:
        grown = 1 + alpha * mean
        sandwich = sandwich_of(spec, design, basis.q, mean / grown, (design.y - mean) / grown, inverse, clusters)
        inverse = sandwich.covariance
    return GLMFit(
        formula=design.formula.text,
        family=spec.family,
        design=design,
        **coefficients(design, basis, found.gamma, inverse),
        fitted=mean,
        loglik=found.loglik,
        scale=1.0,
        steps=found.steps,
        warnings=(
            design.unused_said + robust_warnings(spec, design, basis, sandwich) + ((AT_POISSON,) if alpha == 0 else ())
        ),
        spec=spec,
        exposure=exposure,
        dispersion=alpha,
        dispersion_error=error,
        clusters=0 if clusters is None else int(clusters.max()) + 1,
        sandwich=sandwich,
    )
