"""ADSL: one row per participant."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.analysis_sets import FLAGS, derive_analysis_sets
from coxa.derive.covariates import with_covariates
from coxa.derive.groups import participants_by_group
from coxa.exchange.adam.crosswalk import (
    AdamDataset,
    Variable,
    adam_label,
    adam_name,
    dataset,
    flag,
    taken,
    variables_for,
)
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy

PLANNED = {"ARM": "TRT01P", "TRT01P": "TRT01P", "TRT01PN": "TRT01PN"}


def subject_level(cohort: Cohort) -> AdamDataset:
    """Return ADSL: identifiers, arms, dates, population flags, and the covariates of the plan."""
    study = cohort.study
    people = with_covariates(cohort, participants_by_group(cohort)).reset_index(drop=True)
    variables = variables_for(study, "ADSL")
    columns = {**identifiers(study, people), **taken(variables, people), **arm_columns(study, people)}
    if "AGE" in columns:
        columns["AGEU"] = pd.Series("YEARS", people.index).where(columns["AGE"].notna())
    sets = derive_analysis_sets(cohort).set_index("participant_id").reindex(people["participant_id"])
    for one in variables:
        if one.members:
            columns[one.name] = flag(sets[FLAGS[one.members]].reset_index(drop=True))  # type: ignore[index]
    more = _covariates(study, people, variables)
    values = {one.name: _labelled(study, one.column, people[one.column]) for one in more}
    return dataset("ADSL", (*variables, *more), {**columns, **values})


def identifiers(study: Study, rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Return study and unique participant of each row."""
    unique = study.study + "-" + rows["participant_id"].astype(str)
    return {"STUDYID": pd.Series(study.study, rows.index), "USUBJID": unique}


def arm_columns(study: Study, people: pd.DataFrame) -> dict[str, pd.Series]:
    """Return planned and actual treatment of participants, or the group they are found in, with its number."""
    if not isinstance(study, ComparativeStudy):
        return {}
    planned = people["arm"].astype(object)
    received = people["arm_received"].astype(object) if "arm_received" in people else pd.Series(None, people.index)
    labels, numbers = study.groups, {name: place for place, name in enumerate(study.groups, start=1)}
    if not study.words.allocates:
        return {"GROUP": planned.map(labels), "GROUPN": planned.map(numbers)}
    return {
        **{name: planned.map(labels) for name in ("ARM", "TRT01P")},
        "TRT01PN": planned.map(numbers),
        "TRT01A": received.map(labels),
        "TRT01AN": received.map(numbers),
    }


def _covariates(study: Study, people: pd.DataFrame, variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """Return a variable for each covariate of the plan that is none of the crosswalk's."""
    names = [one.name for one in variables]
    found: list[Variable] = []
    for name, covariate in study.covariates.items():
        if name not in people or name in {one.column for one in variables}:
            continue
        label = study.label("covariates", name) + (f" ({covariate.unit})" if covariate.unit else "")
        kind = "number" if covariate.type == "number" else "text"
        found.append(Variable(adam_name(name, names), adam_label(label), kind, name))  # type: ignore[arg-type]
        names.append(found[-1].name)
    return tuple(found)


def _labelled(study: Study, name: str, values: pd.Series) -> pd.Series:
    """Return a category by its labels, a number as it is."""
    covariate = study.covariates[name]
    return values.astype(object).map(covariate.level_labels()) if covariate.type == "category" else values
