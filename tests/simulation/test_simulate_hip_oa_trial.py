"""The simulated hip osteoarthritis trial: what was planted comes out, and the truth follows from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coxa.errors import CoxaError
from synthetic_data.hip_oa_trial.simulator.course import Course, follow, planned_values
from synthetic_data.hip_oa_trial.simulator.design import ARMS, DAYS, VISITS, WINDOWS, EventRisk, HipOADesign
from synthetic_data.hip_oa_trial.simulator.people import People, draw_people
from synthetic_data.hip_oa_trial.simulator.trial import draw_tables, simulate_hip_oa_trial
from synthetic_data.hip_oa_trial.simulator.truths import true_values

N_PER_ARM = 8_000
MONTE_CARLO = 4.0
"""Standard errors allowed; the tests look at up to fifteen numbers at once."""

NEVER = EventRisk((1e-12,) * 4, 0.0)
CALM = replace(HipOADesign(), surgery=NEVER, injection=NEVER, declined=0.0)
"""The design without anything that moves outcomes but time and treatment."""


@pytest.fixture(scope="module")
def large() -> tuple[People, Course]:
    people = draw_people(HipOADesign(), N_PER_ARM, seed=7)
    return people, follow(HipOADesign(), people, people.arm, seed=7)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return draw_tables(HipOADesign(), 63, seed=11)


@pytest.mark.parametrize("outcome", ["pain", "function", "pain_intensity"])
def test_values_before_events_have_the_planned_means_and_spread(outcome: str) -> None:
    people = draw_people(CALM, N_PER_ARM, seed=8)
    plan = CALM.outcomes[CALM.outcome(outcome)]
    values = planned_values(CALM, people, people.arm, seed=8)[:, CALM.outcome(outcome)]
    for place, arm in enumerate(ARMS):
        mine = values[people.arm == place]
        error = np.array(plan.sd) / np.sqrt(N_PER_ARM)
        assert (np.abs(mine.mean(axis=0) - plan.mean(arm)) < MONTE_CARLO * error).all()
    spread = np.concatenate([values[people.arm == place] - plan.mean(arm) for place, arm in enumerate(ARMS)])
    # Cutting standardised covariates at 2.2 takes at most 0.3 % off the standard deviation.
    assert spread.std(axis=0) / plan.sd == pytest.approx(1.0, abs=0.003 + MONTE_CARLO / np.sqrt(2 * len(spread)))


def test_differences_between_arms_are_those_planted_but_for_the_ends_of_the_scale() -> None:
    """At 0 and 100 HOOS scores are cut; at these means that takes away less than a tenth of a difference."""
    truth = true_values(CALM, n=15_000, seed=9)
    plan = CALM.outcomes[CALM.outcome("pain")]
    for arm, planted in (("exercise", plan.exercise[2]), ("manual_therapy", plan.manual_therapy[2])):
        value = truth.value("primary", arm)
        assert 0.9 * planted < value.value < planted + MONTE_CARLO * value.monte_carlo_error


def test_retention_and_events_are_as_in_published_trials(large: tuple[People, Course]) -> None:
    people, course = large
    stayed = np.isnan(course.left_day)
    assert 0.86 < stayed.mean() < 0.93  # about 90 % after a year
    assert 0.93 < (stayed | (course.left_day > 84)).mean() < 0.98  # 91-94 % and better at 12 weeks
    assert 0.04 < (~np.isnan(course.surgery_day)).mean() < 0.10
    assert 0.06 < (~np.isnan(course.injection_day)).mean() < 0.14
    assert (course.received != people.arm)[people.arm > 0].mean() == pytest.approx(0.02, abs=0.005)


def test_dropout_follows_the_last_recorded_pain(large: tuple[People, Course]) -> None:
    _, course = large
    pain, seen = course.value("pain")[:, 2], course.present[:, 2]
    next_interval = (course.left_day > course.day[:, 2]) & (course.left_day < course.day[:, 3])
    worse = seen & (pain < 48)
    better = seen & (pain > 68)
    assert next_interval[worse].mean() > 1.3 * next_interval[better].mean()


def test_arms_are_equally_large_and_balanced_within_sites() -> None:
    people = draw_people(HipOADesign(), 63, seed=11)
    counts = pd.crosstab(people.site, people.arm)
    assert counts.sum().tolist() == [63, 63, 63]
    assert (counts.max(axis=1) - counts.min(axis=1)).tolist() == [0, 0, 0]
    assert (np.diff(people.entry) >= 0).all()


def test_events_come_between_visits_and_never_on_one(large: tuple[People, Course]) -> None:
    _, course = large
    for event in (course.surgery_day, course.injection_day):
        happened = ~np.isnan(event)
        assert not (event[happened, None] == course.day[happened, 1:]).any()
        assert (event[happened] > 0).all()


def test_without_surgery_the_same_people_follow_the_same_course_until_it() -> None:
    people = draw_people(HipOADesign(), 2_000, seed=5)
    real = follow(HipOADesign(), people, people.arm, seed=5)
    other = follow(HipOADesign(), people, people.arm, seed=5, surgery=False)
    assert np.isnan(other.surgery_day).all()
    before = ~(real.day > real.surgery_day[:, None])
    assert np.array_equal(real.value("pain")[before], other.value("pain")[before])
    gain = (real.value("pain") - other.value("pain"))[~before]
    assert gain.mean() > 5


def test_the_same_seed_gives_the_same_tables_and_another_seed_others() -> None:
    first, again, other = (draw_tables(HipOADesign(), 12, seed) for seed in (3, 3, 4))
    assert all(first[name].equals(again[name]) for name in first)
    assert not first["items"].equals(other["items"])


def test_more_adverse_events_leave_everything_else_untouched() -> None:
    noisy = replace(HipOADesign(), adverse_events=dict.fromkeys(ARMS, 3.0))
    quiet, loud = draw_tables(HipOADesign(), 12, 3), draw_tables(noisy, 12, 3)
    assert len(loud["adverse_events"]) > 2 * len(quiet["adverse_events"])
    assert all(quiet[name].equals(loud[name]) for name in quiet if name != "adverse_events")


def test_tables_hang_together(tables: dict[str, pd.DataFrame]) -> None:
    people = tables["participants"]
    assert people["participant_id"].is_unique
    for name, frame in tables.items():
        named = frame.loc[frame["participant_id"] != "", "participant_id"]  # nobody excluded at screening has one
        assert set(named) <= set(people["participant_id"]), name
        assert len(named) == len(frame) or name == "screening"
    assert not tables["items"].duplicated(["participant_id", "week"]).any()
    assert not tables["sessions"].duplicated(["participant_id", "session"]).any()
    late = tables["assessments"].merge(people[people["left_on"] != ""], on="participant_id")
    assert (late["date"] < late["left_on"]).all()


def test_few_visits_take_place_outside_their_window(tables: dict[str, pd.DataFrame]) -> None:
    visits = tables["assessments"].merge(tables["participants"], on="participant_id")
    day = (pd.to_datetime(visits["date"]) - pd.to_datetime(visits["randomised_on"])).dt.days
    place = visits["week"].map({planned // 7: k for k, planned in enumerate(DAYS)})
    low, high = (np.array(side)[place] for side in zip(*WINDOWS, strict=True))
    outside = ~((day - np.array(DAYS)[place]).between(pd.Series(low), pd.Series(high)))
    assert 0 < outside.mean() < 0.03
    assert not outside[visits["week"] == 0].any()


def test_scoring_the_items_gives_the_scores_that_were_meant(large: tuple[People, Course]) -> None:
    from coxa.instruments import score

    design, (_, course) = HipOADesign(), large
    rows, parts = slice(0, 200), []
    for plan in design.outcomes:
        if plan.items:
            codes = course.codes[plan.name][rows, 2]
            names = [f"{plan.items[0]}{j + 1}" for j in range(plan.items[1])]
            wide = pd.DataFrame(codes, columns=names).assign(participant_id=np.arange(len(codes)).astype(str))
            parts.append(wide.melt("participant_id", var_name="item"))
    long = pd.concat(parts).assign(visit="week_12")
    scores = score(long, "hoos").set_index(["participant_id", "scale"])["value"].unstack()
    for outcome, scale in (("pain", "pain"), ("function", "adl"), ("quality_of_life", "qol")):
        found = scores.loc[[str(k) for k in range(200)], scale].to_numpy(dtype=float)
        assert found == pytest.approx(course.value(outcome)[rows, 2], abs=1e-9)  # decimal sums of quarters


def test_truth_names_what_there_is() -> None:
    _, truth = simulate_hip_oa_trial(seed=1, n_per_arm=2)
    assert truth.value("primary", "exercise").visit == "week_12"
    assert set(truth.to_frame()["visit"]) <= set(VISITS)
    with pytest.raises(CoxaError, match=r"Choose one of primary, .*did you mean primary\?"):
        truth.value("primry", "exercise")
    with pytest.raises(CoxaError, match="week_26"):
        truth.value("pain_over_time", "exercise")


def test_two_large_runs_agree_on_the_truth_within_their_error() -> None:
    first, second = (true_values(HipOADesign(), n=6_000, seed=seed).values for seed in (1, 2))
    for a, b in zip(first, second, strict=True):
        assert abs(a.value - b.value) < MONTE_CARLO * np.hypot(a.monte_carlo_error, b.monte_carlo_error), a
