"""The permutation test of clusters in periods: the allocation of the trial against all that could have been drawn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import DataError, OptionError, check_level, not_allowed
from coxa.findings import Finding, Findings

Floats = np.ndarray

CLOSE = 1e-9
"""Statistics that are so near to each other, relatively, count as the same."""


@dataclass(frozen=True, slots=True)
class PermutedClusters:
    """A permutation test of clusters in periods.

    estimate  : effect of the treatment by generalised least squares of the means of clusters in periods, in units of
                the outcome
    p_value   : share of the allocations whose effect is as far from zero, relative to its error
    conf_low, conf_high : effects that the test does not reject, infinite where it rejects none that far out
    conf_level : of these limits
    possible  : allocations that could have been drawn
    used      : allocations that were looked at
    every     : whether these were all

    Examples
    --------
    >>> PermutedClusters(-4.0, 0.02, -7.1, -0.9, 0.95, 90, 90, True).p_value
    0.02
    """

    estimate: float
    p_value: float
    conf_low: float
    conf_high: float
    conf_level: float
    possible: int
    used: int
    every: bool


@kinds(data=FRAME)
def permute_clusters(
    data: pd.DataFrame,
    schedule: Mapping[str, Sequence[float]],
    *,
    outcome: str,
    cluster: str,
    period: str,
    sequence: str,
    between: float,
    within: float,
    passing: float = 0.0,
    conf_level: float = 0.95,
    most: int = 5000,
    seed: int = 1,
) -> PermutedClusters:
    """Test the effect of a treatment that clusters receive in periods, by permuting clusters among sequences.

    Parameters
    ----------
    data : DataFrame
        One row per observation: outcome, cluster, period and the sequence that the cluster was allocated to. Rows with
        a gap in one of them are left out. Not changed.
    schedule : mapping
        Sequence -> 1 where it has the treatment and 0 where not, for each period in order.
    outcome, cluster, period, sequence : str
        Columns; the levels of `period` are in order (a category, or values that sort).
    between, within, passing : float
        Variances between clusters, of an observation in a cluster and period, and of a cluster from period to
        period, in squared units of the outcome. They set the weights of the means; the test holds for any values that
        were found without looking at the allocation.
    conf_level : float
        Of the limits, which are the effects that the test does not reject.
    most : int
        Where more allocations are possible, so many are drawn.
    seed : int
        Of these draws.

    Returns
    -------
    PermutedClusters

    Raises
    ------
    OptionError
        A column or a sequence that is not there, a schedule of another length, or a variance below zero.
    DataError
        A cluster in two sequences.

    Notes
    -----
    Under the hypothesis the outcomes are what they are, and only which cluster got which sequence is by chance, so
    that the test needs no model of what clusters have in common (Rosenberger & Lachin, Randomization in Clinical
    Trials, 2nd ed. 2016, chapter 6). It takes clusters to have been allocated without strata. The limits are of an
    effect that is there at once and the same for all.

    Examples
    --------
    >>> rows = [(c, p, "early" if c < 3 else "late", 5 * (p > 1 + c // 3) + (7 * c * p) % 5)
    ...         for c in range(6) for p in (1, 2, 3)]
    >>> d = pd.DataFrame(rows, columns=["clinic", "period", "sequence", "y"])
    >>> steps = {"early": [0, 1, 1], "late": [0, 0, 1]}
    >>> where = {"outcome": "y", "cluster": "clinic", "period": "period", "sequence": "sequence"}
    >>> found = permute_clusters(d, steps, **where, between=4.0, within=1.0)
    >>> found.possible, found.every, found.p_value
    (20, True, 0.1)
    """
    check_level(conf_level)
    if min(between, passing) < 0 or within <= 0:
        raise OptionError("A variance is below zero. Give `between` and `passing` of 0 or more, and `within` above 0.")
    for name in (outcome, cluster, period, sequence):
        if name not in data:
            raise OptionError(not_allowed("column", name, map(str, data.columns)))
    rows = data[[outcome, cluster, period, sequence]].dropna()
    cells = _Cells.of(rows, schedule, (outcome, cluster, period, sequence), (between, within, passing))
    counts = Counter(cells.own)
    possible = math.factorial(len(cells.own)) // math.prod(math.factorial(n) for n in counts.values())
    every = possible <= most
    places = np.array(list(_allocations(counts, len(cells.own)))) if every else _drawn(cells.own, most, seed)
    return _tested(cells, places, conf_level, possible, every)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Sums over the periods of each cluster, weighed: c clusters, s sequences, t periods.

    own   : (c,) sequence of each cluster
    a     : (c, s) of the treatment with itself, were the cluster in that sequence
    b     : (c, s, t) of the treatment with the periods
    u     : (2, c, s) of the treatment with the outcome, and with the treatment that the cluster had
    p     : (t, t) of the periods with themselves, over all clusters
    q     : (2, t) of the periods with the outcome, and with the treatment that the clusters had
    """

    own: np.ndarray
    a: Floats
    b: Floats
    u: Floats
    p: Floats
    q: Floats

    @classmethod
    def of(
        cls,
        rows: pd.DataFrame,
        schedule: Mapping[str, Sequence[float]],
        names: tuple[str, str, str, str],
        variances: tuple[float, float, float],
    ) -> _Cells:
        """Add up the rows of each cluster and period."""
        outcome, cluster, period, sequence = names
        between, within, passing = variances
        column = rows[period]
        order = list(column.cat.categories) if isinstance(column.dtype, pd.CategoricalDtype) else sorted(set(column))
        table = _schedule(schedule, len(order))
        mean = rows.groupby([cluster, period], observed=True)[outcome].agg(["mean", "size"])
        known = {
            str(name): sorted(set(map(str, mine))) for name, mine in rows.groupby(cluster, observed=True)[sequence]
        }
        mean = mean.rename(index=str, level=0)
        words, k, t = list(schedule), len(schedule), len(order)
        a, b, u = np.zeros((len(known), k)), np.zeros((len(known), k, t)), np.zeros((2, len(known), k))
        p, q, own = np.zeros((t, t)), np.zeros((2, t)), np.zeros(len(known), dtype=int)
        for c, (name, there) in enumerate(known.items()):
            own[c] = _place(name, there, words)
            mine = mean.loc[name]
            at = np.array([order.index(one) for one in mine.index])
            n = mine["size"].to_numpy(dtype=float)
            weight = np.linalg.inv(np.diag(within / n + passing) + between)
            x, y = table[:, at], np.stack([mine["mean"].to_numpy(dtype=float), table[own[c], at]])
            a[c] = np.einsum("st,tr,sr->s", x, weight, x)
            b[c][:, at] = x @ weight
            u[:, c] = y @ weight @ x.T
            p[np.ix_(at, at)] += weight
            q[:, at] += y @ weight
        return cls(own, a, b, u, p, q)


def _schedule(schedule: Mapping[str, Sequence[float]], periods: int) -> Floats:
    """Return (s, t) the schedule; raise `OptionError` where a row has another length."""
    for name, row in schedule.items():
        if len(row) != periods:
            raise OptionError(
                f"Sequence {name} has {len(row)} periods, and the data have {periods}. Give a number for each period."
            )
    return np.array([list(row) for row in schedule.values()], dtype=float)


def _place(name: str, there: list[str], words: list[str]) -> int:
    """Return the sequence of a cluster."""
    if len(there) > 1:
        rule = f"cluster {name} is in {len(there)} sequences ({', '.join(there)}), and a cluster has one"
        finding = Finding("error", "data", rule, "Correct it at the source.", value=name)
        raise DataError("clusters are in several sequences", Findings((finding,)))
    if there[0] not in words:
        raise OptionError(not_allowed("sequence", there[0], words))
    return words.index(there[0])


def _allocations(counts: Mapping[int, int], length: int) -> Iterator[tuple[int, ...]]:
    """Yield every allocation with so many clusters in each sequence."""
    left = dict(sorted(counts.items()))

    def go(done: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(done) == length:
            yield done
            return
        for place in left:
            if left[place]:
                left[place] -= 1
                yield from go((*done, place))
                left[place] += 1

    yield from go(())


def _drawn(own: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return (most + 1, c) allocations by chance, that of the trial the first."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 4711]))
    return np.stack([own, *(rng.permutation(own) for _ in range(most))])


def _tested(cells: _Cells, places: np.ndarray, level: float, possible: int, every: bool) -> PermutedClusters:
    """Compare the allocation of the trial with others."""
    inverse = np.linalg.pinv(cells.p)
    each = np.arange(len(cells.own))

    def scores(allocations: np.ndarray) -> tuple[Floats, Floats]:
        b = cells.b[each, allocations].sum(axis=1)
        information = cells.a[each, allocations].sum(axis=1) - np.einsum("nt,tr,nr->n", b, inverse, b)
        score = cells.u[:, each, allocations].sum(axis=2) - cells.q @ inverse @ b.T
        root = np.sqrt(np.maximum(information, 0.0))
        usable = root > CLOSE * np.sqrt(cells.a.sum())
        return np.where(usable, score / np.where(usable, root, 1.0), 0.0), root

    (ours, ((root,))) = scores(cells.own[None])
    others, _ = scores(places)
    if root == 0:
        raise OptionError("The schedule cannot tell treatment from period. Give sequences that differ in some period.")

    def p_value(effect: float) -> float:
        mine = abs(ours[0, 0] - effect * ours[1, 0])
        return float((np.abs(others[0] - effect * others[1]) >= mine * (1 - CLOSE) - 1e-12).mean())

    estimate = float(ours[0, 0] / ours[1, 0])
    low, high = (_limit(p_value, estimate, side / root, 1 - level) for side in (-1.0, 1.0))
    return PermutedClusters(estimate, p_value(0.0), low, high, level, possible, len(places), every)


def _limit(p_value: object, estimate: float, step: float, alpha: float) -> float:
    """Return the effect farthest from the estimate on one side that is not rejected, by halving."""
    assert callable(p_value)
    inside, outside = estimate, estimate + step
    for _ in range(12):
        if p_value(outside) <= alpha:
            break
        inside, outside = outside, estimate + 2 * (outside - estimate)
    else:
        return math.copysign(math.inf, step)
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_value(middle) > alpha else (inside, middle)
    return float(inside)
