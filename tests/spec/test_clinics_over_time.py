"""Measures over time: points, limits, icons, what is left out and where a chart is reckoned anew, by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import pytest

from coxa.audit import p_chart, xmr_chart
from coxa.clinics.audit import Series
from coxa.clinics.measures.over_time import series_of
from coxa.clinics.measures.periods import design_effect, periods_of
from tests.spec.tiny_clinics import CUT, episodes_in, episodes_of

MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)]


def charts(
    rows: Sequence[Mapping[str, Any]], cut: date = CUT, **parts: Any
) -> tuple[dict[tuple[str, str], Series], Mapping[str, str]]:
    episodes = episodes_of(rows, cut, **{"time": "month", **parts})
    drawn, without = series_of(episodes.plan, periods_of(episodes))
    return {(one.measure, one.clinic): one for one in drawn}, without


def two_clinics() -> list[Mapping[str, Any]]:
    """Clinic A improves by 1 until month 12 and by 4 after; B by 2, with every fourth patient lost."""
    rows: list[Mapping[str, Any]] = []
    for place, month in enumerate(MONTHS):
        up = 1.0 if place < 12 else 4.0
        rows += episodes_in("A", month, [up, up + 1, up - 1, up], booked=10, attended=9, missed=1)
        rows += episodes_in("B", month, [2.0, 2.0, 2.0, None], booked=8, attended=6, missed=2)
    return rows


def test_points_are_the_shares_and_means_of_each_period() -> None:
    drawn, without = charts(two_clinics())
    assert without == {}
    complete = drawn["complete", "all"].frame
    assert complete["period"].tolist() == MONTHS
    assert complete[["n", "events", "value"]].drop_duplicates().values.tolist() == [[8, 7, 7 / 8]]
    change = drawn["change", "A"].frame
    assert change["value"].tolist() == [1.0] * 12 + [4.0] * 12
    assert change["n"].tolist() == [4] * 24
    assert change["events"].isna().all()
    # seven episodes a month: improvements of 1, 2, 0 and 1 in A and 2 three times in B, at first
    both = drawn["change", "all"].frame["value"]
    assert both.tolist() == pytest.approx([10 / 7] * 12 + [22 / 7] * 12)
    important = drawn["important", "A"].frame
    assert important["events"].tolist() == [1] * 12 + [4] * 12
    assert important["n"].tolist() == [4] * 24
    assert drawn["missed", "B"].frame[["n", "events"]].drop_duplicates().values.tolist() == [[32, 8]]
    assert drawn["episodes", "B"].frame["value"].tolist() == [4] * 24


def test_limits_and_icons_are_those_of_the_charts() -> None:
    drawn, _ = charts(two_clinics(), targets={"important": 0.9, "complete": 0.8})
    change = drawn["change", "A"]
    expected = xmr_chart([1.0] * 12 + [4.0] * 12, improvement="increase")
    pd.testing.assert_frame_equal(change.frame[list(expected.frame)], expected.frame)
    assert change.variation == expected.variation == "improvement_high"
    assert (change.target, change.assurance) == (None, None)
    important = drawn["important", "A"]
    expected = p_chart([1] * 12 + [4] * 12, [4] * 24, improvement="increase", target=0.9)
    pd.testing.assert_frame_equal(important.frame[list(expected.frame)], expected.frame)
    assert (important.target, important.assurance) == (0.9, expected.assurance)
    assert drawn["episodes", "A"].improvement == "neutral"
    assert drawn["episodes", "A"].assurance is None
    assert drawn["missed", "A"].improvement == "decrease"


def test_sessions_missed_have_no_target_as_others_are_cancelled_in_time() -> None:
    drawn, _ = charts(two_clinics(), targets={"attended": 0.9})
    assert drawn["missed", "all"].target is None
    assert drawn["complete", "all"].target is None


def test_a_chart_is_reckoned_anew_only_where_the_plan_names_it_and_says_why() -> None:
    anew = [{"measure": "change", "start": "2023-12-20", "because": "exercise classes began"}]
    drawn, _ = charts(two_clinics(), recalculate=anew)
    change = drawn["change", "A"]
    assert change.frame["part"].tolist() == [0] * 12 + [1] * 12
    assert change.frame["centre"].tolist() == [1.0] * 12 + [4.0] * 12
    assert "reckoned anew from 2024-01, as planned: exercise classes began" in change.method
    assert drawn["important", "A"].frame["part"].unique().tolist() == [0]
    assert "anew" not in drawn["important", "A"].method


def test_a_recalculation_that_leaves_too_few_points_is_refused_by_name() -> None:
    anew = [{"measure": ["change"], "start": "2024-12-01", "because": "a new building"}]
    drawn, _ = charts(two_clinics(), recalculate=anew)
    change = drawn["change", "A"]
    assert change.frame["part"].unique().tolist() == [0]
    assert any("not reckoned anew from 2024-12-01 (a new building)" in text for text in change.warnings)


def test_periods_whose_discharges_are_not_all_due_are_left_out_and_named() -> None:
    """Episodes last 30 days and the window 42 more: on 20 January 2025 those from November on can be outstanding."""
    drawn, _ = charts(two_clinics(), date(2025, 1, 20))
    complete = drawn["complete", "all"]
    assert complete.frame["period"].tolist() == MONTHS[:-2]
    assert "2024-11 and 2024-12 are left out: not all discharges are due yet." in complete.warnings
    assert drawn["change", "A"].frame["period"].tolist() == MONTHS[:-2]
    assert drawn["missed", "A"].frame["period"].tolist() == MONTHS[:-2]
    assert drawn["episodes", "A"].frame["period"].tolist() == MONTHS


def test_episodes_that_count_as_ended_after_a_time_keep_their_period_open_until_then() -> None:
    """A third has no day of discharge and is due 100 days after intake, and 42 more: on 31 December from August on."""
    rows = [dict(row) for row in two_clinics() if row["intake_date"].year == 2024]
    for row in rows[::3]:
        row["discharge_date"] = None
    drawn, _ = charts(rows, date(2024, 12, 31), follow_up={"longest": 100})
    assert drawn["complete", "all"].frame["period"].tolist() == [f"2024-{month:02d}" for month in range(1, 8)]
    drawn, _ = charts(rows, date(2024, 12, 31))
    assert drawn["complete", "all"].frame["period"].tolist() == [f"2024-{month:02d}" for month in range(1, 10)]


def test_a_month_that_is_not_over_has_no_count_of_episodes() -> None:
    drawn, _ = charts(two_clinics(), date(2024, 12, 20))
    episodes = drawn["episodes", "all"]
    assert episodes.frame["period"].tolist() == MONTHS[:-1]
    assert "2024-12 is not covered as a whole." in episodes.warnings


def test_a_month_in_which_the_audit_begins_has_no_count_of_episodes() -> None:
    drawn, _ = charts(two_clinics(), start="2023-01-03")
    assert drawn["episodes", "all"].frame["period"].tolist() == MONTHS[1:]
    assert drawn["complete", "all"].frame["period"].tolist() == MONTHS


def test_a_month_in_the_middle_of_which_the_data_end_has_no_count_of_episodes() -> None:
    days = [*pd.date_range("2023-01-01", "2024-06-09", freq="D")]
    rows = [{**row, "intake_date": day} for day in days for row in episodes_in("A", "2023-01", [2.0])]
    drawn, _ = charts(rows, date(2024, 12, 31))
    assert drawn["episodes", "all"].frame["period"].tolist() == MONTHS[:17]
    assert "2024-06 is not covered as a whole." in drawn["episodes", "all"].warnings
    whole, _ = charts([one for one in rows if one["intake_date"] < pd.Timestamp("2024-06-01")], date(2024, 12, 31))
    assert whole["episodes", "all"].frame["period"].tolist() == MONTHS[:17]
    late, _ = charts([one for one in rows if one["intake_date"] > pd.Timestamp("2023-01-20")], date(2024, 12, 31))
    assert late["episodes", "all"].frame["period"].tolist() == MONTHS[1:17]


def test_a_month_without_episodes_is_a_count_of_zero_and_no_point_of_a_share() -> None:
    rows = [row for row in two_clinics() if row["intake_date"].strftime("%Y-%m") != "2023-06"]
    drawn, _ = charts(rows)
    assert drawn["episodes", "A"].frame.set_index("period").loc["2023-06", "value"] == 0
    assert "2023-06" not in drawn["complete", "A"].frame["period"].tolist()
    assert "No data in 2023-06: the chart goes on without a point there." in drawn["complete", "A"].warnings


def test_charts_of_few_points_warn_and_one_point_is_no_chart() -> None:
    rows = [*episodes_in("A", "2024-01", [1.0, 2.0]), *episodes_in("A", "2024-02", [3.0, 4.0])]
    drawn, without = charts([*rows, *episodes_in("B", "2024-02", [3.0])])
    assert drawn["change", "A"].frame["value"].tolist() == [1.5, 3.5]
    assert "Limits rest on 2 points, fewer than 12. Read them as trial limits." in drawn["change", "A"].warnings
    assert ("change", "B") not in drawn
    assert without["change"] == "1 clinic has no chart over time: fewer than 2 closed months with data."
    _, without = charts(rows[:2])
    assert without["change"] == "A chart over time needs 2 closed months with data, and there are fewer."


def test_what_the_plan_or_the_data_lack_is_said() -> None:
    pain = {"pain": {"instrument": "nprs"}}
    _, without = charts([*episodes_in("A", "2024-01", [1.0]), *episodes_in("A", "2024-02", [3.0])], outcomes=pain)
    assert without["important"].startswith("The plan names no important improvement of Pain.")
    assert without["missed"] == "No episode has both its sessions booked and its sessions missed."


def test_limits_of_sessions_allow_for_patients_who_miss_many() -> None:
    """Half of the patients miss all of 10 sessions, half none: the sessions of a patient are one observation."""
    rows: list[Mapping[str, Any]] = []
    for month in MONTHS[:12]:
        rows += episodes_in("A", month, [1.0, 1.0], booked=10, missed=0, attended=10)
        rows += episodes_in("A", month, [1.0, 1.0], booked=10, missed=10, attended=0)
    drawn, _ = charts(rows)
    missed = drawn["missed", "all"]
    # variance of a patient's share 0.25 * 48 / 47, of a session's 0.25: effect 10 * 48 / 47
    n = 40 / (10 * 48 / 47)
    assert missed.frame["value"].tolist() == [0.5] * 12
    assert missed.frame["high"].tolist() == pytest.approx([min(1, 0.5 + 3 * (0.25 / n) ** 0.5)] * 12)
    assert "as sessions of a patient are alike" in missed.method
    alike = pd.Series({"mm": 0.0, "mb": 0.0, "bb": 0.0, "with sessions": 0.0})
    assert design_effect(0, 0, alike) == 1.0


def test_direction_is_improvement_on_a_scale_where_higher_is_better() -> None:
    better = {"pain": {"range": [0, 100], "higher_is_better": True}}
    rows = [*episodes_in("A", "2024-01", [-20.0], 40.0), *episodes_in("A", "2024-02", [-30.0], 40.0)]
    drawn, _ = charts(rows, outcomes=better)
    assert drawn["change", "all"].frame["value"].tolist() == [20.0, 30.0]
