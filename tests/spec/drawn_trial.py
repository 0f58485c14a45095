"""A drawn two-arm trial as files: gaps in the values, people who stop with their reasons, and adverse events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

PLAN = """
study: drawn
title: Drawn
design: parallel
data_cut: 2024-12-31
arms:
  usual_care: {reference: true, delivers: [usual_care]}
  exercise: {delivers: [exercise_therapy]}
visits:
  baseline: {day: 0}
  week_6: {day: 42, window: [-10, 14]}
  week_12: {day: 84, window: [-14, 21]}
outcomes:
  pain:
    {range: [0, 100], unit: points, higher_is_better: false, responder: {measure: change, at_least: 10}}
covariates:
  age: {type: number, unit: years, range: [18, 100]}
  sex: {type: category, levels: [female, male]}
estimands:
  primary:
    treatment: {compare: [exercise], against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: week_12}
    summary: difference_in_means
  response:
    treatment: {compare: [exercise], against: usual_care}
    endpoint: {outcome: pain, measure: responder, visit: week_12}
    summary: risk_difference
analyses:
  primary: {estimand: primary, role: primary, model: ancova, adjust: [baseline]}
  response: {estimand: response, role: secondary, model: proportions}
data:
  folder: .
  tables:
    participants: {file: p.csv}
    assessments: {file: a.csv, outcomes: {pain: pain}}
    adverse_events: {file: e.csv}
"""
REASONS = ("Moved away", "No time", "Said so by CANARY Jones of Hip Street")
TERMS = ("knee pain", "back pain", "CANARY fall from a ladder")


def drawn_trial(folder: Path, seed: int, n: int) -> Path:
    """Write a trial of n participants; return its study file."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    ids = [f"Q{index:03d}" for index in range(1, n + 1)]
    start = pd.Timestamp("2024-01-10")
    stops = rng.random(n) < 0.12
    people = pd.DataFrame(
        {
            "participant_id": ids,
            "arm": rng.permutation(["usual_care", "exercise"] * (n // 2) + ["exercise"] * (n % 2)),
            "randomisation_date": start,
            "age": rng.integers(40, 80, n),
            "sex": rng.choice(["female", "male"], n, p=[0.85, 0.15]),
            "discontinuation_date": np.where(stops, "2024-02-10", ""),
            "discontinuation_reason": np.where(stops, rng.choice(REASONS, n, p=[0.6, 0.35, 0.05]), ""),
        }
    )
    values = []
    for visit, day in (("baseline", 0), ("week_6", 42), ("week_12", 84)):
        there = np.ones(n, dtype=bool) if not day else (rng.random(n) > 0.06) & ~stops
        pain = np.clip(rng.normal(60 - day / 6, 15, n).round(), 0, 100).astype(int)
        date = (start + pd.Timedelta(days=day)).date()
        values.append(
            pd.DataFrame({"participant_id": ids, "visit": visit, "assessment_date": date, "pain": pain})[there]
        )
    who = rng.choice(n, max(n // 5, 3), replace=False)
    events = pd.DataFrame(
        {
            "participant_id": [ids[at] for at in who],
            "event_number": 1,
            "kind": "adverse_event",
            "term": rng.choice(TERMS, len(who), p=[0.6, 0.3, 0.1]),
            "onset_date": "2024-02-01",
            "severity": "mild",
            "serious": "no",
            "relatedness": "possible",
            "expected": "yes",
        }
    )
    people.to_csv(folder / "p.csv", index=False)
    pd.concat(values).to_csv(folder / "a.csv", index=False)
    events.to_csv(folder / "e.csv", index=False)
    (folder / "study.yaml").write_text(PLAN, encoding="utf-8")
    return folder / "study.yaml"
