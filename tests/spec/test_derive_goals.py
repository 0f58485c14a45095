"""Goals of four participants, counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.derive.goal_attainment import attainment_score, attainment_step
from coxa.derive.goals import derive_goals, goal_values
from coxa.errors import OptionError
from tests.spec.treated_trial import cohort

# participant, goal, visit, term, rating, target, level, weight, achieved, met on
ROWS = [
    ("e1", 1, "baseline", "short", 3, 8, -2, None, None, None),
    ("e1", 2, "baseline", "long", 5, 9, -1, None, None, None),
    ("e1", 1, "week_12", "short", 9, 8, 1, None, None, None),
    ("e1", 2, "week_12", "long", 7, 9, -1, None, None, None),
    ("e2", 1, "baseline", "long", 2, 8, -1, 3, None, None),
    ("e2", 2, "baseline", "long", 4, 8, -1, 1, None, None),
    ("e2", 1, "week_12", "long", 6, 8, 0, 3, True, 50.0),
    ("u1", 1, "baseline", None, 4, None, None, None, None, None),
    ("u1", 1, "week_12", None, 6, None, None, None, False, None),
    ("u1", 2, "week_12", None, 8, None, None, None, True, None),
    ("n1", 1, "baseline", None, 4, None, None, None, None, None),
]
NAMES = ["participant_id", "goal_number", "visit", "term", "rating", "target", "attainment", "weight", "achieved"]


def goals_of(rows: list[tuple[object, ...]] = ROWS) -> Cohort:
    """Return a cohort with goals; days are those of the visits."""
    made = cohort()
    start = pd.Timestamp("2025-01-10")
    frame = pd.DataFrame(rows, columns=[*NAMES, "met_day"])
    frame["met_date"] = [pd.NaT if pd.isna(day) else start + pd.Timedelta(days=day) for day in frame["met_day"]]
    frame["achieved"] = frame["achieved"].astype("boolean")
    people = made.table("participants").assign(randomisation_date=start)
    frame = frame.assign(source_file="goals.csv", source_row=range(2, len(frame) + 2)).drop(columns="met_day")
    return cohort(participants=people, goals=frame)


def values_of(statistic: str, term: str | None = None) -> dict[tuple[str, str], float]:
    """Return (participant, visit) -> value."""
    goals = derive_goals(goals_of())
    assert goals is not None
    found = goal_values(goals, statistic, term)  # type: ignore[arg-type]
    return {(row.participant_id, row.visit): row.value for row in found.itertuples()}


def test_goals_are_set_and_met_by_the_level_the_target_or_a_date() -> None:
    goals = derive_goals(goals_of())
    assert goals is not None
    assert len(goals.people) == 6
    table = goals.goals.set_index(["participant_id", "goal_number"])
    assert table["met"].to_dict() == {
        ("e1", 1): True, ("e1", 2): False, ("e2", 1): True, ("e2", 2): False, ("u1", 1): False, ("u1", 2): True,
    }  # fmt: skip
    assert table.loc[("e1", 1), ["set_day", "met_day", "dated", "term"]].tolist() == [0.0, 84.0, False, "short"]
    assert table.loc[("e2", 1), ["met_day", "dated"]].tolist() == [50.0, True]
    assert table.loc[("u1", 2), ["set_day", "term"]].tolist() == [84.0, ""]


def test_the_mean_rating_is_of_the_goals_of_the_first_visit_and_of_all_of_them() -> None:
    found = values_of("mean_rating")
    assert found[("e1", "baseline")] == 4.0
    assert found[("e1", "week_12")] == 8.0
    assert found[("u1", "week_12")] == 6.0
    assert np.isnan(found[("e2", "week_12")])
    goals = derive_goals(goals_of())
    assert goals is not None
    reasons = goal_values(goals, "mean_rating").set_index(["participant_id", "visit"])["reason"]
    assert reasons[("e2", "week_12")] == "1 of 2 goals with a rating"
    assert pd.isna(reasons[("e1", "week_12")])


def test_goals_met_are_those_set_until_the_visit_by_term() -> None:
    assert values_of("share_met")[("u1", "week_12")] == 50.0
    assert values_of("share_met")[("e1", "week_12")] == 50.0
    assert values_of("share_met", "short") == {("e1", "baseline"): 0.0, ("e1", "week_12"): 100.0}
    assert values_of("all_met", "long")[("e1", "week_12")] == 0.0
    assert values_of("any_met")[("e1", "week_12")] == 1.0
    assert np.isnan(values_of("share_met")[("u1", "baseline")])


def test_a_goal_that_was_met_and_is_not_rated_again_stays_met() -> None:
    closed = [row for row in ROWS if row[0] == "u1"]
    rows = [*closed, ("u1", 3, "baseline", None, 9, None, None, None, True, None)]
    goals = derive_goals(goals_of(rows))
    assert goals is not None
    found = goal_values(goals, "share_met").set_index(["participant_id", "visit"])["value"]
    assert found[("u1", "week_12")] == pytest.approx(100 * 2 / 3)


def test_attainment_is_the_score_of_the_levels_with_their_weights() -> None:
    found = values_of("attainment")
    assert found[("e1", "baseline")] == pytest.approx(attainment_score([-2, -1]))
    assert found[("e1", "week_12")] == 50.0
    assert found[("e2", "baseline")] == pytest.approx(attainment_score([-1, -1], [3, 1]))


def test_the_score_is_the_published_formula() -> None:
    """Two goals of weight 2 and 1 at levels 1 and 0: 50 + 20 / sqrt(0.7 * 5 + 0.3 * 9)."""
    assert attainment_score([1, 0], [2, 1]) == pytest.approx(50 + 20 / 6.2**0.5)
    assert attainment_score([1, 0, 2], [1, 0, 1], 0.0) == pytest.approx(50 + 30 / 2**0.5)
    assert attainment_score([1, 0, 0]) - 50 == pytest.approx(attainment_step(3))
    assert np.isnan(attainment_score([]))
    with pytest.raises(OptionError, match="`correlation` is 1"):
        attainment_score([0], correlation=1.0)
    with pytest.raises(OptionError, match="weight of a goal is -1"):
        attainment_score([0], [-1])


def test_goals_with_and_without_a_weight_have_no_score() -> None:
    rows = [(*row[:7], row[7] if row[1] == 1 else None, *row[8:]) for row in ROWS if row[0] == "e2"]
    goals = derive_goals(goals_of(rows))
    assert goals is not None
    first = goal_values(goals, "attainment").iloc[0]
    assert (first["visit"], first["reason"]) == ("baseline", "some goals have a weight and others none")
    assert np.isnan(first["value"])


def test_without_a_table_there_are_no_goals() -> None:
    assert derive_goals(cohort()) is None
