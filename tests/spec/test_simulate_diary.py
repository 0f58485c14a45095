"""The daily diary of a trial simulated from its plan: pain, training load, flares and days not written down."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coxa.errors import PlanError
from coxa.simulate import draw_outcomes, simulate_study, trial_design
from coxa.simulate.from_plan.diary import (
    DailyCourse,
    daily_changes,
    daily_course,
    in_flare,
    mean_of_yesterdays,
    next_morning,
    yesterdays_load,
)
from coxa.simulate.from_plan.diary_days import between
from coxa.simulate.from_plan.drawn import DrawnTrial
from coxa.study import Study
from tests.spec.assumed_trial import ASSUMED, assumed

WHOLE = "missing: {single: 0, run: 0, blank: 0}"


def kept(diary: str, more: str = "", n: int = 600) -> tuple[Study, DrawnTrial, DailyCourse]:
    study = assumed(more=f"  diary: {{{diary}}}\n{more}")
    assert study.assumptions is not None
    assert study.assumptions.diary is not None
    design = trial_design(study, participants=n)
    drawn = draw_outcomes(design, 3)
    return study, drawn, daily_course(design, drawn, study.assumptions.diary)


def test_yesterdays_load_is_that_of_the_day_before_above_the_mean_in_100_au() -> None:
    """Days 0 to 3 with 300, 0, 400, 200: the mean of the yesterdays in the diary (days 1, 2) is 200."""
    load = np.array([[300.0, 0.0, 400.0, 200.0]])
    assert mean_of_yesterdays(load).tolist() == [[200.0]]
    assert yesterdays_load(load).tolist() == [[1.0, -2.0, 2.0]]


def test_the_next_morning_is_better_unless_the_day_was_hard() -> None:
    """Loads of days 1 to 3 are 0, 400, 200, their mean 200: 0.5 a 100 AU makes -1, +1 and 0."""
    load = np.array([[300.0, 0.0, 400.0, 200.0]])
    found = next_morning(np.full((1, 3), 5.0), load, relief=1.0, slope=0.5, noise=np.zeros((1, 3)))
    assert found.tolist() == [[3.0, 5.0, 4.0]]


def test_a_flare_lasts_its_days_and_one_within_another_makes_it_longer() -> None:
    begins = np.zeros((1, 8), dtype=bool)
    begins[0, [0, 2, 7]] = True
    assert in_flare(begins, 3).astype(int).tolist() == [[1, 1, 1, 1, 1, 0, 0, 1]]


def test_arms_differ_as_the_plan_says_on_every_day() -> None:
    study = assumed(
        more="  diary: {last_day: 4, pain: {shared_change: -1, "
        "mean_change: {exercise: {plateau: -2, onset_day: 0, plateau_day: 4}}}}\n"
    )
    assert study.assumptions is not None
    assert study.assumptions.diary is not None
    changes = daily_changes(trial_design(study), study.assumptions.diary.pain, 4)
    assert changes.tolist() == [[-1, -1, -1, -1], [-1.5, -2, -2.5, -3]]


def test_pain_has_the_spread_between_participants_and_days_that_was_assumed() -> None:
    course = kept(f"pain: {{sd: 1.5, day_sd: 0.8, day_correlation: 0.6}}, {WHOLE}", n=2_000)[2]
    means = course.latent.mean(axis=1)
    within = course.latent - means[:, None]
    neighbours = (within[:, 1:] * within[:, :-1]).mean() / within.var()
    assert course.latent.std() == pytest.approx(np.hypot(1.5, 0.8), rel=0.03)
    assert means.std() == pytest.approx(1.5, rel=0.06)
    assert neighbours == pytest.approx(0.6, abs=0.04)


def test_whoever_is_worse_at_baseline_has_more_pain_in_the_diary() -> None:
    _, drawn, course = kept(f"pain: {{agreement: 0.7, day_sd: 0.1}}, {WHOLE}", n=2_000)
    found = np.corrcoef(drawn.complete[:, 0, 0], course.latent.mean(axis=1))[0, 1]  # higher is worse in both
    assert found == pytest.approx(0.7, abs=4 * (1 - 0.49) / np.sqrt(2_000))


def test_load_is_minutes_times_exertion_and_none_on_a_day_of_rest() -> None:
    table = simulate_study(assumed(more="  diary: {last_day: 28}\n"), seed=2, truth_size=200).tables["daily_diary"]
    rest = table["training_minutes"] == 0
    assert 0.4 < rest.mean() < 0.6
    assert table.loc[rest, "perceived_exertion"].isna().all()
    exertion = table["perceived_exertion"].astype(float).fillna(0.0)
    assert (table["training_load"] == table["training_minutes"] * exertion).all()
    assert table["pain"].between(0, 10).all()


def test_a_flare_is_likelier_after_a_day_of_much_load() -> None:
    course = kept(f"flares: {{per_week: 0.2, odds_ratio: 1.5}}, {WHOLE}", n=1_500)[2]
    hard = yesterdays_load(course.training.load)
    fit = sm.GLM(course.begins.ravel(), sm.add_constant(hard.ravel()), family=sm.families.Binomial()).fit()
    assert fit.params[1] == pytest.approx(np.log(1.5), abs=4 * fit.bse[1])
    assert 1 - (1 - 1 / (1 + np.exp(-fit.params[0]))) ** 7 == pytest.approx(0.2, abs=0.01)


def test_days_are_missing_as_often_as_assumed_and_none_is_written_after_leaving() -> None:
    """Runs begin on 2% of the days outside them and last 5 days: 0.02 / (0.02 + 0.2) = 9.1% of days, and 10% alone."""
    missing = "missing: {single: 0.1, run: 0.02, run_length: 5, blank: 0}"
    course = kept(f"{missing}, last_day: 365")[2]
    assert course.written[:, 60:].mean() == pytest.approx(0.9 * (1 - 0.02 / 0.22), abs=0.01)
    _, drawn, course = kept(WHOLE, more="  dropout: {probability: 0.5}\n")
    assert np.isfinite(drawn.left).sum() > 100
    last = np.where(np.isnan(drawn.left), 84, np.minimum(drawn.left, 84))
    assert course.written.sum(axis=1).tolist() == last.tolist()


def test_exercise_at_home_is_reported_on_the_days_that_are_written_down() -> None:
    more = "  sessions: {home_per_week: {exercise: 3}, home: 1, last_day: 70}\n"
    seldom = "  diary: {last_day: 28, missing: {single: 0.5, run: 0}}\n"
    trial = simulate_study(assumed(more=more + seldom), seed=2, truth_size=200)
    diary = trial.tables["daily_diary"]
    assert not diary.duplicated(["participant_id", "diary_date"]).any()
    asked = diary[diary["exercises_prescribed"].notna()]
    reported = (asked["exercises_done"] > 0).groupby(asked["participant_id"]).sum()
    home = trial.at_home.set_index("participant_id")
    assert home["asked"].tolist() == [30] * 60
    assert home["done"].tolist() == [30] * 60
    assert reported.tolist() == home["reported"].loc[reported.index].tolist()
    # 12 sessions in the first 28 days, half of them on days not written down; all of the 18 later ones
    assert home["reported"].mean() == pytest.approx(24, abs=1)
    first = (
        pd.to_datetime(diary["diary_date"])
        - pd.to_datetime(
            trial.tables["participants"].set_index("participant_id")["randomisation_date"].loc[diary["participant_id"]]
        ).to_numpy()
    )
    assert diary.loc[first.dt.days > 28, "pain"].isna().all()


def test_a_diary_leaves_every_other_table_as_it_was() -> None:
    more = "  sessions: {home_per_week: {exercise: 3}}\n"
    without = simulate_study(assumed(more=more), seed=4, truth_size=200).tables
    with_it = simulate_study(assumed(more=more + "  diary: {}\n"), seed=4, truth_size=200).tables
    assert set(without) == set(with_it)
    assert all(without[name].equals(with_it[name]) for name in without if name != "daily_diary")


@pytest.mark.parametrize(
    ("diary", "answer"),
    [
        ("{pain: {mean_change: {excercise: -1}}}", r'no arm "excercise".*did you mean exercise'),
        ("{training: {days: {other: 0.5}}}", r'no arm "other"'),
        ("{pain: {day_correlation: 1}}", r"less than 1"),
        ("{pain: {mean_change: {exercise: {plateau: -2}}}}", r"the key `plateau_day` is required"),
        ("{missing: {run_length: 0.5}}", r"greater than or equal to 1"),
    ],
)
def test_faults_are_answered(diary: str, answer: str) -> None:
    with pytest.raises(PlanError, match=answer):
        assumed(ASSUMED, more=f"  diary: {diary}\n")


def test_only_the_arms_that_keep_a_diary_write_one() -> None:
    plan = assumed(more="  diary: {last_day: 4, pain: {start: 4}}\ndiary: {only_in: [exercise]}\n")
    trial = simulate_study(plan, participants=40, seed=2, truth_size=2000)
    arm = trial.tables["participants"].set_index("participant_id")["arm"]
    assert set(trial.tables["daily_diary"]["participant_id"].map(arm)) == {"exercise"}
    assert set(arm) > {"exercise"}


def test_days_between_the_windows_of_visits_are_moved_as_numpy_interpolates() -> None:
    rng = np.random.default_rng(4)
    x, at, values = np.arange(-3, 40), np.array([3.0, 13.5, 30.0]), rng.normal(size=(50, 3))
    rows = np.array([np.interp(x, at, row) for row in values])
    assert np.array_equal(between(x, at, values), rows)
    assert np.array_equal(between(x, at[:1], values[:, :1]), np.repeat(values[:, :1], len(x), axis=1))
