"""What the audit of the worked registry counts of red flags beside what was planted, in many simulated registries."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from statsmodels.stats.proportion import proportion_confint

import coxa
from coxa.clinics.measures.few_points import RUN_SIGNAL, with_enough_points
from coxa.clinics.measures.over_time import ALL, series_of
from coxa.clinics.measures.periods import periods_of
from coxa.clinics.measures.rates import rates_of
from coxa.episodes import episodes_of_frame
from coxa.simulate import SimulatedRegistry, simulate_registry
from coxa.simulate.registry.units import draw_units
from coxa.study import AuditPlan, RegistryAssumptions
from coxa.study.audit.assumptions import AssumedRedFlagSteps

PLAN = Path(__file__).parents[2] / "analyses" / "red_flags" / "audit.yaml"
WITHIN = 7
"""Days within which a referral is in time, of the plan's standard."""

PAGE = """## Red flags: a registry of clinics

{replicates:,} registries are simulated from the assumptions of `analyses/red_flags/audit.yaml`, and counted as the
audit counts. Clinics differ in how often they ask: `truth` of what is asked is the expected share given the clinics
of each registry and their patients, its mean over the registries; every other truth is the planted share. `counted`
is the mean share, `bias` the mean of counted less truth, and `coverage` the share of 95% Wilson intervals with the
truth inside, with their Monte Carlo errors.

| step | truth | counted | bias | coverage, % |
|---|---|---|---|---|
{lines}

The run chart of *Red flags asked for*, all clinics, has a signal in {found:.0%} of the registries, in which more are
asked from {start:%B %Y} on, and in {false:.0%} of as many in which nothing changes.
"""


def assumed_of(plan: AuditPlan) -> tuple[RegistryAssumptions, AssumedRedFlagSteps]:
    """Return what the plan assumes, and what of it is assumed of red flags."""
    assumed = plan.assumptions
    assert assumed is not None
    assert assumed.red_flags is not None
    return assumed, assumed.red_flags


def expected_asked(
    registry: SimulatedRegistry, assumed: RegistryAssumptions, rows: pd.DataFrame, share: float
) -> float:
    """Return the expected share who are asked among the patients of `rows`, given how their clinics differ."""
    units = draw_units(assumed, registry.seed)
    n = rows["clinic"].value_counts().reindex(units.clinics, fill_value=0).to_numpy()
    return float(np.average(expit(logit(share) + units.diligence), weights=n))


def steps(plan: AuditPlan, seed: int) -> pd.DataFrame:
    """Return one registry: step, truth, events, n, one row per step from asked to referred in time.

    Who is acted on and referred in time is counted by the audit's own standards.
    """
    assumed, planted = assumed_of(plan)
    assert planted.asked_from is not None
    registry = simulate_registry(assumed, seed=seed)
    rows = registry.episodes[registry.episodes["eligible"]]
    after = pd.to_datetime(rows["intake_date"]) >= pd.Timestamp(planted.asked_from.start)
    found: list[tuple[str, float, float, float]] = []
    for when, here, share in (("before", ~after, planted.asked), ("after", after, planted.asked_from.asked)):
        asked = rows.loc[here, "red_flags_asked"]
        truth = expected_asked(registry, assumed, rows[here], share)
        found.append((f"asked, {when} training", truth, int(asked.sum()), len(asked)))
    flags = rows.loc[rows["red_flags_asked"], "flag_found"]
    found.append(("found, of those asked", planted.found, int(flags.sum()), len(flags)))
    rates = {one.name: one for one in rates_of(episodes_of_frame(plan, registry.episodes))[0]}
    acted = rates["acted_on"]
    found.append(("acted on, of those found", planted.acted_on, acted.events, acted.n))
    in_time = rates["referred_in_time"]
    found.append(("referred, of those acted on", planted.referred, in_time.n, acted.events))
    soon = float(-np.expm1(-(WITHIN + 1) / planted.days))  # whole days of an exponential time
    found.append((f"referred within {WITHIN} days, of those referred", soon, in_time.events, in_time.n))
    return pd.DataFrame(found, columns=["step", "truth", "events", "n"])


def signalled(plan: AuditPlan, seed: int) -> bool:
    """Return whether the audit's run chart of who is asked, in all clinics, has a signal."""
    registry = simulate_registry(assumed_of(plan)[0], seed=seed)
    drawn, _ = series_of(plan, periods_of(episodes_of_frame(plan, registry.episodes)))
    one = next(each for each in drawn if each.measure == "screened" and each.clinic == ALL)
    return with_enough_points(one).variation == RUN_SIGNAL


def unchanged(plan: AuditPlan) -> AuditPlan:
    """Return the plan in which as many are asked all the time."""
    assumed, planted = assumed_of(plan)
    flags = planted.model_copy(update={"asked_from": None})
    return plan.model_copy(update={"assumptions": assumed.model_copy(update={"red_flags": flags})})


def summary(every: pd.DataFrame) -> pd.DataFrame:
    """Return one row per step: truth, counted, bias, bias_error, coverage, coverage_error, from rows of `steps`."""
    low, high = proportion_confint(every["events"], every["n"], method="wilson")
    share = every["events"] / every["n"]
    inside = (low <= every["truth"]) & (every["truth"] <= high)
    table = every.assign(share=share, off=share - every["truth"], inside=inside).groupby("step", sort=False)
    registries = table.size()
    covered = (table["inside"].sum() + 1) / (registries + 2)
    return pd.DataFrame(
        {
            "truth": table["truth"].mean(),
            "counted": table["share"].mean(),
            "bias": table["off"].mean(),
            "bias_error": table["off"].std() / np.sqrt(registries),
            "coverage": table["inside"].mean(),
            "coverage_error": np.sqrt(covered * (1 - covered) / registries),
        }
    )


def line(step: str, row: Mapping[Hashable, Any]) -> str:
    """Return a step as a line of the table."""
    return (
        f"| {step} | {row['truth']:.3f} | {row['counted']:.3f} | {row['bias']:+.4f} ± {row['bias_error']:.4f} "
        f"| {100 * row['coverage']:.0f} ± {100 * row['coverage_error']:.1f} |"
    )


def section(replicates: int, episodes: int | None = None) -> str:
    """Return the section of the page; with `episodes` registries of another size than the plan's."""
    plan = coxa.read_audit(PLAN)
    assumed, planted = assumed_of(plan)
    assert planted.asked_from is not None
    if episodes is not None:
        plan = plan.model_copy(update={"assumptions": assumed.model_copy(update={"episodes": episodes})})
    seeds = range(1, replicates + 1)
    table = summary(pd.concat([steps(plan, seed) for seed in seeds], ignore_index=True))
    same = unchanged(plan)
    return PAGE.format(
        replicates=replicates,
        lines="\n".join(line(str(step), row) for step, row in table.to_dict("index").items()),
        found=float(np.mean([signalled(plan, seed) for seed in seeds])),
        false=float(np.mean([signalled(same, seed) for seed in seeds])),
        start=planted.asked_from.start,
    )
