"""A plan with assumptions for the tests of power by simulation: three arms, three visits, several kinds of analysis."""

from __future__ import annotations

from typing import Any

from coxa.study import Study
from coxa.study.kinds import study_of

ARMS: dict[str, Any] = {"usual_care": {"reference": True}, "exercise": {}, "manual_therapy": {}}
COMPARE = {"compare": ["exercise", "manual_therapy"], "against": "usual_care"}
MMRM: dict[str, Any] = {
    "estimand": "primary",
    "model": "mmrm",
    "adjust": ["baseline * visit", "age"],
    "covariance": ["us", "csh"],
    "ddf": "kenward-roger",
}


def power_plan(analyses: dict[str, Any] | None = None, **assumed: Any) -> Study:
    """Return the plan; analyses and assumptions can be replaced."""
    pain = {
        "baseline": {"mean": 50, "sd": 15},
        "mean_change": {"exercise": 8, "manual_therapy": 4},
        "scale": "continuous",
        "correlation": 0.5,
        "covariates": {"age": -0.2},
    }
    assumptions = {
        "participants": 90,
        "outcomes": {"pain": pain},
        "covariates": {"age": {"mean": 60, "sd": 8}},
        "dropout": {"probability": 0.15},
        **assumed,
    }
    return study_of(
        {
            "study": "power-trial",
            "title": "Three arms",
            "arms": ARMS,
            "visits": {"baseline": {"day": 0}, "w6": {"day": 42}, "w12": {"day": 84}, "w26": {"day": 182}},
            "outcomes": {
                "pain": {
                    "range": [0, 100],
                    "higher_is_better": True,
                    "responder": {"measure": "change", "at_least": 10, "source": "made up"},
                }
            },
            "covariates": {"age": {"type": "number", "unit": "years", "range": [18, 95]}},
            "estimands": {
                "primary": {
                    "treatment": COMPARE,
                    "endpoint": {"outcome": "pain", "measure": "change", "visit": ["w12", "w26"]},
                },
                "response": {
                    "treatment": COMPARE,
                    "endpoint": {"outcome": "pain", "measure": "responder", "visit": "w26"},
                    "summary": "risk_difference",
                },
            },
            "analyses": analyses or {"primary": MMRM},
            "assumptions": assumptions,
        }
    )


def two_arms(n: int, effect: float, correlation: float, adjust: list[str], model: str = "ancova") -> Study:
    """Return a plan of two arms and one visit whose power has a closed form: SD 10, nobody leaves."""
    measure = "change" if adjust else "value"
    analysis: dict[str, Any] = {"estimand": "primary", "model": model, "adjust": adjust}
    pain = {
        "baseline": {"mean": 50, "sd": 10},
        "mean_change": {"exercise": effect},
        "scale": "continuous",
        "correlation": correlation,
    }
    return study_of(
        {
            "study": "two-arms",
            "title": "Two arms",
            "arms": {"usual_care": {"reference": True}, "exercise": {}},
            "visits": {"baseline": {"day": 0}, "w12": {"day": 84}},
            "outcomes": {"pain": {"range": [0, 100], "higher_is_better": True}},
            "estimands": {
                "primary": {
                    "treatment": {"compare": "exercise", "against": "usual_care"},
                    "endpoint": {"outcome": "pain", "measure": measure, "visit": "w12"},
                }
            },
            "analyses": {"primary": analysis},
            "assumptions": {"participants": n, "outcomes": {"pain": pain}},
        }
    )
