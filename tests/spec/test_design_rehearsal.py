"""A rehearsal runs the plan on blinded data: it never reads the allocation, and judges with its own error."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coxa.design.by_simulation.rehearsal import judged, rehearse
from coxa.design.by_simulation.rehearsed import blind, drawn_anew, planted, shuffled
from coxa.simulate import trial_design
from coxa.study import Study
from coxa.study.kinds import study_of
from tests.spec.assumed_trial import assumed
from tests.spec.power_plan import MMRM, power_plan

DATA = {
    "ignore_unlisted": True,
    "tables": {
        "participants": {
            "file": "participants.csv",
            "columns": {"participant_id": "participant_id", "arm": "allocated", "age": "age"},
        },
        "assessments": {
            "file": "assessments.csv",
            "columns": {
                "participant_id": "participant_id",
                "visit": "visit",
                "outcome": "outcome",
                "value": "value",
            },
        },
    },
}


@pytest.fixture
def trial(tmp_path: Path) -> tuple[Study, Path]:
    """Return a plan and the folder of a trial drawn from it."""
    from coxa.simulate import draw_outcomes

    study = power_plan({"primary": MMRM, "ancova": {"estimand": "primary", "model": "ancova", "adjust": ["baseline"]}})
    design = trial_design(study)
    drawn = draw_outcomes(design, seed=5)
    names = [f"P{k:03d}" for k in range(design.n)]
    people = {"participant_id": names, "allocated": [design.arms[k] for k in drawn.arm], "age": drawn.covariates["age"]}
    pd.DataFrame(people).to_csv(tmp_path / "participants.csv", index=False)
    rows = [
        (name, visit, "pain", min(max(drawn.value[i, 0, t], 0.0), 100.0))
        for i, name in enumerate(names)
        for t, visit in enumerate(design.visits)
        if drawn.present[i, t]
    ]
    pd.DataFrame(rows, columns=["participant_id", "visit", "outcome", "value"]).to_csv(
        tmp_path / "assessments.csv", index=False
    )
    held = study.model_dump(mode="json", exclude_unset=True)
    return study_of({**held, "data": DATA}), tmp_path


def test_another_allocation_changes_nothing(trial: tuple[Study, Path]) -> None:
    study, folder = trial
    before = rehearse(study, folder, replicates=20).frame
    people = pd.read_csv(folder / "participants.csv")
    people.drop(columns="allocated").to_csv(folder / "participants.csv", index=False)
    pd.testing.assert_frame_equal(rehearse(study, folder, replicates=20).frame, before)


def test_the_blinded_plan_has_no_word_of_the_arm(trial: tuple[Study, Path]) -> None:
    source = blind(trial[0]).data
    assert source is not None
    assert "allocated" not in source.model_dump_json()


def test_a_planted_effect_is_found_again(trial: tuple[Study, Path]) -> None:
    study, folder = trial
    found = rehearse(study, folder, replicates=100)
    assert found.n == 90
    assert set(found.frame["truth"]) == {8.0, 4.0}
    assert (found.frame["bias"].abs() < 4 * found.frame["bias_error"]).all()
    assert (found.frame["coverage"] > 0.85).all()
    none = rehearse(study, folder, replicates=100, effect=0.0)
    assert (none.frame["power"] < 0.16).all()
    assert (none.frame["truth"] == 0).all()


def test_arms_are_shuffled_in_the_numbers_of_the_plan(trial: tuple[Study, Path]) -> None:
    design = trial_design(trial[0])
    one, two = (shuffled(design, 90, 1, k) for k in (0, 1))
    assert [int((one == arm).sum()) for arm in range(3)] == [30, 30, 30]
    assert (one != two).any()


def test_clusters_nested_in_others_that_the_model_does_not_have_are_drawn_anew() -> None:
    """Two therapists in each of three clinics, and a random effect of therapists only: six therapists."""
    more = "  clusters: {site_id: {number: 3}, therapist_id: {number: 2, within: site_id, icc: 0.1}}\n"
    design = trial_design(assumed(more=more))
    alone = drawn_anew(design, ["therapist_id"])
    assert [(factor.name, factor.number, factor.within) for factor in alone] == [("therapist_id", 6, None)]
    both = drawn_anew(design, ["site_id", "therapist_id"])
    assert [(factor.name, factor.number, factor.within) for factor in both] == [
        ("site_id", 3, None), ("therapist_id", 2, "site_id")
    ]  # fmt: skip


def test_rows_that_come_in_are_not_changed(trial: tuple[Study, Path]) -> None:
    from coxa.design.by_simulation.rehearsed import read_skeleton

    study, folder = trial
    rows = read_skeleton(study, folder, ["primary"]).rows["primary"]
    before = rows.copy(deep=True)
    made = planted(study, trial_design(study), "primary", rows, 1, 0, 1.0)
    pd.testing.assert_frame_equal(rows, before)
    assert (made["value"].isna() == rows["value"].isna()).all()


def line(**over: float) -> dict[str, float]:
    """Return a result in which all is well."""
    well = {"power": 0.9, "power_error": 0.01, "coverage": 0.95, "coverage_error": 0.007, "converged": 1.0}
    return {**well, "fallback": 0.0, "replicates": 1000, **over}


def test_verdicts() -> None:
    assert judged(line(), 0.8, 0.95)["verdict"] == "PASS"
    assert judged(line(power=0.81), 0.8, 0.95)["verdict"] == "RISK"
    assert judged(line(power=0.7), 0.8, 0.95) == {
        "verdict": "FAIL",
        "decided_by": "power",
        "reason": "power 70.0% (wanted 80.0%), Monte Carlo error 1.0%",
    }
    assert judged(line(coverage=0.9), 0.8, 0.95)["verdict"] == "FAIL"
    assert judged(line(converged=0.95), 0.8, 0.95)["reason"].startswith("no number in 5.0%")
    assert judged(line(fallback=0.2), 0.8, 0.95)["verdict"] == "RISK"
    assert judged(line(power=0.05), None, 0.95)["verdict"] == "PASS"
