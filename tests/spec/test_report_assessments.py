"""Clinical measures in a report, counted by hand: sides, symmetry, changes and their error."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from coxa.cohort.cohort import Cohort
from coxa.derive.assessments import beyond_error, derive_assessments
from coxa.report.topics.assessments.tables import changes_table, symmetry_means, values_table
from coxa.study.kinds import study_of
from coxa.study.plan import Study
from coxa.tables.table import Table
from tests.spec.treated_trial import cohort, plan

SIDES = {"u1": "left", "u2": "right", "e1": "left", "e2": "right"}

# participant, visit, measure, side, value
ROWS = [
    ("u1", "baseline", "abductor_strength", "left", 1.0),
    ("u1", "baseline", "abductor_strength", "right", 2.0),
    ("u1", "week_12", "abductor_strength", "left", 1.5),
    ("u1", "week_12", "abductor_strength", "right", 2.0),
    ("u2", "baseline", "abductor_strength", "unaffected", 1.0),
    ("u2", "baseline", "abductor_strength", "right", 0.8),
    ("u2", "week_12", "abductor_strength", "right", 0.75),
    ("e1", "baseline", "abductor_strength", "affected", 1.2),
    ("e1", "week_12", "abductor_strength", "affected", 1.0),
    ("u1", "baseline", "timed_up_and_go", None, 9.0),
    ("u1", "week_12", "timed_up_and_go", None, 7.0),
    ("e1", "baseline", "timed_up_and_go", None, 9.0),
    ("e1", "week_12", "timed_up_and_go", None, 10.3),
    ("e2", "baseline", "timed_up_and_go", None, 9.0),
    ("e2", "week_12", "timed_up_and_go", None, 8.5),
    ("u1", "baseline", "thomas_sign", "left", 1.0),
    ("u2", "baseline", "thomas_sign", "right", 0.0),
]


def with_report(**report: Any) -> Study:
    """Return the plan of the treated trial with options of the report."""
    return study_of({**plan().model_dump(exclude_none=True, exclude_defaults=True, by_alias=True), "report": report})


def measured(study: Study | None = None, rows: list[tuple[Any, ...]] = ROWS, **columns: Any) -> Cohort:
    """Return a cohort with clinical measures."""
    frame = pd.DataFrame(rows, columns=["participant_id", "visit", "measure", "side", "value"])
    frame = frame.assign(position=None, trial_number=None, source_file="measures.csv")
    frame = frame.assign(source_row=range(2, len(frame) + 2))
    people = cohort().table("participants")
    people = people.assign(affected_side=people["participant_id"].map(SIDES))
    return cohort(study, participants=people, clinical_measures=frame.assign(**columns))


def texts(table: Table | None) -> dict[str, list[list[str]]]:
    """Return heading of a group -> its rows, each as label and cells."""
    assert table is not None
    return {
        group.label: [[row.label, *(one.text for one in row.cells)] for row in group.rows] for group in table.groups
    }


SIZES = {"usual_care": 3, "exercise": 3}


def test_sides_are_the_affected_and_the_other_one() -> None:
    found = derive_assessments(measured())
    assert [one.measure.name for one in found] == ["abductor_strength", "thomas_sign", "timed_up_and_go"]
    strength = found[0].values.set_index(["participant_id", "visit", "side"])["value"]
    assert strength[("u1", "baseline", "affected")] == 1.0
    assert strength[("u1", "week_12", "symmetry")] == 75.0
    assert strength[("u2", "baseline", "symmetry")] == pytest.approx(80.0)
    assert ("u2", "week_12", "symmetry") not in strength
    assert found[0].sides == ("affected", "other", "symmetry")
    assert found[1].sides == ("affected",)
    assert found[2].sides == ("whole",)


def test_the_table_has_a_row_for_each_side() -> None:
    made = measured()
    groups = texts(values_table(made.study, derive_assessments(made), SIZES))
    strength = groups["Hip abductor strength (Nm/kg), mean (SD)"]
    assert strength[0] == ["Baseline", "", "", "", ""]
    assert strength[1] == ["Affected side", "2", "0.90 (0.14)", "1", "1.20 (–)"]
    assert strength[2] == ["Other side", "2", "1.50 (0.71)", "0", "–"]
    assert strength[3] == ["Limb symmetry (%)", "2", "65.0 (21.2)", "0", "–"]
    assert groups["Thomas test, n (%) positive"][1] == ["Affected side", "2", "1 (50.0%)", "0", "–"]
    assert groups["Timed Up and Go (s), mean (SD)"][1] == ["Week 12", "1", "7.0 (–)", "2", "9.4 (1.3)"]


def test_changes_are_held_against_the_error_of_the_dictionary() -> None:
    """Of three people two changed by more than 1.1 s; fewer seconds are better."""
    made = measured()
    groups = texts(changes_table(made.study, derive_assessments(made), SIZES))
    assert groups["Timed Up and Go (s; MDC 1.1)"] == [
        ["Week 12: change, mean (SD)", "−2.0 (–)", "0.4 (1.3)"],
        ["Improved by more than the MDC, n/N (%)", "1/1 (100.0%)", "0/2 (0.0%)"],
        ["Within the MDC, n/N (%)", "0/1 (0.0%)", "1/2 (50.0%)"],
        ["Worsened by more than the MDC, n/N (%)", "0/1 (0.0%)", "1/2 (50.0%)"],
    ]
    assert groups["Hip abductor strength, affected side (Nm/kg)"] == [
        ["Week 12: change, mean (SD)", "0.22 (0.39)", "−0.20 (–)"]
    ]


def test_a_plan_gives_an_error_of_its_own() -> None:
    given = {"abductor_strength": {"sem": 0.05, "source": "our own raters, n = 12"}}
    made = measured(with_report(measurement_error=given))
    found = derive_assessments(made)
    table = changes_table(made.study, found, SIZES)
    assert "Hip abductor strength, affected side (Nm/kg; MDC 0.14)" in texts(table)
    assert table is not None
    assert any("our own raters" in str(note.text) for note in table.footnotes)
    beyond = beyond_error(found[0]).set_index("participant_id")["beyond"]
    assert beyond.to_dict() == {"u1": 1, "u2": 0, "e1": -1}


def test_an_error_of_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ValidationError, match="did you mean abductor_strength"):
        with_report(measurement_error={"abductor_strenght": {"mdc": 1, "source": "own"}})
    with pytest.raises(ValidationError, match="`sem` or `mdc`"):
        with_report(measurement_error={"abductor_strength": {"source": "own"}})


def test_each_position_is_described_by_itself() -> None:
    rotation = "hip_internal_rotation"
    rows = [("u1", "baseline", rotation, "left", 30.0), ("u2", "baseline", rotation, "right", 38.0)]
    found = derive_assessments(measured(rows=rows, position=["supine", "sitting"]))
    assert [one.label for one in found] == ["Hip internal rotation, supine", "Hip internal rotation, sitting"]
    assert [one.values["value"].tolist() for one in found] == [[30.0], [38.0]]
    assert found[0].sides == ("affected",)


def test_without_an_affected_side_left_and_right_are_shown() -> None:
    rows = [(person, "baseline", "hip_flexion", side, 100.0) for person in ("u3", "e3") for side in ("left", "right")]
    (found,) = derive_assessments(measured(rows=rows))
    assert found.sides == ("left", "right")


def test_symmetry_is_drawn_at_the_first_and_the_last_visit() -> None:
    made = measured()
    means = symmetry_means(made.study, derive_assessments(made), list(SIZES))
    assert means[["visit", "arm", "mean", "n"]].to_numpy().tolist() == [
        ["baseline", "usual_care", 65.0, 2],
        ["week_12", "usual_care", 75.0, 1],
    ]


def test_nothing_measured_is_nothing_shown() -> None:
    assert derive_assessments(cohort()) == ()
