"""Who is allocated to which arm of a simulated trial: by the scheme of the plan, as `coxa randomise` would."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.design import balance, planned_scheme
from coxa.design.by_simulation.run import Piece, replicate_seed, trials_of
from coxa.simulate import draw_outcomes, trial_design
from coxa.simulate.from_plan.draw import blocks
from coxa.study import Study
from coxa.study.reading.read import parse_study
from tests.spec.assumed_trial import ASSUMED, SMALL, assumed

CLUSTERS = "  clusters: {site_id: {number: 6, icc: 0.03, own_per_arm: true}}\n"


def randomised(how: str, *, participants: str = "{usual_care: 60, exercise: 60}", more: str = "") -> Study:
    text = ASSUMED.replace("{usual_care: 60, exercise: 60}", participants)
    design = "design: cluster\n" * ("cluster" in how) + f"randomisation: {how}"
    plan = SMALL.replace("DESIGN", design).replace(" model:", " role: supplementary, model:")
    return parse_study((plan + text + more).encode())


def arms_of(study: Study, seeds: range = range(1, 2)) -> np.ndarray:
    return np.array([draw_outcomes(trial_design(study), seed).arm for seed in seeds])


def test_without_a_scheme_arms_have_exactly_the_numbers_of_the_plan_in_random_blocks() -> None:
    arms = blocks(np.random.default_rng(1), np.array([20, 40]))
    assert np.bincount(arms).tolist() == [20, 40]
    counts = np.array([np.bincount(arms[k : k + 6], minlength=2) for k in range(0, 60, 6)])
    assert (counts == [2, 4]).all()
    odd = blocks(np.random.default_rng(1), np.array([7, 5]))
    assert np.bincount(odd).tolist() == [7, 5]
    assert (arms_of(assumed(), range(5)).sum(axis=1) == 60).all()


def test_simple_randomisation_leaves_the_numbers_to_chance() -> None:
    """Of 120 participants 60 on average, with the binomial's standard deviation, sqrt(120 / 4) = 5.48."""
    numbers = arms_of(randomised("{scheme: simple}"), range(400)).sum(axis=1)
    assert numbers.mean() == pytest.approx(60, abs=4 * 5.48 / np.sqrt(400))
    assert numbers.std() == pytest.approx(5.48, rel=0.15)


def test_blocks_hold_every_arm_in_its_share_in_the_order_of_enrolment() -> None:
    arms = arms_of(randomised("{scheme: blocks, block_sizes: 4}"))[0]
    assert (arms.reshape(30, 4).sum(axis=1) == 2).all()
    unequal = "{scheme: blocks, block_sizes: 3, ratio: {usual_care: 1, exercise: 2}}"
    arms = arms_of(randomised(unequal, participants="120"))[0]
    assert (arms.reshape(40, 3).sum(axis=1) == 2).all()


def test_every_stratum_has_blocks_of_its_own() -> None:
    trial = draw_outcomes(trial_design(randomised("{scheme: blocks, block_sizes: [4], strata: [site, sex]}")), 3)
    strata = trial.covariates["site"] * 2 + trial.covariates["sex"]
    for stratum in range(6):
        arms = trial.arm[strata == stratum]
        whole = len(arms) // 4 * 4
        assert (arms[:whole].reshape(-1, 4).sum(axis=1) == 2).all()


def test_minimisation_balances_each_factor_as_its_own_simulation_says() -> None:
    """Departure within the worst level of a factor, of 60 simulated trials and of 2,000 lists of the scheme."""
    study = randomised("{scheme: minimisation, factors: [site, sex], probability: 0.9}")
    expected = balance(planned_scheme(study), 120, replicates=2_000, seed=1).frame
    found = []
    for seed in range(60):
        trial = draw_outcomes(trial_design(study), seed)
        counts = pd.crosstab(trial.covariates["site"], trial.arm)
        found.append(float((counts[0] - counts[1]).abs().max() / 2))
    mean = float(expected.loc[expected["within"] == "site", "mean"].iloc[0])
    assert np.mean(found) == pytest.approx(mean, abs=4 * np.std(found) / np.sqrt(60))
    assert mean < 2  # by independent draws it is about 4


def test_whole_clusters_are_randomised_and_arms_have_the_participants_of_their_clusters() -> None:
    study = randomised("{scheme: blocks, block_sizes: 4, cluster: site_id}", more=CLUSTERS)
    trial = draw_outcomes(trial_design(study), 1)
    table = pd.crosstab(trial.clusters["site_id"], trial.arm)
    assert len(table) == 12
    assert ((table > 0).sum(axis=1) == 1).all()
    assert (table > 0).sum().tolist() == [6, 6]
    assert table.sum(axis=1).tolist() == [10] * 12
    by_chance = randomised("{scheme: simple, cluster: site_id}", more=CLUSTERS)
    clusters = [
        len(set(trial.clusters["site_id"][trial.arm == 1]))
        for trial in (draw_outcomes(trial_design(by_chance), seed) for seed in range(20))
    ]
    assert len(set(clusters)) > 1


def test_numbers_that_are_not_in_the_ratio_are_those_of_a_trial_that_is_over() -> None:
    study = randomised("{scheme: simple}", participants="{usual_care: 49, exercise: 53}")
    assert np.bincount(arms_of(study)[0]).tolist() == [49, 53]


@pytest.mark.parametrize(
    ("how", "more"),
    [
        ("{scheme: minimisation, factors: [site, sex]}", ""),
        ("{scheme: blocks, block_sizes: [4, 6], strata: site}", ""),
        ("{scheme: blocks, block_sizes: 4, cluster: site_id}", CLUSTERS),
    ],
)
def test_the_trials_of_a_power_simulation_are_those_drawn_one_by_one(how: str, more: str) -> None:
    study = randomised(how, more=more)
    piece = Piece(study, 60, ("primary",), seed=1, first=0, count=5)
    together = trials_of(piece, trial_design(study, participants=60))[0]
    for place, trial in enumerate(together):
        alone = draw_outcomes(trial_design(study, participants=60), replicate_seed("small", 1, 60, place))
        assert trial.arm.tolist() == alone.arm.tolist()
        assert np.array_equal(trial.value, alone.value, equal_nan=True)
        assert {name: code.tolist() for name, code in trial.clusters.items()} == {
            name: code.tolist() for name, code in alone.clusters.items()
        }
