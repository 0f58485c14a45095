"""Covariates that act on events in a simulation: planted hazard ratios are found, and risks are those of the plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import coxa
from coxa.errors import PlanError
from coxa.models import fit_cox, fit_glm
from coxa.simulate.from_plan.endpoints import recorded_events
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study
from tests.sizes import few

RATIOS = {"age": 1.03, "injured": {"yes": 2.0}}


def plan(adjust: tuple[str, ...] = ("age", "injured"), **happening: Any) -> ComparativeStudy:
    """Return a trial of a return to sport, or of flares that recur."""
    given = {"probability": {"usual": 0.5, "exercise": 0.7}, "covariates": RATIOS} | happening
    given = {key: value for key, value in given.items() if value is not None}
    measure, summary, model = (
        ("count", "rate_ratio", "counts") if "number" in given else ("time", "hazard_ratio", "cox")
    )
    keys = {
        "study": "risk",
        "title": "Risk factors",
        "arms": {"usual": {"reference": True}, "exercise": {}},
        "visits": {"baseline": {"day": 0}, "month_6": {"day": 182}},
        "outcomes": {"function": {"range": [0, 100], "higher_is_better": True}},
        "covariates": {
            "age": {"type": "number"},
            "injured": {"type": "category", "levels": {"no": "Not injured before", "yes": "Injured before"}},
        },
        "events": {"back": {"higher_is_better": True}},
        "estimands": {
            "first": {
                "treatment": {"compare": "exercise", "against": "usual"},
                "endpoint": {"outcome": "back", "measure": measure, "visit": "month_6"},
                "summary": summary,
            }
        },
        "analyses": {"main": {"estimand": "first", "model": model, "adjust": list(adjust)}},
        "assumptions": {
            "participants": 200,
            "covariates": {"age": {"mean": 40, "sd": 10}, "injured": {"shares": {"no": 0.7, "yes": 0.3}}},
            "happenings": {"back": given},
        },
    }
    study = parse_study(yaml.safe_dump(keys, sort_keys=False).encode())
    assert isinstance(study, ComparativeStudy)
    return study


def followed(study: ComparativeStudy, n: int = 6000) -> pd.DataFrame:
    """Return the time to the first event of each participant, with arm and covariates."""
    drawn = coxa.simulate.draw_outcomes(coxa.simulate.trial_design(study, n), 5)
    found = recorded_events(coxa.simulate.trial_design(study, n), drawn, "back")
    first = found.first()
    return pd.DataFrame(
        {
            "time": np.minimum(first, 182.0),
            "event": np.isfinite(first).astype(int),
            "count": found.count(),
            "arm": np.array(["usual", "exercise"])[drawn.arm],
            "age": drawn.covariates["age"],
            "injured": np.array(["no", "yes"])[drawn.covariates["injured"]],
        }
    )


def test_planted_hazard_ratios_are_found_and_risks_are_those_of_the_plan() -> None:
    data = followed(plan())
    data["arm"] = pd.Categorical(data["arm"], ["usual", "exercise"])
    risks = data.groupby("arm", observed=True)["event"].mean()
    assert risks.tolist() == pytest.approx([0.5, 0.7], abs=0.025)
    fit = fit_cox("arm + age + injured", data, time="time", event="event")
    ratios = np.exp(fit.params)
    design = coxa.simulate.trial_design(plan())
    hazards = design.hazards["back"]
    assert ratios.iloc[0] == pytest.approx(hazards[1] / hazards[0], rel=0.08)
    assert ratios.iloc[1] == pytest.approx(1.03, abs=0.006)
    assert ratios.iloc[2] == pytest.approx(2.0, rel=0.08)


def test_the_true_hazard_ratio_is_that_of_participants_alike_where_the_analysis_adjusts() -> None:
    adjusted, crude = (
        coxa.simulate.true_values(coxa.simulate.trial_design(plan(names)), n=20_000).to_frame().iloc[0]
        for names in (("age", "injured"), ("age",))
    )
    hazards = coxa.simulate.trial_design(plan()).hazards["back"]
    assert adjusted["value"] == pytest.approx(hazards[1] / hazards[0])
    assert (adjusted["obtained"], crude["obtained"]) == ("exact", "simulation")
    of_all = np.log1p(-0.7) / np.log1p(-0.5)
    assert crude["value"] == pytest.approx(of_all, rel=0.04)
    assert 1 < crude["value"] < adjusted["value"]


def test_power_has_coverage_of_the_true_hazard_ratio() -> None:
    found = coxa.simulated_power(plan(), 200, replicates=few(8, 200), seed=1).frame.iloc[0]
    assert found["coverage"] > 0.7
    assert abs(found["bias"]) < 4 * found["bias_error"] + 0.02


def test_events_that_recur_keep_their_mean_number() -> None:
    data = followed(plan(probability=None, number={"usual": 2.0, "exercise": 1.0}, variation=0.5))
    assert data.groupby("arm")["count"].mean().to_dict() == pytest.approx({"usual": 2.0, "exercise": 1.0}, rel=0.06)
    data["arm"] = pd.Categorical(data["arm"], ["usual", "exercise"])
    fit = fit_glm("count ~ arm + age + injured", data, family="negative_binomial")
    assert np.exp(fit.params.iloc[1:]).tolist() == pytest.approx([0.5, 1.03, 2.0], rel=0.1)


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        ({"weight": 1.1}, "weight"),
        ({"age": {"old": 2}}, "Write what one unit of it multiplies"),
        ({"injured": 2.0}, "Write a ratio for each level"),
        ({"injured": {"maybe": 2.0}}, "maybe"),
    ],
)
def test_wrong_risk_factors_are_refused(covariates: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        plan(covariates=covariates)
