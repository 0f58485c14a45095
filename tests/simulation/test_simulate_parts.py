"""The parts of a simulated trial: each does what its numbers say."""

from __future__ import annotations

import numpy as np
import pytest

from coxa.simulate.events import (
    draw_event_counts,
    draw_event_days,
    draw_gaps,
    draw_happens,
    fading_effect,
    lasting_effect,
    logistic_risk,
)
from coxa.simulate.from_plan.dose import SessionPlan, draw_attendance
from coxa.simulate.from_plan.measure import draw_item_codes, draw_item_gaps, draw_rating, item_difficulties
from coxa.simulate.seeds import generator
from synthetic_data.hip_oa_trial.simulator.trajectories import draw_trajectories, visit_correlation

MONTE_CARLO = 4.0
"""Standard errors allowed; some tests look at dozens of numbers at once, three would fail by chance."""

EXACT = 1e-12
"""Closed forms, a few operations in double precision."""


def test_a_part_draws_the_same_whatever_else_is_drawn() -> None:
    alone = generator("dropout", 1).random(3)
    generator("a part that was added later", 1).random(1000)
    assert np.array_equal(generator("dropout", 1).random(3), alone)
    assert not np.array_equal(generator("dropout", 2).random(3), alone)
    assert not np.array_equal(generator("gaps", 1).random(3), alone)


def test_visit_correlation_falls_from_near_to_far() -> None:
    found = visit_correlation(4, near=0.8, far=0.4, decay=0.5)
    assert found[0] == pytest.approx([1.0, 0.8, 0.6, 0.5], abs=EXACT)
    assert np.array_equal(found, found.T)


def test_impossible_visit_correlation_is_refused() -> None:
    with pytest.raises(ValueError, match="no positive definite correlation"):
        visit_correlation(5, near=0.95, far=0.0, decay=0.1)


def test_trajectories_have_the_planned_standard_deviations_and_correlations() -> None:
    n = 40_000
    sd = np.array([[10.0, 12.0, 15.0], [1.0, 2.0, 3.0]])
    outcomes = np.array([[1.0, 0.7], [0.7, 1.0]])
    visits = visit_correlation(3, near=0.8, far=0.5, decay=0.5)
    drawn = draw_trajectories(generator("trajectories", 3), n, sd, outcomes, visits)
    assert drawn.shape == (n, 2, 3)
    flat = drawn.reshape(n, 6)
    assert np.abs(flat.mean(axis=0) / sd.ravel()).max() < MONTE_CARLO / np.sqrt(n)
    assert np.abs(flat.std(axis=0) / sd.ravel() - 1).max() < MONTE_CARLO / np.sqrt(2 * n)
    wanted = np.kron(outcomes, visits)
    assert np.abs(np.corrcoef(flat.T) - wanted).max() < MONTE_CARLO / np.sqrt(n)


@pytest.mark.parametrize("n_items", [1, 4, 5, 10, 17])
def test_item_difficulties_cancel(n_items: int) -> None:
    assert item_difficulties(n_items).sum() == pytest.approx(0.0, abs=EXACT)


@pytest.mark.parametrize("n_items", [4, 5, 10, 17])
@pytest.mark.parametrize("meant", [0.0, 3.0, 37.5, 50.0, 81.0, 99.0, 100.0])
def test_score_of_the_items_is_on_average_the_score_that_was_meant(meant: float, n_items: int) -> None:
    n = 20_000
    codes = draw_item_codes(generator(f"{meant} {n_items}", 4), np.full(n, meant), n_items)
    assert codes.shape == (n, n_items)
    assert codes.min() >= 0
    assert codes.max() <= 4
    score = 100.0 - 25.0 * codes.mean(axis=1)
    assert abs(score.mean() - meant) <= MONTE_CARLO * score.std() / np.sqrt(n)
    # Rounding one code has at most variance 1/4, so the score at most 25 * 0.5 / sqrt(k).
    assert score.std() <= 12.5 / np.sqrt(n_items) * (1 + MONTE_CARLO / np.sqrt(2 * n))


def test_worst_and_best_scores_give_worst_and_best_items() -> None:
    codes = draw_item_codes(generator("ends", 1), [0.0, 100.0], 10)
    assert codes.tolist() == [[4] * 10, [0] * 10]


def test_ratings_are_whole_numbers_within_the_range_with_the_mean_that_was_meant() -> None:
    n = 20_000
    drawn = draw_rating(generator("rating", 1), np.full(n, 3.3), low=0, high=10)
    assert set(np.unique(drawn)) == {3.0, 4.0}
    assert abs(drawn.mean() - 3.3) < MONTE_CARLO * drawn.std() / np.sqrt(n)
    assert draw_rating(generator("rating", 1), [-5.0, 14.0], low=0, high=10).tolist() == [0.0, 10.0]


def test_item_gaps_skip_single_items_and_whole_pages() -> None:
    scales = ["pain"] * 3 + ["sport"] * 2
    n = 50_000
    pages = draw_item_gaps(generator("pages", 1), n, scales, item=0.0, page=0.1)
    assert (pages[:, :3].all(axis=1) == pages[:, :3].any(axis=1)).all()
    assert abs(pages[:, 3].mean() - 0.1) < MONTE_CARLO * np.sqrt(0.09 / n)
    single = draw_item_gaps(generator("items", 1), n, scales, item=0.2, page=0.0)
    assert abs(single.mean() - 0.2) < MONTE_CARLO * np.sqrt(0.16 / (5 * n))


def test_dropout_doubles_its_odds_as_told() -> None:
    n = 100_000
    risk = logistic_risk(0.1, np.repeat([0.0, np.log(2.0)], n))
    assert risk[[0, -1]] == pytest.approx([0.1, 2 / 11], abs=EXACT)
    left = draw_happens(generator("dropout", 1), risk).reshape(2, n).mean(axis=1)
    assert np.abs(left - [0.1, 2 / 11]).max() < MONTE_CARLO * np.sqrt(0.15 / n)


def test_the_first_visit_is_never_missed() -> None:
    missed = draw_gaps(generator("gaps", 1), 50_000, 4, 0.05)
    assert not missed[:, 0].any()
    assert abs(missed[:, 1:].mean() - 0.05) < MONTE_CARLO * np.sqrt(0.0475 / 150_000)


def test_events_fall_after_the_start_and_by_the_end() -> None:
    day = draw_event_days(generator("surgery", 1), np.array([1.0] * 3000 + [0.0] * 10), 10.0, 14.0)
    assert set(np.unique(day[:3000])) == {11.0, 12.0, 13.0, 14.0}
    assert np.isnan(day[3000:]).all()


def test_effects_of_events_build_up_or_fade_and_are_nothing_before() -> None:
    days = [np.nan, -5.0, 0.0, 60.0, 1e6]
    e = np.exp(-1.0)
    assert lasting_effect(days, 2.0, 60.0) == pytest.approx([0, 0, 0, 2 * (1 - e), 2], abs=EXACT)
    assert fading_effect(days, 2.0, 60.0) == pytest.approx([0, 0, 0, 2 * e, 0], abs=EXACT)


def test_event_counts_vary_more_than_poisson() -> None:
    n, rate, spread = 100_000, 0.6, 0.5
    counts = draw_event_counts(generator("adverse events", 1), np.full(n, rate), spread)
    variance = rate + spread * rate**2
    assert abs(counts.mean() - rate) < MONTE_CARLO * np.sqrt(variance / n)
    # Fourth moment of these counts is about 6 times the squared variance.
    assert abs(counts.var() - variance) < MONTE_CARLO * variance * np.sqrt(5 / n)


def test_attendance_has_its_mean_and_differs_between_participants() -> None:
    n, planned, mean, consistency = 20_000, 12, 0.88, 8.0
    attended = draw_attendance(generator("sessions", 1), np.full(n, mean), planned, consistency)
    share = attended.mean(axis=1)
    between = mean * (1 - mean) / (consistency + 1)
    within = (mean * (1 - mean) - between) / planned
    assert abs(share.mean() - mean) < MONTE_CARLO * np.sqrt((between + within) / n)
    assert share.var() == pytest.approx(between + within, rel=0.06)  # skewed shares: about four standard errors


def test_sessions_are_spread_evenly() -> None:
    plan = SessionPlan("supervised", 3, 4, 80, 0.9, 60, ("exercise_therapy",))
    assert plan.days().tolist() == [4.0, 42.0, 80.0]
