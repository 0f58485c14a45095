"""An audit from its plan and its data: every part, or why it is not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from coxa.arguments import FRAME, PATH, Kind, kinds
from coxa.clinics.audit import Audit, CaseMix, Completeness, Shares
from coxa.clinics.measures.case_mix import case_mix
from coxa.clinics.measures.completeness import completeness_counts
from coxa.clinics.measures.groups import recorded
from coxa.clinics.measures.literature import literature_of
from coxa.clinics.measures.loss_weights import LossWeights, loss_weights
from coxa.clinics.measures.over_time import series_of
from coxa.clinics.measures.patients import patients_in
from coxa.clinics.measures.periods import periods_of
from coxa.clinics.measures.rare import worse_of
from coxa.clinics.measures.rates import rates_of
from coxa.clinics.measures.shares import shares
from coxa.clinics.measures.unended import unended_of
from coxa.episodes import Episodes, read_episodes
from coxa.errors import DataError
from coxa.findings import Finding, Findings
from coxa.frames import Frame
from coxa.study.audit.plan import CLINIC, CONDITION, THERAPIST, AuditPlan
from coxa.study.audit.read import read_audit

PLAN = Kind(
    (AuditPlan, *PATH.of),
    "a plan of an audit, or the path of one",
    "Read one by `coxa.read_audit(...)`, or give a path.",
)
DATA = Kind(
    (*PATH.of, *FRAME.of, Episodes),
    "a path, a table of episodes, or episodes that were read",
    'Give for example "data/", or a `pandas.DataFrame` with a row per episode.',
)


@kinds(plan=PLAN, data=DATA)
def audit_clinics(plan: AuditPlan | str | Path, data: str | Path | Frame | Episodes | None = None) -> Audit:
    """Audit the outcomes of clinics: how complete, how good for the case mix, what is changing.

    Parameters
    ----------
    plan
        The plan of the audit, or the path of one.
    data
        Instead of the plan's data: the folder of its files, or the one file; a frame of episodes with the columns of
        the plan's source; or episodes that were read with this plan.

    Returns
    -------
    Audit
        The true numbers, for the eyes of those whose data they are; `coxa.clinics.publish` gives what others see. What
        cannot be had of these data is named in `Audit.without`, and in `without` of a part.

    Raises
    ------
    PlanError
        The plan has faults.
    DataError
        The data have errors, or no eligible episode.

    Examples
    --------
    >>> from coxa.simulate import simulate_registry
    >>> from coxa.study import RegistryAssumptions
    >>> registry = simulate_registry(RegistryAssumptions(), seed=1, episodes=900)
    >>> audit = audit_clinics(registry.plan, registry.episodes)
    >>> int(audit.completeness.counts[()]["eligible"].iloc[0]), list(audit.case_mix)
    (863, ['pain', 'function'])
    """
    plan = plan if isinstance(plan, AuditPlan) else read_audit(plan)
    episodes = data if isinstance(data, Episodes) else read_episodes(plan, data).require_clean()
    return audit_of(episodes)


def audit_of(episodes: Episodes) -> Audit:
    """Return the audit of episodes."""
    plan, (first, last) = episodes.plan, _checked(episodes)
    patients = patients_in(episodes)
    weights = loss_weights(episodes)
    periods = periods_of(episodes, patients)
    series, no_series = series_of(plan, periods)
    rare, not_rare = worse_of(episodes)
    rates, no_rates = rates_of(episodes)
    literature, no_literature = literature_of(plan, periods)
    unended = unended_of(episodes)
    not_ended = {"discharge_date": unended.sentence()} if unended else {}
    return Audit(
        plan=plan,
        data_cut=episodes.data_cut,
        first=first,
        last=last,
        n_patients=patients.n,
        completeness=Completeness(
            completeness_counts(episodes, patients), weights.weights, weights.terms, weights.without
        ),
        case_mix=_case_mix(episodes, weights),
        shares=_shares(episodes),
        series=series,
        rates=rates,
        periods=periods.counts,
        literature=literature,
        findings=Findings((*episodes.findings, *_notes(weights), *([unended.finding()] if unended else []))),
        disposition=episodes.disposition,
        sources=episodes.sources,
        rare=rare,
        without={**_columns_without(episodes), **not_ended, **no_series, **no_rates, **not_rare, **no_literature},
    )


def _checked(episodes: Episodes) -> tuple[date | None, date | None]:
    """Return the first and the last day of intake; refuse data without an eligible episode."""
    row = episodes.query(
        "SELECT COUNT(*) AS n, COUNT(*) FILTER (WHERE eligible) AS eligible, "
        "MIN(intake_date) AS first, MAX(intake_date) AS last FROM episodes"
    ).iloc[0]
    if not row["n"]:
        raise _refused("There is no episode.", "Check the file, and `where`, `start` and `end` of the plan.")
    if not row["eligible"]:
        raise _refused("No episode is eligible.", "Check the column of `eligible` and its `values`.")
    first, last = (None if pd.isna(row[name]) else pd.Timestamp(row[name]).date() for name in ("first", "last"))
    return first, last


def _refused(fault: str, remedy: str) -> DataError:
    return DataError("the data have nothing to audit", Findings((Finding("error", "episodes", fault, remedy),)))


def _case_mix(episodes: Episodes, weights: LossWeights) -> Mapping[str, CaseMix]:
    """Return the adjusted change of each outcome; the weights are those of the main one."""
    plan = episodes.plan
    return {name: case_mix(episodes, name, weights.weight if name == plan.main else None) for name in plan.outcomes}


def _shares(episodes: Episodes) -> tuple[Shares, ...]:
    return tuple(one for name in episodes.plan.outcomes for one in shares(episodes, name))


def _notes(weights: LossWeights) -> tuple[Finding, ...]:
    """Return what was left out of the weights, as notes for those whose data they are."""
    return tuple(Finding("note", "weights", text.rstrip("."), "") for text in weights.notes)


ABSENT = {
    CLINIC: "The data name no clinic: all episodes are taken as those of one.",
    THERAPIST: "The data name no therapist: nothing is shown by therapist.",
    CONDITION: "The data name no condition: nothing is shown by condition.",
}
"""Column -> what it means that no episode has it."""


def _columns_without(episodes: Episodes) -> dict[str, str]:
    """Return what cannot be shown as no episode has the column."""
    plan = episodes.plan
    there = recorded(episodes, (*ABSENT, *plan.descriptors))
    absent = {name: text for name, text in ABSENT.items() if name not in there}
    for name in plan.descriptors:
        if name not in there:
            absent[name] = f"The data have no value of {plan.label('descriptors', name)}."
    return absent
