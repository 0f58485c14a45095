"""A trial simulated from its plan: a large draw has the numbers that the plan assumes, within Monte Carlo error."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from coxa.simulate import DrawnTrial, TrialDesign, draw_outcomes, estimand_frame, trial_design, true_values
from coxa.simulate.from_plan.exact import cut_mean
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.simulate.from_plan.truths import exact_differences, large_run
from tests.sizes import few
from tests.spec.assumed_trial import ASSUMED, assumed

N = 40_000
MONTE_CARLO = 4.5
"""Standard errors allowed; a test looks at up to thirty numbers at once."""
PAIN = 0

RICH = """  covariates: {age: {mean: 62, sd: 8}, sex: {shares: {female: 0.6, male: 0.4}}}
  conditions: {hip_osteoarthritis: {share: 0.7, shift: 2}, labral_tear: {share: 0.3, shift: -3}}
  sessions: {attendance: 0.8}
  dose_response: 0.8
  clusters:
    site_id: {number: 1500, icc: 0.04, at_baseline: true}
    therapist_id: {number: 1500, icc: 0.05, arms: exercise}
"""
EFFECTS = ASSUMED.replace("scale: continuous", "scale: continuous\n      covariates: {age: 0.4, sex: {female: 3}}")


def drawn(assumptions: str = ASSUMED, more: str = "", n: int = N, seed: int = 5) -> tuple[TrialDesign, DrawnTrial]:
    design = trial_design(assumed(assumptions, more=more), participants=n)
    return design, draw_outcomes(design, seed)


def share(flags: NDArray[np.bool_]) -> tuple[float, float]:
    """Return a share and its Monte Carlo error."""
    p = float(flags.mean())
    return p, float(np.sqrt(max(p * (1 - p), 1e-12) / len(flags)))


@pytest.fixture(scope="module")
def rich() -> tuple[TrialDesign, DrawnTrial]:
    return drawn(EFFECTS, RICH)


def test_means_spreads_and_correlations_are_those_of_the_plan_whatever_they_are_made_of(
    rich: tuple[TrialDesign, DrawnTrial],
) -> None:
    design, trial = rich
    for place in range(2):
        value = trial.value[trial.arm == place, PAIN]
        n = len(value)
        # Clusters are drawn too: a mean over c of them has their variance over c beside that of participants over n.
        error = design.sd[PAIN] * np.sqrt(1 / n + 0.09 / 1500)
        assert (np.abs(value.mean(axis=0) - design.means[place, PAIN]) < MONTE_CARLO * error).all()
        assert value.std(axis=0) == pytest.approx(design.sd[PAIN], rel=MONTE_CARLO / np.sqrt(2 * n))
        found = np.corrcoef(value.T)[np.triu_indices(3, 1)]
        assert found == pytest.approx(0.6, abs=MONTE_CARLO * (1 - 0.6**2) / np.sqrt(n))


def test_clusters_have_the_intraclass_correlation_of_the_plan_after_baseline_and_in_their_arm(
    rich: tuple[TrialDesign, DrawnTrial],
) -> None:
    _, trial = rich
    for arm, visit, expected in ((1, 2, 0.05), (1, 0, 0.0)):
        mine = trial.arm == arm
        value, code = trial.value[mine, PAIN, visit], trial.clusters["therapist_id"][mine]
        assert icc(value, code) == pytest.approx(expected, abs=MONTE_CARLO * 0.004)
    assert (trial.clusters["therapist_id"][trial.arm == 0] == -1).all()
    mine = trial.arm == 0
    for visit in (0, 2):
        found = icc(trial.value[mine, PAIN, visit], trial.clusters["site_id"][mine])
        assert found == pytest.approx(0.04, abs=MONTE_CARLO * 0.004)


def icc(value: NDArray[np.float64], code: NDArray[np.intp]) -> float:
    """Return the intraclass correlation by analysis of variance; its error here is about 0.004."""
    size = np.bincount(code)
    total = np.bincount(code, value)[size > 0]
    size = size[size > 0]
    within = ((value**2).sum() - (total**2 / size).sum()) / (len(value) - len(size))
    between = ((total**2 / size).sum() - value.sum() ** 2 / len(value)) / (len(size) - 1)
    usual = (len(value) - (size**2).sum() / len(value)) / (len(size) - 1)
    return float((between - within) / (between + (usual - 1) * within))


def test_covariates_conditions_and_attendance_add_what_the_plan_says(rich: tuple[TrialDesign, DrawnTrial]) -> None:
    design, trial = rich
    mine = trial.arm == 1
    columns = [trial.covariates["age"], trial.covariates["sex"] == 0, trial.covariates["main_condition"] == 0]
    came = np.zeros(design.n)
    came[trial.received == 1] = trial.attended[1].sum(axis=1)
    x = np.column_stack([np.ones(mine.sum()), *(column[mine] for column in columns), came[mine]])
    beta, rest, *_ = np.linalg.lstsq(x, trial.value[mine, PAIN, 2], rcond=None)
    error = np.sqrt(rest[0] / len(x) * np.diag(np.linalg.inv(x.T @ x)))
    planted = np.array([0.4, 3.0, 5.0, 0.8])
    assert (np.abs(beta[1:] - planted) < MONTE_CARLO * error[1:]).all()


@pytest.mark.parametrize(
    "dropout", ["mechanism: mcar", "mechanism: mar, odds_ratio: 1.6", "mechanism: mnar, odds_ratio: 2"]
)
def test_as_many_leave_as_the_plan_says(dropout: str) -> None:
    probability = "probability: {usual_care: 0.2, exercise: 0.1}"
    _, trial = drawn(more=f"  dropout: {{{probability}, gaps: 0.05, {dropout}}}\n")
    for place, planned in enumerate((0.2, 0.1)):
        found, error = share(~np.isnan(trial.left[trial.arm == place]))
        # Those at risk later are those who did not leave before: at these odds ratios that moves the share by 3%.
        assert found == pytest.approx(planned, abs=MONTE_CARLO * error + (0.0 if "mcar" in dropout else 0.03 * planned))
    here = np.isnan(trial.left)
    found, error = share(~trial.present[here, 1])
    assert found == pytest.approx(0.05, abs=MONTE_CARLO * error)
    assert trial.present[:, 0].all()
    gone = ~np.isnan(trial.left)
    assert not trial.present[gone, 2].any()


def test_only_a_value_that_is_missed_drives_dropout_that_is_not_at_random() -> None:
    """Given the last recorded value, leaving depends on the value that is missed under mnar, and not under mar."""
    slopes = {}
    for mechanism in ("mar", "mnar"):
        _, trial = drawn(more=f"  dropout: {{probability: 0.3, mechanism: {mechanism}, odds_ratio: 2}}\n")
        left = (~trial.present[:, 1]).astype(float)
        x = np.column_stack([np.ones(N), trial.complete[:, PAIN, 0], trial.complete[:, PAIN, 1], trial.arm])
        beta, rest, *_ = np.linalg.lstsq(x, left, rcond=None)
        slopes[mechanism] = beta[2] / np.sqrt(rest[0] / N * np.linalg.inv(x.T @ x)[2, 2])
    assert abs(slopes["mar"]) < MONTE_CARLO
    assert slopes["mnar"] > 10  # pain, where higher is worse


def test_events_happen_as_often_as_the_plan_says_and_add_what_it_says() -> None:
    event = "probability: {usual_care: 0.1, exercise: 0.05}, odds_ratio: 2, effect: -20"
    design, trial = drawn(more=f"  events: {{surgery: {{{event}}}}}\n")
    other = follow(design, trial.arm, 5, world=Conditions(without=frozenset({"surgery"})))
    when = trial.events["surgery"]
    for place, planned in enumerate((0.1, 0.05)):
        found, error = share(~np.isnan(when[trial.arm == place]))
        assert found == pytest.approx(planned, abs=MONTE_CARLO * error + 0.03 * planned)
    gain = trial.complete[:, PAIN] - other.complete[:, PAIN]
    after = when[:, None] < trial.day
    assert gain[after] == pytest.approx(-20)
    assert gain[~after] == pytest.approx(0)


@pytest.mark.parametrize(("keeps", "left"), [(0.0, 0.0), (1.0, 1.0)])
def test_who_stops_follows_the_other_arm_and_keeps_a_share_of_the_difference(keeps: float, left: float) -> None:
    """Everybody stops; with nothing kept the mean is the other arm's, with all kept what was gained by then stays."""
    event = f"probability: 1.0, switch_to: usual_care, keeps: {keeps}"
    design, trial = drawn(more=f"  events: {{stopping: {{{event}}}}}\n")
    when = trial.events["stopping"]
    early = (trial.arm == 1) & (when < 42)
    assert early.any()
    gained = -4.0 * when[early] / 42
    expected = design.means[0, PAIN, 2] + left * gained.mean()
    error = 17 / np.sqrt(early.sum())
    assert trial.value[early, PAIN, 2].mean() == pytest.approx(expected, abs=MONTE_CARLO * error)


@pytest.mark.parametrize("scale", ["continuous", "bounded"])
def test_a_large_run_finds_the_closed_form(scale: str) -> None:
    more = "  not_started: 0.1\n  events: {surgery: {probability: 0.1, effect: -20}}\n"
    ends = ASSUMED.replace("scale: continuous", f"scale: {scale}").replace("mean: 55", "mean: 20")
    design = trial_design(assumed(ends, more=more))
    plan = design.study.estimands["primary"]
    large = large_run(design, ["primary"], 20_000, seed=3)
    for (arm, visit), value in exact_differences(design, plan).items():
        assert value is not None
        mean, error = large["primary", arm, visit]
        assert mean == pytest.approx(value, abs=MONTE_CARLO * error)
    planned = {"week_6": -4 * 0.9, "week_12": -7 * 0.9}
    if scale == "continuous":
        assert true_values(design, n=100).value("primary", "exercise", "week_12").value == pytest.approx(
            planned["week_12"]
        )


def test_responders_have_a_closed_form_on_a_continuous_scale() -> None:
    design = trial_design(assumed())
    truth = true_values(design, n=1_000).value("responders", "exercise")
    assert truth.obtained == "exact"
    mean, error = large_run(design, ["responders"], 40_000, seed=3)["responders", "exercise", "week_12"]
    assert mean == pytest.approx(truth.value, abs=MONTE_CARLO * error)


def test_the_mean_at_the_ends_of_a_scale() -> None:
    value = np.clip(np.random.default_rng(1).normal(12, 15, 400_000), 0, 100)
    assert value.mean() == pytest.approx(cut_mean(12, 15, 0, 100), abs=MONTE_CARLO * value.std() / np.sqrt(400_000))


def test_events_that_are_part_of_an_estimand_are_part_of_its_truth() -> None:
    """After surgery nobody is a responder (composite), so that its risk lowers the proportion of responders."""
    none, some = (
        trial_design(assumed(more=f"  events: {{surgery: {{probability: {{exercise: {p}}}, effect: -30}}}}\n"))
        for p in (0.0, 0.4)
    )
    without, with_surgery = (true_values(one, n=20_000).value("responders", "exercise") for one in (none, some))
    assert with_surgery.value < without.value - 0.1
    assert true_values(some, n=1_000).value("primary", "exercise", "week_12").obtained == "exact"  # hypothetical


def test_scores_of_answers_to_items_have_the_mean_that_was_meant() -> None:
    function = "    function: {baseline: {mean: 60, sd: 15}, mean_change: {exercise: 8}, scale: items}\n"
    design, trial = drawn(ASSUMED + function, n=8_000)
    k = design.outcomes.index("function")
    value = trial.value[trial.arm == 1, k, 2]
    expected = cut_mean(68, 15, 0, 100)
    assert value.mean() == pytest.approx(expected, abs=MONTE_CARLO * value.std() / np.sqrt(len(value)))
    assert set(np.unique(trial.codes["function"])) <= set(range(5))


def test_the_same_people_have_their_other_potential_course_in_the_other_arm() -> None:
    design = trial_design(assumed())
    usual, exercise = (follow(design, np.full(500, arm), 3) for arm in (0, 1))
    difference = (exercise.complete - usual.complete)[:, PAIN]
    assert difference == pytest.approx(np.broadcast_to([0.0, -4.0, -7.0], difference.shape))


def test_hypothetical_values_after_an_event_are_missing() -> None:
    design, trial = drawn(more="  events: {surgery: {probability: 0.3}}\n", n=2_000)
    response, _ = estimand_values(design, trial, "primary")
    after = trial.events["surgery"][:, None] < trial.day
    assert np.isnan(response[after]).all()
    assert not np.isnan(response[~after]).any()


def test_the_planned_model_is_unbiased_under_the_truth_with_dropout_at_random_and_hypothetical_events() -> None:
    """What power by simulation relies on: draw, apply the estimand, fit, and hold the mean against the truth."""
    from coxa.estimates import contrasts
    from coxa.models import fit_mmrm
    from coxa.study.wording import model_formula

    more = "  dropout: {probability: 0.25, mechanism: mar, odds_ratio: 1.8, gaps: 0.03}\n"
    more += "  events: {surgery: {probability: 0.15, odds_ratio: 1.6, effect: -20}}\n"
    design = trial_design(assumed(more=more))
    truth = true_values(design, n=100).value("primary", "exercise", "week_12")
    assert truth.obtained == "exact"
    formula, found = model_formula(design.study, "primary"), []
    for seed in range(few(60, 150)):
        rows = estimand_frame(design, draw_outcomes(design, seed), "primary")
        fit = fit_mmrm(formula, rows.dropna(subset=["change"]), covariance="us")
        row = contrasts(fit, "arm", against="usual_care").frame.iloc[-1]
        found.append((row["estimate"], row["conf_low"], row["conf_high"]))
    estimate, low, high = np.array(found).T
    assert estimate.mean() == pytest.approx(truth.value, abs=3 * estimate.std() / np.sqrt(len(estimate)))
    covered, error = share((low < truth.value) & (truth.value < high))
    assert covered == pytest.approx(0.95, abs=3 * max(error, (0.05 * 0.95 / len(estimate)) ** 0.5))
