"""A small plan with assumptions, and the hip osteoarthritis plan with assumptions of its own."""

from __future__ import annotations

from pathlib import Path

from coxa.study import Study
from coxa.study.read import parse_study

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

HIP_OA = """
assumptions:
  participants: 189
  outcomes:
    pain:
      baseline: {mean: 53, sd: 15}
      shared_change: {week_6: 6, week_12: 8, week_26: 7, week_52: 6}
      mean_change:
        exercise: {plateau: 7.5, plateau_day: 84, waning_per_year: 3}
        manual_therapy: {week_6: 6, week_12: 6, week_26: 4, week_52: 2.5}
      sd: 16
      correlation: {near: 0.72, far: 0.52}
      covariates: {age: -0.1, sex: {female: -1.5}}
      scale: items
    function:
      baseline: {mean: 55, sd: 15.5}
      shared_change: 6
      mean_change: {exercise: 6, manual_therapy: 4}
      scale: items
    pain_intensity:
      baseline: {mean: 5.6, sd: 1.8}
      shared_change: -1
      mean_change: {exercise: -0.9, manual_therapy: -0.8}
      step: 1
  correlation_of_outcomes: {pain: {function: 0.75, pain_intensity: -0.7}, function: {pain_intensity: -0.6}}
  covariates:
    age: {mean: 62, sd: 8.5}
    sex: {shares: {female: 0.58, male: 0.42}}
    bmi: {mean: 28, sd: 4.2}
    duration: {mean: 40, sd: 15}
  not_started: {exercise: 0.02, manual_therapy: 0.02}
  clusters:
    site: {number: 3, icc: 0.01, at_baseline: true}
    therapist_id: {number: 3, within: site, arms: [exercise, manual_therapy], icc: 0.02}
  dropout: {probability: 0.1, mechanism: mar, odds_ratio: 1.5, gaps: 0.025, item_gaps: 0.004}
  events:
    hip_surgery:
      probability: 0.06
      odds_ratio: 2
      effect: {pain: 20, function: 20, pain_intensity: -2.5}
      build_up_days: 60
      ends_treatment: true
    new_injection: {probability: 0.1, odds_ratio: 1.5, effect: {pain: 8}, fading_days: 60}
  sessions: {attendance: 0.88, home_per_week: {exercise: 2, manual_therapy: 1}}
  adverse_events: {usual_care: 0.1, exercise: 0.4, manual_therapy: 0.35}
  flares: 0.1
"""


def assumed(assumptions: str = ASSUMED, *, design: str = "", more: str = "") -> Study:
    """Return the small plan with assumptions; `more` is put under them, `design` at the head of the plan."""
    return parse_study((SMALL.replace("DESIGN", design) + assumptions + more).encode())


def hip_oa_text() -> str:
    """Return the plan of the worked example without its data, with assumptions."""
    text = DEMO.read_text(encoding="utf-8")
    start, end = text.index("data:\n  folder"), text.index("report:\n")
    return text[:start] + HIP_OA.lstrip() + "\n" + text[end:]
