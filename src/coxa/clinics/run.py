"""An audit from its plan and its data: every part, or why it is not there."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from coxa.arguments import FRAME, PATH, WHOLE, Kind, kinds
from coxa.clinics.ask import Asked, Question, asking
from coxa.clinics.audit import Audit, Completeness
from coxa.clinics.measures.case_mix import case_mix
from coxa.clinics.measures.completeness import completeness_counts
from coxa.clinics.measures.fingerprint import fingerprint_of
from coxa.clinics.measures.groups import recorded
from coxa.clinics.measures.literature import literature_of
from coxa.clinics.measures.loss_weights import LossWeights, loss_weights
from coxa.clinics.measures.over_time import series_of
from coxa.clinics.measures.patients import patients_in
from coxa.clinics.measures.periods import periods_of
from coxa.clinics.measures.rare import rare_of
from coxa.clinics.measures.rates import rates_of
from coxa.clinics.measures.shares import shares
from coxa.clinics.measures.unended import Unended, unended_of
from coxa.episodes import Episodes, read_episodes
from coxa.episodes.checks.keys import EACH_A_PATIENT
from coxa.errors import DataError
from coxa.findings import Finding, Findings
from coxa.frames import Frame
from coxa.runs.workers import Workers
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


@kinds(plan=PLAN, data=DATA, jobs=WHOLE)
def audit_clinics(
    plan: AuditPlan | str | Path,
    data: str | Path | Frame | Episodes | None = None,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
) -> Audit:
    """Audit the outcomes of clinics: how complete, how good for the case mix, what is changing.

    Parameters
    ----------
    plan
        The plan of the audit, or the path of one.
    data
        Instead of the plan's data: the folder of its files, or the one file; a frame of episodes with the columns of
        the plan's source; or episodes that were read with this plan.
    jobs
        Processes on this machine that share the measures; each asks a Parquet file of the episodes that is removed
        at the end.
    scheduler
        Address of a Dask scheduler whose workers do it instead; they see the folder for temporary files (TMPDIR).

    Returns
    -------
    Audit
        The true numbers, for those whose data they are; `coxa.clinics.publishing` gives what others see. What
        cannot be had of these data is named in `Audit.without`, and in `without` of a part.

    Raises
    ------
    PlanError
        The plan has faults.
    DataError
        The data have errors, or no eligible episode.
    OptionError
        Other processes are to ask a server, or cannot see the file.

    Examples
    --------
    >>> from coxa.simulate import simulate_registry
    >>> from coxa.study import RegistryAssumptions
    >>> registry = simulate_registry(RegistryAssumptions(years=1), seed=1, episodes=900)
    >>> audit = audit_clinics(registry.plan, registry.episodes)
    >>> int(audit.completeness.counts[()]["eligible"].iloc[0]), list(audit.case_mix)
    (863, ['pain', 'function'])
    """
    plan = plan if isinstance(plan, AuditPlan) else read_audit(plan)
    episodes = data if isinstance(data, Episodes) else read_episodes(plan, data).require_clean()
    with asking(episodes, Workers(jobs, scheduler)) as asked:
        return audit_of(asked)


def audit_of(asked: Asked) -> Audit:
    """Return the audit of episodes."""
    episodes, plan = asked.episodes, asked.episodes.plan
    first, last = _checked(episodes)
    found = _answers(asked)
    weights, periods, patients = found["weights"], found["periods"], found["patients"]
    series, no_series = series_of(plan, periods)
    rare, (rates, no_rates), unended = found["rare"], found["rates"], found["unended"]
    literature, no_literature = literature_of(plan, periods)
    return Audit(
        plan=plan,
        data_cut=episodes.data_cut,
        first=first,
        last=last,
        n_patients=patients.n,
        completeness=Completeness(found["counts"], weights.weights, weights.terms, weights.without),
        case_mix={name: found[f"case mix {name}"] for name in plan.outcomes},
        shares=tuple(one for name in plan.outcomes for one in found[f"shares {name}"]),
        series=series,
        rates=rates,
        periods=periods.counts,
        literature=literature,
        findings=Findings((*episodes.findings, *_notes(weights, unended))),
        disposition=episodes.disposition,
        sources=episodes.sources,
        rare=rare.charts,
        stretches=rare.stretches,
        fingerprint=fingerprint_of(episodes),
        without={**_columns_without(episodes, unended), **no_series, **no_rates, **rare.without, **no_literature},
    )


def _answers(asked: Asked) -> dict[str, Any]:
    """Return every measure by its name; those of the second round need the patients or the weights of the first."""
    plan = asked.episodes.plan
    first: dict[str, Question] = {f"shares {name}": (shares, (name,)) for name in plan.outcomes}
    first |= {"weights": (loss_weights, ()), "patients": (patients_in, ())}
    first |= {f"case mix {name}": (case_mix, (name,)) for name in plan.outcomes if name != plan.main}
    first |= {"rare": (rare_of, ()), "rates": (rates_of, ()), "unended": (unended_of, ())}
    found = asked.answers(first)
    second: dict[str, Question] = {
        f"case mix {plan.main}": (case_mix, (plan.main, found["weights"].weight)),
        "counts": (completeness_counts, (found["patients"],)),
        "periods": (periods_of, (found["patients"],)),
    }
    return found | asked.answers(second)


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


def _notes(weights: LossWeights, unended: Unended | None) -> tuple[Finding, ...]:
    """Return what was found while measuring, with its numbers, for those whose data they are."""
    notes = tuple(Finding("note", "weights", text.rstrip("."), "") for text in weights.notes)
    return notes if unended is None else (*notes, unended.finding())


ABSENT = {
    CLINIC: "The data name no clinic: all episodes are taken as those of one.",
    THERAPIST: "The data name no therapist: nothing is shown by therapist.",
    CONDITION: "The data name no condition: nothing is shown by condition.",
}
"""Column -> what it means that no episode has it."""


def _columns_without(episodes: Episodes, unended: Unended | None) -> dict[str, str]:
    """Return what cannot be shown as no episode has the column, or many have no day of discharge."""
    plan = episodes.plan
    there = recorded(episodes, (*ABSENT, *plan.descriptors))
    absent = {name: text for name, text in ABSENT.items() if name not in there}
    if any(finding.rule == EACH_A_PATIENT for finding in episodes.findings):
        absent["patient"] = "The data have no column of patients, so that each episode counts as a patient."
    if unended is not None:
        absent["discharge_date"] = unended.caution()
    for name in plan.descriptors:
        if name not in there:
            absent[name] = f"The data have no value of {plan.label('descriptors', name)}."
    return absent
