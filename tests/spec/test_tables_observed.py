"""Values as recorded, by visit and arm: counted, averaged, and compared with baseline by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coxa.cohort import Cohort
from coxa.derive.observed import observed_values
from coxa.report.topics.data.not_reported import not_reported_table
from coxa.report.topics.observed.table import arm_sizes, observed_table
from coxa.study import Study
from coxa.tables.table import Table
from tests.spec.small_trial import cohort, plan

PAIN: list[tuple[str, float | None, float | None, float | None]] = [
    # participant, baseline, week 6, week 12
    ("A1", 50.0, 60.0, 70.0),
    ("A2", 40.0, None, 52.0),
    ("A3", None, 45.0, None),
    ("B1", 30.0, 20.0, 10.0),
    ("B2", 50.0, None, None),
]
VISITS = ("baseline", "week_6", "week_12")


def drawn(values: list[tuple[str, float | None, float | None, float | None]] = PAIN, **changed: object) -> Cohort:
    """Return a cohort of usual care (A), exercise (B) and one participant in no arm; `changed` alters the outcome."""
    study = plan()
    outcomes = {"pain": study.outcomes["pain"].model_copy(update=changed)}
    arms = {"A": "usual_care", "B": "exercise", "C": None}
    everybody = [*values, ("C1", 0.0, 0.0, 0.0)]
    people = pd.DataFrame([(name, arms[name[0]]) for name, *_ in everybody], columns=["participant_id", "arm"])
    rows = [
        (name, visit, "pain", value)
        for name, *given in everybody
        for visit, value in zip(VISITS, given, strict=True)
        if value is not None
    ]
    assessments = pd.DataFrame(rows, columns=["participant_id", "visit", "outcome", "value"])
    planned: Study = study.model_copy(update={"outcomes": outcomes})
    return replace(cohort(study), study=planned, tables={"participants": people, "assessments": assessments})


def table(made: Cohort) -> Table:
    return observed_table(made.study, observed_values(made), arm_sizes(made))


def texts(made: Table) -> list[tuple[str, list[str]]]:
    return [(row.label, [cell.text for cell in row.cells]) for row in made.rows()]


def test_every_visit_has_n_mean_and_sd_of_the_value_and_of_its_change() -> None:
    made, label = table(drawn()), plan().label
    assert [str(spanner).replace("\xa0", " ") for spanner, _ in made.spanners()] == [
        f"{label('arms', 'usual_care')} (N = 3)",
        f"{label('arms', 'exercise')} (N = 2)",
        f"{label('arms', 'manual_therapy')} (N = 0)",
    ]
    assert texts(made) == [
        (label("visits", "baseline"), ["2", "45.0 (7.1)", "2", "40.0 (14.1)", "0", "–"]),
        (label("visits", "week_6"), ["2", "52.5 (10.6)", "1", "20.0 (–)", "0", "–"]),
        ("Change from baseline", ["1", "10.0 (–)", "1", "−10.0 (–)", "0", "–"]),
        (label("visits", "week_12"), ["2", "61.0 (12.7)", "1", "10.0 (–)", "0", "–"]),
        ("Change from baseline", ["2", "16.0 (5.7)", "1", "−20.0 (–)", "0", "–"]),
    ]


def test_a_median_is_shown_where_the_plan_asks_for_it() -> None:
    made = table(drawn(summary="median_iqr"))
    assert made.groups[0].label.endswith("median [Q1, Q3]")
    assert texts(made)[0][1][:2] == ["2", "45.0 [42.5, 47.5]"]


def test_yes_and_no_are_counted_and_have_no_change() -> None:
    made = table(drawn([("A1", 0.0, 1.0, 1.0), ("A2", 0.0, 0.0, 1.0), ("B1", 1.0, 1.0, None)], range=(0.0, 1.0)))
    assert made.groups[0].label.endswith("n (%) with 1")
    assert [cells[:4] for _, cells in texts(made)] == [
        ["2", "0 (0.0%)", "1", "1 (100.0%)"],
        ["2", "1 (50.0%)", "1", "1 (100.0%)"],
        ["2", "2 (100.0%)", "0", "–"],
    ]


def test_values_keep_their_participant_baseline_and_percent_change() -> None:
    rows = observed_values(drawn()).set_index(["participant_id", "visit"])
    assert rows.loc[("A1", "week_12"), ["value", "baseline", "change", "percent_change"]].tolist() == [70, 50, 20, 40]
    assert rows.loc[("A1", "baseline"), ["change", "percent_change"]].isna().all()
    assert rows.loc[("A3", "week_6"), ["baseline", "change"]].isna().all()
    assert "C1" not in rows.index.get_level_values("participant_id")


def test_tables_that_no_section_shows_are_named() -> None:
    made = drawn()
    assert not_reported_table(made) is None
    totals = pd.DataFrame({"participant_id": ["A1"], "attended": [9]})
    assert not_reported_table(replace(made, tables={**made.tables, "session_totals": totals})) is None
    goals = pd.DataFrame({"participant_id": ["A1", "A1", "B1"], "goal_number": [1, 2, 1]})
    assert not_reported_table(replace(made, tables={**made.tables, "goals": goals})) is None  # a section of its own
    events = pd.DataFrame({"participant_id": ["A1", "A1", "B1"], "event": ["injury", "injury", "surgery"]})
    named = not_reported_table(replace(made, tables={**made.tables, "outcome_events": events}))  # no event of the plan
    assert named is not None
    assert texts(named) == [("Events", ["2", "3", "No"])]
