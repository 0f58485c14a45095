"""Rows of clinical measures, one or two sides at each visit, that give back what was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from coxa.instruments.measures import load_measures
from coxa.simulate.from_plan.sources.base import Sourced
from coxa.study.outcome_sources.clinical_measures import ClinicalMeasureSource

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

WORDS = {"affected": "affected", "other": "unaffected", "left": "left", "right": "right", "whole": None}
"""Side of a plan -> word of the table."""


def measure_rows(trial: Sourced, held: pd.DataFrame) -> pd.DataFrame:
    """Return one row per measure, side and visit.

    Of an outcome that is a symmetry the other side is drawn from the affected one; where only the symmetry is asked
    for, the other side is in the middle of its usual range.
    """
    frame, _, _ = trial.at_visits()
    asked: dict[tuple[str, str | None], dict[str, Floats]] = {}
    for name, source in trial.outcomes("clinical_measures").items():
        one = cast(ClinicalMeasureSource, source)
        asked.setdefault((one.measure, one.position), {})[one.counted] = trial.values(name)
    return with_measures(held, frame, asked)


def with_measures(
    held: pd.DataFrame, frame: pd.DataFrame, asked: Mapping[tuple[str, str | None], dict[str, Floats]]
) -> pd.DataFrame:
    """Return the rows held, and those of measures.

    Parameters
    ----------
    frame
        participant_id and visit, and what else a row has, of each time they are measured.
    asked
        Measure and position -> side, mean or symmetry -> its values, one for each row of `frame`.
    """
    import pandas as pd

    rows = [held]
    for (measure, position), values in asked.items():
        known = load_measures()[measure]
        for side, value in _sides(values, float(np.mean(known.soft or known.hard))).items():
            rows.append(
                frame.assign(measure=measure, side=WORDS[side], position=position, value=value, unit=known.unit)
            )
    return pd.concat([part for part in rows if len(part)], ignore_index=True)


def _sides(asked: dict[str, Floats], usual: float) -> dict[str, Floats]:
    """Return side -> values from which the sides, means and symmetries asked for come out."""
    sides = {side: value for side, value in asked.items() if side in WORDS}
    if "symmetry" in asked:
        share = asked["symmetry"] / 100.0
        if "affected" in sides:
            sides.setdefault("other", np.round(sides["affected"] / np.maximum(share, 1e-6), 6))
        else:
            sides.setdefault("other", np.full(len(share), usual))
            sides["affected"] = sides["other"] * share
    if "mean" in asked:
        first, second = ("left", "right") if "left" in sides or "right" in sides else ("affected", "other")
        if first not in sides:
            sides[first] = 2.0 * asked["mean"] - sides[second] if second in sides else asked["mean"]
        sides.setdefault(second, 2.0 * asked["mean"] - sides[first])
    return sides
