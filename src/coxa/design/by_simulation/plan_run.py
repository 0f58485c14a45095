"""One analysis of the plan on one simulated trial, exactly as a report would run it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.design.by_simulation.comparisons import comparisons, level_of, only_comparisons
from coxa.errors import CoxaError, NonConvergenceError
from coxa.models.results.run import AnyFit
from coxa.simulate import DrawnTrial, TrialDesign, estimand_frame
from coxa.study.comparative import ComparativeStudy

NUMBERS = ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high")


def run_singly(
    study: ComparativeStudy, name: str, design: TrialDesign, drawn: DrawnTrial, replicate: int
) -> list[Mapping[str, Any]]:
    """Return one row per comparison of an analysis of one trial.

    A trial that the plan cannot analyse has rows without numbers and with the reason: it would stop the report.
    """
    analysis = study.analyses[name]
    frame = estimand_frame(design, drawn, analysis.estimand)
    if not analysis.over_visits:  # each visit by itself, so that the others need no model
        frame = frame[frame["visit"].isin(study.planned(name).visits)]
        frame = frame.assign(visit=frame["visit"].cat.remove_unused_categories())
    rows = SimulatedRows(frame, measure_of(study, name))
    return analysed_rows(study, name, rows, replicate)


def analysed_rows(study: ComparativeStudy, name: str, rows: SimulatedRows, replicate: int) -> list[Mapping[str, Any]]:
    """Return one row per comparison of an analysis of given rows of one trial."""
    analysis = study.analyses[name]
    plain = only_comparisons(study, name)
    asked = comparisons(study, name)
    try:
        fits, estimates, _ = run_analysis(plain, name, plain.analyses[name], rows, comparisons_only=True)
    except CoxaError as error:  # a trial that the plan cannot analyse, whatever the reason
        return [failed(replicate, name, one.key, reason(error)) for one in asked]
    frame = estimates.frame
    keys = list(zip(frame["arm"], frame["reference"], frame["visit"], frame["term"], strict=True))
    place = {key: k for k, key in enumerate(keys)}
    margin = analysis.option("margin")
    found: list[Mapping[str, Any]] = []
    for one in asked:
        if one.key not in place:
            found.append(failed(replicate, name, one.key, "the model has no such comparison"))
            continue
        numbers = frame.iloc[place[one.key]]
        if not np.isfinite([numbers["p_value"], numbers["conf_low"]]).all():
            found.append(failed(replicate, name, one.key, "the model has no standard error for the comparison"))
            continue
        tested, level = numbers, level_of(analysis)
        if margin is not None and (one.visit or study.received_in_periods is not None):
            tested = frame.iloc[place[one.arm, one.reference, one.visit, margin.type]]
            level = (1.0 - tested["conf_level"]) / 2
        found.append(
            row_of(replicate, name, one.key)
            | {word: float(numbers[word]) for word in NUMBERS}
            | {
                "claim_p": float(tested["p_value"]),
                "shown": bool(tested["p_value"] < level),
                "rung": rung(fits, analysis.option("covariance", ())),
                "problem": "",
            }
        )
    return found


def measure_of(study: ComparativeStudy, name: str) -> str:
    """Return the column that an analysis analyses."""
    return study.planned(name).response


def row_of(replicate: int, name: str, key: tuple[str, str, str, str]) -> dict[str, Any]:
    """Return what a row is of."""
    return {
        "replicate": replicate,
        "analysis": name,
        **dict(zip(("arm", "reference", "visit", "term"), key, strict=True)),
    }


def failed(replicate: int, name: str, key: tuple[str, str, str, str], why: str) -> dict[str, Any]:
    """Return the row of a comparison without a number."""
    return row_of(replicate, name, key) | dict.fromkeys(NUMBERS, np.nan) | {"shown": False, "rung": -1, "problem": why}


def reason(error: CoxaError) -> str:
    """Return the kind of failure, in the same words for the same kind, so that they can be counted."""
    kind = "no structure of the ladder converged" if isinstance(error, NonConvergenceError) else str(error)
    return kind.splitlines()[0][:160]


def rung(fits: tuple[AnyFit, ...], ladder: tuple[str, ...]) -> int:
    """Return the place in the covariance ladder of the structure that was used; 0 where there is no ladder."""
    return max((ladder.index(fit.structure) for fit in fits if fit.structure in ladder), default=0)
