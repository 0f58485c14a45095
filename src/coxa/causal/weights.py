"""Weights that make two groups alike in their confounders, with what their estimation adds to the error of an estimate.

Sources: inverse probability weights, Robins, Hernan & Brumback, Epidemiology 2000, 11:550-560; overlap weights, Li,
Morgan & Zaslavsky, JASA 2018, 113:390-400; entropy balancing, Hainmueller, Political Analysis 2012, 20:25-46.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, kinds
from coxa.cards import Carded
from coxa.causal.confounders import confounder_matrix, two_groups
from coxa.causal.entropy import entropy_parts
from coxa.causal.propensity import fit_logistic
from coxa.errors import OptionError, check_known
from coxa.models.numerics.weights import effective_size

Target = Literal["ATE", "ATT", "ATO"]
"""Whom an effect is of: all participants, the treated, or those who could well have been in either group."""
WeightingMethod = Literal["propensity", "entropy"]
MissingOutcome = Literal["weighted", "complete"]
TARGETS: tuple[Target, ...] = ("ATE", "ATT", "ATO")
METHODS: tuple[WeightingMethod, ...] = ("propensity", "entropy")


class Balancing:
    """What weights of two groups and of several have in common: how they are multiplied and cut, and how they err.

    value, tilt                   : (n,) weight of each participant in its group, and in the target population
    slope, tilt_slope             : (n, q) derivatives of both by each estimated parameter
    influence                     : (n, q) what each participant adds to the error of each parameter
    """

    __slots__ = ()

    value: np.ndarray
    tilt: np.ndarray
    slope: np.ndarray
    tilt_slope: np.ndarray
    influence: np.ndarray

    def error_of(self, gradient: np.ndarray) -> np.ndarray:
        """Return what each participant adds to the error of a statistic of weighted data, (n, k).

        Parameters
        ----------
        gradient : (n, k)
            Derivative of the statistic by the weight of each participant.

        Notes
        -----
        The weight times the gradient, and the error of the estimated parameters by way of all weights: the sum of
        squares of the columns is the variance of equations that are solved together.
        """
        return self.value[:, None] * gradient + self.influence @ (self.slope.T @ gradient)

    def multiplied(self, value: np.ndarray, slope: np.ndarray, influence: np.ndarray) -> dict[str, Any]:
        """Return what changes when factors (n,) with own parameters, slopes and influences (n, q) multiply weights."""
        return {
            "value": self.value * value,
            "slope": np.hstack([self.slope * value[:, None], self.value[:, None] * slope]),
            "tilt_slope": np.hstack([self.tilt_slope, np.zeros_like(slope)]),
            "influence": np.hstack([self.influence, influence]),
        }

    def cut(self, quantile: float) -> dict[str, Any]:
        """Return what changes when weights are cut at a quantile of theirs, which counts as known."""
        top = float(np.quantile(self.value, quantile))
        beyond = self.value > top
        slope = np.where(beyond[:, None], 0.0, self.slope)
        return {"value": np.minimum(self.value, top), "slope": slope, "truncated": int(beyond.sum())}


@dataclass(frozen=True, slots=True, repr=False)
class Weights(Balancing, Carded):
    """Weights of n participants, and how they depend on what was estimated.

    value      : (n,) weight of each participant
    treated    : (n,) whether a participant is in the treated group
    target     : whom the weighted groups are like
    method     : how they were made
    score      : (n,) propensity score; None for entropy balancing
    tilt       : (n,) weight of each participant in the target population
    slope      : (n, q) derivative of `value` by each estimated parameter
    tilt_slope : (n, q) the same of `tilt`
    influence  : (n, q) what each participant adds to the error of each parameter
    truncated  : participants whose weight was cut

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aaabbb"), "age": [50.0, 61, 58, 52, 66, 64]})
    >>> weights = balancing_weights(data, group="group", treated="b", confounders=["age"], target="ATO")
    >>> weights.value.round(3).tolist()
    [0.239, 0.581, 0.481, 0.709, 0.268, 0.324]
    """

    value: np.ndarray = field(repr=False)
    treated: np.ndarray = field(repr=False)
    target: Target
    method: str
    score: np.ndarray | None = field(repr=False)
    tilt: np.ndarray = field(repr=False)
    slope: np.ndarray = field(repr=False)
    tilt_slope: np.ndarray = field(repr=False)
    influence: np.ndarray = field(repr=False)
    truncated: int = 0

    def effective_n(self, treated: bool) -> float:
        """Return the effective sample size of a group, sum(w)^2 / sum(w^2) (Kish 1965)."""
        return effective_size(self.value[self.treated == treated])

    def largest(self, treated: bool) -> float:
        """Return the largest weight of a group, as a multiple of its mean."""
        w = self.value[(self.treated == treated) & (self.value > 0)]
        return float(w.max() / w.mean())

    def times(self, other: Weights) -> Weights:
        """Return the products with other weights of the same participants, as of being observed."""
        return replace(self, **self.multiplied(other.value, other.slope, other.influence))


@kinds(data=FRAME, group=TEXT)
def balancing_weights(
    data: pd.DataFrame,
    *,
    group: str,
    treated: object,
    confounders: Sequence[str],
    target: Target = "ATE",
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
) -> Weights:
    """Estimate weights that make two groups alike in their confounders.

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed.
    group : str
        Column of the two groups.
    treated : label
        The group whose effect is asked for.
    confounders : sequence of str
        Columns measured before the start; a category has an indicator of each level but the first.
    target : {"ATE", "ATT", "ATO"}
        Like whom both groups are made: all participants; the treated; or those who could well be in either group, by
        overlap weights.
    method : {"propensity", "entropy"}
        A logistic regression of the group on the confounders; or entropy balancing, which makes the means of the
        confounders exactly equal, without a model of the group. Entropy balancing has the target ATT.
    stabilised : bool, default False
        Multiply weights by the share of the group.
    truncate : float, optional
        Quantile, above 0.5, at which weights are cut, over both groups: 0.99 cuts the largest hundredth. The quantile
        counts as known in standard errors, and the groups are no longer like the target.

    Returns
    -------
    Weights

    Raises
    ------
    OptionError
        An option is unknown or does not fit the others.
    FitError
        A confounder is missing (its rows are named), the confounders separate the groups, or no weights make their
        means equal.

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aaaabbb"), "age": [50.0, 61, 58, 70, 52, 66, 64]})
    >>> exact = balancing_weights(data, group="group", treated="b", confounders=["age"], target="ATT", method="entropy")
    >>> round(float(exact.value[:4] @ data["age"][:4] / exact.value[:4].sum()), 6)
    60.666667
    """
    chosen = two_groups(data, group, treated)
    columns, _ = confounder_matrix(data, confounders)
    return Weighing(target, method, stabilised, truncate).weights(columns, chosen)


@dataclass(frozen=True, slots=True)
class Weighing:
    """How weights of two groups are made: the options of `balancing_weights`, on arrays.

    Raises
    ------
    OptionError
        An option is unknown or does not fit the others.
    """

    target: Target = "ATE"
    method: WeightingMethod = "propensity"
    stabilised: bool = False
    truncate: float | None = None

    def __post_init__(self) -> None:
        check_known("target", self.target, TARGETS)
        check_known("method", self.method, METHODS)
        _check_options(self.target, self.method, self.stabilised, self.truncate)

    def weights(self, columns: np.ndarray, treated: np.ndarray) -> Weights:
        """Return the weights from columns of confounders (n, p) and the group (n,) bool.

        Raises
        ------
        FitError
            The confounders separate the groups, or no weights make their means equal.
        """
        made = _entropy(columns, treated) if self.method == "entropy" else _by_score(columns, treated, self.target)
        if self.stabilised:
            made = _stabilised(made)
        return made if self.truncate is None else replace(made, **made.cut(self.truncate))


def observation_weights(
    observed: np.ndarray, predictors: np.ndarray, treated: np.ndarray, target: Target = "ATE"
) -> Weights:
    """Estimate inverse probability weights of having an outcome; 0 for those without one.

    Parameters
    ----------
    observed : (n,) bool
    predictors : (n, p) without a constant
    treated : (n,) bool
        The group; it is a predictor as well.
    target : str
        Kept in the record.

    Notes
    -----
    Missing outcomes are taken to be missing at random given group and predictors. Where all are observed, weights
    are 1.

    Examples
    --------
    >>> seen = np.array([True, True, False, True, True, True, False, True])
    >>> age, new = np.array([[1.0], [2], [3], [4], [4], [1], [2], [3]]), np.array([False, True] * 4)
    >>> observation_weights(seen, age, new).value.round(2).tolist()
    [2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0]
    """
    n, seen = len(observed), np.asarray(observed, dtype=bool)
    blank = np.empty((n, 0))
    plain = Weights(seen.astype(float), treated, target, "observed", None, np.ones(n), blank, blank, blank)
    if seen.all():
        return plain
    value, slope, influence = observed_parts(seen, predictors, np.array([treated, ~treated]))
    return replace(plain, value=value, slope=slope, tilt_slope=np.zeros_like(slope), influence=influence)


def observed_parts(
    seen: np.ndarray, predictors: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights (n,) of observed outcomes, slopes and influences (n, q), by a model in each of k groups (k, n)."""
    parts = [_staying(seen, predictors, mine) for mine in groups]
    value = np.sum([np.where(mine, part[0], 0.0) for mine, part in zip(groups, parts, strict=True)], axis=0)
    return value, *(np.hstack([part[place] for part in parts]) for place in (1, 2))


def _staying(seen: np.ndarray, predictors: np.ndarray, mine: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights (n,), their slopes and influences (n, q) from the model of one group."""
    if seen[mine].all():
        return mine.astype(float), np.empty((len(seen), 0)), np.empty((len(seen), 0))
    varies = np.ptp(predictors[mine], axis=0) > 0
    design = np.column_stack([np.ones(len(seen)), predictors[:, varies]])
    fewer = min(int(seen[mine].sum()), int((~seen[mine]).sum()))
    if fewer < 2 * design.shape[1]:  # too few who left for a model: the share who stay
        design = design[:, :1]
    model = fit_logistic(design, seen.astype(float), "having an outcome", mine)
    p = model.probability
    value = np.where(seen & mine, 1 / p, 0.0)
    return value, -(value * (1 - p))[:, None] * design, model.influence


def _check_options(target: Target, method: WeightingMethod, stabilised: bool, truncate: float | None) -> None:
    if method == "entropy" and target != "ATT":
        raise OptionError(f"Entropy balancing has the target ATT, not {target}. Write `target='ATT'`.")
    check_truncate(target, stabilised, truncate)


def check_truncate(target: Target, stabilised: bool, truncate: float | None) -> None:
    """Raise OptionError where weights cannot be cut there, or those of the target are not cut."""
    if truncate is not None and not 0.5 < truncate < 1:
        raise OptionError(f"`truncate` is {truncate}. Give a quantile above 0.5 and below 1, such as 0.99.")
    if target == "ATO" and (stabilised or truncate is not None):
        raise OptionError("Overlap weights are between 0 and 1. Leave out `stabilised` and `truncate`.")


def _by_score(columns: np.ndarray, treated: np.ndarray, target: Target) -> Weights:
    design = np.column_stack([np.ones(len(columns)), columns])
    model = fit_logistic(design, treated.astype(float), "the group")
    e, t = model.probability, treated.astype(float)
    odds = e * (1 - e)  # derivative of e by the linear predictor
    if target == "ATE":
        value, by_predictor = t / e + (1 - t) / (1 - e), -t * (1 - e) / e + (1 - t) * e / (1 - e)
        tilt, tilt_by = np.ones(len(e)), np.zeros(len(e))
    elif target == "ATT":
        value, by_predictor = t + (1 - t) * e / (1 - e), (1 - t) * e / (1 - e)
        tilt, tilt_by = t, np.zeros(len(e))
    else:
        value, by_predictor = t * (1 - e) + (1 - t) * e, (1 - 2 * t) * odds
        tilt, tilt_by = odds, odds * (1 - 2 * e)
    return Weights(
        value, treated, target, "propensity", e, tilt, by_predictor[:, None] * design, tilt_by[:, None] * design,
        model.influence,
    )  # fmt: skip


def _entropy(columns: np.ndarray, treated: np.ndarray) -> Weights:
    """Return weights of the reference group that have the treated group's means."""
    t = treated.astype(float)
    weight, slope, influence = entropy_parts(columns, ~treated[None, :], t)
    blank = np.zeros_like(slope)
    return Weights(t + weight, treated, "ATT", "entropy", None, t, slope, blank, influence)


def _stabilised(made: Weights) -> Weights:
    """Multiply by the share of the group, which is estimated too."""
    t = made.treated.astype(float)
    share = t.mean()
    factor, by_share = np.where(made.treated, share, 1 - share), np.where(made.treated, 1.0, -1.0)
    return replace(made, **made.multiplied(factor, by_share[:, None], ((t - share) / len(t))[:, None]))
