"""Return to sport: events by level, recurrences in gap time, status by visit; in small tables and simulated trials."""

from __future__ import annotations

from functools import cache
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from coxa import analyse, read_cohort
from coxa.cohort.dictionary import load_table
from coxa.derive.build import derive_dataset
from coxa.derive.event_days import event_days
from coxa.derive.events import events_until
from coxa.derive.return_to_sport import derive_returns, statuses_at_visits
from coxa.errors import PlanError
from coxa.report.build import build_document
from coxa.report.topics.analyses.footnotes import at_risk_words
from coxa.report.topics.return_to_sport.section import return_to_sport_section
from coxa.report.topics.return_to_sport.tables import returned_table, statuses_table
from coxa.simulate import simulate_study
from coxa.simulate.from_plan.frames import estimand_frame
from coxa.simulate.from_plan.trial import SimulatedTrial
from coxa.study.reading.read import parse_study
from coxa.study.words import RETURN_STATUSES, ReturnLevel
from coxa.tables.table import Table
from tests.sourced import drawn_and_derived, sourced_plan
from tests.spec.topic_cohort import plan, read, rules

EVENTS = {
    "first_run": {"higher_is_better": True, "source": {"table": "return_to_sport", "level": "first_run"}},
    "full_training": {"higher_is_better": True, "source": {"table": "return_to_sport", "level": "full_training"}},
    "recurrence": {
        "higher_is_better": False,
        "after": "first_run",
        "source": {"table": "return_to_sport", "where": {"recurrence": "yes"}, "date": "recurrence_date"},
    },
}

# participant, day of the status, status, return, recurrence
ROWS = [
    ("u1", "2024-01-20", "first_run", "2024-01-11", None),
    ("u1", "2024-03-01", "full_training", "2024-02-20", None),
    ("u2", "2024-02-10", "full_training", "2024-02-10", "2024-03-01"),
    ("u3", "2024-02-12", "not_returned", None, None),
    ("e1", "2024-01-06", "first_run", "2024-01-06", "2024-01-16"),
    ("e1", "2024-01-26", "first_run", "2024-01-26", "2024-02-15"),
    ("e1", "2024-03-20", "not_returned", None, None),
    ("e2", "2024-02-12", "previous_level", None, None),
]


def returns(rows: list[tuple[str | None, ...]] = ROWS) -> pd.DataFrame:
    frame = pd.DataFrame(
        rows, columns=["participant_id", "assessment_date", "status", "return_date", "recurrence_date"]
    )
    return frame.assign(recurrence=np.where(frame["recurrence_date"].notna(), "yes", None))


def texts(table: Table) -> dict[str, list[str]]:
    return {f"{group.label}: {row.label}": [cell.text for cell in row.cells] for group in table.groups
            for row in group.rows}  # fmt: skip


def test_a_level_is_reached_by_the_first_dated_return_to_it_or_above() -> None:
    cohort = read(plan(events=EVENTS), return_to_sport=returns())
    days = {name: event_days(cohort, name).set_index("participant_id")["day"].to_dict() for name in EVENTS}
    assert days["first_run"] == {"u1": 10, "u2": 40, "e1": 5}
    assert days["full_training"] == {"u1": 50, "u2": 40}
    assert event_days(cohort, "recurrence")["day"].tolist() == [60, 15, 45]


def test_time_to_recurrence_begins_with_the_return_and_those_without_it_are_not_at_risk() -> None:
    own = pd.DataFrame({"participant_id": ["a", "a", "b", "c"], "day": [20.0, 70.0, 5.0, 30.0]})
    start = pd.Series({"a": 10.0, "b": 8.0, "d": 95.0, "f": 40.0})
    end = pd.Series({"a": 100.0, "b": 60.0, "c": 100.0, "d": 100.0, "f": 100.0})
    nobody = pd.DataFrame({"participant_id": ["f"], "day": [50.0]})
    found = events_until(list("abcdf"), 90.0, own, nobody, end, start)
    assert found["time"].fillna(-1).tolist() == [10, 52, -1, -1, 10]
    assert found["status"].tolist() == [1, 0, 0, 0, 2]
    assert found["count"].fillna(-1).tolist() == [2, 0, -1, -1, 0]
    assert found["exposure"].tolist() == [80, 52, 0, 0, 10]
    assert found["event"].fillna(-1).tolist() == [1, -1, -1, -1, 0]
    assert found["event_days"].iloc[0] == (10.0, 60.0)


def test_statuses_at_visits_are_the_last_ones_recorded_by_then() -> None:
    cohort = read(return_to_sport=returns())
    found = statuses_at_visits(cohort).set_index(["participant_id", "visit"])
    at = {person: found.loc[person, "status"][["week_6", "week_12"]].tolist() for person in ("u1", "u3", "e1", "e3")}
    assert at == {
        "u1": ["first_run", "full_training"],
        "u3": ["not_returned", "not_returned"],
        "e1": ["first_run", "not_returned"],
        "e3": ["", ""],
    }
    named = returns([("u1", "2024-01-10", "first_run", None, None)]).assign(visit="week_12")
    by_name = statuses_at_visits(read(return_to_sport=named)).set_index(["participant_id", "visit"])["status"]
    assert by_name["u1"].to_dict() == {"baseline": "", "week_6": "", "week_12": "first_run"}
    two = returns([("u1", "2024-01-10", "first_run", None, None), ("u1", "2024-02-10", "full_training", None, None)])
    two["visit"] = ["week_6", None]
    at = statuses_at_visits(read(return_to_sport=two)).set_index(["participant_id", "visit"])["status"]
    assert at["u1"].to_dict() == {"baseline": "", "week_6": "first_run", "week_12": "full_training"}


def test_the_tables_count_statuses_returns_and_recurrences_per_time_at_risk() -> None:
    study = plan()
    found = derive_returns(read(return_to_sport=returns()))
    assert found is not None
    status = texts(statuses_table(study, found))
    assert status["Week 12: Followed"] == ["3", "3"]
    assert status["Week 12: Full training"] == ["2 (66.7%)", "0 (0.0%)"]
    assert status["Week 12: No status recorded"] == ["0 (0.0%)", "1 (33.3%)"]
    assert found.at_risk.set_index("participant_id")["days"].to_dict() == {"e1": 79, "u1": 74, "u2": 44}
    assert sorted(found.recurrences["days"]) == [10, 20, 40]
    reached = texts(returned_table(study, found))
    assert reached["First run, or a higher level: Participants, n (%)"] == ["2 (66.7%)", "1 (33.3%)"]
    assert reached["First run, or a higher level: Days until half have returned"] == ["40", "–"]
    rows = {label.split(": ")[1]: cells for label, cells in reached.items() if label.startswith("Recurrence after")}
    assert rows["Recurrences"] == ["1", "2"]
    assert rows["Person-years at risk"] == ["0.3", "0.2"]
    assert rows["Recurrences per person-year (95% CI)"][0].startswith(f"{365.25 / 118:.2f} (")


def test_dates_in_the_wrong_order_and_levels_that_fall_are_findings() -> None:
    rows = [
        ("u1", "2024-02-01", "first_run", "2024-01-20", "2024-01-10"),
        ("u2", "2024-02-01", "not_returned", None, "2024-01-10"),
        ("u3", "2024-02-01", "full_training", "2024-01-20", None),
        ("u3", "2024-03-01", "first_run", "2024-02-20", None),
        ("e1", "2024-02-01", "full_training", "2024-01-20", "2024-02-10"),
        ("e1", "2024-03-01", "first_run", "2024-02-20", None),
        ("e2", "2024-02-01", "first_run", None, None),
        ("e3", "2024-02-01", "first_run", "2024-02-20", None),
    ]
    frame = returns(rows)
    frame["injury_date"] = ["2024-01-25", *[None] * 7]
    assert sorted(rules(read(return_to_sport=frame), "return_to_sport")) == [
        ("a recurrence has no return to sport before it", "u2"),
        ("a recurrence is dated before the return to sport", "u1"),
        ("a return is dated after the day on which it was recorded", "e3"),
        ("a return to sport has no date", "e2"),
        ("a return to sport is before the injury", "u1"),
        ("the level of the return falls without a recurrence", "u3"),
    ]
    odd = returns([("u1", "2024-02-01", "first_run", "2024-01-20", None)]).assign(recurrence="yes")
    assert rules(read(return_to_sport=odd), "return_to_sport") == [("a recurrence has no date", "u1")]


def test_a_service_shows_returns_of_all_participants() -> None:
    report = analyse(read(plan("service"), return_to_sport=returns()))
    section = next(one for one in build_document(report).walk() if one.id == "return-to-sport")
    assert texts(section.blocks[0].table)["Week 6: Followed"] == ["6"]
    assert return_to_sport_section(analyse(read())) is None


PLAN = """\
study: runners
title: Return of runners
arms:
  usual: {reference: true, label: Usual training}
  retraining: {label: Movement retraining}
visits:
  baseline: {day: 0, window: [-14, 0]}
  month_3: {day: 91, window: [-21, 21]}
  month_6: {day: 182, window: [-21, 21]}
outcomes:
  pain: {range: [0, 100], higher_is_better: false}
events:
  first_run: {label: First run, higher_is_better: true, source: {table: return_to_sport, level: first_run}}
  full_training: {label: Full training, higher_is_better: true, source: {table: return_to_sport, level: full_training}}
  recurrence:
    higher_is_better: false
    after: first_run
    source: {table: return_to_sport, where: {recurrence: "yes"}, date: recurrence_date}
estimands:
  primary:
    treatment: {compare: retraining, against: usual}
    endpoint: {outcome: full_training, measure: time, visit: month_6}
    summary: hazard_ratio
  first:
    treatment: {compare: retraining, against: usual}
    endpoint: {outcome: recurrence, measure: time, visit: [month_3, month_6]}
    summary: hazard_ratio
  often:
    treatment: {compare: retraining, against: usual}
    endpoint: {outcome: recurrence, measure: count, visit: month_6}
    summary: rate_ratio
analyses:
  primary: {estimand: primary, model: cox}
  first: {estimand: first, model: cox}
  often: {estimand: often, model: counts}
assumptions:
  participants: {usual: 400, retraining: 400}
  outcomes: {pain: {baseline: {mean: 50, sd: 15}, step: 1}}
  happenings:
    first_run: {probability: {usual: 0.8, retraining: 0.9}, shape: 1.5}
    full_training: {probability: {usual: 0.5, retraining: 0.7}, shape: 1.5}
    recurrence: {number: {usual: 0.9, retraining: 0.45}}
  dropout: {probability: 0.1}
"""


@cache
def trial() -> SimulatedTrial:
    return simulate_study(parse_study(PLAN.encode()), seed=4, truth_size=4000)


@pytest.mark.parametrize("estimand", ["primary", "first", "often"])
def test_rows_of_a_simulated_trial_give_back_what_was_drawn(estimand: str) -> None:
    drawn = estimand_frame(trial().design, trial().drawn, estimand)
    cohort = read_cohort(trial().study, trial().tables)
    derived = derive_dataset(cohort, estimand).frame
    assert not [item for item in cohort.findings if item.table == "return_to_sport"]
    for column in ("event", "count", "time", "status", "exposure"):
        if column in drawn:
            np.testing.assert_array_equal(derived[column].astype(float), drawn[column].astype(float), err_msg=column)
    if estimand != "primary":
        assert derived["time" if "time" in drawn else "count"].isna().any()  # never returned: not at risk


def test_levels_come_in_order_and_the_planted_ratios_are_exact() -> None:
    rows = trial().tables["return_to_sport"].query("return_date.notna()")
    places = rows["status"].map({status: k for k, status in enumerate(RETURN_STATUSES)})
    assert (places.groupby(rows["participant_id"]).diff().dropna() > 0).all()
    truth = trial().truth.to_frame().set_index(["estimand", "visit"])
    assert set(truth["obtained"]) == {"exact"}
    assert truth.loc[("often", "month_6"), "value"] == pytest.approx(0.5)
    assert truth.loc[("primary", "month_6"), "value"] == pytest.approx(np.log(0.3) / np.log(0.5))


def test_the_report_finds_what_was_planted_and_says_who_is_at_risk() -> None:
    report = analyse(trial())
    beside = trial().truth.beside(report.estimates.frame)
    assert beside["inside"].all()
    planned = report.study.planned("often")
    assert at_risk_words(planned) == (
        "At risk: participants from their first run on; those without it are not analysed. Who is at risk was decided "
        "after randomisation, so that arms can differ in who is compared."
    )
    found = derive_returns(report.cohort)
    assert found is not None
    years = found.at_risk.groupby("arm")["days"].sum() / 182
    rate = found.recurrences.groupby("arm").size() / years
    assert rate.to_dict() == pytest.approx({"usual": 0.9, "retraining": 0.45}, rel=0.2)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("after: first_run", "after: run", 'no event "run"'),
        ("level: first_run", "level: first_run, date: return_date", "`level` is of `table: return_to_sport`"),
        ("level: first_run}}", "level: first_run}, after: recurrence}", "are counted from an event as well"),
    ],
)
def test_events_that_cannot_be_are_refused(old: str, new: str, fault: str) -> None:
    with pytest.raises(PlanError, match=fault):
        parse_study(PLAN.replace(old, new).encode())


def test_a_higher_level_is_no_more_likely_than_a_lower_one() -> None:
    with pytest.raises(PlanError, match=r"more than 0\.5 of the lower level"):
        parse_study(PLAN.replace("first_run: {probability: {usual: 0.8", "first_run: {probability: {usual: 0.5")
                    .replace("full_training: {probability: {usual: 0.5", "full_training: {probability: {usual: 0.6")
                    .encode())  # fmt: skip
    with pytest.raises(PlanError, match="have one shape"):
        parse_study(PLAN.replace("retraining: 0.7}, shape: 1.5}", "retraining: 0.7}, shape: 2}").encode())


def test_the_statuses_of_a_plan_are_those_of_the_table() -> None:
    assert list(RETURN_STATUSES) == list(load_table("return_to_sport").fields["status"].levels)
    assert list(get_args(ReturnLevel)) == list(RETURN_STATUSES[1:])


LEVEL = "level: {kind: ordered, source: {table: return_to_sport, statuses: [first_run, full_training, previous_level]}}"
RUNS = "runs: {kind: yes_no, source: {table: return_to_sport, statuses: full_training}}"


@pytest.mark.parametrize(
    ("outcome", "assumed", "summary", "model"),
    [
        (
            LEVEL,
            "level: {shares: {0: 0.3, 1: 0.3, 2: 0.3, 3: 0.1}, odds_ratio: {exercise: 2.0}}",
            "cumulative_odds_ratio",
            "ordinal",
        ),
        (RUNS, "runs: {risk: {usual: 0.4, exercise: 0.6}}", "odds_ratio", "logistic"),
    ],
)
def test_levels_at_visits_are_outcomes_whose_rows_give_back_what_was_drawn(
    outcome: str, assumed: str, summary: str, model: str
) -> None:
    study = sourced_plan(outcome, assumed, first=outcome.partition(":")[0], summary=summary, model=model)
    both = drawn_and_derived(study)
    assert len(both) > 150
    np.testing.assert_array_equal(both["derived"], both["drawn"])


def test_levels_are_named_after_their_statuses_and_other_codes_are_refused() -> None:
    study = sourced_plan(LEVEL, "level: {}", first="level", summary="cumulative_odds_ratio", model="ordinal")
    assert study.outcomes["level"].levels == {
        0: "Not returned",
        1: "First run",
        2: "Full training",
        3: "Previous level",
    }
    for outcome, fault in (
        (
            LEVEL.replace("ordered,", "ordered, levels: {1: A, 2: B, 3: C, 4: D},"),
            "values of the source are 0, 1, 2, 3",
        ),
        (LEVEL.replace("kind: ordered", "kind: yes_no"), "ordered levels have several"),
        (LEVEL.replace("kind: ordered, ", ""), "not of `kind: score`"),
        (LEVEL.replace("first_run, full_training", "full_training, first_run"), "not in order"),
    ):
        with pytest.raises(PlanError, match=fault):
            sourced_plan(outcome, "level: {}", first="level", summary="cumulative_odds_ratio", model="ordinal")
