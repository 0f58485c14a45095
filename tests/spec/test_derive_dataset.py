"""From checked tables to an estimand's rows: tiny drawn tables, the result written out."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.derive import derive_analysis_sets, derive_dataset
from coxa.errors import CoxaError, DataError
from coxa.findings import Findings
from tests.spec.test_study_read import PLAN, parse

PLAN_3 = PLAN.replace("  week_12:", "  week_6: {day: 42}\n  week_12:").replace(
    "higher_is_better: true}", "higher_is_better: true, responder: {measure: change, at_least: 10}}"
)


def drawn(text: str) -> pd.DataFrame:
    """Read a table drawn with bars; an empty cell is missing."""
    rows = [line.strip().strip("|") for line in text.strip().splitlines()]
    frame = pd.read_csv(io.StringIO("\n".join(rows)), sep=r"\s*\|\s*", engine="python", skipinitialspace=True)
    return frame.rename(columns=str.strip)


PEOPLE = drawn(
    """
    participant_id | arm        | randomisation_date | site
    a              | usual_care | 2026-01-01         | north
    b              | exercise   | 2026-01-01         | south
    c              | exercise   | 2026-01-01         | north
    """
)
VALUES = drawn(
    """
    participant_id | visit    | value | assessment_date | source_row
    a              | baseline | 50    | 2026-01-01      | 2
    a              | week_6   | 55    | 2026-02-12      | 3
    a              | week_12  | 60    | 2026-03-26      | 4
    b              | baseline | 40    | 2026-01-01      | 5
    b              | week_6   | 52    | 2026-02-12      | 6
    b              | week_12  | 70    | 2026-03-26      | 7
    c              | week_6   | 45    | 2026-02-12      | 8
    c              | week_12  | 44    | 2026-03-26      | 9
    """
).assign(outcome="pain", source_file="made.csv", source_column="")
SURGERY = drawn(
    """
    participant_id | event       | event_date | source_row
    b              | hip_surgery | 2026-03-01 | 2
    """
)


def cohort(plan: str = PLAN_3, **tables: pd.DataFrame) -> Cohort:
    named = {"participants": PEOPLE, "assessments": VALUES, **tables}
    return Cohort(parse(plan), named, Findings(), Disposition(), ())


def values(dataset_frame: pd.DataFrame, column: str) -> dict[tuple[str, str], float | None]:
    return {
        (row.participant_id, row.visit): None if pd.isna(getattr(row, column)) else getattr(row, column)
        for row in dataset_frame.itertuples()
    }


def test_change_is_value_minus_baseline_and_missing_without_one() -> None:
    frame = derive_dataset(cohort(), "primary").frame
    assert values(frame, "change") == {
        ("a", "week_6"): 5.0,
        ("a", "week_12"): 10.0,
        ("b", "week_6"): 12.0,
        ("b", "week_12"): 30.0,
        ("c", "week_6"): None,
        ("c", "week_12"): None,
    }
    assert values(frame, "percent_change")["b", "week_12"] == 75.0
    assert values(frame, "responder")["a", "week_12"] == 1.0
    assert values(frame, "responder")["a", "week_6"] == 0.0


def test_arms_and_visits_are_in_the_plans_order() -> None:
    frame = derive_dataset(cohort(), "primary").frame
    assert list(frame["arm"].cat.categories) == ["usual_care", "exercise"]
    assert list(frame["visit"].cat.categories) == ["week_6", "week_12"]


def test_participants_of_the_analysis_set_are_counted_once() -> None:
    counts = derive_dataset(cohort(), "primary").disposition.counts.set_index("stage")
    assert counts.loc["analysis set of primary", ["entered", "kept", "left_out"]].tolist() == [3, 3, 0]
    assert counts.loc["values of primary", ["entered", "kept", "left_out"]].tolist() == [6, 4, 2]


def test_each_value_knows_the_row_it_came_from() -> None:
    frame = derive_dataset(cohort(), "primary").frame
    assert values(frame, "source_row")["b", "week_12"] == 7


def test_a_value_without_baseline_is_listed_with_its_reason() -> None:
    disposition = derive_dataset(cohort(), "primary").disposition
    listed = disposition.left_out[disposition.left_out["stage"] == "values of primary"]
    assert list(listed["participant_id"]) == ["c", "c"]
    assert set(listed["reason"]) == {"no change: baseline missing"}
    assert disposition.imbalance().empty


@pytest.mark.parametrize(
    ("strategy", "week_12", "handled"),
    [
        ("treatment_policy", 70.0, ""),
        ("hypothetical", None, "hypothetical: hip_surgery"),
        ("while_on_treatment", 52.0, "while_on_treatment: hip_surgery"),
        ("{strategy: composite, value: worst}", 0.0, "composite: hip_surgery"),
        ("{strategy: composite, value: 35}", 35.0, "composite: hip_surgery"),
    ],
)
def test_a_strategy_acts_on_the_visits_after_the_event(strategy: str, week_12: float | None, handled: str) -> None:
    plan = PLAN_3.replace("hip_surgery: hypothetical", f"hip_surgery: {strategy}")
    frame = derive_dataset(cohort(plan, intercurrent_events=SURGERY), "primary").frame
    assert values(frame, "value")["b", "week_6"] == 52.0  # before the event
    assert values(frame, "value")["b", "week_12"] == week_12
    assert values(frame, "handled")["b", "week_12"] == handled


def test_a_value_set_missing_by_a_strategy_is_listed() -> None:
    disposition = derive_dataset(cohort(intercurrent_events=SURGERY), "primary").disposition
    reasons = disposition.left_out.set_index(["participant_id", "visit"])["reason"]
    assert reasons["b", "week_12"] == "intercurrent event, hypothetical: hip_surgery"
    assert disposition.imbalance().empty


def test_an_event_without_a_date_cannot_be_placed() -> None:
    undated = SURGERY.assign(event_date=None)
    with pytest.raises(DataError, match="Add the date, or handle this event by treatment_policy"):
        derive_dataset(cohort(intercurrent_events=undated), "primary")


def test_an_unknown_estimand_is_answered_with_those_there_are() -> None:
    with pytest.raises(CoxaError, match="Choose primary"):
        derive_dataset(cohort(), "primry")


def test_analysis_sets_say_why_somebody_is_not_in_them() -> None:
    plan = PLAN_3.replace(
        "estimands:", "per_protocol: {min_attendance: 0.5, without_events: [hip_surgery]}\nestimands:"
    )
    sessions = drawn(
        """
        participant_id | attended | setting
        a              | True     | supervised
        a              | False    | supervised
        b              | True     | supervised
        c              | False    | supervised
        c              | True     | home
        """
    )
    people = PEOPLE.assign(
        excluded_after_randomisation=[True, False, False], exclusion_reason=["no hip pain", None, None]
    )
    found = derive_analysis_sets(
        cohort(plan, participants=people, treatment_sessions=sessions, intercurrent_events=SURGERY)
    ).set_index("participant_id")
    assert found["in_randomised_set"].tolist() == [True, True, True]
    assert found["in_full_analysis_set_reason"].tolist() == ["excluded after randomisation: no hip pain", "", ""]
    assert found["in_safety_set_reason"].tolist() == ["", "", "attended no session"]
    assert found["in_per_protocol_set_reason"].tolist() == [
        "excluded after randomisation: no hip pain",
        "had hip_surgery",
        "attended less than 50% of sessions",
    ]


def test_scores_come_from_items_with_a_reason_where_there_is_none() -> None:
    plan = PLAN_3.replace("pain: {range: [0, 100], higher_is_better: true,", "pain: {instrument: hoos, scale: pain,")
    items = pd.DataFrame(
        [
            {
                "participant_id": who,
                "visit": visit,
                "instrument": "hoos",
                "item": f"p{k}",
                "value": value,
                "source_row": 2,
            }
            for who, visit, value, answered in [
                ("a", "baseline", 2, 10),
                ("a", "week_12", 1, 5),
                ("b", "baseline", 1, 4),
            ]
            for k in range(1, answered + 1)
        ]
    ).assign(source_file="items.csv")
    dataset = derive_dataset(cohort(plan, assessments=pd.DataFrame(), item_responses=items), "primary")
    assert values(dataset.frame, "change")["a", "week_12"] == 25.0  # from 50 to 75
    (finding,) = dataset.findings
    assert finding.severity == "warning"
    assert "4 of 10 items answered" in finding.rule
