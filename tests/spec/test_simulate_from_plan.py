"""The parts of a trial simulated from its plan, on small drawn trials."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.errors import OptionError, PlanError
from coxa.instruments import score
from coxa.simulate import draw_outcomes, simulate_study, trial_design
from coxa.simulate.from_plan.clusters import ClusterDesign, assign, totals
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.means import mean_on
from coxa.simulate.from_plan.treatment import draw_home, home_days
from coxa.study.reading.read import parse_study
from tests.spec.assumed_trial import ASSUMED, ROOT, SMALL, assumed, hip_oa_text

FUNCTION = "    function: {baseline: {mean: 60, sd: 15}, scale: items}\n"


def factor(name: str, number: int, **given: object) -> ClusterDesign:
    options = {
        "icc": np.array([0.1]),
        "arms": np.array([True, True]),
        "within": None,
        "own_per_arm": False,
        "at_baseline": False,
        "size_variation": 0.0,
        "covariate": False,
    } | given
    return ClusterDesign(name, number, **options)  # type: ignore[arg-type]


def test_a_number_of_participants_is_divided_by_the_ratio() -> None:
    design = "randomisation: {scheme: simple, ratio: {usual_care: 1, exercise: 2}}"
    text = ASSUMED.replace("participants: {usual_care: 60, exercise: 60}", "participants: 60")
    assert trial_design(assumed(text, design=design)).numbers.tolist() == [20, 40]
    assert trial_design(assumed(text), participants={"usual_care": 9, "exercise": 8}).numbers.tolist() == [9, 8]


def test_nested_clusters_lie_in_one_higher_cluster_and_crossed_ones_in_all() -> None:
    arm = np.repeat([0, 1], 60)
    sites = factor("site_id", 3)
    nested = assign((sites, factor("therapist_id", 2, within="site_id")), arm, arm, {}, 1)
    table = pd.crosstab(nested["therapist_id"], nested["site_id"])
    assert ((table > 0).sum(axis=1) == 1).all()
    assert len(table) == 6
    crossed = assign((sites, factor("therapist_id", 2)), arm, arm, {}, 1)
    assert (pd.crosstab(crossed["therapist_id"], crossed["site_id"]) > 0).all(axis=None)
    assert totals((factor("therapist_id", 2, within="site_id"), sites)) == {"site_id": 3, "therapist_id": 6}


def test_clusters_may_be_nested_three_deep() -> None:
    """Three regions, two clinics in each, two therapists in each clinic: 3, 6 and 12."""
    arm = np.repeat([0, 1], 120)
    region = np.tile([0, 1, 2], 80)
    factors = (
        factor("therapist_id", 2, within="site_id"),
        factor("site_id", 2, within="region"),
        factor("region", 3, covariate=True),
    )
    assert totals(factors) == {"region": 3, "site_id": 6, "therapist_id": 12}
    nested = assign(factors, arm, arm, {"region": region}, 1)
    for lower, higher, count in (("site_id", "region", 6), ("therapist_id", "site_id", 12)):
        table = pd.crosstab(nested[lower], nested[higher])
        assert len(table) == count
        assert ((table > 0).sum(axis=1) == 1).all()


def test_classes_that_are_levels_of_a_covariate_may_be_of_one_arm_too() -> None:
    """In usual care nobody has a class: it adds no variance there, and the column is blank."""
    arm = np.repeat([0, 1], 8)
    classes = np.tile([0, 1, 2, 3], 4)
    one = factor("class_id", 4, arms=np.array([False, True]), covariate=True)
    assert assign((one,), arm, arm, {"class_id": classes}, 1)["class_id"].tolist() == [-1] * 8 + [0, 1, 2, 3] * 2

    text = ASSUMED + "  clusters: {site: {number: 3, icc: 0.2, arms: [exercise]}}\n"
    sites = simulate_study(assumed(text), seed=1).tables["participants"].groupby("arm")["site"].count()
    assert sites.to_dict() == {"exercise": 60, "usual_care": 0}
    stratified = "randomisation: {scheme: blocks, block_sizes: 4, strata: site}"
    known = simulate_study(assumed(text, design=stratified), seed=1).tables["participants"]
    assert known["site"].notna().all(), "a stratum is known before anybody has an arm"

    with pytest.raises(PlanError, match="the sizes of site are the `shares` of that covariate"):
        assumed(text.replace("icc: 0.2", "icc: 0.2, size_variation: 0.5"))


def test_clusters_may_be_of_one_arm_or_of_each_arm_its_own() -> None:
    arm = np.repeat([0, 1], 60)
    one = assign((factor("therapist_id", 4, arms=np.array([False, True])),), arm, arm, {}, 1)["therapist_id"]
    assert (one[arm == 0] == -1).all()
    assert np.bincount(one[arm == 1]).tolist() == [15] * 4
    own = assign((factor("site_id", 4, own_per_arm=True),), arm, arm, {}, 1)["site_id"]
    assert set(own[arm == 0]) == {0, 1, 2, 3}
    assert set(own[arm == 1]) == {4, 5, 6, 7}


def test_sizes_of_clusters_vary_as_the_plan_says() -> None:
    arm = np.zeros(40_000, dtype=np.intp)
    codes = assign((factor("site_id", 400, size_variation=0.6),), arm, arm, {}, 1)["site_id"]
    size = np.bincount(codes, minlength=400)
    assert size.std() / size.mean() == pytest.approx(0.6, abs=0.1)


def test_means_between_visits_lie_on_a_straight_line() -> None:
    means = np.array([[[0.0, 10.0, 20.0]], [[0.0, 0.0, 40.0]]])
    found = mean_on(means, np.array([0.0, 50.0, 100.0]), np.array([0, 1, 1]), np.array([25.0, 75.0, 300.0]))
    assert found[:, 0].tolist() == [5.0, 20.0, 40.0]


def test_the_diary_reports_a_quarter_more_than_is_done_and_agrees_only_moderately() -> None:
    home = draw_home(np.random.default_rng(1), 20_000, home_days(3, 84), 0.5, 8.0, 1.25, 0.5)
    done, reported = home.done.sum(axis=1), home.reported.sum(axis=1)
    assert reported.mean() / done.mean() == pytest.approx(1.25, abs=0.02)  # a few reports are cut at all there is
    assert np.corrcoef(done, reported)[0, 1] == pytest.approx(0.5, abs=0.02)


def test_a_plan_without_assumptions_cannot_be_simulated() -> None:
    study = assumed("")
    with pytest.raises(PlanError, match=r"Add `assumptions:`"):
        trial_design(study)


def test_covariates_that_take_more_than_the_variance_are_refused_by_outcome_and_visit() -> None:
    text = ASSUMED.replace("scale: continuous", "covariates: {age: 3}")
    study = assumed(text, more="  covariates: {age: {mean: 60, sd: 10}}\n")
    with pytest.raises(PlanError, match=r"assumptions.outcomes.pain.*take 400% of the variance at baseline"):
        trial_design(study)


@pytest.mark.parametrize(("participants", "answer"), [(2, "has 1 participants"), (4, "too few for analysis primary")])
def test_too_few_participants_are_refused_with_what_is_needed(participants: int, answer: str) -> None:
    with pytest.raises(OptionError, match=answer):
        trial_design(assumed(), participants=participants)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(OptionError, match="Give a whole number of 0 or more"):
        draw_outcomes(trial_design(assumed()), -1)


def test_the_same_seed_gives_the_same_trial_and_more_adverse_events_leave_the_rest_untouched() -> None:
    first, again = (simulate_study(assumed(more="  flares: 0.5\n"), seed=4, truth_size=200) for _ in range(2))
    assert all(first.tables[name].equals(again.tables[name]) for name in first.tables)
    loud = simulate_study(assumed(more="  flares: 2.5\n"), seed=4, truth_size=200)
    assert len(loud.tables["adverse_events"]) > 2 * len(first.tables["adverse_events"])
    rest = set(first.tables) - {"adverse_events"}
    assert all(first.tables[name].equals(loud.tables[name]) for name in rest)
    other = simulate_study(assumed(), seed=5, truth_size=200)
    assert not first.tables["assessments"].equals(other.tables["assessments"])


def test_visits_lie_in_their_windows_and_no_date_is_after_the_data_cut() -> None:
    study = assumed(design="data_cut: 2024-06-30")
    tables = simulate_study(study, seed=2, truth_size=200).tables
    visits = tables["assessments"].merge(tables["participants"], on="participant_id")
    day = (pd.to_datetime(visits["assessment_date"]) - pd.to_datetime(visits["randomisation_date"])).dt.days
    for name, visit in study.visits.items():
        low, high = visit.window or (0, 0)
        assert day[visits["visit"] == name].between(visit.day + low, visit.day + high).all()
    assert visits["assessment_date"].max() <= "2024-06-30"


def test_answers_to_items_give_the_scores_that_were_drawn() -> None:
    trial = simulate_study(assumed(ASSUMED + FUNCTION), seed=2, truth_size=200)
    wide = trial.tables["item_responses"].rename(columns=lambda name: str(name).removeprefix("hoos_"))
    long = wide.melt(["participant_id", "visit", "assessment_date"], var_name="item")
    scores = score(long, "hoos", scales="adl").set_index(["participant_id", "visit"])["value"]
    k = trial.design.outcomes.index("function")
    for place, visit in enumerate(trial.design.visits):
        found = scores.xs(visit, level="visit").sort_index().to_numpy(dtype=float)
        assert found == pytest.approx(trial.drawn.complete[:, k, place])


def test_answers_of_several_instruments_come_one_a_row() -> None:
    text = hip_oa_text().replace("      step: 1\n", "      scale: items\n")
    trial = simulate_study(parse_study(text.encode()), seed=1, participants=60, truth_size=300)
    items = trial.tables["item_responses"]
    assert set(items["instrument"]) == {"hoos", "nprs"}
    assert trial.sources["item_responses"] == {}
    assert "assessments" not in trial.tables


def test_no_session_is_attended_after_the_treatment_ended() -> None:
    more = "  sessions: {attendance: 1.0, home_per_week: {exercise: 3}}\n"
    more += "  events: {surgery: {probability: 1.0, ends_treatment: true}}\n"
    trial = simulate_study(assumed(more=more), seed=3, truth_size=200)
    sessions = trial.tables["treatment_sessions"].merge(
        trial.tables["intercurrent_events"][["participant_id", "event_date"]], on="participant_id"
    )
    late = sessions["session_date"] > sessions["event_date"]
    assert (sessions.loc[late, "attended"] == "no").all()
    assert (sessions.loc[~late, "attended"] == "yes").all()
    diary = trial.tables["daily_diary"].merge(trial.tables["intercurrent_events"], on="participant_id")
    assert (diary["diary_date"] <= diary["event_date"]).all()
    assert list(trial.at_home.columns) == ["participant_id", "asked", "done", "reported"]


def test_conditions_are_written_as_a_table_and_shift_the_outcome() -> None:
    more = "  conditions: {hip_osteoarthritis: {share: 0.5, shift: 20}, labral_tear: {share: 0.5}}\n"
    trial = simulate_study(assumed(more=more), seed=3, truth_size=200, participants=1_000)
    people = trial.tables["conditions"].query("main == 'yes'").set_index("participant_id")["condition"]
    base = trial.tables["assessments"].query("visit == 'baseline'").set_index("participant_id")["pain"]
    means = base.groupby(people).mean()
    assert means["hip_osteoarthritis"] - means["labral_tear"] == pytest.approx(20, abs=4)
    assert base.mean() == pytest.approx(55, abs=2)


def test_public_names_lead_here() -> None:
    assert coxa.simulate_study is simulate_study
    assert coxa.simulate.TrialDesign is TrialDesign


def test_outcomes_improve_together_whatever_their_direction() -> None:
    design = trial_design(assumed(more="  correlation_of_outcomes: 0.7\n"))
    assert design.between.tolist() == [[1.0, -0.7], [-0.7, 1.0]]


def test_the_plan_of_the_documentation_can_be_simulated() -> None:
    page = (ROOT / "docs" / "simulate.md").read_text(encoding="utf-8")
    block = re.search(r"```yaml\n(assumptions:.*?)```", page, flags=re.S)
    assert block is not None
    text = SMALL.replace("DESIGN", "").replace(
        "range: [0, 100]\n    higher_is_better: false", "instrument: hoos\n    scale: pain"
    )
    text = text.replace("surgery: {}, stopping: {}", "hip_surgery: {}, crossover: {}").replace(
        "surgery: ", "hip_surgery: "
    )
    text = (
        text.replace("stopping:", "crossover:")
        .replace("hip_hip", "hip")
        .replace("  week_12:", "  week_52: {day: 364}\n  week_12:")
    )
    trial = simulate_study(parse_study((text + block.group(1)).encode()), seed=1, truth_size=500)
    assert set(trial.tables) > {"item_responses", "daily_diary", "intercurrent_events"}
