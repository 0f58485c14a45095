"""A small cohort with a target trial and planted confounding, for the tests of comparisons without randomisation."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from coxa.report.analyse import analyse
from coxa.report.report import Report
from coxa.simulate import simulate_study
from coxa.study import Study
from coxa.study.reading.read import parse_study

TRUTH = -4.0
"""Difference of means at week 12 that every participant has."""


def plan(**changes: Any) -> dict[str, Any]:
    """Return the plan as a mapping; `changes` replace its keys, None takes one out."""
    made: dict[str, Any] = {
        "study": "cohort",
        "title": "Programme and usual care",
        "design": "cohort",
        "arms": {"usual": {"label": "Usual care", "reference": True}, "programme": {"label": "Programme"}},
        "visits": {"baseline": {"day": 0}, "week_12": {"day": 84}},
        "outcomes": {
            "pain": {"label": "Hip pain", "range": [-1000, 1000], "higher_is_better": False, "unit": "mm"},
            "wrist": {"label": "Wrist pain", "range": [-1000, 1000], "higher_is_better": False},
        },
        "covariates": {
            "age": {"label": "Age", "type": "number", "unit": "years"},
            "severity": {"label": "Severity", "type": "category", "levels": ["mild", "severe"]},
        },
        "target_trial": {
            "eligibility": "Adults with hip pain at their first visit.",
            "strategies": {"usual": "Advice.", "programme": "Twelve sessions."},
            "assignment": "At random; here the clinician chose.",
            "start": {"description": "First visit.", "treatment_within_days": 14},
            "outcome": "Hip pain after twelve weeks.",
            "analysis": "Difference in means; here weighted.",
            "confounders": {"age": "Guides the choice, and pain.", "severity": "Guides the choice, and pain."},
            "not_measured": ["Motivation"],
            "negative_controls": "wrist",
        },
        "estimands": {
            "pain": {
                "label": "Pain at week 12",
                "treatment": {"compare": "programme", "against": "usual"},
                "endpoint": {"outcome": "pain", "visit": "week_12"},
            }
        },
        "analyses": {"primary": {"estimand": "pain", "role": "primary", "model": "doubly_robust"}},
        "assumptions": {
            "participants": {"usual": 150, "programme": 120},
            "outcomes": {
                "pain": {
                    "baseline": {"mean": 55, "sd": 12},
                    "mean_change": {"programme": {"week_12": TRUTH}},
                    "correlation": 0.5,
                    "covariates": {"age": 0.5, "severity": {"mild": -5, "severe": 5}},
                    "scale": "continuous",
                },
                "wrist": {"baseline": {"mean": 20, "sd": 5}, "scale": "continuous"},
            },
            "covariates": {
                "age": {"mean": 60, "sd": 10},
                "severity": {"shares": {"mild": 0.5, "severe": 0.5}},
            },
            "confounding": {"programme": {"age": -0.06, "severity": {"mild": 0.5, "severe": -0.5}}},
        },
        "report": {"checklists": ["none"]},
    }
    made.update(changes)
    return {key: value for key, value in made.items() if value is not None}


def study(**changes: Any) -> Study:
    """Return the checked plan."""
    return parse_study(json.dumps(plan(**changes), indent=1).encode())


@cache
def report() -> Report:
    """Return the report of one simulated cohort."""
    return analyse(simulate_study(study(), truth_size=2000, seed=5))


DIFFERENCES = {"programme": TRUTH, "manual": -2.0}
"""Difference of means at week 12 from usual care that every participant has, of three groups."""


def three(estimand: str = "ATE", focal: str | None = None, **analysis: Any) -> dict[str, Any]:
    """Return the changes of the plan by which three groups are compared."""
    base = plan()
    trial = {**base["target_trial"], "estimand": estimand, **({"focal": focal} if focal else {})}
    trial["strategies"] = {**trial["strategies"], "manual": "Manual therapy."}
    pain = base["assumptions"]["outcomes"]["pain"]
    change = {arm: {"week_12": value} for arm, value in DIFFERENCES.items()}
    return {
        "arms": {**base["arms"], "manual": {"label": "Manual therapy"}},
        "target_trial": trial,
        "estimands": {"pain": {**base["estimands"]["pain"],
                               "treatment": {"compare": ["programme", "manual"], "against": "usual"}}},
        "analyses": {"primary": {"estimand": "pain", "role": "primary", "model": "doubly_robust", **analysis}},
        "assumptions": {
            **base["assumptions"],
            "participants": {"usual": 150, "programme": 120, "manual": 130},
            "outcomes": {**base["assumptions"]["outcomes"], "pain": {**pain, "mean_change": change}},
            "confounding": {
                "programme": {"age": -0.06, "severity": {"mild": 0.5, "severe": -0.5}},
                "manual": {"age": 0.03, "severity": {"mild": -0.3, "severe": 0.3}},
            },
        },
    }  # fmt: skip


def of_three(estimand: str = "ATE", focal: str | None = None, **analysis: Any) -> Report:
    """Return the report of one simulated cohort of three groups."""
    return analyse(simulate_study(study(**three(estimand, focal, **analysis)), truth_size=2000, seed=5))
