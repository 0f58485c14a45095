"""Natural direct and indirect effects: how much of an effect runs through a mediator that was measured before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.causal.mediation_models import EFFECTS, MediationModels, Outcome, fit_models
from coxa.errors import OptionError, check_level, check_option

Floats = NDArray[np.float64]

Interval = Literal["delta", "product", "bootstrap"]
"""Limits: normal by the delta method, of a product of two normal variables, or percentiles of bootstrap samples."""

INTERVALS: tuple[Interval, ...] = get_args(Interval)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True, repr=False)
class MediatedEffects(Carded):
    """Natural effects of an arm through a mediator and around it.

    table     : one row per effect: effect, estimate, std_error, conf_low, conf_high, p_value; in units of the outcome,
                or as differences of proportions. Effects: total; natural_indirect and natural_direct, which add up to
                it; and where arm and mediator interact pure_indirect and total_direct, which do so too
    share     : natural indirect effect over the total one; NaN where the total is not clearly away from 0
    rho       : correlation of the residuals of mediator and outcome at which the indirect effect is 0; NaN where there
                is no such analysis (a yes or no, or an interaction)
    by_rho    : DataFrame of rho, natural_indirect; empty where there is none
    arm_on_mediator, mediator_on_outcome : coefficient and standard error
    n         : participants analysed
    complete  : (rows of the data,) which were analysed
    models    : formulas of both models
    interval  : as asked for
    arm, reference : compared

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("ab") * 6, "fear": [5.0, 3, 6, 4, 4, 2, 5, 4, 6, 3, 4, 3]})
    >>> d["pain"] = d["fear"] * 2 + (d["arm"] == "b") * -1.0 + [0.1, -0.1, 0.2, 0, -0.2, 0.1] * 2
    >>> found = mediated_effects(d, "pain", "fear", against="a")
    >>> list(found.table["effect"]), round(found.share, 2)
    (['total', 'natural_indirect', 'natural_direct'], 0.81)
    """

    table: pd.DataFrame
    share: float
    rho: float
    by_rho: pd.DataFrame
    arm_on_mediator: tuple[float, float]
    mediator_on_outcome: tuple[float, float]
    n: int
    complete: NDArray[np.bool_]
    fitted: MediationModels = field(repr=False)
    models: tuple[str, str]
    interval: Interval
    conf_level: float
    arm: str
    reference: str

    def of(self, effect: str) -> pd.Series:
        """Return the row of an effect."""
        return self.table[self.table["effect"] == effect].iloc[0]

    def curve(self, rhos: Sequence[float] | Floats) -> pd.DataFrame:
        """Return rho and natural_indirect: the effect if residuals of mediator and outcome had these correlations."""
        return pd.DataFrame(
            {"rho": [float(rho) for rho in rhos], "natural_indirect": [self.fitted.at_rho(float(rho)) for rho in rhos]}
        )


@kinds(data=FRAME)
def mediated_effects(
    data: pd.DataFrame,
    outcome: str,
    mediator: str,
    arm: str = "arm",
    against: str | None = None,
    *,
    compare: str | None = None,
    adjust: Sequence[str] = (),
    interaction: bool = False,
    kind: Outcome = "linear",
    interval: Interval = "delta",
    replicates: int = 1000,
    seed: int = 1,
    rhos: Sequence[float] = (-0.5, -0.3, -0.1, 0.0, 0.1, 0.3, 0.5),
    conf_level: float = 0.95,
) -> MediatedEffects:
    """Estimate natural direct and indirect effects of an arm through one mediator.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed; rows without one of the columns are left out.
    outcome : str
        A number, or 0 and 1 with `kind` logit or probit.
    mediator : str
        A number, measured before the outcome.
    arm, against, compare : str
        Column of the arms, the reference, and the arm meant where there are more than two.
    adjust : sequence of str
        Terms of both models: what may act on mediator and outcome, measured before randomisation.
    interaction : bool
        Whether the mediator may act on the outcome differently in the two arms.
    kind : {"linear", "logit", "probit"}
        Model of the outcome. The mediator's is linear.
    interval : {"delta", "product", "bootstrap"}
        ``product`` is of the distribution of a product of two normal variables, of a linear model without an
        interaction; its limits are of the indirect effect, the others are by the delta method.
    replicates, seed : int
        Of the bootstrap.
    rhos : sequence of float
        Correlations of residuals at which the indirect effect is given.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    MediatedEffects

    Raises
    ------
    OptionError
        A column, an arm or an option is not allowed.
    FitError
        A model cannot be fitted.

    Notes
    -----
    Natural effects are of Y(t, M(t')): the outcome under arm t with the mediator as it would be under arm t'. The
    natural indirect effect is E Y(1, M(1)) - Y(1, M(0)), the natural direct effect E Y(1, M(0)) - Y(0, M(0)) (Pearl,
    UAI 2001; VanderWeele, Explanation in Causal Inference, 2015). Of a yes or no the mean over the mediator is an
    integral: in closed form for probit, by 40 nodes of Gauss and Hermite for logit. The analysis of rho is that of
    Imai, Keele & Yamamoto, Statistical Science 2010, 25:51-71; the product of normals is that of MacKinnon and others,
    Psychological Methods 2002, 7:83-104.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("ab") * 6, "fear": [5.0, 3, 6, 4, 4, 2, 5, 4, 6, 3, 4, 3]})
    >>> d["pain"] = d["fear"] * 2 + (d["arm"] == "b") * -1.0 + [0.1, -0.1, 0.2, 0, -0.2, 0.1] * 2
    >>> found = mediated_effects(d, "pain", "fear", against="a")
    >>> found.of("natural_indirect")["estimate"].round(1), found.of("natural_direct")["estimate"].round(1)
    (np.float64(-3.8), np.float64(-0.9))
    """
    check_level(conf_level)
    check_option("kind", kind, OUTCOMES)
    check_option("interval", interval, INTERVALS)
    if interval == "product" and (kind != "linear" or interaction):
        raise OptionError(
            "The distribution of a product is for a linear outcome without an interaction. Use interval='delta' or "
            "'bootstrap'."
        )
    models = fit_models(data, outcome, mediator, arm, against, compare, adjust, interaction=interaction, kind=kind)
    effects = models.effects(models.params)
    gradient = models.gradient()
    errors = np.sqrt(np.einsum("ij,jk,ik->i", gradient, models.covariance, gradient))
    z = stats.norm.ppf((1 + conf_level) / 2)
    low, high = effects - z * errors, effects + z * errors
    p = 2 * stats.norm.sf(np.abs(effects / errors))
    a, b = models.paths
    if interval == "product":
        place = EFFECTS.index("natural_indirect")
        low[place], high[place] = product_limits(a[0] / a[1], b[0] / b[1], conf_level) * (a[1] * b[1])
        p[place] = _product_p(a[0] / a[1], b[0] / b[1])
    elif interval == "bootstrap":
        drawn = models.resampled(replicates, seed)
        low, high = np.quantile(drawn, [(1 - conf_level) / 2, (1 + conf_level) / 2], axis=0)
        errors = drawn.std(axis=0, ddof=1)
        below = (drawn <= 0).mean(axis=0)
        p = np.minimum(1.0, 2 * np.maximum(np.minimum(below, 1 - below), 1 / (replicates + 1)))
    table = pd.DataFrame(
        {"effect": EFFECTS, "estimate": effects, "std_error": errors, "conf_low": low, "conf_high": high, "p_value": p}
    )
    shown = list(EFFECTS) if interaction or kind != "linear" else ["total", "natural_indirect", "natural_direct"]
    total = effects[EFFECTS.index("total")]
    clear = abs(total) > z * errors[EFFECTS.index("total")]
    has_rho = kind == "linear" and not interaction
    by_rho = pd.DataFrame({"rho": list(rhos), "natural_indirect": [models.at_rho(rho) for rho in rhos]})
    return MediatedEffects(
        table=table[table["effect"].isin(shown)].reset_index(drop=True),
        share=float(effects[EFFECTS.index("natural_indirect")] / total) if clear else float("nan"),
        rho=models.correlation if has_rho else float("nan"),
        by_rho=by_rho if has_rho else by_rho.iloc[:0],
        arm_on_mediator=a,
        mediator_on_outcome=b,
        n=models.n,
        complete=models.complete,
        fitted=models,
        models=models.formulas,
        interval=interval,
        conf_level=conf_level,
        arm=models.arm,
        reference=models.reference,
    )


def product_limits(mean_a: float, mean_b: float, conf_level: float = 0.95) -> Floats:
    """Return the limits of a product of two independent normal variables of variance 1.

    Parameters
    ----------
    mean_a, mean_b
        Their means.
    conf_level
        Between 0 and 1.

    Returns
    -------
    (2,) array

    Examples
    --------
    >>> product_limits(0.0, 0.0).round(3).tolist()
    [-2.182, 2.182]
    """
    mean, spread = mean_a * mean_b, np.sqrt(1 + mean_a**2 + mean_b**2)
    edges = mean + spread * np.array([-40.0, 40.0])

    def limit(share: float) -> float:
        return float(brentq(lambda value: _product_cdf(value, mean_a, mean_b) - share, edges[0], edges[1], xtol=1e-10))

    return np.array([limit((1 - conf_level) / 2), limit((1 + conf_level) / 2)])


def _product_cdf(value: float, mean_a: float, mean_b: float) -> float:
    """Return P(A B <= value) of normal A and B with variance 1, as an integral over A.

    Given A = a, B has to be below value / a where a > 0, and above it where a < 0. The nodes are dense at a = 0, where
    the integrand changes fast.
    """
    nodes, weights = _nodes()
    total = 0.0
    for side in (1.0, -1.0):
        a = side * nodes
        inside = stats.norm.cdf(side * (value / a - mean_b))
        total += float((weights * stats.norm.pdf(a - mean_a) * inside).sum())
    return total


def _nodes() -> tuple[Floats, Floats]:
    """Return nodes and weights on (0, 40), through a = exp(s): panels of 20 Gauss-Legendre nodes each."""
    x, w = np.polynomial.legendre.leggauss(20)
    ends = np.linspace(np.log(1e-8), np.log(40.0), 41)
    middle, half = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
    s = (middle[:, None] + half[:, None] * x).ravel()
    return np.exp(s), (half[:, None] * w).ravel() * np.exp(s)


def _product_p(mean_a: float, mean_b: float) -> float:
    """Return twice the smaller tail of the product beyond 0."""
    below = _product_cdf(0.0, mean_a, mean_b)
    return float(min(1.0, 2 * min(below, 1 - below)))
