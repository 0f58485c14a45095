"""The dose of exercise done of that prescribed: rows, weeks, participants, tables, an outcome, simulated logs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa import analyse, read_cohort, simulate_study
from coxa.derive import derive_dose
from coxa.derive.exercise_dose import derive_exercises, derive_weekly_doses, exercise_doses
from coxa.derive.sources.exercise_log import done_at_visits
from coxa.errors import OptionError, PlanError
from coxa.report.build import build_document
from coxa.report.topics.delivery.adherence import adherence_blocks, weekly_means
from coxa.study.outcome_sources.exercise_log import ExerciseSource
from coxa.tables.table import Table
from tests.sourced import drawn_and_derived, sourced_plan
from tests.spec.assumed_trial import assumed
from tests.spec.topic_cohort import plan, read, rules

# participant, day, exercise, sets, repetitions, hold, load, exertion, prescribed: sets, repetitions, hold, load
ROWS = [
    ("e1", "2024-01-02", "clamshell", 3, 10, None, 5, 6, 3, 10, None, 5),
    ("e1", "2024-01-02", "side_plank", 2, None, 15, None, 7, 3, None, 30, None),
    ("e1", "2024-01-09", "clamshell", 0, None, None, None, None, 3, 10, None, 5),
    ("e2", "2024-01-03", "clamshell", 3, 12, None, 4, 4, 3, 10, None, 5),
    ("e2", "2024-02-20", "clamshell", 1, 10, None, 5, 5, 2, 10, None, 5),
    ("u1", "2024-01-05", "calf stretch", 1, None, None, None, None, 2, None, None, None),
]
NAMES = [
    "participant_id",
    "exercise_date",
    "exercise",
    "sets",
    "repetitions",
    "hold",
    "load",
    "perceived_exertion",
    "sets_prescribed",
    "repetitions_prescribed",
    "hold_prescribed",
    "load_prescribed",
]


def log() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=NAMES)


def texts(table: Table) -> dict[str, list[str]]:
    return {f"{group.label}: {row.label}": [cell.text for cell in row.cells] for group in table.groups
            for row in group.rows}  # fmt: skip


def test_a_set_counts_by_its_share_of_repetitions_and_hold() -> None:
    doses = exercise_doses(log())
    assert doses["dose_done"].round(2).tolist() == [3, 1, 0, 3.6, 1, 1]
    assert doses["load_share"].round(2).fillna(-1).tolist() == [1, -1, -1, 0.8, 1, -1]
    nothing = exercise_doses(pd.DataFrame({"sets": [1.0, None, 2.0], "sets_prescribed": [0.0, 3.0, None]}))
    assert nothing["dose_done"].isna().all()


def test_the_dose_of_a_participant_is_summed_and_comes_from_one_table() -> None:
    diary = pd.DataFrame(
        {"participant_id": ["e1"], "diary_date": ["2024-01-02"], "exercises_prescribed": [9], "exercises_done": [1]}
    )
    dose = derive_dose(read(exercise_log=log(), daily_diary=diary))
    assert dose is not None
    of = dose.set_index("participant_id")
    assert of["dose_share"].round(3).fillna(-1).to_dict() == {
        "u1": 0.5, "u2": -1, "u3": -1, "e1": 0.444, "e2": 0.92, "e3": -1
    }  # fmt: skip
    assert of.loc["e1", ["dose_source", "dose_prescribed", "exertion"]].tolist() == ["exercise_log", 9, 6.5]
    only = derive_dose(read(daily_diary=diary))
    assert only is not None
    assert only.set_index("participant_id").loc["e1", ["dose_source", "dose_share"]].tolist() == [
        "daily_diary", pytest.approx(1 / 9)
    ]  # fmt: skip
    assert derive_dose(read()) is None


def test_weeks_begin_on_day_one_and_those_with_few_participants_are_not_drawn() -> None:
    weekly = derive_weekly_doses(read(exercise_log=log()))
    assert weekly is not None
    assert weekly[["participant_id", "week"]].to_numpy().tolist() == [["e1", 1], ["e1", 2], ["e2", 1], ["e2", 8],
                                                                       ["u1", 1]]  # fmt: skip
    assert weekly["share"].round(3).tolist() == [0.667, 0, 1.2, 0.5, 0.5]
    assert weekly_means(plan(), weekly).empty


def test_the_tables_have_the_dose_by_arm_and_exercise_by_exercise() -> None:
    tables = {block.table.id: texts(block.table) for block in adherence_blocks(plan(), read(exercise_log=log()))}
    assert tables["dose"][": Dose done of prescribed, n/N (%)"] == ["1/2 (50.0%)", "9/14 (64.3%)"]
    assert tables["dose"][": With exercise prescribed, participants, n (%)"] == ["1 (33.3%)", "2 (66.7%)"]
    assert tables["exercises-done"]["Side plank: Sets done of prescribed, n/N (%)"] == ["–", "1/3 (33.3%)"]
    assert tables["exercises-done"]["calf stretch: Participants, n (%)"] == ["1 (33.3%)", "0 (0.0%)"]


def test_gaps_and_slips_are_findings() -> None:
    odd = log().assign(sets=[None, 2, 0, 3, 1, 1], repetitions=[10, None, None, 100, 10, None])
    odd.loc[1, "sets_prescribed"] = None
    odd.loc[5, "exercise_date"] = None
    assert sorted(rules(read(exercise_log=odd), "exercise_log")) == [
        ("an exercise has no day", "u1"),
        ("an exercise was done and no sets are prescribed", "e1"),
        ("an exercise was prescribed and the sets done are empty", "e1"),
        ("repetitions is more than 3 times what was prescribed", "e2"),
    ]
    assert not rules(read(exercise_log=log()), "exercise_log")


def test_a_service_shows_the_dose_of_all_participants() -> None:
    document = build_document(analyse(read(plan("service"), exercise_log=log())))
    section = next(one for one in document.walk() if one.id == "adherence")
    assert texts(section.blocks[0].table)[": With exercise prescribed, participants, n (%)"] == ["3 (50.0%)"]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (
            "last_visit",
            {("e1", "baseline"): 44.4, ("e2", "baseline"): 100, ("e2", "week_6"): 50, ("u1", "baseline"): 50},
        ),
        ("start", {("e1", "baseline"): 44.4, ("e2", "baseline"): 100, ("e2", "week_6"): 92, ("u1", "baseline"): 50}),
    ],
)
def test_the_share_until_a_visit_is_of_its_days_and_at_most_100(
    since: str, expected: dict[tuple[str, str], float]
) -> None:
    source = ExerciseSource.model_validate({"table": "exercise_log", "since": since})
    found = done_at_visits(read(exercise_log=log()), source).set_index(["participant_id", "visit"])["value"]
    assert found.round(1).to_dict() == expected


OUTCOME = "adherence: {source: {table: exercise_log}}"
ASSUMED = "adherence: {baseline: {mean: 50, sd: 15}, mean_change: {exercise: 20}}"


def test_simulated_rows_give_back_the_shares_that_were_drawn() -> None:
    both = drawn_and_derived(sourced_plan(OUTCOME, ASSUMED, first="adherence"))
    assert len(both) > 150
    np.testing.assert_allclose(both["derived"], both["drawn"], atol=2e-4)
    few = sourced_plan(OUTCOME.replace("log}", "log, exercises: [clamshell, bridge, side_plank]}"), ASSUMED,
                       first="adherence")  # fmt: skip
    np.testing.assert_allclose(*drawn_and_derived(few)[["derived", "drawn"]].to_numpy().T, atol=2e-4)


def test_what_cannot_be_drawn_or_is_not_a_score_is_refused() -> None:
    whole = sourced_plan(OUTCOME.replace("log}", "log, since: start}"), ASSUMED, first="adherence")
    with pytest.raises(OptionError, match="`since: last_visit`"):
        simulate_study(whole, seed=1, truth_size=200)
    with pytest.raises(PlanError, match="are no outcome of `kind: count`"):
        sourced_plan(OUTCOME.replace("{source", "{kind: count, source"), ASSUMED, first="adherence")


LOG = """\
  exercise_log:
    exercises: [clamshell, bridge]
    per_week: {exercise: 2}
    done: {exercise: 0.6}
    load: 4
    load_per_week: 1
"""


def test_what_is_planted_is_found_again() -> None:
    trial = simulate_study(assumed(more=LOG), participants={"usual_care": 20, "exercise": 500}, truth_size=200, seed=2)
    cohort = read_cohort(trial.study, trial.tables)
    assert not rules(cohort, "exercise_log")
    rows = derive_exercises(cohort)
    dose = derive_dose(cohort)
    assert rows is not None
    assert dose is not None
    assert set(rows["arm"]) == {"exercise"}
    assert dose["dose_share"].mean() == pytest.approx(0.6, abs=0.04)
    assert rows["load"].min() == 4
    assert rows.loc[rows["day"] > 77, "load"].dropna().unique().tolist() == [15]
    weekly = derive_weekly_doses(cohort)
    assert weekly is not None
    assert weekly["dose_prescribed"].mode().tolist() == [12]
    with pytest.raises(PlanError, match='no exercise "clamshells"'):
        assumed(more=LOG.replace("clamshell,", "clamshells,"))
