"""Patients of a clinic, whom the result of a simulated trial is carried to, and the value of its estimand in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.follow import Conditions, follow
from coxa.simulate.from_plan.mix import LevelMix, Mix, NumberMix, draw_mix
from coxa.simulate.from_plan.other_truths import is_difference
from coxa.simulate.from_plan.sets import EVERYBODY
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.simulate.seeds import generator
from coxa.simulate.truth import TrueValue
from coxa.study.assumptions.trial import AssumedCovariate
from coxa.study.source import Span, TableSource
from coxa.study.target_trial import BASELINE
from coxa.study.transport import Transport, transport_of

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
STANDS_FOR = "baseline_value"
"""Column of the outcome before treatment, where the plan names none."""
MOST = 50_000
"""Patients that are followed under both arms."""


def patients_of(design: TrialDesign) -> Transport | None:
    """Return whom the result is carried to, where the plan assumes what they are like."""
    return transport_of(design.study) if design.assumptions.clinic is not None else None


def clinic_table(design: TrialDesign, seed: int) -> pd.DataFrame | None:
    """Return the file of the clinic, in the columns and codes of the plan; None where the plan assumes no clinic.

    Patients have the covariates of `assumptions: clinic:`, and the outcome before treatment that follows from them.
    """
    import pandas as pd

    plan, part = patients_of(design), design.assumptions.clinic
    if plan is None or part is None:
        return None
    there, given = _drawn(design, part.patients, seed)
    drawn = follow(there, np.zeros(part.patients, dtype=np.intp), _seed(seed), covariates=given)
    name = plan.estimand or design.study.main_analysis.estimand_name
    k = design.outcomes.index(design.study.estimands[name].endpoint.outcome)
    source = plan.source
    columns: dict[str, Any] = {
        source.columns.get("participant_id", "participant_id"): [f"c{row + 1:04d}" for row in range(part.patients)]
    }
    for covariate in plan.covariates:
        column = source.columns.get(covariate, STANDS_FOR if covariate == BASELINE else covariate)
        if covariate == BASELINE:
            columns[column] = np.round(drawn.value[:, k, 0], 3)
            continue
        mix, values = there.mix[covariate], drawn.covariates[covariate]
        if isinstance(mix, NumberMix):
            columns[column] = values
        else:
            coded = _codes(source, covariate)
            columns[column] = [coded.get(mix.levels[int(code)], mix.levels[int(code)]) for code in values]
    return pd.DataFrame({**columns, **_kept(source)})


def values_in_clinic(design: TrialDesign, n: int, seed: int) -> tuple[TrueValue, ...]:
    """Return the value of the carried estimand in patients like those of the clinic, all of them.

    Each patient is followed under both arms with the same draws, nobody leaving; of a difference in means only.
    """
    plan = patients_of(design)
    if plan is None:
        return ()
    name = plan.estimand or design.study.main_analysis.estimand_name
    estimand = design.study.estimands[name]
    if not is_difference(design, estimand) or estimand.population not in EVERYBODY:
        return ()
    n = min(n, MOST)
    there, given = _drawn(design, n, seed)
    hypothetical = {event for event, how in estimand.intercurrent_events.items() if how.strategy == "hypothetical"}
    world = Conditions(frozenset(hypothetical), everything=True, population=True)
    values = {}
    for arm in (*estimand.treatment.compare, estimand.treatment.against):
        places = np.full(n, design.arms.index(arm), dtype=np.intp)
        drawn = follow(there, places, _seed(seed), world=world, covariates=given)
        values[arm] = estimand_values(there, drawn, name, complete=True)[0]
    found = []
    for visit in estimand.endpoint.visit:
        at = design.visits.index(visit)
        for arm in estimand.treatment.compare:
            difference = values[arm][:, at] - values[estimand.treatment.against][:, at]
            difference = difference[~np.isnan(difference)]
            found.append(TrueValue(
                estimand=name, outcome=estimand.endpoint.outcome, measure=estimand.endpoint.measure, visit=visit,
                arm=arm, reference=estimand.treatment.against, value=float(difference.mean()),
                monte_carlo_error=float(difference.std(ddof=1) / np.sqrt(len(difference))), obtained="simulation",
            ))  # fmt: skip
    return tuple(found)


def _seed(seed: int) -> int:
    """Return a seed of the clinic's own, so that its patients are not those of the trial."""
    return int(generator("clinic", seed).integers(2**31))


def _drawn(design: TrialDesign, n: int, seed: int) -> tuple[TrialDesign, tuple[dict[str, NDArray[Any]], Floats]]:
    """Return the design with the case mix of the clinic, and its patients with what their covariates add (n, k).

    What a covariate adds is measured from the mean of the trial, as in the trial.
    """
    assert design.assumptions.clinic is not None
    there = replace(design, mix=_mix(design, design.assumptions.clinic.covariates))
    drawn, shift = draw_mix(there.mix, n, len(design.outcomes), _seed(seed))
    for name, mix in there.mix.items():
        own = design.mix[name]
        if isinstance(mix, NumberMix) and isinstance(own, NumberMix):
            shift = shift + mix.slope * (mix.mean - own.mean)
    return there, (drawn, shift)


def _mix(design: TrialDesign, assumed: Mapping[str, AssumedCovariate]) -> dict[str, Mix]:
    found: dict[str, Mix] = dict(design.mix)
    for name, given in assumed.items():
        mix = found[name]
        if isinstance(mix, LevelMix):
            shares = np.array([given.shares.get(level, 0.0) for level in mix.levels]) if given.shares else mix.shares
            found[name] = replace(mix, shares=shares)
        else:
            mean, sd = mix.mean if given.mean is None else given.mean, mix.sd if given.sd is None else given.sd
            found[name] = replace(mix, mean=mean, sd=sd)
    return found


def _codes(source: TableSource, covariate: str) -> dict[str, Any]:
    """Return level -> its code in the file."""
    return {str(level): code for code, level in source.values.get(covariate, {}).items()}


def _kept(source: TableSource) -> dict[str, Any]:
    """Return columns that put every row among those that the plan takes."""
    found = {}
    for column, asked in source.where.items():
        one = asked[0] if isinstance(asked, tuple) else asked
        first = (one.low if one.low is not None else one.high) if isinstance(one, Span) else one
        found[column] = first
    return found
