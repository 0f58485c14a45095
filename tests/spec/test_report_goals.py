"""Goals in a report, counted by hand."""

from __future__ import annotations

from coxa.derive.goals import derive_goals
from coxa.report.topics.goals.tables import met_means, met_table, rated_table
from tests.spec.test_derive_goals import goals_of
from tests.spec.test_report_assessments import SIZES, texts


def test_goals_set_and_met_by_term() -> None:
    made = goals_of()
    goals = derive_goals(made)
    assert goals is not None
    groups = texts(met_table(made.study, goals, SIZES))
    assert groups["All goals"] == [
        ["Participants who set one, n (%)", "1 (33.3%)", "2 (66.7%)"],
        ["Goals set", "2", "4"],
        ["Goals met, n/N (%)", "1/2 (50.0%)", "2/4 (50.0%)"],
        ["Participants who met one, n/N (%)", "1/1 (100.0%)", "2/2 (100.0%)"],
        ["Participants who met all, n/N (%)", "0/1 (0.0%)", "0/2 (0.0%)"],
        ["Days to a goal met, median [Q1, Q3]", "0.0 [0.0, 0.0]", "67.0 [58.5, 75.5]"],
    ]
    assert groups["Short-term goals"][2] == ["Goals met, n/N (%)", "–", "1/1 (100.0%)"]
    assert groups["Long-term goals"][1] == ["Goals set", "0", "3"]
    assert groups["Term not recorded"][1] == ["Goals set", "2", "0"]


def test_goals_by_visit() -> None:
    made = goals_of()
    goals = derive_goals(made)
    assert goals is not None
    groups = texts(rated_table(made.study, goals, SIZES))
    rating = groups["Mean rating of the goals (0 to 10, higher is better), mean (SD)"]
    assert rating == [
        ["Baseline", "1", "4.0 (–)", "2", "3.5 (0.7)"],
        ["Week 12", "1", "6.0 (–)", "1", "8.0 (–)"],
    ]
    assert groups["Goals met so far (%), mean (SD) of participants"][1][:3] == ["Week 12", "1", "50.0 (–)"]


def test_the_figure_has_the_share_of_goals_met_of_each_term() -> None:
    made = goals_of()
    goals = derive_goals(made)
    assert goals is not None
    means = met_means(made.study, goals, tuple(SIZES))
    assert means[["label", "visit", "arm", "mean", "n"]].to_numpy().tolist() == [
        ["Short-term goals", "week_12", "exercise", 100.0, 1],
        ["Long-term goals", "week_12", "exercise", 0.0, 1],
    ]
