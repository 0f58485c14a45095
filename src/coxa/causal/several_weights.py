"""Weights that make several groups alike in their confounders: all of them, one of them, or the overlap.

Sources: generalised propensity score, Imbens, Biometrika 2000, 87:706-710; overlap weights of several groups, Li & Li,
Annals of Applied Statistics 2019, 13:2389-2415; entropy balancing, Hainmueller, Political Analysis 2012, 20:25-46.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, kinds
from coxa.cards import Carded
from coxa.causal.confounders import confounder_matrix, levels_of
from coxa.causal.entropy import entropy_parts
from coxa.causal.multinomial import fit_multinomial
from coxa.causal.weights import (
    METHODS,
    TARGETS,
    Balancing,
    MissingOutcome,
    Target,
    WeightingMethod,
    Weights,
    check_truncate,
    observed_parts,
)
from coxa.errors import FitError, OptionError, check_known
from coxa.models.numerics.weights import effective_size


@dataclass(frozen=True, slots=True, repr=False)
class GroupWeights(Balancing, Carded):
    """Weights of n participants in k groups, and how they depend on what was estimated.

    value      : (n,) weight of each participant
    group      : (n,) place of the group of each in `names`
    names      : k groups
    target     : whom the weighted groups are like; `focal`, the group, of the target ATT
    method     : how they were made
    score      : (n, k) probability of each group; None for entropy balancing
    tilt       : (n,) weight of each participant in the target population
    slope      : (n, q) derivative of `value` by each estimated parameter
    tilt_slope : (n, q) the same of `tilt`
    influence  : (n, q) what each participant adds to the error of each parameter
    truncated  : participants whose weight was cut

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aaabbbccc"), "age": [50.0, 61, 58, 52, 66, 64, 55, 63, 49]})
    >>> weights = weights_of_groups(data, group="group", confounders=["age"], target="ATO")
    >>> weights.names, round(weights.effective_n("a"), 2)
    (('a', 'b', 'c'), 2.84)
    """

    value: np.ndarray = field(repr=False)
    group: np.ndarray = field(repr=False)
    names: tuple[str, ...]
    target: Target
    focal: str | None
    method: str
    score: np.ndarray | None = field(repr=False)
    tilt: np.ndarray = field(repr=False)
    slope: np.ndarray = field(repr=False)
    tilt_slope: np.ndarray = field(repr=False)
    influence: np.ndarray = field(repr=False)
    truncated: int = 0

    @property
    def masks(self) -> np.ndarray:
        """Who is in each group (k, n)."""
        return self.group == np.arange(len(self.names))[:, None]

    def of(self, name: str) -> np.ndarray:
        """Return the weights of a group."""
        check_known("group", name, self.names)
        return self.value[self.group == self.names.index(name)]

    def effective_n(self, name: str) -> float:
        """Return the effective sample size of a group, sum(w)^2 / sum(w^2) (Kish 1965)."""
        return effective_size(self.of(name))

    def largest(self, name: str) -> float:
        """Return the largest weight of a group, as a multiple of its mean."""
        w = self.of(name)
        return float(w.max() / w[w > 0].mean())

    def pair(self, name: str, reference: str) -> Weights:
        """Return the weights of two of the groups, as of participants of both alone, without what their errors need."""
        places = [self.names.index(one) for one in (name, reference)]
        rows = np.isin(self.group, places)
        blank = np.empty((int(rows.sum()), 0))
        score = None
        if self.score is not None:
            own, other = (self.score[rows, place] for place in places)
            score = own / (own + other)
        return Weights(
            self.value[rows], self.group[rows] == places[0], self.target, self.method, score, self.tilt[rows], blank,
            blank, blank, self.truncated,
        )  # fmt: skip


@kinds(data=FRAME, group=TEXT)
def weights_of_groups(
    data: pd.DataFrame,
    *,
    group: str,
    confounders: Sequence[str],
    target: Target = "ATE",
    focal: str | None = None,
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
) -> GroupWeights:
    """Estimate weights that make three or more groups alike in their confounders (two give `balancing_weights`).

    Parameters
    ----------
    data : DataFrame
        One row per participant. Not changed.
    group : str
        Column of the groups.
    confounders : sequence of str
        Columns measured before the start; a category has an indicator of each level but the first.
    target : {"ATE", "ATT", "ATO"}
        Like whom all groups are made: all participants; those of one group, `focal`; or those who could well be in any
        of the groups, by generalised overlap weights.
    focal : str, optional
        The group that the target ATT is of.
    method : {"propensity", "entropy"}
        A multinomial logistic regression of the group on the confounders; or entropy balancing, which makes the means
        of the confounders in each group equal to those of all (ATE) or of the focal group (ATT).
    stabilised : bool, default False
        Multiply weights by the share of the group.
    truncate : float, optional
        Quantile, above 0.5, at which weights are cut, over all groups. It counts as known in standard errors.

    Returns
    -------
    GroupWeights

    Raises
    ------
    OptionError
        An option is unknown or does not fit the others.
    FitError
        A confounder is missing, the confounders separate the groups, or no weights make their means equal.

    Examples
    --------
    >>> data = pd.DataFrame({"group": list("aaabbbccc"), "age": [50.0, 61, 58, 52, 66, 64, 55, 63, 49]})
    >>> exact = weights_of_groups(data, group="group", confounders=["age"], method="entropy")
    >>> [round(float(exact.of(name) @ data["age"][data["group"] == name] / exact.of(name).sum()), 6) for name in "abc"]
    [57.555556, 57.555556, 57.555556]
    """
    codes, names = group_codes(data, group)
    columns, _ = confounder_matrix(data, confounders)
    return several_weights_of_columns(
        columns, codes, names, target=target, focal=focal, method=method, stabilised=stabilised, truncate=truncate
    )  # fmt: skip


def group_codes(data: pd.DataFrame, group: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return (n,) the place of the group of each row, and the groups that occur.

    Raises
    ------
    FitError
        A row has no group, or there are fewer than two.
    """
    check_known("column", group, [str(column) for column in data.columns])
    if data[group].isna().any():
        row = data.index[data[group].isna()][0]
        raise FitError(f"`{group}` is missing in row {row}", ["Fill it in, or leave the row out."])
    names = tuple(levels_of(data[group]))
    if len(names) < 2:
        raise FitError(f"`{group}` has one group", ["Give rows of two groups or more."])
    return pd.Categorical(data[group].astype(str), names).codes.astype(np.intp), names


def several_weights_of_columns(
    columns: np.ndarray,
    codes: np.ndarray,
    names: tuple[str, ...],
    *,
    target: Target = "ATE",
    focal: str | None = None,
    method: WeightingMethod = "propensity",
    stabilised: bool = False,
    truncate: float | None = None,
) -> GroupWeights:
    """Return the weights of `weights_of_groups` from columns of confounders (n, p) and places of groups (n,)."""
    check_known("target", target, TARGETS)
    check_known("method", method, METHODS)
    _check(names, target, focal, method, stabilised, truncate)
    if np.bincount(codes, minlength=len(names)).min() == 0:
        raise FitError("one of the groups has no participants", ["Give rows of every group."])
    place = None if focal is None else names.index(focal)
    if method == "entropy":
        parts = _entropy(columns, codes, len(names), place)
    else:
        parts = _by_score(columns, codes, len(names), target, place)
    value, score, tilt, slope, tilt_slope, influence = parts
    made = GroupWeights(value, codes, names, target, focal, method, score, tilt, slope, tilt_slope, influence)
    if stabilised:
        made = _stabilised(made)
    return made if truncate is None else replace(made, **made.cut(truncate))


def with_missing_of_groups(
    weights: GroupWeights, seen: np.ndarray, columns: np.ndarray, how: MissingOutcome
) -> GroupWeights:
    """Return weights times those of outcomes (n,) bool that are missing, by a model in each group."""
    if seen.all():
        return weights
    if how == "complete":
        value, slope, influence = seen.astype(float), np.empty((len(seen), 0)), np.empty((len(seen), 0))
    else:
        value, slope, influence = observed_parts(seen, columns, weights.masks)
    return replace(weights, **weights.multiplied(value, slope, influence))


def _check(
    names: tuple[str, ...],
    target: Target,
    focal: str | None,
    method: WeightingMethod,
    stabilised: bool,
    truncate: float | None,
) -> None:
    if (target == "ATT") != (focal is not None):
        raise OptionError(
            "The target ATT is of one group. Name it as `focal`."
            if target == "ATT"
            else f"The target is {target}, and `focal` is of ATT. Leave `focal` out."
        )
    if focal is not None:
        check_known("focal", focal, names)
    if method == "entropy" and target == "ATO":
        raise OptionError("Entropy balancing has no target ATO. Write `target='ATE'`, or use the propensity score.")
    check_truncate(target, stabilised, truncate)


def _by_score(
    columns: np.ndarray, codes: np.ndarray, k: int, target: Target, focal: int | None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return value, score, tilt, slope, slope of the tilt and influence of weights by a propensity score."""
    model = fit_multinomial(columns, codes, k)
    e, n = model.probability, len(codes)
    own = e[np.arange(n), codes]
    # derivatives by the linear predictor of each group but the first: of the own probability, over itself
    by_own = (codes[:, None] == np.arange(1, k)) - e[:, 1:]
    tilt_by = np.zeros((n, k - 1))
    if target == "ATE":
        tilt, top, top_by = np.ones(n), np.ones(n), np.zeros((n, k - 1))
    elif focal is not None:
        tilt, top = (codes == focal).astype(float), e[:, focal]
        top_by = top[:, None] * ((focal == np.arange(1, k)) - e[:, 1:])
    else:
        top = 1 / (1 / e).sum(axis=1)
        top_by = top[:, None] ** 2 / e[:, 1:] - top[:, None] * e[:, 1:]
        tilt, tilt_by = top, top_by
    value = top / own
    slope = model.chain(top_by / own[:, None] - value[:, None] * by_own)
    return value, e, tilt, slope, model.chain(tilt_by), model.influence


def _entropy(
    columns: np.ndarray, codes: np.ndarray, k: int, focal: int | None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the same of weights exp(x'lambda) in each group that have the means of all, or of the focal group."""
    tilt = np.ones(len(columns)) if focal is None else (codes == focal).astype(float)
    groups = np.array([codes == group for group in range(k) if group != focal])
    value, slope, influence = entropy_parts(columns, groups, tilt)
    value = value if focal is None else value + tilt
    return value, None, tilt, slope, np.zeros_like(slope), influence


def _stabilised(made: GroupWeights) -> GroupWeights:
    """Multiply by the share of the group, which is estimated too."""
    inside = made.masks.T.astype(float)
    share = inside.mean(axis=0)
    return replace(made, **made.multiplied(share[made.group], inside, (inside - share) / len(inside)))
