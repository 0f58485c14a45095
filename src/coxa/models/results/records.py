"""The small records that a fit is made of or answers with, and the ladder of covariance structures that led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import NonConvergenceError, OptionError
from coxa.models.covariance.structure import Structure
from coxa.models.numerics.marginal_fit import Attempt, MarginalFit, fit_sums
from coxa.models.numerics.pattern_sums import Stack
from coxa.sentences import sentence

VISIT, COUNT = "visit of the model", "n"
"""Columns of the counted tables beside the factors."""


def criteria(loglik: float, parameters: int, p: int, n: int, participants: int, *, reml: bool) -> dict[str, float]:
    """Return AIC, AICC and BIC by name, smaller is better.

    Under restricted likelihood only covariance parameters are counted, as SAS and R print; under the full
    likelihood the p fixed effects are counted too. AICC uses the n observations (less fixed effects under restricted
    likelihood), BIC participants.
    """
    k = parameters + (0 if reml else p)
    counted = n - (p if reml else 0)
    small = 2 * k * counted / (counted - k - 1) if counted > k + 1 else np.inf
    deviance = -2 * loglik
    return {"aic": deviance + 2 * k, "aicc": deviance + small, "bic": deviance + k * float(np.log(participants))}


@dataclass(frozen=True, slots=True)
class LinearTest:
    """Result of testing that linear functions of the coefficients are zero, one entry per row."""

    estimate: np.ndarray
    std_error: np.ndarray
    df: np.ndarray
    statistic: np.ndarray
    p_value: np.ndarray


@dataclass(frozen=True, slots=True)
class JointTest:
    """Result of testing several linear functions together: F with `df` over `df_denominator`."""

    statistic: float
    df: int
    df_denominator: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What was analysed.

    participant_column, visit_column : where they were read (visit_column is None for a model of one visit)
    participant, visit : (N,) of the analysed rows, in the order of the data; a fit of chunks has every participant once
                         and no visits
    visits             : labels of the visits in their order
    left_out           : rows left out: `row` (its label), participant, visit, `reason`
    group, weights     : (N,) covariance group and weight of each row; None where there are none
    times              : (N,) times of a covariance of distances; None where only the visits count
    """

    participant_column: str
    visit_column: str | None
    participant: np.ndarray
    visit: np.ndarray
    visits: tuple[Any, ...]
    left_out: pd.DataFrame
    group: np.ndarray | None = None
    weights: np.ndarray | None = None
    times: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How the optimum was reached and what proves it.

    gradient_norm  : largest absolute derivative of the log-likelihood there
    min_eigenvalue : smallest eigenvalue of the observed information scaled to a unit diagonal; above zero
    seconds        : time spent by stage: formula, sums, optimiser, df
    """

    iterations: int
    gradient_norm: float
    min_eigenvalue: float
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Totals:
    """What a fit of chunks keeps of its rows, beside their sums.

    n_observations : analysed rows
    n_participants : participants with one or more of them
    means          : mean of each covariate over the rows
    cells          : rows of each combination of the factors' levels and the visit, in the column "n"
    people         : participants of each combination of the levels of the factors other than the visit
    """

    n_observations: int
    n_participants: int
    means: Mapping[str, float]
    cells: pd.DataFrame
    people: pd.DataFrame

    def chosen(self, table: pd.DataFrame, levels: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
        """Return the combinations with the levels named.

        Raises
        ------
        OptionError
            Participants were to be counted, but a factor varies within some of them.
        """
        if table is self.people and self.people[COUNT].sum() > self.n_participants:
            raise OptionError(
                "A factor of the model varies within a participant, and chunks do not count how many "
                "participants have each of its levels. Fit the rows as one data frame."
            )
        keep = [table[name].isin(list(wanted)).to_numpy() for name, wanted in levels.items()]
        return table[np.logical_and.reduce(keep)] if keep else table


def climb(
    sums: Stack, ladder: Sequence[Structure], *, reml: bool, labels: Sequence[str]
) -> tuple[MarginalFit | None, Structure, list[Attempt]]:
    """Fit the first structure of the ladder that has a proven optimum."""
    attempts: list[Attempt] = []
    for structure in ladder:
        fitted, tried = fit_sums(sums, structure, reml=reml, labels=labels)
        attempts += tried
        if fitted is not None:
            return fitted, structure, attempts
    return None, ladder[-1], attempts


def measured(attempts: Sequence[Attempt], fitted: MarginalFit, sums: Stack, loglik: float) -> tuple[Attempt, ...]:
    """Return the attempts with log-likelihood and criteria of the one that was kept."""
    values = criteria(loglik, len(fitted.theta), sums.p, sums.n_observations, int(sums.n.sum()), reml=fitted.at.reml)
    return (*attempts[:-1], replace(attempts[-1], loglik=loglik, criteria=tuple(values.items())))


def ladder_text(attempts: Sequence[Attempt]) -> str:
    """Say which structures were left and why, and how the one used fits; empty if the first was fitted.

    Examples
    --------
    >>> kept = Attempt("cs", "moments of the residuals", "", -100.0, (("aicc", 204.1), ("bic", 206.0)))
    >>> ladder_text([Attempt("us", "no correlation", "singular"), kept]).split("; ")[0]
    'us covariance could not be fitted (singular)'
    """
    kept = attempts[-1]
    left: dict[str, dict[str, None]] = {}
    for attempt in attempts[:-1]:
        if attempt.structure != kept.structure:
            left.setdefault(attempt.structure, {})[attempt.failure] = None
    if not left:
        return ""
    said = [f"{name} covariance could not be fitted ({', or '.join(reasons)})" for name, reasons in left.items()]
    values = dict(kept.criteria)
    figures = f"log-likelihood {kept.loglik:.2f}, AICC {values['aicc']:.2f}, BIC {values['bic']:.2f}"
    return f"{'; '.join(said)}; {kept.structure} was used, as declared ({figures})"


def not_converged(attempts: Sequence[Attempt], seen: Sequence[str]) -> NonConvergenceError:
    """Return the error that says what was tried, what was seen in the data, and what else to look at."""
    tried = "; ".join(f"{a.structure} from {a.start}: {a.failure}" for a in attempts)
    return NonConvergenceError(
        f"no proven optimum of the likelihood. Tried: {tried or 'a visit has no variance at all'}",
        [
            *map(sentence, seen),
            "Look for a visit that repeats another, or has hardly any variance or participants.",
            "Use a covariance with fewer parameters, as a declared ladder: covariance=['us', ...].",
            "Leave terms with hardly any data out of the formula.",
        ],
    )
