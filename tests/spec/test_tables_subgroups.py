"""The caption of a subgroup forest says the tests of the interaction."""

from __future__ import annotations

from coxa.estimates import Estimates
from coxa.report.topics.analyses.further import interaction_words
from tests.spec.small_trial import plan


def test_each_interaction_is_said_with_its_p_value_at_the_endpoint_and_over_all_visits() -> None:
    shared = {"estimand": "primary", "term": "interaction_test", "statistic": 1.0, "df": 60.0}
    rows = [
        {**shared, "analysis": "primary[sex=*]", "visit": "week_12", "p_value": 0.4123},
        {**shared, "analysis": "primary[sex=*]", "visit": "week_6", "p_value": 0.9},
        {**shared, "analysis": "primary[site=*]", "visit": "", "p_value": 0.0002},
    ]
    assert interaction_words(plan().planned("primary"), Estimates.of(rows)) == (
        "interaction of arm and sex at Week 12, p = 0.412; interaction of arm and site over all visits, p < 0.001"
    )
