"""Imputed data sets: every missing outcome drawn from its distribution under a strategy, some data sets at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from coxa.cards import Card, Carded, counted
from coxa.errors import OptionError
from coxa.impute.cuts import levels_between
from coxa.impute.deltas import Delta
from coxa.impute.draws import Draws
from coxa.impute.outcomes import Alike, IncompleteOutcomes
from coxa.impute.scores import Steps, baseline_of
from coxa.models import Fit
from coxa.models.numerics.one_thread import one_thread

BLOCK = 50
"""Data sets that are imputed together. Each block has its own random numbers, so that a data set depends on the seed
and its number alone."""


@dataclass(frozen=True, slots=True, repr=False)
class Imputations(Carded):
    """M imputed data sets. They are made when they are asked for, `BLOCK` at a time, and are the same each time.

    outcomes : the outcomes with their gaps, and the strategies
    draws    : the parameters, one draw for each data set
    columns  : the columns of participant, visit, outcome and arm
    seed     : of the imputed values
    delta    : (n, m) what is added to imputed values, or None
    factor   : (n, m) what they are multiplied by before, or None
    steps    : the values that a score can take, or None for a normal outcome
    shift    : (n, 1) the baseline, where the outcome is the change of a score from it

    Examples
    --------
    >>> from coxa.impute import draw_parameters, impute_outcomes, incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = rng.normal(size=60)[who] + rng.normal(size=120)
    >>> d.loc[[1, 3, 81], "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> outcomes = incomplete_outcomes(fit, d, reference="b")
    >>> imputed = impute_outcomes(fit, outcomes, draw_parameters(fit, 20))
    >>> [block.shape for block in imputed.blocks()], imputed.layout().columns.to_list()
    ([(20, 60, 2)], ['participant_id', 'visit', 'arm', 'imputed'])
    """

    outcomes: IncompleteOutcomes
    draws: Draws
    columns: tuple[str, str, str, str]
    seed: int
    delta: np.ndarray | None = field(default=None, repr=False)
    factor: np.ndarray | None = field(default=None, repr=False)
    steps: Steps | None = None
    shift: np.ndarray | float = field(default=0.0, repr=False)

    @property
    def size(self) -> int:
        """Number of data sets M."""
        return self.draws.size

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the completed outcomes of up to `BLOCK` data sets at a time, (b, n, m)."""
        groups, missing = tuple(self.outcomes.alike()), self.outcomes.missing
        seeds = np.random.SeedSequence(self.seed).spawn(-(-self.size // BLOCK))
        for k, seed in enumerate(seeds):
            some = slice(k * BLOCK, (k + 1) * BLOCK)
            rng = np.random.default_rng(seed)
            seen = self.seen(some)
            with one_thread():
                filled = completed(self.outcomes, groups, self.draws.beta[some], self.draws.covariance[some], seen, rng)
            if self.factor is not None:
                filled *= np.where(missing, self.factor, 1.0)
            if self.delta is not None:
                filled += np.where(missing, self.delta, 0.0)
            if self.steps is not None:
                filled = np.where(missing, self.scores_of(filled, some) - self.shift, self.outcomes.y)
            yield filled

    def scores_of(self, values: np.ndarray, some: slice) -> np.ndarray:
        """Return the scores of values of the variable (b, n, m): nearest steps, or levels between cut points."""
        assert self.steps is not None
        if self.draws.cuts is None:
            return self.steps.nearest(values + self.shift)
        return self.steps.low + self.steps.step * levels_between(values, self.draws.cuts[some])

    def seen(self, some: slice) -> np.ndarray:
        """Return what missing values are imputed from, (b, n, m): the outcomes, or the variable behind scores."""
        latent = self.draws.latent
        if latent is None:
            return np.broadcast_to(self.outcomes.y, (len(self.draws.beta[some]), *self.outcomes.y.shape))
        gaps = self.outcomes.missing.any(axis=1)
        values = np.tile(self.outcomes.y, (len(latent[some]), 1, 1))
        values[:, gaps] = np.where(self.outcomes.missing[gaps], np.nan, latent[some])
        return values

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield one data set after the other as a frame, one row per participant and visit.

        It has the columns of the model and `imputed`, which is true where the outcome was missing.
        """
        layout = self.layout()
        _, _, outcome, _ = self.columns
        for block in self.blocks():
            for values in block:
                yield layout.assign(**{outcome: values.ravel()})

    def layout(self) -> pd.DataFrame:
        """Return the rows of a data set, n times m, without the outcome."""
        who, visit, _, arm = self.columns
        n, m = self.outcomes.y.shape
        people = self.outcomes.people.reset_index(drop=True)
        rows = people.loc[np.repeat(np.arange(n), m)].reset_index(drop=True)
        arms = pd.Categorical.from_codes(np.repeat(self.outcomes.arm, m).tolist(), pd.Index(self.outcomes.arms))
        visits = pd.Categorical.from_codes(list(range(m)) * n, pd.Index(self.outcomes.visits))
        first = pd.DataFrame({who: np.repeat(self.outcomes.participants, m), visit: visits, arm: arms})
        rows = pd.concat([first, rows.drop(columns=[arm], errors="ignore")], axis=1)
        return rows.assign(imputed=self.outcomes.missing.ravel())

    @property
    def counts(self) -> pd.DataFrame:
        """How many outcomes are imputed in each arm at each visit: `arm, visit, n_participants, n_imputed, share`."""
        outcomes = self.outcomes
        rows = [
            {
                "arm": arm,
                "visit": visit,
                "n_participants": int((outcomes.arm == a).sum()),
                "n_imputed": int(outcomes.missing[outcomes.arm == a, v].sum()),
            }
            for a, arm in enumerate(outcomes.arms)
            for v, visit in enumerate(outcomes.visits)
        ]
        frame = pd.DataFrame(rows)
        return frame.assign(share=frame["n_imputed"] / frame["n_participants"])

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        outcomes = self.outcomes
        facts = {
            "Outcome": self.columns[2],
            "Strategy": ", ".join(one.title for one in outcomes.strategies),
            "Imputed": f"{int(outcomes.missing.sum()):,} of {outcomes.missing.size:,} outcomes",
        }
        if self.steps is not None:
            facts["Values"] = f"{self.steps.low:g} to {self.steps.high:g} in steps of {self.steps.step:g}"
        head = ["arm", *outcomes.visits]
        rows = [
            [arm, *(f"{int(n)}" for n in outcomes.missing[outcomes.arm == a].sum(axis=0))]
            for a, arm in enumerate(outcomes.arms)
        ]
        return Card(counted(self.size, "imputed data set"), facts, head, rows)


def impute_outcomes(
    fit: Fit,
    outcomes: IncompleteOutcomes,
    draws: Draws,
    *,
    arm: str = "arm",
    delta: Delta | np.ndarray | None = None,
    seed: int = 1,
) -> Imputations:
    """Impute the missing outcomes once for each draw of the parameters.

    Parameters
    ----------
    fit : Fit
        The imputation model, of which the parameters were drawn.
    outcomes : IncompleteOutcomes
        What is missing, and the strategy of each participant.
    draws : Draws
        Of `draw_parameters`.
    arm : str
        What the column of the arm is called in imputed data.
    delta : Delta, or (n, m) array, optional
        What imputed outcomes are better or worse by; an array is added to them, in units of the outcome.
    seed : int

    Returns
    -------
    Imputations
        They take memory when they are read, and no more of it for more of them.

    Raises
    ------
    OptionError
        The draws are of another model, or `delta` has another shape.

    Notes
    -----
    A missing outcome is normal around mu_u + C (y_o - mu_o), C = S_uo S_oo^-1, with the covariance S_uu - C S_ou, where
    mu and S are what the strategy makes of the drawn means and covariances, and y_o all outcomes that were observed.

    Examples
    --------
    >>> from coxa.impute import draw_parameters, incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["change"] = rng.normal(size=60)[who] + rng.normal(size=120)
    >>> d.loc[[1, 3, 81], "change"] = np.nan
    >>> fit = fit_mmrm("change ~ arm * visit", d)
    >>> outcomes = incomplete_outcomes(fit, d, reference="b", strategy="j2r")
    >>> imputed = impute_outcomes(fit, outcomes, draw_parameters(fit, 100))
    >>> imputed.size, next(imputed.blocks()).shape, int(next(imputed.frames())["imputed"].sum())
    (100, (50, 60, 2), 3)
    """
    if draws.beta.shape[1] != len(fit.params) or draws.covariance.shape[-1] != len(outcomes.visits):
        raise OptionError("The draws are of another model. Draw the parameters of this one by `draw_parameters`.")
    columns = (fit.sample.participant_column, str(fit.sample.visit_column), fit.outcome, arm)
    added, factor = amounts_of(outcomes, delta)
    return Imputations(outcomes, draws, columns, seed, added, factor)


def amounts_of(
    outcomes: IncompleteOutcomes, delta: Delta | np.ndarray | None
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return what is added to imputed outcomes (n, m) and what they are multiplied by (n, m), None for nothing.

    Raises
    ------
    OptionError
        An array has another shape, or a delta names an unknown arm or visit.
    """
    if delta is None:
        return None, None
    if isinstance(delta, Delta):
        shares = delta.shares(outcomes)
        added, extra = (amount[outcomes.arm][:, None] for amount in delta.amounts(outcomes.arms))
        return shares * added, 1 + shares * extra
    if np.shape(delta) != outcomes.y.shape:
        raise OptionError(f"`delta` has the shape {np.shape(delta)}. Give {outcomes.y.shape}: participants by visits.")
    return np.asarray(delta, dtype=float), None


def impute_scores(
    fit: Fit,
    outcomes: IncompleteOutcomes,
    draws: Draws,
    steps: Steps,
    *,
    arm: str = "arm",
    baseline: str | None = None,
    delta: Delta | np.ndarray | None = None,
    seed: int = 1,
) -> Imputations:
    """Impute missing scores on the instrument's own steps, once for each draw of the parameters.

    Parameters
    ----------
    fit, outcomes, arm, delta, seed
        As of `impute_outcomes`; a delta is added before the nearest step is taken.
    draws : Draws
        Of `draw_scores`.
    steps : Steps
        The values that a score can take.
    baseline : str, optional
        Column of the score at baseline where the outcome is the change from it.

    Returns
    -------
    Imputations
        Every imputed value is one of the steps, and never outside the range.

    Raises
    ------
    OptionError
        As `impute_outcomes`; the draws are not those of scores.

    Examples
    --------
    >>> from coxa.impute import Steps, draw_scores, incomplete_outcomes
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(60), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["week_1", "week_2"] * 60})
    >>> d["arm"] = np.where(who % 2, "a", "b")
    >>> d["pain"] = Steps(0, 10).nearest(3 + 2 * rng.normal(size=60)[who] + 2 * rng.normal(size=120))
    >>> d.loc[[1, 3, 81], "pain"] = np.nan
    >>> fit = fit_mmrm("pain ~ arm * visit", d)
    >>> outcomes = incomplete_outcomes(fit, d, reference="b", strategy="j2r")
    >>> imputed = impute_scores(fit, outcomes, draw_scores(fit, outcomes, Steps(0, 10), 100), Steps(0, 10))
    >>> sorted(set(np.concatenate(list(imputed.blocks())).ravel().tolist()))
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    """
    if draws.latent is None:
        raise OptionError("The draws are not those of scores. Draw them by `draw_scores`.")
    made = impute_outcomes(fit, outcomes, draws, arm=arm, delta=delta, seed=seed)
    return replace(made, steps=steps, shift=baseline_of(outcomes, baseline))


def completed(
    outcomes: IncompleteOutcomes,
    groups: tuple[Alike, ...],
    beta: np.ndarray,
    covariance: np.ndarray,
    seen: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return completed outcomes (D, n, m) for coefficients (D, p) and covariances (D, G, m, m).

    seen : (D, n, m) what missing outcomes are imputed from
    """
    filled = seen.copy()
    own, of_reference = outcomes.own_design, outcomes.reference_design
    for alike in groups:
        who, u, o = alike.members, np.flatnonzero(alike.missing), np.flatnonzero(~alike.missing)
        means = means_of(own[who], beta), means_of(of_reference[who], beta)
        spreads = covariance[:, alike.own], covariance[:, alike.of_reference]
        mean, spread = alike.strategy.marginal(*means, *spreads, alike.event)
        slopes, root = regression(spread, u, o)
        left = seen[:, who[:, None], o] - mean[..., o]
        noise = rng.standard_normal((len(beta), len(who), len(u)))
        filled[:, who[:, None], u] = mean[..., u] + left @ slopes.swapaxes(1, 2) + noise @ root.swapaxes(1, 2)
    return filled


def means_of(design: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Return the means (D, k, m) of designs (k, m, p) at coefficients (D, p)."""
    k, m, p = design.shape
    return (beta @ design.reshape(k * m, p).T).reshape(len(beta), k, m)


def regression(spread: np.ndarray, missing: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return C (D, u, o) and the factor (D, u, u) of the covariance of what is missing, given what was seen."""
    inner = spread[:, seen[:, None], seen]
    across = spread[:, seen[:, None], missing]
    slopes = np.linalg.solve(inner, across).swapaxes(1, 2)
    rest = spread[:, missing[:, None], missing] - slopes @ across
    return slopes, np.linalg.cholesky((rest + rest.swapaxes(1, 2)) / 2)
