"""Outcomes with a source: what is derived from simulated rows beside what was drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

import coxa
from coxa.derive.scores import derive_scores
from coxa.simulate.from_plan.trial import SimulatedTrial
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study

PLAN = """
study: sourced
title: Outcomes from tables of their own
arms:
  usual: {label: Usual care, reference: true}
  exercise: {label: Exercise therapy}
visits:
  baseline: {day: 0}
  week_6: {day: 42, window: [-14, 14]}
  week_12: {day: 84, window: [-14, 14]}
outcomes:
OUTCOMES
estimands:
  primary:
    treatment: {compare: exercise, against: usual}
    endpoint: {outcome: FIRST, visit: week_12}
    summary: SUMMARY
analyses:
  main: {estimand: primary, model: MODEL}
assumptions:
  participants: {usual: 40, exercise: 40}
  outcomes:
ASSUMED
  dropout: {probability: 0.2, gaps: 0.1}
"""


def sourced_plan(
    outcomes: str, assumed: str, *, first: str, summary: str = "difference_in_means", model: str = "mmrm"
) -> ComparativeStudy:
    """Return a trial of two arms and three visits with outcomes, and what is assumed of them, as lines of YAML."""
    study = parse_study(sourced_text(outcomes, assumed, first=first, summary=summary, model=model).encode())
    assert isinstance(study, ComparativeStudy)
    return study


def sourced_text(
    outcomes: str, assumed: str, *, first: str, summary: str = "difference_in_means", model: str = "mmrm"
) -> str:
    """Return the text of the plan."""
    text = PLAN.replace("OUTCOMES", _indented(outcomes, 2)).replace("ASSUMED", _indented(assumed, 4))
    return text.replace("FIRST", first).replace("SUMMARY", summary).replace("MODEL", model)


def drawn_and_derived(study: ComparativeStudy, seed: int = 1) -> pd.DataFrame:
    """Return participant_id, outcome, visit, drawn and derived, one row per value that either has."""
    trial = coxa.simulate_study(study, seed=seed, truth_size=2000)
    cohort = coxa.read_cohort(trial.study, trial.tables)
    assert not cohort.findings.errors, cohort.findings
    derived, _ = derive_scores(cohort)
    derived = derived[["participant_id", "outcome", "visit", "value"]].astype({"outcome": str, "visit": str})
    ids = trial.tables["participants"]["participant_id"].to_numpy()
    drawn = pd.concat(_drawn_of(trial, ids, k, name) for k, name in enumerate(trial.design.outcomes))
    both = drawn.merge(derived, on=["participant_id", "outcome", "visit"], how="outer")
    return both.rename(columns={"value": "derived"})


def _drawn_of(trial: SimulatedTrial, ids: np.ndarray, k: int, name: str) -> pd.DataFrame:
    """Return the values of an outcome that are known, whether the visit took place or other rows give them."""
    person, visit = np.nonzero(np.isfinite(trial.drawn.value[:, k]))
    return pd.DataFrame(
        {
            "participant_id": ids[person],
            "outcome": name,
            "visit": np.array(trial.design.visits)[visit],
            "drawn": trial.drawn.value[person, k, visit],
        }
    )


def _indented(lines: str, spaces: int) -> str:
    return "\n".join(" " * spaces + line for line in lines.strip().splitlines())
