"""A small plan with assumptions, and the hip osteoarthritis plan with assumptions of its own."""

from __future__ import annotations

from pathlib import Path

from coxa.study import Study
from coxa.study.reading.read import parse_study

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "analyses" / "hip_oa_trial" / "study.yaml"

SMALL = """\
study: small
title: A small trial
DESIGN
arms:
  usual_care: {reference: true, sessions_planned: 0}
  exercise: {delivers: [exercise_therapy], sessions_planned: 12}
visits:
  baseline: {day: 0, window: [-14, 0]}
  week_6: {day: 42, window: [-10, 10]}
  week_12: {day: 84, window: [-14, 14]}
outcomes:
  pain:
    range: [0, 100]
    higher_is_better: false
    responder: {measure: change, at_least: 10}
  function: {instrument: hoos, scale: adl}
covariates:
  age: {type: number, range: [18, 100]}
  sex: {type: category, levels: [female, male]}
  site: {type: category, levels: [north, river, south]}
intercurrent_events: {surgery: {}, stopping: {}}
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, measure: change, visit: [week_6, week_12]}
    intercurrent_events: {surgery: hypothetical, stopping: treatment_policy}
  responders:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, measure: responder, visit: week_12}
    intercurrent_events: {surgery: {strategy: composite, value: worst}, stopping: treatment_policy}
    summary: risk_difference
  function:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: function, visit: week_12}
    intercurrent_events: {surgery: while_on_treatment, stopping: hypothetical}
analyses:
  primary: {estimand: primary, model: mmrm, adjust: [baseline * visit]}
  responders: {estimand: responders, model: proportions}
  function: {estimand: function, model: mmrm}
"""

ASSUMED = """
assumptions:
  participants: {usual_care: 60, exercise: 60}
  outcomes:
    pain:
      baseline: {mean: 55, sd: 15}
      shared_change: {week_6: -6, week_12: -8}
      mean_change: {exercise: {week_6: -4, week_12: -7}}
      sd: {week_6: 15, week_12: 17}
      correlation: 0.6
      scale: continuous
"""


def assumed(assumptions: str = ASSUMED, *, design: str = "", more: str = "") -> Study:
    """Return the small plan with assumptions; `more` is put under them, `design` at the head of the plan."""
    return parse_study((SMALL.replace("DESIGN", design) + assumptions + more).encode())


def hip_oa_text() -> str:
    """Return the plan of the worked example without its data."""
    text = DEMO.read_text(encoding="utf-8")
    start, end = text.index("data:\n  folder"), text.index("report:\n")
    return text[:start] + text[end:]
