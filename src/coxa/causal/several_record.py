"""How several groups are compared without randomisation, and the rows of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from coxa.causal.bootstrap import Resampled, resample
from coxa.causal.compare_times import rows_of_times
from coxa.causal.comparison import (
    ARM_TERMS,
    Estimator,
    Kind,
    SeveralGroups,
    StandardError,
    method_words,
    rows_of_arms,
    rows_of_means,
)
from coxa.causal.several_balance import balance_of_groups
from coxa.causal.several_weights import GroupWeights, group_codes, several_weights_of_columns
from coxa.causal.weights import Target, WeightingMethod
from coxa.errors import FitError, check_known
from coxa.estimates import Estimates

RowsOfPair = Callable[[list[int]], Iterator[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Making:
    """How weights of several groups are made: the options of `weights_of_groups`, on arrays."""

    names: tuple[str, ...]
    target: Target
    focal: str | None
    method: WeightingMethod
    stabilised: bool
    truncate: float | None

    def weights(self, columns: np.ndarray, codes: np.ndarray) -> GroupWeights:
        """Return the weights of columns of confounders (n, p) and places of groups (n,)."""
        return several_weights_of_columns(
            columns, codes, self.names, target=self.target, focal=self.focal, method=self.method,
            stabilised=self.stabilised, truncate=self.truncate,
        )  # fmt: skip

    def words(self, estimator: Estimator, samples: Resampled | None) -> str:
        """Return what was done, in words."""
        said = method_words(estimator, self.method, self.target, self.truncate, samples)
        said = said.replace("propensity score", "multinomial propensity score")
        focal = f" of {self.focal}" if self.focal else ""
        return said.replace(f", {self.target}", f", {self.target}{focal} of {len(self.names)} groups together", 1)


@dataclass(frozen=True, slots=True)
class Whole:
    """What rows of several groups are made with."""

    data: pd.DataFrame
    confounders: Sequence[str]
    weights: GroupWeights
    against: str
    n: tuple[int, ...]
    complete: np.ndarray
    outcome: str
    samples: Resampled | None

    def of_means(self, value: np.ndarray, covariance: np.ndarray, kind: Kind, level: float, told: str) -> SeveralGroups:
        """Return the record of means, risks or rates (k,) with their covariance (k, k)."""
        arms = rows_of_arms(value, covariance, ARM_TERMS[kind], level)

        def pair(places: list[int]) -> Iterator[dict[str, Any]]:
            return rows_of_means(value[places], covariance[np.ix_(places, places)], kind, level)

        return self._record(arms, pair, _joint(value, covariance), told)

    def of_times(
        self, value: np.ndarray, covariance: np.ndarray, level: float, told: str, pairs: list[tuple[int, int]]
    ) -> SeveralGroups:
        """Return the record of restricted means and shares without an event, and of hazard ratios."""
        k = len(self.weights.names)
        means, shares = slice(0, k), slice(k, 2 * k)
        arms = [
            *rows_of_arms(value[means], covariance[means, means], "restricted_mean", level),
            *rows_of_arms(1 - value[shares], covariance[shares, shares], "risk", level),
        ]

        def pair(places: list[int]) -> Iterator[dict[str, Any]]:
            own = [*places, *(k + place for place in places)]
            if len(value) > 2 * k:
                own.append(2 * k + pairs.index((places[0], places[1])))
            return rows_of_times(value[own], covariance[np.ix_(own, own)], level)

        return self._record(arms, pair, _joint(value[means], covariance[means, means]), told)

    def _record(
        self, arms: Iterator[dict[str, Any]] | list[dict[str, Any]], pair: RowsOfPair, joint: dict[str, Any], told: str
    ) -> SeveralGroups:
        names, rows = self.weights.names, []
        shared = {"outcome": self.outcome, "method": told}
        for row in arms:
            side = row.pop("side")
            rows.append({**row, **shared, **_people(self.n[side]), "arm": names[side]})
        for new, old in pairs_of(names, self.against):
            who = {"arm": names[new], "reference": names[old], **_people(self.n[new] + self.n[old])}
            rows += [{**row, **shared, **who} for row in pair([new, old]) if "side" not in row]
        rows.append({**joint, **shared, **_people(sum(self.n))})
        balance = balance_of_groups(self.data, self.weights, self.confounders)
        return SeveralGroups(
            Estimates.of(rows), self.weights, balance, self.against, self.n, self.complete, self.samples
        )  # fmt: skip


def ordered_groups(data: pd.DataFrame, group: str, against: object) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return (n,) the place of the group of each row, and the groups, of which the comparator is one."""
    codes, names = group_codes(data, group)
    check_known("against", str(against), names)
    return codes, names


def pairs_of(names: tuple[str, ...], against: str) -> list[tuple[int, int]]:
    """Return all pairs of groups, each less (or over) the other: those with the comparator first."""
    base = names.index(against)
    others = [place for place in range(len(names)) if place != base]
    return [*((place, base) for place in others), *((new, old) for old, new in combinations(others, 2))]


def _people(n: int) -> dict[str, int]:
    return {"n_participants": n, "n_observations": n}


def _joint(value: np.ndarray, covariance: np.ndarray) -> dict[str, Any]:
    """Return the test that all k numbers are the same, a chi-square with k - 1 degrees of freedom."""
    apart = np.eye(len(value))[1:] - np.eye(len(value))[0]
    differences, spread = apart @ value, apart @ covariance @ apart.T
    if np.linalg.matrix_rank(spread) < len(spread):
        raise FitError("the outcome does not vary, so that differences have no standard errors", ["Check the outcome."])
    statistic = float(differences @ np.linalg.solve(spread, differences))
    df = len(value) - 1
    return {"term": "joint_test", "statistic": statistic, "df": float(df), "p_value": float(chi2.sf(statistic, df))}


def samples_of(
    numbers: Callable[[np.ndarray], np.ndarray], n: int, standard_error: StandardError, replicates: int, seed: int
) -> Resampled | None:
    """Return the samples of a bootstrap; None where equations are solved together."""
    check_known("standard_error", standard_error, ("stacked", "bootstrap"))
    return None if standard_error == "stacked" else resample(numbers, n, replicates=replicates, seed=seed)
