"""A trial's difference carried to the case mix of a clinic, and the part of the clinic that no participant resembles.

Sources: Cole & Stuart, American Journal of Epidemiology 2010, 172:107-115; Westreich et al., American Journal of
Epidemiology 2017, 186:1010-1014 (inverse odds of sampling); Dahabreh et al., Statistics in Medicine 2020, 39:1999-2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, TEXT, kinds
from coxa.cards import Carded
from coxa.causal.balance import CovariateBalance, balance_of
from coxa.causal.compare import known_weights
from coxa.causal.comparison import ESTIMATORS, FAMILIES, NAMES, Estimator, Kind, group_rows
from coxa.causal.confounders import confounder_matrix, two_groups
from coxa.causal.means import modelled_group_means, weighted_group_means
from coxa.causal.weights import Weights, balancing_weights
from coxa.errors import FitError, check_known
from coxa.estimates import Estimates
from coxa.models.numerics.weights import effective_size

SOURCE = "source_"
"""Column that says where a row is from."""


@dataclass(frozen=True, slots=True, repr=False)
class Transported(Carded):
    """A trial's comparison in the case mix of a clinic.

    estimates   : rows of both arms and of their comparison, in the part of the clinic that the trial covers
    in_trial    : the same rows in the trial itself, with the same participants
    unlike      : one row per reason: `covariate`, `reason`, `n`; patients of the clinic that no participant resembles;
                  a patient may have several reasons
    n_clinic    : patients of the clinic, `n_like` those who are covered
    weights     : of the participants, like the clinic
    balance     : of the clinic (as "treated") and the trial, before and after weighting

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> trial = pd.DataFrame({"arm": ["new", "old"] * 60, "age": rng.uniform(50, 70, 120)})
    >>> trial["pain"] = -2.0 * (trial["arm"] == "new") + rng.normal(0, 1, 120)
    >>> found = transport(trial, pd.DataFrame({"age": [55.0, 60, 62, 68, 85] * 10}), outcome="pain", arm="arm",
    ...                   treated="new", covariates=["age"])
    >>> found.n_clinic, found.n_like, found.unlike["reason"].tolist()
    (50, 40, ['above the trial'])
    """

    estimates: Estimates
    in_trial: Estimates = field(repr=False)
    unlike: pd.DataFrame
    n_clinic: int
    n_like: int
    weights: Weights = field(repr=False)
    balance: CovariateBalance = field(repr=False)

    @property
    def share_unlike(self) -> float:
        """Share of the clinic that no participant of the trial resembles, 0 to 1."""
        return 1 - self.n_like / self.n_clinic

    @property
    def effective_n(self) -> float:
        """Effective sample size of the weighted participants (Kish 1965)."""
        return effective_size(self.weights.value)


@kinds(trial=FRAME, clinic=FRAME, outcome=TEXT, arm=TEXT)
def transport(
    trial: pd.DataFrame,
    clinic: pd.DataFrame,
    *,
    outcome: str,
    arm: str,
    treated: object,
    covariates: Sequence[str],
    estimator: Estimator = "doubly_robust",
    kind: Kind = "mean",
    conf_level: float = 0.95,
) -> Transported:
    """Carry the comparison of two arms of a trial to the case mix of a clinic.

    Parameters
    ----------
    trial : DataFrame
        One row per participant. Those without an outcome are left out.
    clinic : DataFrame
        One row per patient of the clinic, with the covariates; no outcome is needed.
    outcome, arm : str
        Columns of the trial.
    treated : label
        The arm whose outcome less that of the other is asked for.
    covariates : sequence of str
        Columns of both frames, without gaps: those on which the effect may depend, and in which trial and clinic
        differ.
    estimator : {"weighted", "doubly_robust", "g_computation"}, default "doubly_robust"
        Participants weighted by the odds of being of the clinic; these with models of the outcome in each arm,
        standardised over the clinic; or the models alone.
    kind : {"mean", "yes_no", "count"}
    conf_level : float, default 0.95

    Returns
    -------
    Transported
        Standard errors take account of the estimation of weights and models, and of the clinic's being a sample.

    Raises
    ------
    FitError
        A covariate is missing, trial and clinic have nothing in common, or an arm has too few outcomes.

    Notes
    -----
    The difference is that of the clinic only where all that changes the effect, and differs between trial and clinic,
    is among the covariates. Patients outside the range of the trial in a number, or of a level that it does not have,
    are counted and left out: nothing is extrapolated to them. Participants of a level that the clinic does not have are
    not used.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> trial = pd.DataFrame({"arm": ["new", "old"] * 100, "age": rng.uniform(40, 80, 200)})
    >>> trial["pain"] = -0.1 * (trial["age"] - 50) * (trial["arm"] == "new") + rng.normal(0, 0.1, 200)
    >>> clinic = pd.DataFrame({"age": rng.uniform(60, 80, 300)})
    >>> found = transport(trial, clinic, outcome="pain", arm="arm", treated="new", covariates=["age"])
    >>> [round(float(one.only(term="difference").frame["estimate"].iloc[0]), 1)
    ...  for one in (found.in_trial, found.estimates)]
    [-1.0, -1.9]
    """
    check_known("estimator", estimator, ESTIMATORS)
    check_known("kind", kind, tuple(FAMILIES))
    check_known("column", outcome, [str(column) for column in trial.columns])
    confounder_matrix(clinic, covariates)
    used = trial[trial[outcome].notna()].reset_index(drop=True)
    reasons, like = unlike_trial(used, clinic, covariates)
    if not like.any():
        raise FitError("no patient of the clinic is within the range of the trial", ["Check units and codes of both."])
    kept = used[_levels_of_clinic(used, clinic[like], covariates)].reset_index(drop=True)
    both = pd.concat(
        [kept.assign(**{SOURCE: "trial"}), clinic.loc[like, list(covariates)].assign(**{SOURCE: "clinic"})],
        ignore_index=True,
    )
    odds = balancing_weights(both, group=SOURCE, treated="clinic", confounders=covariates, target="ATT")
    in_trial = (both[SOURCE] == "trial").to_numpy()
    side = np.zeros(len(both), dtype=bool)
    side[in_trial] = two_groups(kept, arm, treated)
    weights = replace(
        odds,
        value=np.where(in_trial, odds.value, 0.0),
        treated=side,
        slope=np.where(in_trial[:, None], odds.slope, 0.0),
    )
    y, columns = both[outcome].to_numpy(dtype=float), confounder_matrix(both, covariates)[0]
    if estimator == "weighted":
        means = weighted_group_means(y, weights)
    else:
        means = modelled_group_means(y, columns, weights, FAMILIES[kind], augmented=estimator == "doubly_robust")
    other = next(str(name) for name in used[arm].unique() if str(name) != str(treated))
    named = (str(treated), other)
    told = f"{NAMES[estimator]}, in the case mix of the clinic; errors by stacked estimating equations"
    return Transported(
        group_rows(means.mean, means.covariance, means.n, kind, conf_level, named, outcome, told),
        _plain(used, outcome, two_groups(used, arm, treated), kind, conf_level, named),
        reasons, len(clinic), int(like.sum()), weights, balance_of(both, odds, covariates),
    )  # fmt: skip


def _plain(
    rows: pd.DataFrame, outcome: str, side: np.ndarray, kind: Kind, level: float, named: tuple[str, str]
) -> Estimates:
    """Return the comparison of two arms as they are."""
    means = weighted_group_means(rows[outcome].to_numpy(dtype=float), known_weights(np.ones(len(rows)), side))
    return group_rows(
        means.mean, means.covariance, means.n, kind, level, named, outcome, "in the trial, not adjusted"
    )  # fmt: skip


def _levels_of_clinic(trial: pd.DataFrame, clinic: pd.DataFrame, covariates: Sequence[str]) -> np.ndarray:
    """Return (n,) which participants have only levels that the clinic has; the others would have the weight zero."""
    inside = np.ones(len(trial), dtype=bool)
    for name in covariates:
        if not pd.api.types.is_numeric_dtype(trial[name].dtype) or pd.api.types.is_bool_dtype(trial[name].dtype):
            inside &= trial[name].astype(str).isin(set(clinic[name].astype(str))).to_numpy()
    return inside


def unlike_trial(
    trial: pd.DataFrame, clinic: pd.DataFrame, covariates: Sequence[str]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return why patients of a clinic are outside a trial, counted, and (n,) who is inside.

    Examples
    --------
    >>> trial, clinic = pd.DataFrame({"age": [50.0, 60]}), pd.DataFrame({"age": [40.0, 55, 61]})
    >>> table, inside = unlike_trial(trial, clinic, ["age"])
    >>> table["n"].tolist(), inside.tolist()
    ([1, 1], [False, True, False])
    """
    rows: list[tuple[str, str, int]] = []
    inside = np.ones(len(clinic), dtype=bool)
    for name in covariates:
        values, known = clinic[name], trial[name]
        if pd.api.types.is_numeric_dtype(known.dtype) and not pd.api.types.is_bool_dtype(known.dtype):
            found = {"below the trial": values < known.min(), "above the trial": values > known.max()}
        else:
            found = {
                f"{level}: not in the trial": values.astype(str) == level
                for level in sorted(set(values.astype(str)) - set(known.astype(str)))
            }
        for reason, where in found.items():
            if where.any():
                rows.append((name, reason, int(where.sum())))
                inside &= ~where.to_numpy()
    return pd.DataFrame(rows, columns=["covariate", "reason", "n"]), inside
