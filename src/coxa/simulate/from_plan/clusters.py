"""Therapists, clinics, classes: who belongs to which, and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.seeds import generator

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ClusterDesign:
    """One factor of clusters.

    number      : clusters, in each higher one and each arm where they are nested or arms have their own
    icc         : (k,) share of the variance of each outcome
    arms        : (a,) True for the arms that have them
    within      : the higher factor, or none: crossed with the others
    covariate   : the clusters are the levels of a covariate of that name
    known_first : that covariate is known whatever the arm; else it is blank in arms without the clusters
    autocorrelation, decays : how alike what a cluster adds is in two periods
    in_one_period : whether each participant is in one period; else the periods are the visits
    """

    name: str
    number: int
    icc: Floats
    arms: NDArray[np.bool_]
    within: str | None
    own_per_arm: bool
    at_baseline: bool
    size_variation: float
    covariate: bool
    known_first: bool = False
    autocorrelation: float = 1.0
    decays: bool = False
    in_one_period: bool = False

    def total(self, higher: Mapping[str, int]) -> int:
        """Return the number of clusters in the trial, given those of the factors above."""
        count = self.number * (higher[self.within] if self.within else 1)
        return count * (int(self.arms.sum()) if self.own_per_arm else 1)

    def loading(self, m: int) -> Floats:
        """Return (m,) 1 at the visits at which the clusters matter."""
        weight = np.ones(m)
        weight[0] = float(self.at_baseline)
        return weight

    def over_periods(self, count: int) -> Floats:
        """Return (count, count) the correlation of what a cluster adds in so many periods.

        Examples
        --------
        >>> given = ("site_id", 4, np.array([0.1]), np.array([True]), None, True, False, 0.0, False)
        >>> ClusterDesign(*given, autocorrelation=0.5, decays=True).over_periods(3)[0].tolist()
        [1.0, 0.5, 0.25]
        """
        apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
        return np.asarray(self.autocorrelation ** (apart if self.decays else np.minimum(apart, 1)), dtype=float)


def from_the_top(factors: tuple[ClusterDesign, ...]) -> list[ClusterDesign]:
    """Return the factors, each after the one in which it is nested."""
    higher = {factor.name: factor.within for factor in factors}

    def depth(name: str) -> int:
        within = higher[name]
        return 0 if within is None else 1 + depth(within)

    return sorted(factors, key=lambda factor: depth(factor.name))


def totals(factors: tuple[ClusterDesign, ...]) -> dict[str, int]:
    """Return factor -> number of clusters in the trial; higher factors first."""
    found: dict[str, int] = {}
    for factor in from_the_top(factors):
        found[factor.name] = factor.total(found)
    return found


def assign(factors: tuple[ClusterDesign, ...], allocated: Integers, received: Integers,
           known: Mapping[str, NDArray[np.intp]], seed: int) -> dict[str, Integers]:  # fmt: skip
    """Assign participants to clusters.

    Parameters
    ----------
    factors
        The factors.
    allocated, received
        (n,) arm allocated, which decides where arms have their own, and arm whose treatment is received.
    known
        Clusters known already, by factor: levels of a covariate, and clusters that were randomised.
    seed
        Seed.

    Returns
    -------
    dict
        factor -> (n,) number of the cluster, -1 in arms without. Sizes are as equal as can be within each higher
        cluster and arm, or vary as the factor says.
    """
    codes: dict[str, Integers] = {}
    for factor in from_the_top(factors):
        arm_of = allocated if factor.own_per_arm else received
        if factor.name in known:
            codes[factor.name] = np.where(factor.arms[arm_of], known[factor.name], -1)
            continue
        rng = generator(f"clusters {factor.name}", seed)
        place = np.full(len(received), -1, dtype=np.intp)
        order = rng.permutation(len(received))
        above = codes[factor.within] if factor.within else np.zeros(len(received), dtype=np.intp)
        listed = np.flatnonzero(factor.arms)
        weights = sizes(rng, factor, factor.number)
        for high in np.unique(above[above >= 0]):
            for number, arm in enumerate(listed):
                here = order[(above[order] == high) & (arm_of[order] == arm)]
                first = (high * len(listed) + number) * factor.number if factor.own_per_arm else high * factor.number
                place[here] = first + spread_out(rng, len(here), weights)
        codes[factor.name] = place
    return codes


def sizes(rng: np.random.Generator, factor: ClusterDesign, number: int) -> Floats:
    """Return (number,) relative sizes."""
    if factor.size_variation == 0:
        return np.ones(number)
    return rng.gamma(1.0 / factor.size_variation**2, factor.size_variation**2, number) + 1e-9


def spread_out(rng: np.random.Generator, n: int, weights: Floats) -> Integers:
    """Return (n,) numbers of clusters, each as often as its weight says, as nearly as whole numbers allow."""
    turn = rng.permutation(len(weights))
    ends = np.cumsum(weights[turn]) / weights.sum()
    points = (np.arange(n) + rng.random()) / max(n, 1)
    return np.asarray(turn[np.minimum(np.searchsorted(ends, points, side="right"), len(weights) - 1)])


def draw_effects(factors: tuple[ClusterDesign, ...], codes: Mapping[str, Integers], between: Floats, sd: Floats,
                 seed: int, *, population: bool = False, period: Integers | None = None, periods: int = 1
                 ) -> Floats:  # fmt: skip
    """Draw (k, m, n) what the clusters add.

    Parameters
    ----------
    codes
        factor -> (n,) cluster, -1 for none.
    between
        (k, k) correlation between outcomes, which the effects share.
    sd
        (k, m) standard deviations of the outcomes.
    population
        True: every participant has a cluster of its own, as in an infinite population of clusters.
    period, periods
        (n,) period of each participant, where each is in one of so many; else the periods are the visits.
    """
    k, m = sd.shape
    n = len(next(iter(codes.values()))) if codes else 0
    added = np.zeros((k, m, n))
    root = np.linalg.cholesky(between)
    for factor in factors:
        place = codes[factor.name]
        if not factor.icc.any():
            continue
        count = n if population else int(place.max(initial=-1)) + 1
        rng = generator(f"effects of {factor.name}", seed)
        if factor.autocorrelation < 1 and not population:
            mine = _changing(
                rng, factor, place, np.asarray(root, dtype=np.float64), m if period is None else periods, period
            )
            added += (sd * factor.loading(m))[:, :, None] * np.where(place >= 0, mine, 0.0)
            continue
        effects = (rng.standard_normal((max(count, 1), k)) @ root.T) * np.sqrt(factor.icc)
        mine = effects if population else effects[place]
        added += (sd * factor.loading(m))[:, :, None] * np.where(place >= 0, mine.T, 0.0)[:, None, :]
    return added


def _changing(rng: np.random.Generator, factor: ClusterDesign, place: Integers, root: Floats, periods: int,
              period: Integers | None) -> Floats:  # fmt: skip
    """Draw (k, m or 1, n) what clusters add that change from period to period, in standard deviations."""
    count, k = max(int(place.max(initial=-1)) + 1, 1), len(root)
    values, vectors = np.linalg.eigh(factor.over_periods(periods))
    over = vectors * np.sqrt(np.maximum(values, 0.0))
    effects = np.einsum("ts,csj,kj->ctk", over, rng.standard_normal((count, periods, k)), root) * np.sqrt(factor.icc)
    if period is None:
        return np.asarray(effects[place].transpose(2, 1, 0))
    return np.asarray(effects[place, period].T[:, None, :])
