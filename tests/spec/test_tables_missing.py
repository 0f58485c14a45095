"""Who has values when, why not, and who these are: a drawn trial of eight, expected values by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.derive.dataset import AnalysisDataset
from coxa.findings import Findings
from coxa.report.topics.missing.dropout_profile import last_seen_means, plot_dropout_profile
from coxa.report.topics.missing.patterns import completion_table, patterns_table, reasons_table
from coxa.report.topics.observed.trajectories import plot_trajectories, trajectories
from coxa.study.kinds import study_of
from coxa.tables.table import Table
from tests.spec.small_trial import cohort, plan, report

NONE = None
VISITS = ("week_6", "week_12", "week_26", "week_52")
COURSES: dict[str, tuple[str, list[float | None]]] = {
    "QZX1": ("usual_care", [10, 11, 12, 13, 14]),
    "QZX2": ("usual_care", [20, 21, 22, NONE, NONE]),
    "QZX3": ("usual_care", [30, 31, NONE, 33, 34]),
    "QZX4": ("usual_care", [40, NONE, NONE, NONE, NONE]),
    "QZX5": ("exercise", [50, 51, NONE, NONE, NONE]),
    "QZX6": ("exercise", [60, 61, 62, 63, 64]),
    "QZX7": ("exercise", [NONE, 71, 72, 73, 74]),
    "QZX8": ("manual_therapy", [80, 81, 82, 83, 84]),
}
PEOPLE = pd.DataFrame(
    {
        "participant_id": list(COURSES),
        "arm": [arm for arm, _ in COURSES.values()],
        "age": [50.0, 60.0, 70.0, 80.0, 55.0, 65.0, 75.0, 61.0],
        "discontinuation_date": pd.to_datetime([None, "2024-04-20", None, "2024-02-01", None, None, None, None]),
        "discontinuation_reason": [None, "moved <b>away</b>", None, None, None, None, None, None],
        "randomisation_date": pd.to_datetime(["2024-01-01"] * 8),
    }
)


def dataset() -> AnalysisDataset:
    """Return the rows of the primary estimand; the values of QZX5 after week 6 were set aside after an operation."""
    rows: list[dict[str, Any]] = []
    for person, (arm, values) in COURSES.items():
        base = values[0]
        for visit, value in zip(VISITS, values[1:], strict=True):
            aside = "hypothetical: hip_surgery" if person == "QZX5" and visit != "week_6" else ""
            change = None if value is None or base is None else value - base
            rows.append(
                {
                    "participant_id": person,
                    "arm": arm,
                    "visit": visit,
                    "value": value,
                    "baseline": base,
                    "change": change,
                    "handled": aside,
                }
            )
    frame = pd.DataFrame(rows).astype({"value": float, "baseline": float, "change": float})
    frame["arm"] = pd.Categorical(frame["arm"], categories=["usual_care", "exercise", "manual_therapy"])
    frame["visit"] = pd.Categorical(frame["visit"], categories=list(VISITS))
    return AnalysisDataset("primary", frame, "change", Findings(), Disposition(pd.DataFrame(), pd.DataFrame()))


def drawn(**options: Any) -> Cohort:
    given = plan().model_dump(exclude_unset=True)
    given["report"] = {"baseline_table": ["age"], **options}
    made = cohort(study_of(given))
    return replace(made, tables={**made.tables, "participants": PEOPLE})


def texts(table: Table) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in table.rows()}


def test_patterns_are_grouped_and_counted_by_arm() -> None:
    table = patterns_table(plan(), dataset())
    found = {
        group.label: [(row.label, [cell.text for cell in row.cells]) for row in group.rows] for group in table.groups
    }
    assert found == {
        "A value at every visit": [("X X X X", ["1 (25.0%)", "1 (33.3%)", "1 (100.0%)", "3 (37.5%)"])],
        "No value from some visit on": [
            ("X X – –", ["1 (25.0%)", "0 (0.0%)", "0 (0.0%)", "1 (12.5%)"]),
            ("X E E E", ["0 (0.0%)", "1 (33.3%)", "0 (0.0%)", "1 (12.5%)"]),
        ],
        "Gaps before a value": [("X – X X", ["1 (25.0%)", "0 (0.0%)", "0 (0.0%)", "1 (12.5%)"])],
        "None at any visit": [("– – – –", ["1 (25.0%)", "1 (33.3%)", "0 (0.0%)", "2 (25.0%)"])],
    }


def test_every_participant_has_one_pattern() -> None:
    made = report()
    table = patterns_table(made.study, made.datasets["primary"])
    counts = [cell.statistics[0].value for row in table.rows() for cell in row.cells[-1:]]
    assert sum(counts) == made.datasets["primary"].frame["participant_id"].nunique()


def test_reasons_are_an_event_a_recorded_stop_by_then_or_none_recorded() -> None:
    """At week 12 (day 84): QZX4 stopped on day 31 without a reason, QZX2 on day 110 and so has a value."""
    table = reasons_table(drawn(), dataset())
    assert table is not None
    rows = {label: cells[-1] for label, cells in texts(table).items()}
    assert rows == {
        "With a value": "4 (50.0%)",
        "Without a value": "4 (50.0%)",
        "After hip surgery (hypothetical)": "1 (12.5%)",
        "No baseline value": "1 (12.5%)",
        "No reason recorded": "1 (12.5%)",
        "Stopped: no reason recorded": "1 (12.5%)",
    }
    assert texts(table)["After hip surgery (hypothetical)"] == ["0 (0.0%)", "1 (33.3%)", "0 (0.0%)", "1 (12.5%)"]


def test_those_without_a_value_are_described_by_arm_where_no_group_is_small() -> None:
    data = dataset()
    two_arms = replace(data, frame=data.frame[data.frame["arm"] != "manual_therapy"])
    given = drawn(small_cells=1)
    table = completion_table(given, two_arms)
    assert table is not None
    assert str(table.columns[0].label).startswith("With (N")
    assert len(table.columns) == 2, "nobody of manual therapy is there, so the arms are put together"
    table = completion_table(drawn(small_cells=4), data)
    assert table is not None
    assert [column.spanner for column in table.columns] == ["All", "All"]
    assert texts(table)["Age (years), mean (SD)"][1] == f"{(70 + 80 + 55 + 75) / 4:.1f} (10.8)"
    assert "p_value" not in {number.name for number in table.statistics()}
    assert completion_table(drawn(small_cells=5), data) is None


def test_means_by_the_last_visit_with_a_value() -> None:
    means = last_seen_means(plan(), dataset())
    usual = means[means["arm"] == "usual_care"]
    whole = usual[usual["last_visit"] == "week_52"]
    assert whole["visit"].to_list() == ["baseline", *VISITS]
    assert whole["mean"].to_list() == [20.0, 21.0, 12.0, 23.0, 24.0]
    assert whole["n"].to_list() == [2, 2, 1, 2, 2]
    assert usual.drop_duplicates("last_visit")[["last_visit", "n_group"]].to_numpy().tolist() == [
        ["baseline", 1],
        ["week_12", 1],
        ["week_52", 2],
    ]


def test_a_line_of_one_or_two_participants_is_not_drawn() -> None:
    made = report()
    figure = plot_dropout_profile(made.study, made.datasets["primary"], figure_id="dropout", title="Dropout")
    assert (figure.data["n_group"] >= 3).all()
    all_groups = last_seen_means(made.study, made.datasets["primary"]).drop_duplicates(["arm", "last_visit"])
    few = all_groups.loc[all_groups["n_group"] < 3, "n_group"].sum()
    assert few > 0
    assert f"Lines of fewer than 3 participants are not drawn ({few} participants)." in figure.alt


def test_courses_are_numbered_by_their_values_and_those_of_two_visits_are_drawn() -> None:
    found = trajectories(plan(), dataset())
    usual = found[found["arm"] == "usual_care"]
    assert usual.loc[usual["visit"] == "baseline", "value"].to_list() == [10, 20, 30]
    assert usual["line"].nunique() == 3, "whoever has one value has no course"


def test_of_many_participants_some_are_drawn_whatever_they_are_called_and_however_sorted() -> None:
    made = report()
    data = made.datasets["primary"]
    found = trajectories(made.study, data, most=5)
    assert found.groupby("arm")["line"].nunique().to_dict() == {"exercise": 5, "manual_therapy": 5, "usual_care": 5}
    renamed = data.frame.assign(participant_id=data.frame["participant_id"].str[::-1])
    shuffled = replace(data, frame=renamed.sample(frac=1, random_state=1).reset_index(drop=True))
    pd.testing.assert_frame_equal(trajectories(made.study, shuffled, most=5), found)
    ends = found[(found["arm"] == "exercise") & (found["visit"] == "baseline")]["value"]
    bases = data.frame[data.frame["arm"] == "exercise"].drop_duplicates("participant_id")["baseline"]
    assert (ends.min(), ends.max()) == (bases.min(), bases.max())


def test_no_identifier_is_in_these_figures() -> None:
    made = report()
    data = made.datasets["primary"]
    for draw in (plot_trajectories, plot_dropout_profile):
        figure = draw(made.study, data, figure_id="figure", title="Figure")
        assert "QZX" not in figure.svg() + figure.data.to_csv() + str(figure.chart.to_dict()) + figure.alt
