"""Screening logs of simulated trials: numbers of the plan, seeds of their own, and a flow that adds up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coxa.cohort.read import read_cohort
from coxa.derive import derive_dataset
from coxa.errors import PlanError
from coxa.report.topics.participants.flow.build import participant_flow
from coxa.simulate import simulate_study
from coxa.simulate.from_plan.tables import NotEnrolled, draw_log, numbers_of
from coxa.study import Study
from coxa.study.reading.read import parse_study
from synthetic_data.hip_oa_trial.simulator.design import HipOADesign
from synthetic_data.hip_oa_trial.simulator.screening import OUTSIDE
from synthetic_data.hip_oa_trial.simulator.trial import draw_tables
from tests.spec.assumed_trial import ASSUMED, SMALL

SCREENING = """\
  screening:
    excluded: {other joint: 20, too ill: 0.1}
    declined: {no time: 0.2}
    other: {not reached: 4}
"""


def plan(screening: str = SCREENING, data: str = "", folder: str = ".") -> Study:
    text = SMALL.replace("DESIGN\n", "") + ASSUMED + screening + data
    return parse_study(text.encode(), folder=folder)


def test_shares_are_of_everybody_assessed() -> None:
    # 120 take part, 24 are given as numbers; they are 70 % of those assessed: 144 / 0.7 = 205.7.
    outside = [NotEnrolled("a", 24), NotEnrolled("b", 0.1), NotEnrolled("c", 0.2), NotEnrolled("d", 0)]
    assert numbers_of(outside, 120) == [24, 21, 41, 0]


def test_a_log_is_in_order_and_before_randomisation() -> None:
    entry = np.array([5, 40, 90])
    log = draw_log(np.random.default_rng(1), [NotEnrolled("a", 9, eligible=False)], 3, entry)
    day = entry[log["like"]] - log["wait"]
    assert day.is_monotonic_increasing if isinstance(day, pd.Series) else (np.diff(day) >= 0).all()
    assert log["wait"].between(1, 28).all()
    assert sorted(log.loc[log["enrolled"], "like"]) == [0, 1, 2]
    assert log.loc[~log["enrolled"], "eligible"].tolist() == [False] * 9


def test_a_plan_without_screening_has_no_log_and_one_with_it_changes_nothing_else() -> None:
    without, with_log = (simulate_study(plan(screening), seed=3, truth_size=50) for screening in ("", SCREENING))
    assert "screening" not in without.tables
    for name, frame in without.tables.items():
        pd.testing.assert_frame_equal(frame, with_log.tables[name])


def test_the_flow_of_a_simulated_trial_has_the_numbers_of_its_plan(tmp_path: Path) -> None:
    trial = simulate_study(plan(), seed=3, truth_size=50)
    tables = []
    for name, frame in trial.tables.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        keys = ", ".join(f"{key}: {{{', '.join(f'{a}: {b}' for a, b in value.items())}}}" if isinstance(value, dict)
                         else f"{key}: '{value}'" for key, value in trial.sources[name].items())  # fmt: skip
        tables.append(f"    {name}: {{file: {name}.csv{', ' + keys if keys else ''}}}\n")
    study = plan(data="data:\n  tables:\n" + "".join(tables), folder=str(tmp_path))
    cohort = read_cohort(study).require_clean()
    flow = participant_flow(cohort, derive_dataset(cohort, "primary"))
    excluded = flow.box("excluded")
    assert excluded
    assert [(part.label, part.n) for part in excluded.count.parts] == [
        ("Not eligible", 41), ("Declined to take part", 41), ("Other reasons", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("screening", "message"),
    [
        ("  screening: {excluded: {a: 1.5}}\n", "neither a whole number of people nor a share below 1"),
        ("  screening: {excluded: {a: -1}}\n", "a number of people, or a share below 1"),
        ("  screening: {excluded: {a: 0.6}, declined: 0.5}\n", "no person is left to take part"),
    ],
)
def test_impossible_numbers_are_refused(screening: str, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        plan(screening)


def test_the_worked_example_has_its_fixed_numbers_and_keeps_its_other_files() -> None:
    tables = draw_tables(HipOADesign(), 63, 2025)
    log = tables["screening"]
    assert len(log) == 189 + sum(int(group.number) for group in OUTSIDE) == 356
    assert set(log["participant_id"]) - {""} == set(tables["participants"]["participant_id"])
    assert len(draw_tables(HipOADesign(), 10, 1)["screening"]) < 60
