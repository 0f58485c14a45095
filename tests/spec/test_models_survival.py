"""Times to an event: what has to hold of any data, and what is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from coxa.errors import (
    FewClustersError,
    FitError,
    MonotoneLikelihoodError,
    OptionError,
    RankDeficientError,
    TooFewParticipantsError,
)
from coxa.estimates import restricted_difference, restricted_time
from coxa.models import fit_cox_arrays, kaplan_meier, log_rank
from coxa.models.survival.follow_up import follow_up
from coxa.models.survival.partial import minus_log_likelihood, point_at, score_of_rows, strata_of
from tests.reference.tolerances import CLOSED_FORM, FINITE_DIFFERENCE


def drawn(n: int = 80, p: int = 3) -> dict[str, np.ndarray]:
    """Return rows with many ties, late entry, strata and clusters."""
    rng = np.random.default_rng(20261130)
    start = rng.integers(0, 4, n).astype(float)
    return {
        "time": start + rng.integers(1, 9, n),
        "event": rng.integers(0, 2, n),
        "start": start,
        "strata": rng.integers(0, 2, n),
        "x": rng.normal(size=(n, p)),
    }


def pieces(ties: str) -> tuple[list, np.ndarray]:
    d = drawn()
    return strata_of(follow_up(d["time"], d["event"], d["start"], d["strata"]), d["x"], ties), d["x"]


def by_hand(beta: np.ndarray, ties: str) -> float:
    """Return minus the log partial likelihood, event by event."""
    d, total = drawn(), 0.0
    risk = np.exp(d["x"] @ beta)
    for stratum in (0, 1):
        own = d["strata"] == stratum
        for time in np.unique(d["time"][own & (d["event"] == 1)]):
            at_risk = own & (d["time"] >= time) & (d["start"] < time)
            dying = own & (d["time"] == time) & (d["event"] == 1)
            for k in range(dying.sum()):
                share = k / dying.sum() if ties == "efron" else 0.0
                total += np.log(risk[at_risk].sum() - share * risk[dying].sum())
            total -= np.log(risk[dying]).sum()
    return total


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_likelihood_is_that_of_each_event(ties: str) -> None:
    beta = np.array([0.4, -0.7, 0.2])
    assert minus_log_likelihood(pieces(ties)[0], beta) == pytest.approx(by_hand(beta, ties), rel=CLOSED_FORM)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_gradient_and_hessian_are_derivatives(ties: str) -> None:
    parts, beta, h = pieces(ties)[0], np.array([0.4, -0.7, 0.2]), 1e-5
    point = point_at(parts, beta)
    for k, step in enumerate(h * np.eye(3)):
        up, down = point_at(parts, beta + step), point_at(parts, beta - step)
        assert (up.value - down.value) / (2 * h) == pytest.approx(point.gradient[k], abs=FINITE_DIFFERENCE)
        assert (up.gradient - down.gradient) / (2 * h) == pytest.approx(point.hessian[k], abs=FINITE_DIFFERENCE)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_scores_of_rows_add_up_to_the_gradient(ties: str) -> None:
    parts, x = pieces(ties)
    beta = np.array([0.4, -0.7, 0.2])
    scores = score_of_rows(parts, beta, len(x))
    assert scores.sum(axis=0) == pytest.approx(-point_at(parts, beta).gradient, abs=1e-10)


def test_the_score_test_of_cox_is_the_log_rank_test() -> None:
    rng = np.random.default_rng(4)
    time, event, arm = rng.permutation(60) + 1.0, rng.integers(0, 2, 60), rng.integers(0, 2, 60)
    at_zero = point_at(strata_of(follow_up(time, event), arm[:, None] * 1.0, "breslow"), np.zeros(1))
    score = at_zero.gradient[0] ** 2 / at_zero.hessian[0, 0]
    assert log_rank(time, event, arm).statistic == pytest.approx(score, rel=CLOSED_FORM)


def test_units_and_order_of_rows_do_not_matter() -> None:
    d = drawn()
    fit = fit_cox_arrays(d["time"], d["event"], d["x"], start=d["start"])
    turned = np.random.default_rng(1).permutation(len(d["time"]))
    other = fit_cox_arrays(d["time"][turned], d["event"][turned], 1e4 * d["x"][turned] + 7, start=d["start"][turned])
    assert other.coef * 1e4 == pytest.approx(fit.coef, rel=1e-8)
    assert other.se * 1e4 == pytest.approx(fit.se, rel=1e-8)


def test_times_that_differ_by_rounding_are_tied() -> None:
    event, x = [1, 1, 1, 0, 1], [0.0, 1.0, 1.0, 0.0, 0.5]
    exact = fit_cox_arrays([0.3, 0.3, 0.5, 0.6, 0.7], event, x)
    assert fit_cox_arrays([0.1 + 0.2, 0.3, 0.5, 0.6, 0.7], event, x).coef == pytest.approx(exact.coef, rel=CLOSED_FORM)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_group_without_events_has_no_hazard_ratio(ties: str) -> None:
    rng = np.random.default_rng(3)
    arm, age = np.repeat([0, 1], 30), rng.normal(size=60)
    event = np.where(arm == 1, 0, rng.integers(0, 2, 60))
    with pytest.raises(MonotoneLikelihoodError, match="`exercise` is zero or infinite"):
        fit_cox_arrays(rng.exponential(size=60), event, {"exercise": arm, "age": age}, ties=ties)


def test_two_groups_without_events_are_both_named() -> None:
    rng = np.random.default_rng(3)
    arm, age = np.repeat([0, 1, 2], 20), rng.normal(size=60)
    event = np.where(arm > 0, 0, rng.integers(0, 2, 60))
    with pytest.raises(MonotoneLikelihoodError, match="`one`, `two`"):
        fit_cox_arrays(rng.exponential(size=60), event, {"one": arm == 1, "two": arm == 2, "age": age})


def rises_for_ever(time: np.ndarray, event: np.ndarray, start: np.ndarray, x: np.ndarray) -> bool:
    """Return whether there is a monotone direction, by a program with a row for each pair."""
    pairs = [
        x[j] - x[i]
        for i in np.flatnonzero(event)
        for j in np.flatnonzero((time >= time[i]) & (start < time[i]))
        if j != i
    ]
    if not pairs:
        return False
    behind = np.array(pairs)
    found = linprog(behind.sum(axis=0), A_ub=behind, b_ub=np.zeros(len(behind)), bounds=[(-1, 1)] * x.shape[1])
    return bool(found.fun < -1e-7)


def test_a_hazard_ratio_without_end_is_refused_where_rows_enter_late_and_the_information_is_rounding() -> None:
    time, event = np.array([2.0, 7, 5, 6, 9, 8, 4, 7, 5, 1]), np.array([0, 0, 1, 1, 0, 0, 0, 0, 1, 1])
    start, x = np.array([0.0, 1, 1, 1, 2, 3, 3, 3, 3, 0]), np.zeros((10, 1))
    x[[2, 8]] = 1
    for ties in ("efron", "breslow"):
        with pytest.raises(MonotoneLikelihoodError):
            fit_cox_arrays(time, event, x, start=start, ties=ties)


@pytest.mark.parametrize("late", [False, True])
def test_what_is_refused_is_what_has_no_estimate(late: bool) -> None:
    """300 small data sets: a fit is given where the likelihood has a maximum, and nowhere else."""
    rng = np.random.default_rng(20)
    seen = {True: 0, False: 0}
    for k in range(300):
        n, p = int(rng.integers(6, 16)), int(rng.integers(1, 4))
        start = rng.integers(0, 4, n) * 1.0 if late else np.zeros(n) - 1
        time, event = start + rng.integers(1, 9, n), rng.integers(0, 2, n)
        x = rng.integers(0, 2, (n, p)) * 1.0 if k % 2 else rng.normal(size=(n, p))
        try:
            fit_cox_arrays(time, event, x, start=start, ties="efron" if k % 3 else "breslow")
            monotone = False
        except MonotoneLikelihoodError:
            monotone = True
        except (RankDeficientError, TooFewParticipantsError):
            continue
        assert monotone == rises_for_ever(time, event, start, x)
        seen[monotone] += 1
    assert min(seen.values()) > 30


def test_a_large_effect_that_is_finite_is_estimated() -> None:
    x = np.repeat([0.0, 1.0], 50)
    time = np.concatenate([np.arange(1, 51) + 100.0, np.arange(1, 51)])
    time[0] = 48.5
    fit = fit_cox_arrays(time, np.ones(100), x)
    assert 3 < fit.coef[0] < 10
    assert np.abs(fit.gradient).max() < 1e-9


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        ({"a": [1, 2, 3, 5], "b": [2, 4, 6, 10]}, "`a`, `b` are combinations"),
        ({"a": [1, 2, 3, 5], "b": [1, 1, 1, 1]}, "Nothing is known of `b`"),
    ],
)
def test_covariates_that_say_nothing_are_named(covariates: dict, message: str) -> None:
    with pytest.raises(RankDeficientError, match=message):
        fit_cox_arrays([4, 2, 3, 1], [1, 1, 1, 1], covariates)


def test_what_no_estimate_can_be_made_of_is_refused() -> None:
    with pytest.raises(TooFewParticipantsError, match="No row has an event"):
        fit_cox_arrays([1, 2], [0, 0], [1.0, 2.0])
    with pytest.raises(FewClustersError, match="2 clusters for 2"):
        fit_cox_arrays([4, 2, 3, 1], [1, 1, 1, 1], {"a": [1, 5, 2, 3], "b": [1, 1, 0, 1]}, cluster=[0, 0, 1, 1])
    with pytest.raises(OptionError, match="`event` has values other than 0 and 1"):
        kaplan_meier([1, 2], [1, 2])
    with pytest.raises(OptionError, match="`time` has missing"):
        kaplan_meier([1, np.nan], [1, 0])
    with pytest.raises(OptionError, match="`start` is not before `time`"):
        kaplan_meier([1, 2], [1, 0], start=[0, 2])
    with pytest.raises(OptionError, match="`group` has one level"):
        log_rank([1, 2], [1, 0], ["a", "a"])
    with pytest.raises(FitError, match="No event happened while two groups"):
        log_rank([1, 2, 3, 4], [0, 0, 1, 1], ["a", "a", "b", "b"])
    with pytest.raises(OptionError, match="`site` has values that are missing"):
        fit_cox_arrays([1, 2], [1, 1], {"site": ["a", "b"]})


def test_without_censoring_the_curve_is_the_empirical_share() -> None:
    time = np.random.default_rng(2).permutation(40) + 1.0
    curve = kaplan_meier(time, np.ones(40))
    share = 1 - np.arange(1, 41) / 40
    assert curve.survival == pytest.approx(share, abs=1e-14)
    assert curve.se == pytest.approx(np.sqrt(share * (1 - share) / 40), abs=1e-14)
    assert restricted_time(time, np.ones(40), 50).estimate == pytest.approx(time.mean(), rel=CLOSED_FORM)
    spread = restricted_time(time, np.ones(40), 50).se
    assert spread == pytest.approx(time.std() / np.sqrt(40), rel=CLOSED_FORM)


def test_a_curve_is_asked_before_and_beyond_its_times() -> None:
    found = kaplan_meier([2, 4, 6], [1, 1, 0]).at([1, 4, 6, 7])
    assert found["at_risk"].tolist() == [3, 2, 1, 0]
    assert found["survival"].tolist()[:3] == pytest.approx([1, 1 / 3, 1 / 3])
    assert np.isnan(found["survival"].iloc[3])


def test_a_median_that_is_not_reached_is_infinite() -> None:
    assert kaplan_meier([2, 4, 6, 8], [1, 0, 0, 0]).quantile()[0] == np.inf


def test_a_horizon_that_nobody_reaches_is_refused() -> None:
    with pytest.raises(FitError, match="No participant is followed up to 9"):
        restricted_time([2, 4, 6], [1, 1, 0], 9)
    assert restricted_time([2, 4, 6], [1, 1, 1], 9).estimate == pytest.approx(4)


def test_the_difference_of_restricted_means_turns_with_the_arms() -> None:
    rng = np.random.default_rng(8)
    time, event, arm = rng.exponential(size=90), rng.integers(0, 2, 90), rng.integers(0, 2, 90)
    one, other = (restricted_difference(time, event, each, 1.0) for each in (arm, 1 - arm))
    assert (one.estimate, one.se, one.p_value) == pytest.approx((-other.estimate, other.se, other.p_value))
    assert one.estimate == one.treated.estimate - one.reference.estimate
