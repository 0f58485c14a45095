"""Rehearsals of treatments in periods: clusters among sequences, and orders of n-of-1 trials, are drawn anew.

Arrays: n participants, p periods, g treatments.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from coxa.design.by_simulation.comparisons import TrueDifference, comparisons
from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.in_cluster_periods import values_in_cluster_periods
from coxa.simulate.from_plan.in_periods import weights_in_periods, without_carry_over
from coxa.simulate.from_plan.own_sequences import (
    effects_at_visits,
    effects_on_days,
    numbers_of,
    sequence_words,
)
from coxa.simulate.from_plan.placed import added_in_cells
from coxa.study.blocks import SEQUENCE, Blocks
from coxa.study.cluster_periods import PERIOD, ClusterPeriods
from coxa.study.comparative import ComparativeStudy
from coxa.study.outcome_sources import DailyDiarySource

LARGE = 20_000
"""Participants of the run behind a truth that has no closed form."""

Truths = dict[tuple[str, str, str, str], TrueDifference]


def clusters_of(periods: ClusterPeriods, rows: pd.DataFrame, person: np.ndarray) -> np.ndarray:
    """Return (n,) the cluster of each participant as a whole number, -1 where it is not known."""
    found = np.full(int(person.max()) + 1, -1)
    found[person] = pd.factorize(rows[periods.cluster])[0]
    return found


def added_to_clusters(design: TrialDesign, k: int, rows: pd.DataFrame, arm: np.ndarray) -> np.ndarray:
    """Return by how much a row of a cross-sectional trial differs from one of the first sequence in its period.

    The trend over the periods is in the recorded outcomes already.
    """
    periods = design.study.received_in_periods
    assert isinstance(periods, ClusterPeriods)
    cells = added_in_cells(design)[:, k]
    when = pd.Categorical(rows[PERIOD].astype(str), categories=list(periods.order)).codes
    return np.where(when < 0, 0.0, (cells - cells[0])[arm, when])


def own_orders(
    study: ComparativeStudy, design: TrialDesign, k: int, rows: pd.DataFrame, person: np.ndarray, seed: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows of n-of-1 trials with orders drawn anew, and what the treatments then add to each."""
    blocks = getattr(study, "blocks", None)
    assert isinstance(blocks, Blocks)
    n = int(person.max()) + 1
    words = np.array(sequence_words(blocks, n, seed), dtype=object)
    visit = np.array([design.visits.index(str(name)) for name in rows["visit"]])
    added = _on_visits(study, design, blocks, k, n, seed)[visit, person]
    return rows.assign(**{SEQUENCE: words[person]}), added


def _on_visits(study: ComparativeStudy, design: TrialDesign, blocks: Blocks, k: int, n: int, seed: int) -> np.ndarray:
    """Return (m, n) what treatments add to an outcome at the ends of periods; of the diary the mean of its days."""
    source = study.outcomes[design.outcomes[k]].source
    diary = design.assumptions.diary
    if design.outcomes[k] not in design.follows:
        found = effects_at_visits(design, n, seed)
        assert found is not None
        return np.asarray(found[k])
    added = np.zeros((len(design.visits), n))
    if diary is None or not isinstance(source, DailyDiarySource) or source.field != "pain":
        return added
    days = effects_on_days(study, diary.pain, n, blocks.day(blocks.n_periods), 1, seed)
    for place, name in enumerate(blocks.visits, 1):
        end = blocks.day(place)
        added[design.visits.index(name)] = days[:, end - blocks.analysed_days : end].mean(axis=1)
    return added


def truth_in_periods(study: ComparativeStudy, design: TrialDesign, name: str, factor: float) -> Truths:
    """Return the planted difference of each comparison of treatments in periods, by its key.

    Effects are on the scale of the outcome, so that a factor of them is a factor of the truth; nothing is carried over.
    """
    periods, planned = study.received_in_periods, study.planned(name)
    plain = replace(design, measures=tuple(replace(one, kind="continuous", step=0.0) for one in design.measures))
    if isinstance(periods, ClusterPeriods):
        found = {one.arm: one.value for one in values_in_cluster_periods(plain, LARGE, 1)
                 if one.estimand == planned.estimand_name}  # fmt: skip
    elif periods is not None and periods.own_sequences:
        found = _of_blocks(study, plain, name)
    else:
        k, pure = design.outcomes.index(planned.outcome_name), without_carry_over(design).means
        found = {
            arm: float((weights_in_periods(design, planned.estimand, arm) * pure[:, k]).sum())
            for arm in planned.compare
        }
    asked = [one for one in comparisons(study, name) if one.arm in found]
    return {one.key: TrueDifference(factor * found[one.arm] + 0.0, 0.0) for one in asked}


def _of_blocks(study: ComparativeStudy, design: TrialDesign, name: str) -> dict[str, float]:
    """Return what each treatment adds on average, less that of the comparator."""
    planned = study.planned(name)
    k = design.outcomes.index(planned.outcome_name)
    diary = design.assumptions.diary
    of_days = design.outcomes[k] in design.follows and diary is not None
    given = numbers_of(diary.pain.treatments if of_days and diary else design.assumed[k].treatments)
    return {one: given.get(one, 0.0) - given.get(planned.against, 0.0) for one in planned.compare}
