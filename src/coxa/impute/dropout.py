"""Who drops out: in each arm and at each visit a logistic model of staying, by covariates and the outcomes so far.

Participants who stay although others like them leave count for more: the weight of an outcome is one over the
probability of having stayed, the product over the visits.

Sources: Robins, Rotnitzky & Zhao, JASA 1995, 90:106-121; Seaman & White, Stat Methods Med Res 2013, 22:278-295.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.errors import FitError, OptionError, check_known
from coxa.models.design.columns import label_text
from coxa.models.design.matrix import design_matrix, orthonormal
from coxa.models.design.rows import check_frame, check_keys, check_unique, visit_order
from coxa.models.glm.arrays import fit_columns
from coxa.models.glm.families import BINOMIAL
from coxa.models.numerics.weights import effective_size

EVENTS_PER_COLUMN = 2
"""Participants who leave (and who stay) for each column of a model; with fewer the share who leave is used alone."""

SMALLEST = 1e-3
"""Probability of staying below which weights are refused."""


@dataclass(frozen=True, slots=True, repr=False)
class Dropout(Carded):
    """Staying and leaving of n participants up to one visit, with T visits up to it.

    y           : (n, T) outcomes, NaN where missing
    x           : (n, q) covariates with a constant
    arm         : (n,) codes
    arms        : labels
    visits      : T labels
    outcome     : what was measured
    present     : (n, T) who is still in; at the last visit, who has an outcome
    probability : (n, T) probability of being still in, given all before
    scores      : (n, k) derivatives of the log-likelihoods of all models, one column per coefficient
    table       : one row per arm and visit: `arm, visit, n_at_risk, n_left, model, auc, mean_weight, largest_weight,
                  effective_n`

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": np.repeat(range(40), 2), "visit": ["a", "b"] * 40})
    >>> d["age"] = 50 + d["participant_id"] % 7
    >>> d = d.assign(arm=np.where(d["participant_id"] % 2, "new", "old"), pain=np.sin(np.arange(80.0) ** 2))
    >>> d.loc[[1, 5, 21, 41], "pain"] = np.nan
    >>> fit_dropout(d, "pain", ["age"]).table["n_left"].tolist()
    [0, 0, 0, 4]
    """

    y: np.ndarray = field(repr=False)
    x: np.ndarray = field(repr=False)
    arm: np.ndarray = field(repr=False)
    arms: tuple[str, ...]
    visits: tuple[str, ...]
    outcome: str
    present: np.ndarray = field(repr=False)
    probability: np.ndarray = field(repr=False)
    scores: np.ndarray = field(repr=False)
    table: pd.DataFrame

    @property
    def weights(self) -> np.ndarray:
        """Weights at the last visit (n,), 0 without an outcome."""
        return np.where(self.present[:, -1], 1 / self.probability[:, -1], 0.0)

    def history(self, step: int) -> np.ndarray:
        """Return covariates and the outcomes before visit `step` (n, q + step); a gap has the last value before it."""
        return np.column_stack([self.x, carried_forward(self.y[:, :step])])


@kinds(data=FRAME)
def fit_dropout(
    data: pd.DataFrame,
    outcome: str,
    covariates: Sequence[str],
    *,
    participant: str = "participant_id",
    visit: str = "visit",
    arm: str = "arm",
    at_visit: Any = None,
    visits: Sequence[Any] | None = None,
) -> Dropout:
    """Model in each arm who stays from visit to visit.

    Parameters
    ----------
    data : DataFrame
        One row per participant and visit; a visit without an outcome has an empty one, or no row. Not changed.
    outcome : str
        Column.
    covariates : sequence of str
        Columns measured before randomisation, without gaps and the same in all rows of a participant.
    participant, visit, arm : str
        Columns.
    at_visit : label, optional
        The visit whose outcomes are to be weighted; by default the last.
    visits : sequence, optional
        The visits in order; by default categories, else sorted.

    Returns
    -------
    Dropout

    Raises
    ------
    OptionError
        A column or visit is unknown.
    DataError
        A row without participant or visit, or two rows for one.
    FitError
        A covariate is missing, an arm has no outcome at the visit, or the probability of staying is nearly zero.

    Notes
    -----
    A participant is in until his or her last outcome; a gap in between does not count as leaving, and the last value
    before it takes its place among the predictors. At the visit itself only those with an outcome are in.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"participant_id": np.repeat(range(200), 2), "visit": ["a", "b"] * 200})
    >>> d["age"] = np.repeat(rng.normal(60, 8, 200), 2)
    >>> d["arm"] = np.where(d["participant_id"] % 2, "new", "old")
    >>> d["pain"] = rng.normal(5, 2, 400)
    >>> leaves = (d["visit"] == "b") & (d["pain"].shift() > 5) & (rng.random(400) < 0.6)
    >>> d["pain"] = d["pain"].mask(leaves)
    >>> table = fit_dropout(d, "pain", ["age"]).table
    >>> table.loc[table["n_left"] > 0, ["arm", "visit", "model"]].to_dict("records")[0]
    {'arm': 'new', 'visit': 'b', 'model': 'covariates and outcomes before'}
    """
    data = check_frame(data)
    check_keys(data, (participant, visit, arm))
    for name in (outcome, *covariates):
        check_known("column", name, [str(column) for column in data.columns])
    check_unique(data, np.ones(len(data), dtype=bool), (participant, visit))
    order = [label_text(label) for label in visit_order(data[visit], visits).labels]
    last = order[-1] if at_visit is None else label_text(at_visit)
    check_known("visit", last, order)
    codes, labels = pd.factorize(data[participant])
    when = pd.Index(order).get_indexer(pd.Index(data[visit].map(label_text)))
    y = np.full((len(labels), len(order)), np.nan)
    inside = when >= 0
    y[codes[inside], when[inside]] = data[outcome].to_numpy(dtype=float)[inside]
    people = data.loc[~pd.Series(codes).duplicated().to_numpy()].reset_index(drop=True)
    arms = arm_labels(people[arm])
    own = pd.Index(arms).get_indexer(pd.Index(people[arm].map(label_text)))
    steps = order.index(last) + 1
    x = covariate_design(people, covariates)
    seen = ~np.isnan(y)
    present = np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1][:, :steps]
    present[:, -1] = seen[:, steps - 1]
    for code, name in enumerate(arms):
        if present[own == code, -1].sum() <= x.shape[1] + steps:
            raise FitError(
                f"arm '{name}' has {int(present[own == code, -1].sum())} outcomes at visit '{last}'",
                ["Use fewer covariates.", "Take an earlier visit (at_visit=...)."],
            )
    return staying(y[:, :steps], x, own, arms, tuple(order[:steps]), outcome, present)


def arm_labels(values: pd.Series) -> tuple[str, ...]:
    """Return the arms in order: categories as they are, else sorted."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return tuple(label_text(label) for label in values.cat.remove_unused_categories().cat.categories)
    return tuple(sorted(set(values.map(label_text))))


def covariate_design(people: pd.DataFrame, covariates: Sequence[str]) -> np.ndarray:
    """Return covariates with a constant in orthonormal coordinates times the root of n, (n, q).

    Raises
    ------
    FitError
        A covariate is missing.
    """
    gone = {name: int(people[name].isna().sum()) for name in covariates}
    if any(gone.values()):
        said = ", ".join(f"{name} of {count} participants" for name, count in gone.items() if count)
        raise FitError(f"covariates are missing: {said}", ["Impute them first by `coxa.impute.impute_covariates`."])
    if not len(covariates):
        return np.ones((len(people), 1))
    frame = people[list(covariates)].assign(**{"response_": np.arange(len(people), dtype=float)})
    design = design_matrix(f"response_ ~ {' + '.join(covariates)}", frame)
    return orthonormal(design.x, design.names).q * np.sqrt(len(people))


def carried_forward(y: np.ndarray) -> np.ndarray:
    """Return outcomes (n, k) with the last value before in place of a gap, and 0 where there is none before.

    Examples
    --------
    >>> carried_forward(np.array([[1.0, np.nan, 3.0], [np.nan, 2.0, np.nan]])).tolist()
    [[1.0, 1.0, 3.0], [0.0, 2.0, 2.0]]
    """
    filled = y.copy()
    for k in range(filled.shape[1]):
        before = filled[:, k - 1] if k else np.zeros(len(y))
        filled[:, k] = np.where(np.isnan(filled[:, k]), before, filled[:, k])
    return filled


def staying(
    y: np.ndarray,
    x: np.ndarray,
    arm: np.ndarray,
    arms: tuple[str, ...],
    visits: tuple[str, ...],
    outcome: str,
    present: np.ndarray,
) -> Dropout:
    """Fit all models of staying."""
    n, steps = y.shape
    probability = np.ones((n, steps))
    scores: list[np.ndarray] = []
    rows = []
    blank = Dropout(y, x, arm, arms, visits, outcome, present, probability, np.empty((n, 0)), pd.DataFrame())
    for code, name in enumerate(arms):
        for step in range(steps):
            before = present[:, step - 1] if step else np.ones(n, dtype=bool)
            at_risk = np.flatnonzero((arm == code) & before)
            stays = present[at_risk, step].astype(float)
            left = int(len(stays) - stays.sum())
            design, words = predictors(blank.history(step)[at_risk], left, int(stays.sum()))
            chance, score = stay_model(design, stays) if left else (np.ones(len(stays)), np.empty((len(stays), 0)))
            if words != SHARE and np.ptp(chance) == 0:
                words = SEPARATED
            if chance.min(initial=1.0) < SMALLEST:
                raise FitError(
                    f"the probability of staying until visit '{visits[step]}' in arm '{name}' is {chance.min():.1g} "
                    "for one participant, whose like are hardly seen",
                    ["Use fewer covariates.", "Use imputation in place of weights."],
                )
            probability[at_risk, step] = chance * (probability[at_risk, step - 1] if step else 1.0)
            wide = np.zeros((n, score.shape[1]))
            wide[at_risk] = score
            scores.append(wide)
            rows.append(
                {
                    "arm": name,
                    "visit": visits[step],
                    "n_at_risk": len(at_risk),
                    "n_left": left,
                    "model": words if left else "none left",
                    "auc": area(chance, stays) if left and words not in (SHARE, SEPARATED) else np.nan,
                    **weight_summary(1 / probability[at_risk, step][stays == 1]),
                }
            )
    return Dropout(
        y, x, arm, arms, visits, outcome, present, probability, np.concatenate(scores, axis=1), pd.DataFrame(rows)
    )


SHARE = "share who stay"

SEPARATED = "share who stay: all of some kind stayed"
"""What takes the place of a model without a maximum, such as where all of one sex stayed."""


def predictors(history: np.ndarray, left: int, stayed: int) -> tuple[np.ndarray, str]:
    """Return the design of a model of staying and what it is; a constant alone where too few leave or stay."""
    varies = np.ptp(history, axis=0) > 0
    varies[0] = True
    design = history[:, varies]
    if min(left, stayed) < EVENTS_PER_COLUMN * design.shape[1]:
        return np.ones((len(history), 1)), SHARE
    return design, "covariates and outcomes before"


def stay_model(design: np.ndarray, stays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of staying (k,) and the scores (k, c) of a logistic model.

    Where leaving is separated by the predictors, the likelihood has no maximum and the share who stay is used.
    """
    q = orthonormal(design, [str(k) for k in range(design.shape[1])]).q
    fit = fit_columns(q, stays, BINOMIAL)
    if fit is not None:
        return fit.mean, q * (stays - fit.mean)[:, None]
    share = np.full(len(stays), stays.mean())
    return share, (stays - share)[:, None]


def area(chance: np.ndarray, stays: np.ndarray) -> float:
    """Return the area under the curve: the chance that one who stays had the higher probability.

    Examples
    --------
    >>> area(np.array([0.2, 0.6, 0.9]), np.array([0.0, 1.0, 1.0]))
    1.0
    """
    ones = int(stays.sum())
    ranks = rankdata(chance)[stays == 1].sum()
    return float((ranks - ones * (ones + 1) / 2) / (ones * (len(stays) - ones)))


def weight_summary(weights: np.ndarray) -> dict[str, float]:
    """Return mean and largest weight, and how many participants with equal weights would be as precise."""
    return {
        "mean_weight": float(weights.mean()),
        "largest_weight": float(weights.max()),
        "effective_n": effective_size(weights),
    }


def check_reference(dropout: Dropout, reference: str | None) -> int:
    """Return the code of the reference arm, by default the first; OptionError for an unknown one."""
    if reference is not None and reference not in dropout.arms:
        raise OptionError(f"There is no arm '{reference}'. Choose from {', '.join(dropout.arms)}.")
    return 0 if reference is None else dropout.arms.index(reference)
