"""An analysis of a plan is looked up once: its estimand, outcome, scale, arms, visits and labels in one record."""

from __future__ import annotations

import pickle
from typing import Any

import pandas as pd
import pytest

from coxa.errors import CoxaError
from coxa.study.kinds import Trial
from tests.spec.small_trial import plan


def with_endpoint(outcome: dict[str, Any] | None = None, **endpoint: Any) -> Trial:
    """Return the small plan with an outcome and the endpoint of its primary estimand changed."""
    given = plan().model_dump(mode="json", exclude_unset=True)
    given["outcomes"]["pain"] |= outcome or {}
    given["estimands"]["primary"]["endpoint"] |= endpoint
    return Trial.model_validate(given)


def test_an_analysis_has_what_the_plan_says_about_it() -> None:
    planned = plan().planned("simpler")
    assert (planned.name, planned.estimand_name, planned.outcome_name) == ("simpler", "primary", "pain")
    assert planned.analysis is planned.study.analyses["simpler"]
    assert planned.estimand is planned.study.estimands["primary"]
    assert planned.outcome is planned.study.outcomes["pain"]
    assert (planned.response, planned.variable) == ("change", "change from baseline in hip pain score")
    assert (planned.visits, planned.arms) == (("week_12",), ("exercise", "manual_therapy", "usual_care"))
    assert planned.model_visits == ("week_6", "week_12", "week_26", "week_52")
    assert (planned.scale.low, planned.scale.high, planned.unit) == (0, 100, "points")
    assert (planned.direction, planned.higher_is_better) == ("higher is better", True)
    assert planned.important is None


@pytest.mark.parametrize(
    ("outcome", "measure", "decimals", "unit"),
    [
        ({}, "change", 1, "points"),
        ({"range": [0, 10], "unit": "cm"}, "value", 2, "cm"),
        ({"range": [0, 10]}, "percent_change", 1, "percentage points"),
    ],
)
def test_decimals_and_unit_follow_the_range_and_the_measure(
    outcome: dict[str, Any], measure: str, decimals: int, unit: str
) -> None:
    planned = with_endpoint(outcome, measure=measure).planned("primary")
    assert (planned.decimals, planned.unit) == (decimals, unit)


def test_more_responders_are_better_where_lower_values_are() -> None:
    study = with_endpoint({"higher_is_better": False})
    means, responders = study.planned("primary"), study.planned("response")
    assert (means.direction, means.higher_is_better, means.kind) == ("lower is better", False, "mean")
    assert (responders.direction, responders.higher_is_better) == ("more is better", True)
    assert (responders.kind, responders.unit) == ("binary", "percentage points")


def test_the_title_has_the_role_where_the_label_does_not() -> None:
    study = plan()
    assert {each.name: each.title for each in study.planned_analyses}["primary"] == study.label("analyses", "primary")
    renamed = study.analyses["simpler"].model_copy(update={"label": "ANCOVA"})
    study = study.model_copy(update={"analyses": {**study.analyses, "simpler": renamed}})
    assert study.planned("simpler").title == "ANCOVA (sensitivity)"


def test_analyses_come_in_the_order_of_the_plan_and_the_first_primary_one_is_the_main_one() -> None:
    study = plan()
    assert [each.name for each in study.planned_analyses] == list(study.analyses)
    assert study.main_analysis is study.primary_analyses[0]
    others = {name: each.model_copy(update={"role": "secondary"}) for name, each in study.analyses.items()}
    without = study.model_copy(update={"analyses": others})
    assert without.primary_analyses == ()
    assert without.main_analysis.name == next(iter(study.analyses))


def test_an_analysis_is_looked_up_once_and_anew_in_a_copy_of_the_plan() -> None:
    study = plan()
    planned = study.planned("primary")
    assert study.planned("primary") is planned
    assert study == plan(), "what was looked up is no part of the plan"
    assert study.model_dump() == plan().model_dump()
    assert pickle.loads(pickle.dumps(study)) == study
    at_week_6 = study.estimands["primary"].model_copy(
        update={"endpoint": planned.endpoint.model_copy(update={"visit": ("week_6",)})}
    )
    changed = study.model_copy(update={"estimands": {**study.estimands, "primary": at_week_6}})
    assert changed.planned("primary").visits == ("week_6",)
    assert study.planned("primary").visits == ("week_12",)


def test_an_unknown_analysis_is_answered_with_those_there_are() -> None:
    with pytest.raises(CoxaError, match=r'no analysis "primry".*primary'):
        plan().planned("primry")


def test_what_is_asked_is_at_the_visits_of_the_estimand() -> None:
    rows = pd.DataFrame(
        [
            ("primary", "difference", "week_6"),
            ("primary", "difference", "week_12"),
            ("primary", "marginal_mean", "week_12"),
            ("primary", "difference_in_slope", ""),
            ("simpler", "difference", "week_12"),
        ],
        columns=["analysis", "term", "visit"],
    )
    planned = plan().planned("primary")
    assert list(planned.rows(rows).index) == [0, 1, 2, 3]
    assert list(planned.rows(rows, "difference").index) == [0, 1]
    assert list(planned.asked(rows, "difference").index) == [1]
    assert list(planned.asked(rows, "difference", "difference_in_slope", over_visits=True).index) == [1, 3]
