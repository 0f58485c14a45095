"""The simulated runner diary: what was planted comes out, by plain means and regressions in large draws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from coxa.diary import FlareRule, flare_rates, lagged, session_load, within_between
from coxa.errors import OptionError
from coxa.simulate.events import draw_runs, draw_serial
from coxa.simulate.seeds import generator
from synthetic_data.runner_diary.simulator.course import WEEK, RunnerCourse, follow
from synthetic_data.runner_diary.simulator.design import ARMS, THERAPISTS, RunnerDesign
from synthetic_data.runner_diary.simulator.people import Runners, draw_runners
from synthetic_data.runner_diary.simulator.study import draw_tables, simulate_runner_diary
from synthetic_data.runner_diary.simulator.truths import true_values

N_PER_ARM, WEEKS = 2_000, 8
MONTE_CARLO = 4.0
"""Standard errors allowed; the tests look at up to eight numbers at once."""

DESIGN = RunnerDesign()


def changed(part: str, **values: Any) -> RunnerDesign:
    """Return the design with some numbers of one part changed."""
    return replace(DESIGN, **{part: replace(getattr(DESIGN, part), **values)})


def mean_is(values: np.ndarray, planted: float) -> bool:
    """Say whether a mean is the planted number within its Monte Carlo error."""
    return abs(values.mean() - planted) < MONTE_CARLO * values.std(ddof=1) / np.sqrt(len(values))


@pytest.fixture(scope="module")
def large() -> tuple[Runners, RunnerCourse]:
    people = draw_runners(DESIGN, N_PER_ARM, seed=7)
    return people, follow(DESIGN, people, people.arm, WEEKS, seed=7)


@pytest.fixture(scope="module")
def personal(large: tuple[Runners, RunnerCourse]) -> np.ndarray:
    """Each participant's own regression of latent pain on 1, week, yesterday's load and sleep, (n, 4)."""
    _, course = large
    days = np.arange(2, WEEK * WEEKS + 1)
    load, sleep = course.training.load[:, days - 1] / 100.0, course.sleep[:, days - 1]
    columns = [np.ones_like(load), np.broadcast_to(days / WEEK, load.shape), load, sleep]
    x = np.stack(columns, axis=2)
    gram = np.einsum("ntp,ntq->npq", x, x)
    return np.linalg.solve(gram, np.einsum("ntp,nt->np", x, course.latent[:, days - 1])[:, :, None])[:, :, 0]


def test_slopes_are_those_planted(large: tuple[Runners, RunnerCourse], personal: np.ndarray) -> None:
    people, _ = large
    assert mean_is(personal[people.arm == 0, 1], DESIGN.pain.usual_slope)
    assert mean_is(personal[people.arm == 1, 1], DESIGN.pain.usual_slope + DESIGN.pain.retraining_slope)


def test_within_person_effects_are_those_planted(personal: np.ndarray) -> None:
    assert mean_is(personal[:, 2], DESIGN.pain.load_within)
    assert mean_is(personal[:, 3], DESIGN.pain.sleep_within)


def test_between_person_effects_are_those_planted(large: tuple[Runners, RunnerCourse]) -> None:
    people, course = large
    t = WEEK * WEEKS
    persons = pd.DataFrame(
        {
            "pain": course.latent[:, 1:].mean(axis=1),
            "arm": people.arm,
            "load": course.training.load[:, 1:t].mean(axis=1) / 100.0,
            "sleep": course.sleep.mean(axis=1),
        }
    )
    fit = smf.ols("pain ~ C(arm) + load + sleep", persons).fit()
    for name, planted in (("load", DESIGN.pain.load_between), ("sleep", DESIGN.pain.sleep_between)):
        assert abs(fit.params[name] - planted) < MONTE_CARLO * fit.bse[name], name


def test_persons_differ_as_planted(large: tuple[Runners, RunnerCourse]) -> None:
    people, _ = large
    error = MONTE_CARLO / np.sqrt(2 * len(people))
    assert people.level.std() == pytest.approx(DESIGN.pain.person_sd, rel=error)
    assert people.slope.std() == pytest.approx(DESIGN.pain.slope_sd, rel=error)
    assert np.corrcoef(people.level, people.slope)[0, 1] == pytest.approx(DESIGN.pain.person_slope, abs=2 * error)


def test_days_in_a_row_are_alike() -> None:
    n = 20_000
    drawn = draw_serial(generator("pain", 3), n, 6, sd=1.2, correlation=0.6)
    assert drawn.std(axis=0) / 1.2 == pytest.approx(1.0, abs=MONTE_CARLO / np.sqrt(2 * n))
    apart = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    assert np.abs(np.corrcoef(drawn.T) - 0.6**apart).max() < MONTE_CARLO / np.sqrt(n)


def test_runs_of_missed_days_have_the_planned_start_and_length() -> None:
    missed = draw_runs(generator("runs", 3), 4_000, 60, start=0.02, length=4.0)
    begins = missed[:, 1:] & ~missed[:, :-1]
    share = begins.sum() / (~missed[:, :-1]).sum()
    assert share == pytest.approx(0.02, abs=MONTE_CARLO * np.sqrt(0.02 / missed.size))
    ends = missed[:, :-1] & ~missed[:, 1:]
    going_on = 1 - ends.sum() / missed[:, :-1].sum()
    assert going_on == pytest.approx(0.75, abs=MONTE_CARLO * np.sqrt(0.25 * 0.75 / missed[:, :-1].sum()))


def test_only_those_who_are_retrained_have_a_therapist() -> None:
    strong, none = changed("pain", therapist_sd=3.0), changed("pain", therapist_sd=0.0)
    people = draw_runners(strong, 200, seed=4)
    with_effect = follow(strong, people, people.arm, 2, seed=4).latent
    without = follow(none, draw_runners(none, 200, seed=4), people.arm, 2, seed=4).latent
    difference = with_effect - without
    retrained = people.arm == ARMS.index("movement_retraining")
    assert not difference[~retrained].any()
    assert difference[retrained] == pytest.approx(
        np.repeat(people.therapist_effect[people.therapist[retrained], None], 14, axis=1)
    )
    assert np.unique(people.therapist).tolist() == list(range(THERAPISTS))


def test_a_plateau_stops_the_effect() -> None:
    level = changed("pain", plateau=4.0)
    people = draw_runners(level, 50, seed=5)
    usual, other = (follow(level, people, np.full(100, arm), 8, seed=5).latent for arm in (0, 1))
    planted = DESIGN.pain.retraining_slope * np.minimum(np.arange(1, 57) / 7, 4.0)
    assert np.abs(other - usual - people.therapist_effect[people.therapist][:, None] - planted).max() < 1e-12


def test_ratings_are_on_the_scale_and_the_ends_take_little_away(large: tuple[Runners, RunnerCourse]) -> None:
    _, course = large
    for rating in (course.pain, course.morning, course.clinic):
        assert ((rating >= 0) & (rating <= 10)).all()
        assert np.abs(10 * rating - np.round(10 * rating)).max() < 1e-9
    assert ((course.pain == 0) | (course.pain == 10)).mean() < 0.005
    truth = true_values(DESIGN, WEEKS).value("pain_slope", "movement_retraining")
    planted = DESIGN.pain.retraining_slope
    assert planted - MONTE_CARLO * truth.monte_carlo_error < truth.value < 0.98 * planted


def test_the_diary_over_reports_by_a_quarter(large: tuple[Runners, RunnerCourse]) -> None:
    people, course = large
    done, asked = course.done.sum(axis=1), course.prescribed.sum(axis=1)
    assert mean_is(done / asked, DESIGN.exercises.done)
    assert course.reported.sum() / course.done.sum() == pytest.approx(220 / 176, abs=0.01)
    assert (course.done <= course.reported).all()
    assert (course.reported <= course.prescribed).all()
    weekly = course.prescribed[:, :WEEK].sum(axis=1)
    assert [set(weekly[people.arm == arm]) for arm in (0, 1)] == [{3 * 2}, {5 * 3}]


def test_giving_up_follows_the_pain_written_down_and_nothing_else(large: tuple[Runners, RunnerCourse]) -> None:
    people, course = large
    there = np.isnan(course.left_day) | (course.left_day > 28)
    next_week = (course.left_day > 28) & (course.left_day <= 35)
    written = np.where(course.written, course.pain, np.nan)[there, 21:28]
    some = np.isfinite(written).any(axis=1)
    rows = pd.DataFrame(
        {
            "leaves": next_week[there][some].astype(int),
            "pain": np.nanmean(written[some], axis=1) - DESIGN.entries.usual_pain,
            "arm": people.arm[there][some],
        }
    )
    fit = smf.logit("leaves ~ pain + arm", rows).fit(disp=0)
    assert abs(fit.params["pain"] - DESIGN.entries.leave_pain) < MONTE_CARLO * fit.bse["pain"]
    assert abs(fit.params["arm"]) < MONTE_CARLO * fit.bse["arm"]
    assert 0.80 < np.isnan(course.left_day).mean() < 0.92
    assert 0.75 < course.written.mean() < 0.90


def test_nothing_is_written_after_giving_up(large: tuple[Runners, RunnerCourse]) -> None:
    _, course = large
    days = np.arange(1, WEEK * WEEKS + 1)
    assert not (course.written & (days >= course.left_day[:, None])).any()


def test_the_planted_coefficients_come_out_of_the_diary_itself() -> None:
    """From the raw table, with gaps at random, through the derivations, by least squares with clustered errors."""
    tables = draw_tables(changed("entries", leave=1e-9), 500, WEEKS, seed=11)
    data = session_load(tables["diary"]).merge(tables["participants"][["participant_id", "arm"]])
    data = data.assign(load=data["training_load"] / 100.0, sleep=data["sleep_hours"], week=data["study_day"] / WEEK)
    data = within_between(lagged(data, "load"), ["load_lag1", "sleep"]).dropna(subset=["load_lag1", "sleep"])
    formula = (
        "pain ~ C(arm, Treatment('usual_care')) * week + load_lag1_within + load_lag1_between + sleep_within"
        " + sleep_between"
    )
    groups = pd.factorize(data["participant_id"])[0]
    fit = smf.ols(formula, data).fit(cov_type="cluster", cov_kwds={"groups": groups})
    planted = DESIGN.fixed_effects()
    names = {name: name for name in planted if name.startswith(("load", "sleep")) or name == "week"}
    names["arm[movement_retraining]:week"] = "C(arm, Treatment('usual_care'))[T.movement_retraining]:week"
    for name, fitted in names.items():
        assert abs(fit.params[fitted] - planted[name]) < MONTE_CARLO * fit.bse[fitted], name


def test_an_arm_that_improves_has_fewer_flares_above_its_first_week_and_hardly_fewer_above_the_last() -> None:
    tables = draw_tables(DESIGN, 600, WEEKS, seed=5)
    arm = tables["participants"].set_index("participant_id")["arm"]
    found = {}
    for rule in (FlareRule(), FlareRule(reference="rolling_median")):
        table = flare_rates(tables["diary"], rule)
        sums = table.groupby(table["participant_id"].map(arm))[["flares", "days_at_risk"]].sum()
        rate = 28 * sums["flares"] / sums["days_at_risk"]
        found[rule.reference] = [round(rate["movement_retraining"], 2), round(rate["usual_care"], 2)]
    assert found == {"baseline_mean": [0.09, 0.23], "rolling_median": [0.16, 0.20]}


def test_two_large_runs_agree_on_the_truth_within_their_error() -> None:
    first, second = (true_values(DESIGN, WEEKS, n=2_000, seed=seed).values for seed in (1, 2))
    for a, b in zip(first, second, strict=True):
        assert abs(a.value - b.value) < MONTE_CARLO * np.hypot(a.monte_carlo_error, b.monte_carlo_error), a


def test_the_same_seed_gives_the_same_tables_and_another_seed_others() -> None:
    first, again, other = (draw_tables(DESIGN, 6, 3, seed) for seed in (3, 3, 4))
    assert all(first[name].equals(again[name]) for name in first)
    assert not first["diary"].equals(other["diary"])


def test_another_way_of_missing_days_leaves_everything_else_untouched() -> None:
    gaps, whole = (draw_tables(design, 6, 3, 3)["diary"] for design in (DESIGN, changed("entries", single=0.0)))
    both = gaps.merge(whole, on=list(gaps.columns))
    assert len(both) == len(gaps) < len(whole)


def test_tables_hang_together() -> None:
    tables, truth = simulate_runner_diary(seed=1, n_per_arm=13, weeks=4)
    people, diary = tables["participants"], tables["diary"]
    assert people["participant_id"].is_unique
    assert people["arm"].value_counts().tolist() == [13, 13]
    assert ((people["therapist"] == "") == (people["arm"] == "usual_care")).all()
    assert people["pain_week_4"].isna().equals(people["left_on"] != "")
    assert set(diary["participant_id"]) <= set(people["participant_id"])
    assert not diary.duplicated(["participant_id", "study_day"]).any()
    assert diary["study_day"].between(1, 28).all()
    assert (diary["perceived_exertion"].isna() == (diary["training_minutes"] == 0)).all()
    assert truth.value("primary", "movement_retraining").visit == "week_4"


def test_an_impossible_study_is_refused() -> None:
    with pytest.raises(OptionError, match="give at least 1 participant and 2 weeks"):
        simulate_runner_diary(seed=1, weeks=1)
