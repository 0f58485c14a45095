"""A piece of the work: some replicates of a trial, drawn and analysed, one row per comparison and replicate."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.methods import method_of
from coxa.design.by_simulation.comparisons import Comparison, comparisons
from coxa.design.by_simulation.plan_run import run_singly
from coxa.design.by_simulation.prior import Prior, scaled
from coxa.design.by_simulation.simple import ancova_together, proportions_together
from coxa.design.by_simulation.together import fits_together, mmrm_together, stacked
from coxa.models.numerics.one_thread import one_thread
from coxa.simulate import DrawnTrial, TrialDesign, trial_design
from coxa.simulate.from_plan.draw import draw_trials
from coxa.study.comparative import ComparativeStudy

COLUMNS = (
    "replicate", "analysis", "arm", "reference", "visit", "term", "estimate", "std_error", "df", "p_value",
    "conf_low", "conf_high", "shown", "rung", "problem", "factor",
)  # fmt: skip
"""Columns of a piece. `shown`: the comparison is significant, or its margin is kept; `rung`: which structure of the
covariance ladder was used, from 0, -1 where none was; `problem`: why there is no number; `factor`: by how much the
effects were multiplied."""

TOGETHER, SINGLY = 100, 20
"""Replicates of a piece where all its models are fitted together, and where some are fitted one by one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to be done.

    study    : the plan, with the assumptions of the setting
    n        : participants of all arms together
    analyses : names
    seed     : of the whole run
    first, count : the replicates, from 0
    prior    : of the effect, where it is uncertain
    """

    study: ComparativeStudy
    n: int
    analyses: tuple[str, ...]
    seed: int
    first: int
    count: int
    prior: Prior | None = None


def replicate_seed(study: str, seed: int, n: int, replicate: int) -> int:
    """Return the seed of one replicate, from the names of what it is of.

    Examples
    --------
    >>> replicate_seed("hip", 1, 100, 0) != replicate_seed("hip", 1, 100, 1)
    True
    """
    text = f"power of {study}, seed {seed}, n {n}, replicate {replicate}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "little")


MOST_ROWS = 1_000_000
"""Rows of a piece at most (participants by visits by replicates), so that a large trial fits into the memory."""


def piece_size(study: ComparativeStudy, analyses: tuple[str, ...], n: int) -> int:
    """Return the replicates of a piece of n participants; it depends on plan and n alone, not on the workers."""
    size = TOGETHER if all(fits_together(study, name) for name in analyses) else SINGLY
    return max(min(size, MOST_ROWS // (n * len(study.visits))), 1)


def run_piece(piece: Piece) -> pd.DataFrame:
    """Draw the replicates of a piece and analyse each as the plan says; return rows in `COLUMNS`."""
    design = trial_design(piece.study, participants=piece.n)
    with one_thread(), np.errstate(all="ignore"):
        drawn, factors = trials_of(piece, design)
        rows = [row for name in piece.analyses for row in analyse_trials(piece.study, name, design, drawn)]
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    table["factor"] = factors[table["replicate"].to_numpy(dtype=int)]
    table["replicate"] += piece.first
    return table.sort_values(["replicate", "analysis"], kind="stable", ignore_index=True)


def trials_of(piece: Piece, design: TrialDesign) -> tuple[list[DrawnTrial], np.ndarray]:
    """Return the trials of a piece, each from its own seed, and what their effects were multiplied by."""
    factors, designs = np.ones(piece.count), [design] * piece.count
    seeds = [
        replicate_seed(piece.study.study, piece.seed, piece.n, piece.first + place) for place in range(piece.count)
    ]  # fmt: skip
    if piece.prior is not None:
        factors = np.array([piece.prior.factor(design, piece.analyses[0], seed) for seed in seeds])
        designs = [replace(design, means=scaled(design.means, factor)) for factor in factors]
    return draw_trials(designs, seeds), factors


def means_together(
    study: ComparativeStudy, name: str, every: pd.DataFrame, trials: int, asked: Sequence[Comparison]
) -> list[Mapping[str, Any]]:
    """Return the rows of many trials of a model of means, fitted together: over the visits, or at each by itself."""
    way = method_of(study.analyses[name]).together(study.planned(name))
    fitted = mmrm_together if way == "repeated" else ancova_together
    return fitted(study, name, every, trials, asked)


def analyse_trials(
    study: ComparativeStudy, name: str, design: TrialDesign, drawn: list[DrawnTrial]
) -> list[Mapping[str, Any]]:
    """Return the rows of one analysis of many trials: together where that can be, and singly the others."""
    rows: list[Mapping[str, Any]] = []
    left = range(len(drawn))
    if way := method_of(study.analyses[name]).together(study.planned(name)):
        asked = comparisons(study, name)
        if way == "proportions":
            rows += proportions_together(study, name, design, drawn, asked)
        else:
            every = stacked(design, drawn, study.analyses[name].estimand)
            rows += means_together(study, name, every, len(drawn), asked)
        left = sorted(set(left) - {row["replicate"] for row in rows})  # type: ignore[assignment]
    for place in left:
        rows += run_singly(study, name, design, drawn[place], place)
    return rows
