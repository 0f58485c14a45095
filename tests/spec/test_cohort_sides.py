"""Clinical measures in a file: sides, positions, devices and trials that do not fit are findings with a remedy."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coxa.cohort.cohort import Cohort
from tests.spec.cohort_trial import LONG, PARTICIPANTS, PLAN, messages, only, read_tiny

ROW = {"id": "02", "visit": "baseline", "measure": "hip_flexion", "side": "affected", "value": 100}
OF_SIDE = PLAN.replace(
    "covariates:",
    "  flexion: {source: {table: clinical_measures, measure: hip_flexion}}\n"
    "  squeeze: {source: {table: clinical_measures, measure: adductor_squeeze, trials: highest}}\ncovariates:",
)


def read_measures(
    folder: Path, *rows: dict[str, object], plan: str = PLAN, people: pd.DataFrame | None = None
) -> Cohort:
    """Read the tiny trial with clinical measures, each row with the fields of `ROW` unless it has others."""
    pd.DataFrame([{**ROW, **row} for row in rows]).to_csv(folder / "measures.csv", index=False)
    data = LONG + "    clinical_measures: {file: measures.csv, columns: {participant_id: id}}\n"
    return read_tiny(folder, people, data=data, plan=plan)


def test_a_side_is_empty(tmp_path: Path) -> None:
    finding = only(read_measures(tmp_path, {"side": ""}, {"measure": "six_minute_walk", "side": "", "value": 500}))
    assert (finding.rule, finding.value) == ("the measure has two sides, and the side is empty", "hip_flexion")


def test_one_side_is_missing_where_the_others_have_both(tmp_path: Path) -> None:
    both = [{"id": person, "side": side} for person in ("01", "02") for side in ("left", "right")]
    finding = only(read_measures(tmp_path, *both, {"id": "03", "side": "left"}))
    assert (finding.participant_id, finding.value) == ("03", "left")
    assert finding.rule == "`hip_flexion` was measured on one side only at a visit"
    assert not messages(read_measures(tmp_path, {"side": "left"}, {"id": "01", "side": "left"}))


def test_left_and_right_need_the_affected_side_where_a_plan_asks_for_it(tmp_path: Path) -> None:
    rows = [{"side": "left"}, {"side": "right"}, {"id": "01"}]
    squeeze = {"measure": "adductor_squeeze", "side": "", "value": 2}
    made = read_measures(tmp_path, *rows, squeeze, plan=OF_SIDE)
    (finding,) = [one for one in made.findings if "affected side of the participant" in one.rule]
    assert (finding.severity, finding.participant_id) == ("warning", "02")
    people = PARTICIPANTS.assign(affected_side="left")
    known = read_measures(tmp_path, *rows, squeeze, plan=OF_SIDE, people=people)
    assert not [one for one in known.findings if "affected side of the participant" in one.rule]


def test_position_and_device_that_change(tmp_path: Path) -> None:
    first = {"position": "supine", "device": "goniometer"}
    made = read_measures(tmp_path, first, {**first, "visit": "week_6", "position": "prone", "device": "inclinometer"})
    assert [(finding.field, finding.value) for finding in made.findings] == [
        ("position", "hip_flexion, prone"),
        ("device", "hip_flexion, inclinometer"),
    ]


def test_several_trials_are_noted_unless_the_plan_says_which_counts(tmp_path: Path) -> None:
    trials = [{"trial_number": 1}, {"trial_number": 2, "value": 104}]
    finding = only(read_measures(tmp_path, *trials))
    assert (finding.severity, finding.n_rows) == ("note", 2)
    assert finding.rule == "`hip_flexion` was measured in several trials at a visit"
    squeeze = [{"measure": "adductor_squeeze", "side": "", "value": 2, "trial_number": n} for n in (1, 2)]
    made = read_measures(tmp_path, ROW, *squeeze, plan=OF_SIDE)
    assert not [one for one in made.findings if "several trials" in one.rule]
