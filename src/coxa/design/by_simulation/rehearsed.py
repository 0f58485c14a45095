"""The data of a running trial without its allocation, and trials made of them: arms shuffled, an effect planted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.methods import method_of
from coxa.analyses.rows import SimulatedRows
from coxa.cards import counted
from coxa.cohort.read import read_cohort
from coxa.derive import derive_dataset
from coxa.derive.change import change_from_baseline, percent_change_from_baseline
from coxa.derive.responder import responder_status
from coxa.design.by_simulation.comparisons import TrueDifference, comparisons
from coxa.design.by_simulation.plan_run import analysed_rows, measure_of
from coxa.design.by_simulation.rehearsed_dropout import leaves_before
from coxa.design.by_simulation.rehearsed_periods import (
    added_to_clusters,
    clusters_of,
    own_orders,
    truth_in_periods,
)
from coxa.design.by_simulation.run import COLUMNS, means_together, replicate_seed
from coxa.errors import DataError
from coxa.findings import Findings
from coxa.frames import Frame
from coxa.models.numerics.one_thread import one_thread
from coxa.simulate import TrialDesign, trial_design
from coxa.simulate.from_plan.clusters import ClusterDesign, assign, draw_effects, totals
from coxa.simulate.seeds import generator
from coxa.study.blocks import SEQUENCE, Blocks
from coxa.study.cluster_periods import DELIVERED, ClusterPeriods
from coxa.study.comparative import ComparativeStudy

ARMS = ("arm", "arm_received", DELIVERED, SEQUENCE)
"""Columns that tell the allocation; they are never read."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Rows of each estimand, with every participant in the reference arm, and what was found in the data.

    rows     : estimand -> rows as `coxa.derive.AnalysisDataset.frame` has them; `arm` is the reference arm everywhere
    findings : warnings and notes
    sha256   : data file -> hash of its bytes
    """

    rows: dict[str, pd.DataFrame]
    findings: Findings
    sha256: dict[str, str]


def blind(study: ComparativeStudy) -> ComparativeStudy:
    """Return the plan with no word of where the allocation is: everybody is in the reference arm.

    Raises
    ------
    DataError
        The plan does not say where the data are.
    """
    if study.data is None or "participants" not in study.data.tables:
        raise DataError("the plan does not name the data (`data:`)", Findings(()))
    tables = {
        name: source.model_copy(
            update={
                "columns": {key: column for key, column in source.columns.items() if key not in ARMS},
                "values": {key: codes for key, codes in source.values.items() if key not in ARMS},
                "constants": {key: value for key, value in source.constants.items() if key not in ARMS}
                | (_nobody_knows(study) if name == "participants" else {}),
            }
        )
        for name, source in study.data.tables.items()
    }
    corrections = tuple(one for one in study.data.corrections if one.field not in ARMS)
    data = study.data.model_copy(update={"tables": tables, "corrections": corrections, "ignore_unlisted": True})
    return study.model_copy(update={"data": data})


def _nobody_knows(study: ComparativeStudy) -> dict[str, str]:
    """Return the constants that stand for the allocation: one arm, and one order of the treatments of n-of-1 trials."""
    blocks = getattr(study, "blocks", None)
    order = {SEQUENCE: " ".join([*blocks.treatments] * blocks.number)} if isinstance(blocks, Blocks) else {}
    return {"arm": study.reference_arm, **order}


def read_skeleton(
    study: ComparativeStudy, data: str | Path | Mapping[str, Frame] | None, estimands: list[str]
) -> Skeleton:
    """Read the data of a plan without its allocation.

    Raises
    ------
    DataError
        The data have errors beside those about arms.
    """
    cohort = read_cohort(blind(study), data)
    clusters = {factor for analysis in study.analyses.values() for factor in analysis.factors}
    blind_to = {*ARMS, *clusters}  # findings about these mean nothing where everybody has the same arm
    errors = Findings(tuple(item for item in cohort.findings.errors if item.field not in blind_to))
    if errors:
        raise DataError(f"the data of {study.study} have {counted(len(errors), 'error')}", errors)
    rows = {name: derive_dataset(cohort, name).frame for name in estimands}
    return Skeleton(rows, cohort.findings.warnings, {source.name: source.sha256 for source in cohort.sources})


@dataclass(frozen=True, slots=True)
class RehearsalPiece:
    """Some rehearsals of one plan on one skeleton.

    factor  : what the plan's effects are multiplied by
    dropout : whether participants leave as the assumptions say, beyond the gaps that were recorded
    """

    study: ComparativeStudy
    rows: Mapping[str, pd.DataFrame]
    analyses: tuple[str, ...]
    seed: int
    first: int
    count: int
    factor: float
    dropout: bool = False


def run_rehearsals(piece: RehearsalPiece) -> pd.DataFrame:
    """Shuffle arms, plant the effect, analyse; return rows in `pieces.COLUMNS`."""
    design = trial_design(piece.study)
    found: list[Mapping[str, Any]] = []
    with one_thread(), np.errstate(all="ignore"):
        for name in piece.analyses:
            estimand = piece.study.analyses[name].estimand
            made = [
                planted(
                    piece.study,
                    design,
                    name,
                    piece.rows[estimand],
                    piece.seed,
                    piece.first + k,
                    piece.factor,
                    dropout=piece.dropout,
                )
                for k in range(piece.count)
            ]
            found += _analysed(piece.study, name, made)
    table = pd.DataFrame(found, columns=list(COLUMNS[:-1])).assign(factor=piece.factor)
    table["replicate"] += piece.first
    return table.sort_values(["replicate", "analysis"], kind="stable", ignore_index=True)


def _analysed(study: ComparativeStudy, name: str, made: list[pd.DataFrame]) -> list[Mapping[str, Any]]:
    measure, found = measure_of(study, name), []
    left = set(range(len(made)))
    if method_of(study.analyses[name]).together(study.planned(name)) in ("repeated", "least_squares"):
        every = pd.concat([rows.assign(trial=k) for k, rows in enumerate(made)], ignore_index=True)
        every = every[every[measure].notna()].reset_index(drop=True)
        found = list(means_together(study, name, every, len(made), comparisons(study, name)))
        left -= {row["replicate"] for row in found}
    for k in sorted(left):
        found += analysed_rows(study, name, SimulatedRows(made[k], measure), k)
    return found


def planted(
    study: ComparativeStudy,
    design: TrialDesign,
    name: str,
    rows: pd.DataFrame,
    seed: int,
    replicate: int,
    factor: float,
    *,
    dropout: bool = False,
) -> pd.DataFrame:
    """Return a trial made of the skeleton of an estimand: new arms, and the outcome with the effect of each.

    All analyses share the arms of a replicate. What the plan's assumptions say arms differ by is added to the recorded
    outcome at each visit, `factor` times; values are not cut at the ends of the scale. With `dropout` participants
    leave by these outcomes, as the assumptions say, and have none from then on.
    """
    estimand = study.planned(name).estimand
    k = design.outcomes.index(estimand.endpoint.outcome)
    person, people = pd.factorize(rows["participant_id"], sort=True)
    visit = np.array([design.visits.index(str(word)) for word in rows["visit"]])
    periods = study.received_in_periods
    if periods is not None and periods.own_sequences:
        own = replicate_seed(study.study, seed, len(people), replicate)
        made, added = own_orders(study, design, k, rows, person, own)
        return measured(study, estimand.endpoint.outcome, made, made["value"] + factor * added)
    if isinstance(periods, ClusterPeriods):
        cluster = clusters_of(periods, rows, person)
        arm = shuffled(design, int(cluster.max()) + 1, seed, replicate)[cluster]
    else:
        arm = shuffled(design, len(people), seed, replicate)
    made = rows.assign(arm=pd.Categorical.from_codes(arm[person], pd.Index(list(design.arms), dtype="str")))
    if isinstance(periods, ClusterPeriods) and not periods.by_visit:
        added = factor * added_to_clusters(design, k, rows, arm[person])
    else:
        added = factor * effects_of(design, k)[arm[person], visit]
    randomised = {periods.cluster} if isinstance(periods, ClusterPeriods) else set()
    factors = drawn_anew(design, [factor for factor in study.analyses[name].factors if factor not in randomised])
    if factors:
        own = replicate_seed(study.study, seed, len(people), replicate)
        codes = assign(factors, arm, arm, {}, own)
        effect = draw_effects(factors, codes, design.between, design.sd, own)
        added = added + effect[k, visit, person]
        words = {word: pd.Series(code[person]).where(code[person] >= 0) for word, code in codes.items()}
        made = made.assign(**{word: column.to_numpy() for word, column in words.items()})
    value = made["value"] + added
    if dropout:
        outcomes = by_visit(design, made.assign(value=value), person, visit)
        value = value.mask(visit >= leaves_before(design, k, arm, outcomes, seed, replicate)[person])
    return measured(study, estimand.endpoint.outcome, made, value)


def by_visit(design: TrialDesign, rows: pd.DataFrame, person: np.ndarray, visit: np.ndarray) -> np.ndarray:
    """Return outcomes (n, m) of participants at the visits of the plan, the baseline first."""
    found = np.full((int(person.max()) + 1, len(design.visits)), np.nan)
    if "baseline" in rows:
        found[person, 0] = rows["baseline"].to_numpy(dtype=float)
    found[person, visit] = rows["value"].to_numpy(dtype=float)
    return found


def drawn_anew(design: TrialDesign, names: Iterable[str]) -> tuple[ClusterDesign, ...]:
    """Return the clusters of some factors; those nested in a factor that is not among them lie in the whole trial."""
    mine, there = set(names), totals(design.clusters)
    return tuple(
        factor
        if factor.within is None or factor.within in mine
        else replace(factor, within=None, number=factor.number * there[factor.within])
        for factor in design.clusters
        if factor.name in mine
    )


def shuffled(design: TrialDesign, n: int, seed: int, replicate: int) -> np.ndarray:
    """Return (n,) arms in the numbers that the ratio of the plan gives, in random order."""
    share = design.numbers / design.numbers.sum()
    ends = np.round(np.cumsum(share) * n).astype(int)
    arms = np.searchsorted(ends, np.arange(n), side="right")
    return generator(f"arms of rehearsal {replicate}", seed).permutation(arms)


def effects_of(design: TrialDesign, k: int) -> np.ndarray:
    """Return (a, m) by how much the mean of each arm differs from that of the reference, by the assumptions."""
    return np.asarray(design.means[:, k] - design.means[0, k])


def measured(study: ComparativeStudy, outcome: str, rows: pd.DataFrame, value: pd.Series) -> pd.DataFrame:
    """Return the rows with another value, and what follows from it."""
    made = rows.assign(value=value)
    made["change"] = change_from_baseline(made["value"], made["baseline"])
    made["percent_change"] = percent_change_from_baseline(made["value"], made["baseline"])
    rule = study.outcomes[outcome].response
    if rule is not None:
        status = responder_status(made, rule, study.scale(outcome).higher_is_better)
        made["responder"] = status.mask(rows["responder"].eq(0.0) & rows[rule.measure].isna(), 0.0)
    return made


def planted_truth(
    study: ComparativeStudy, design: TrialDesign, name: str, rows: pd.DataFrame, factor: float
) -> dict[tuple[str, str, str, str], TrueDifference]:
    """Return the mean difference that the planted effect makes in those seen at a visit, by key of the comparison.

    For values and changes it is the planted difference itself. Comparisons over the course have none.
    """
    if study.received_in_periods is not None:
        return truth_in_periods(study, design, name, factor)
    estimand = study.planned(name).estimand
    k, measure = design.outcomes.index(estimand.endpoint.outcome), estimand.endpoint.measure
    effect = factor * effects_of(design, k)
    found = {}
    for one in comparisons(study, name):
        if not one.visit:
            continue
        mine = rows[rows["visit"].astype(str) == one.visit]
        under = [
            measured(study, estimand.endpoint.outcome, mine,
                     mine["value"] + effect[design.arms.index(arm), design.visits.index(one.visit)])[measure]
            for arm in (one.arm, one.reference)
        ]  # fmt: skip
        found[one.key] = TrueDifference(float((under[0] - under[1]).mean()), 0.0)
    return found
