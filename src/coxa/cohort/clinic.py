"""The patients that a trial's result is carried to, read and checked as participants are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from coxa.cohort.cohort import ClinicRows, Cohort
from coxa.findings import Finding, Findings
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from coxa.study.plan import Study
from coxa.study.source import DataSource
from coxa.study.target_trial import BASELINE
from coxa.study.transport import Transport, transport_of

TABLE = "participants"
STANDS_FOR = "baseline_value"
"""Covariate that holds the outcome before treatment while the file is read."""


def with_clinic(cohort: Cohort, read: Callable[[Study], Cohort]) -> Cohort:
    """Return a cohort with the patients that its plan carries the result to, and what was found in their file.

    Parameters
    ----------
    cohort
        Data of a study; one whose plan has no `transport:` comes back as it is.
    read
        From a plan of the patients alone to their data.
    """
    study = cohort.study
    plan = transport_of(study)
    if plan is None or not isinstance(study, ComparativeStudy):
        return cohort
    found = clinic_rows(plan, read(plan_of_patients(study, plan)))
    sources = (*cohort.sources, *(one for one in found.sources if one not in cohort.sources))
    return replace(cohort, findings=cohort.findings + found.findings, sources=sources, clinic=found)


def clinic_rows(plan: Transport, patients: Cohort) -> ClinicRows:
    """Return patients that were read; those without a covariate are counted and left out."""
    named = Findings(tuple(_of_transport(one) for one in patients.findings if one.severity != "note"))
    names = list(plan.covariates)
    frame = patients.table(TABLE)
    if frame.empty or named.errors:
        return ClinicRows(pd.DataFrame(columns=names), 0, named, patients.sources)
    frame = frame.rename(columns={STANDS_FOR: BASELINE})
    known = frame[names].notna().all(axis=1)
    kept = frame.loc[known, ["participant_id", *names]].reset_index(drop=True)
    return ClinicRows(kept, int((~known).sum()), named, patients.sources)


def _of_transport(finding: Finding) -> Finding:
    """Return a finding, of participants one of `transport`, in the words of the plan."""
    field = finding.field and finding.field.replace(STANDS_FOR, BASELINE)
    table = "transport" if finding.table == TABLE else finding.table
    return replace(finding, table=table, field=field, rule=finding.rule.replace(STANDS_FOR, BASELINE))


def plan_of_patients(study: ComparativeStudy, plan: Transport) -> Study:
    """Return a plan of the patients alone: the covariates, and no arms."""
    name = plan.estimand or study.main_analysis.estimand_name
    covariates: dict[str, Any] = {
        key: study.covariates[key].model_dump(exclude_unset=True) for key in plan.covariates if key != BASELINE
    }
    source = plan.source.model_dump(exclude_unset=True)
    outcome = study.estimands[name].endpoint.outcome
    if BASELINE in plan.covariates:
        measured = study.outcomes[outcome]
        limits = getattr(measured, "range", None)
        covariates[STANDS_FOR] = {"type": "number", **({"range": list(limits)} if limits else {})}
        for key in ("columns", "constants", "values"):
            source[key] = _renamed(source.get(key, {}))
    folder = study.data.folder if study.data else "."
    shown = {"label": "Not read", "range": [0, 1], "higher_is_better": True}
    made = study_of({
        "study": study.study, "title": plan.label, "design": "service", "visits": {"baseline": {"day": 0}},
        "outcomes": {"not_read": shown}, "covariates": covariates,
    })  # fmt: skip
    # put in after the plan is checked: a plan needs outcomes, and these patients have none
    data = DataSource.model_validate({"folder": folder, "tables": {TABLE: source}})
    made = made.model_copy(update={"data": data, "outcomes": {}})
    made._origin = study.origin
    return made


def _renamed(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {STANDS_FOR if key == BASELINE else key: value for key, value in keys.items()}
