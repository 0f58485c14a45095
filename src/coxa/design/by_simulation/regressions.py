"""Regressions of many simulated trials, each fitted by itself, the columns of their designs made once for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.methods import method_of
from coxa.analyses.regression import Regression
from coxa.design.by_simulation.comparisons import Comparison, level_of
from coxa.design.by_simulation.plan_run import NUMBERS, row_of
from coxa.errors import CoxaError
from coxa.models.design.matrix import design_matrix
from coxa.models.design.parts import parts_of
from coxa.simulate import DrawnTrial, TrialDesign
from coxa.simulate.from_plan.frames import stacked_frame
from coxa.study.comparative import ComparativeStudy

Found = dict[tuple[str, str, str], Mapping[str, Any]]
"""Arm, reference and kind of row -> its numbers."""


def regressions_together(
    study: ComparativeStudy, name: str, design: TrialDesign, drawn: Sequence[DrawnTrial], asked: Sequence[Comparison]
) -> list[Mapping[str, Any]]:
    """Return rows of the trials in which every comparison has an estimate and a test; the others have none.

    The numbers are those of the plan's analysis of each trial, by the same functions. What is left out is the making of
    a frame, a design and a table for each trial, which takes longer than the fit.
    """
    planned = study.planned(name)
    regression = method_of(study.analyses[name]).regression(planned)
    every = stacked_frame(design, drawn, study.analyses[name].estimand)
    at = {visit: numbers_at(regression, every[every["visit"] == visit]) for visit in {one.visit for one in asked}}
    level = level_of(study.analyses[name])
    rows: list[Mapping[str, Any]] = []
    for k in range(len(drawn)):
        numbers = [at[one.visit].get(k, {}).get((one.arm, one.reference, one.term)) for one in asked]
        found = [row_of_comparison(k, one, row, level) for one, row in zip(asked, numbers, strict=True) if row]
        if len(found) == len(asked) and all(np.isfinite([row["p_value"], row["conf_low"]]).all() for row in found):
            rows += found
    return rows


def row_of_comparison(replicate: int, one: Comparison, row: Mapping[str, Any], level: float) -> dict[str, Any]:
    """Return the row of a piece of a comparison's numbers."""
    numbers = {word: float(row.get(word, np.nan)) for word in NUMBERS}
    shown = {"shown": bool(numbers["p_value"] < level), "rung": 0, "problem": ""}
    return row_of(replicate, one.analysis, one.key) | numbers | shown


def numbers_at(regression: Regression, rows: pd.DataFrame) -> dict[int, Found]:
    """Return the numbers of each trial that can be fitted, of the rows of one visit."""
    rows = regression.rows(rows.reset_index(drop=True))
    try:
        whole = design_matrix(regression.formula, rows, also=regression.also)
    except CoxaError:
        return {}
    found: dict[int, Found] = {}
    for trial, place, part in parts_of(whole, rows["trial"].to_numpy(), "arm"):
        try:
            numbers = regression.numbers(part, rows.iloc[place])
            found[trial] = {(row["arm"], row.get("reference", ""), row["term"]): row for row in numbers}
        except CoxaError:
            continue
    return found
