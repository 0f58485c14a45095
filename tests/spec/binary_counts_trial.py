"""A drawn trial with a yes or no, counts and dated events, and a plan of it, for tests of the models of these."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import coxa
from coxa.study import Study
from coxa.study.kinds import study_of

N = 160
TREATMENT = {"compare": "exercise", "against": "usual"}

PLAN: dict[str, Any] = {
    "study": "kinds",
    "title": "Yes or no, and counts",
    "design": "parallel",
    "arms": {"usual": {"label": "Usual care", "reference": True}, "exercise": {"label": "Exercise therapy"}},
    "visits": {"baseline": {"day": 0}, "month_6": {"day": 182, "window": [-20, 20]}},
    "covariates": {
        "age": {"type": "number", "unit": "years"},
        "sex": {"type": "category", "levels": {"female": "Women", "male": "Men"}},
        "months": {"type": "number", "label": "months observed"},
    },
    "outcomes": {
        "fell": {"kind": "yes_no", "label": "A fall", "higher_is_better": False},
        "flares": {"kind": "count", "label": "Flares", "higher_is_better": False, "exposure": "months"},
    },
    "events": {"injury": {"label": "Injury", "higher_is_better": False, "per_days": 365}},
    "estimands": {
        "falls": {
            "treatment": TREATMENT,
            "endpoint": {"outcome": "fell", "visit": "month_6"},
            "summary": "risk_difference",
        },
        "flares": {
            "treatment": TREATMENT,
            "endpoint": {"outcome": "flares", "visit": "month_6"},
            "summary": "rate_ratio",
        },
        "injuries": {
            "treatment": TREATMENT,
            "endpoint": {"outcome": "injury", "measure": "count", "visit": "month_6"},
            "summary": "rate_difference",
        },
    },
    "analyses": {
        "falls": {"estimand": "falls", "model": "logistic", "adjust": ["age"], "subgroups": ["sex"]},
        "flares": {"estimand": "flares", "model": "counts", "adjust": ["age"], "role": "secondary"},
        "injuries": {
            "estimand": "injuries",
            "model": "counts",
            "family": "poisson",
            "vcov": "HC3",
            "role": "secondary",
            "subgroups": ["sex"],
        },
    },
}


def plan(**analyses: dict[str, Any]) -> Study:
    """Return the plan, with other options of its analyses."""
    changed = {name: {**options, **analyses.get(name, {})} for name, options in PLAN["analyses"].items()}
    return study_of({**PLAN, "analyses": changed})


def tables() -> dict[str, pd.DataFrame]:
    """Return the trial: falls less often in exercise, flares more variable than Poisson's, injuries on their days."""
    rng = np.random.default_rng(11)
    arm = np.arange(N) % 2
    age = rng.normal(60, 9, N).round()
    ids = [f"P{k:03d}" for k in range(N)]
    months = rng.uniform(3, 9, N).round(1)
    people = pd.DataFrame(
        {
            "participant_id": ids,
            "arm": np.where(arm == 1, "exercise", "usual"),
            "randomisation_date": pd.Timestamp("2025-01-06"),
            "age": age,
            "sex": np.where(rng.random(N) < 0.5, "female", "male"),
            "months": months,
        }
    )
    fell = rng.random(N) < 1 / (1 + np.exp(0.4 + 0.9 * arm - 0.05 * (age - 60)))
    flares = rng.poisson(months * 0.4 * np.exp(-0.3 * arm) * rng.gamma(1.0, 1.0, N))
    last = np.where(np.arange(N) % 9 < 8, "month_6", "")
    rows = [
        {"participant_id": who, "visit": "month_6", "outcome": outcome, "value": float(value)}
        for who, seen, values in zip(ids, last, zip(fell, flares, strict=True), strict=True)
        if seen
        for outcome, value in zip(("fell", "flares"), values, strict=True)
    ]
    days = [
        {"participant_id": who, "outcome": "injury", "study_day": int(day), "observed": True}
        for who, treated in zip(ids, arm, strict=True)
        for day in np.cumsum(rng.exponential(150 if treated else 110, 12))
        if day < 200
    ]
    return {"participants": people, "assessments": pd.DataFrame(rows), "outcome_events": pd.DataFrame(days)}


@cache
def report() -> coxa.Report:
    """Return the report of the trial."""
    return coxa.analyse(coxa.read_cohort(plan(), tables()).require_clean())
