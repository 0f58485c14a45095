"""The rows of n-of-1 trials: a row is of the treatment that a participant took in a period, with its block."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.rows import AnalysisRows
from coxa.n_of_1 import block_differences
from coxa.study.blocks import SEQUENCE, Blocks, words_of
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis


def blocks_of(study: ComparativeStudy) -> Blocks:
    """Return the blocks of a plan of n-of-1 trials."""
    blocks: Any = getattr(study, "blocks", None)
    assert isinstance(blocks, Blocks)
    return blocks


def in_blocks(study: ComparativeStudy, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the ends of periods with `arm` as the treatment that the participant took there.

    Parameters
    ----------
    study
        A plan of n-of-1 trials.
    frame
        One row per participant and visit, with `visit` categorical, and `sequence`: treatments in order.

    Returns
    -------
    DataFrame
        The rows of the periods, with `arm` (the treatment), `period` (1, 2, ...) and `block`. Rows without a known
        treatment are left out.
    """
    blocks = blocks_of(study)
    place = {visit: number for number, visit in enumerate(blocks.visits, 1)}
    rows = frame[frame["visit"].astype(str).isin(place)]
    period = rows["visit"].astype(str).map(place).astype(int)
    known = {one: words_of(one) for one in rows[SEQUENCE].dropna().unique()}
    taken = [
        known[one][number - 1] if one in known and number <= len(known[one]) else None
        for one, number in zip(rows[SEQUENCE], period, strict=True)
    ]
    treatments = list(blocks.treatments)
    found = rows.assign(
        arm=pd.Categorical(taken, categories=treatments),
        period=period,
        block=(period - 1) // len(treatments) + 1,
        visit=rows["visit"].cat.remove_unused_categories(),
    )
    return found[found["arm"].notna()]


def differences_of(planned: PlannedAnalysis, rows: AnalysisRows, compare: str) -> pd.DataFrame:
    """Return the differences of the blocks of one comparison, from rows of treatments."""
    used = rows.analysed
    chosen = used[used["visit"].isin(planned.model_visits)]
    return block_differences(
        chosen, planned.response, compare=compare, against=planned.against, treatment="arm", period="period"
    )


def means_of_people(rows: pd.DataFrame, response: str, treatment: str) -> np.ndarray:
    """Return the mean over a participant's periods of one treatment, of each participant with any."""
    mine = rows[rows["arm"].astype(str) == treatment]
    return np.asarray(mine.groupby("participant_id", observed=True)[response].mean(), dtype=float)
