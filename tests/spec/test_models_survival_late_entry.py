"""Cox with late entry where hazards differ by many orders of magnitude: sums that nothing is subtracted from."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.models.survival.cox import fit_cox_arrays
from coxa.models.survival.follow_up import follow_up
from coxa.models.survival.intervals import Intervals
from coxa.models.survival.partial import point_at, score_of_rows, strata_of

TIES = ("efron", "breslow")


def late_entry(n: int = 60, seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return time, event, start and one covariate from -15 to 15; those at high risk enter late."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-15, 15, n)
    start = np.where(x > 0, rng.integers(20, 40, n), rng.integers(0, 5, n)).astype(float)
    return start + rng.integers(1, 30, n), rng.integers(0, 2, n), start, x[:, None]


def by_hand(beta: float, ties: str) -> tuple[float, float, float]:
    """Return minus the log partial likelihood, its gradient and Hessian, each risk set summed by itself."""
    time, event, start, x = late_entry()
    z = (x[:, 0] - x.mean()) / x.std()
    weight = np.exp(np.longdouble(beta) * z)
    value, gradient, hessian = np.longdouble(0), np.longdouble(0), np.longdouble(0)
    for at in np.unique(time[event == 1]):
        there, now = (start < at) & (time >= at), (time == at) & (event == 1)
        for rank in range(now.sum()):
            share = rank / now.sum() if ties == "efron" else 0.0
            part = weight * (there - share * now)
            mean = (part * z).sum() / part.sum()
            value += np.log(part.sum())
            gradient += mean
            hessian += (part * (z - mean) ** 2).sum() / part.sum()
        value -= np.longdouble(beta) * z[now].sum()
        gradient -= z[now].sum()
    return float(value), float(gradient), float(hessian)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("beta", [0.3, 8.0, 16.0])
def test_derivatives_are_those_of_each_risk_set_by_itself(beta: float, ties: str) -> None:
    """At 16 hazards differ by exp(55): the difference of running sums has no digit of the early risk sets left."""
    time, event, start, x = late_entry()
    parts = strata_of(follow_up(time, event, start), (x - x.mean()) / x.std(), ties)
    point = point_at(parts, np.array([beta]))
    value, gradient, hessian = by_hand(beta, ties)
    assert point.value == pytest.approx(value, rel=1e-12)
    assert point.gradient[0] == pytest.approx(gradient, rel=1e-9)
    assert point.hessian[0, 0] == pytest.approx(hessian, rel=1e-6, abs=1e-9)
    scores = score_of_rows(parts, np.array([beta]), len(time))
    assert scores.sum() == pytest.approx(-gradient, rel=1e-9)


def test_ratios_of_ten_to_the_twelve_are_estimated() -> None:
    """The steep covariate of late entrants alone: their risk sets have no others, and the rest does not move it."""
    rng = np.random.default_rng(11)
    n = 400
    level, early = rng.normal(size=n), np.arange(n) < n // 2
    start = np.where(early, 0.0, 100.0)
    time = start + rng.exponential(1 / np.exp(0.7 * level)) + 0.001
    time = np.where(early, np.minimum(time, 90.0), time)
    event = np.where(early, time < 90, True).astype(int)
    high = np.where(early, -14.0, 14.0)
    fit = fit_cox_arrays(time, event, {"level": level}, start=start)
    strata = fit_cox_arrays(time, event, {"level": level}, start=start, strata=early.astype(int))
    assert fit.coef == pytest.approx(strata.coef, rel=1e-9)
    parts = strata_of(follow_up(time, event, start), np.column_stack([level, high]), "efron")
    alone = strata_of(follow_up(time, event, start), level[:, None], "efron")
    both, one = (point_at(p, b) for p, b in ((parts, np.r_[fit.coef, 1.0]), (alone, fit.coef)))
    assert both.gradient[0] == pytest.approx(one.gradient[0], abs=1e-9)
    assert both.hessian[0, 0] == pytest.approx(one.hessian[0, 0], rel=1e-10)


@pytest.mark.parametrize("places", [1, 2, 7, 64, 100])
def test_sums_over_intervals_are_those_of_each_by_itself(places: int) -> None:
    rng = np.random.default_rng(places)
    first = rng.integers(0, places + 1, 50)
    last = np.maximum(first, rng.integers(0, places + 1, 50))
    spans, rows, per_place = Intervals.of(first, last, places), rng.normal(size=(50, 2)), rng.normal(size=(places, 2))
    inside = (first[:, None] <= np.arange(places)) & (np.arange(places) < last[:, None])
    np.testing.assert_allclose(spans.over_rows(rows), inside.T @ rows, atol=1e-12)
    np.testing.assert_allclose(spans.over_places(per_place), inside @ per_place, atol=1e-12)
