"""What a table of this study has to be: the data dictionary joined with the plan, as a pandera schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from coxa.cohort.dictionary import Field, load_table
from coxa.instruments.measures import load_measures
from coxa.study import Study
from coxa.study.cluster_periods import ClusterPeriods
from coxa.study.comparative import ComparativeStudy
from coxa.study.conditions import conditions
from coxa.study.parts import Covariate

NUMERIC = ("integer", "number")

TREATMENTS = "treatments"
"""Levels that are treatments which clusters receive in periods."""

PARTS_OF_A_COMPARISON = ("arms", "intercurrent_events", "events")
"""Parts of a plan that only a study with arms or groups has, and that are levels of fields."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The fields of a table in this study, with the plan's levels, limits and covariates filled in."""

    table: str
    key: tuple[str, ...]
    empty_without: tuple[str, ...]
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Breach:
    """Rows whose `field` breaks its contract: `broken` is "required", "levels" or "limits"."""

    field: Field
    broken: str
    rows: pd.Index


def contract(study: Study, table: str) -> Contract:
    """Return the contract of a table: its dictionary, with the levels and covariates of the plan.

    Examples
    --------
    >>> contract(study, "participants").fields["arm"].levels  # doctest: +SKIP
    {'usual_care': 'Usual care', 'exercise': 'Exercise therapy'}
    """
    entry = load_table(table)
    fields = {name: _with_levels(field, study) for name, field in entry.fields.items() if _is_for(field, study)}
    if entry.plan_adds:
        own = {name: covariate for name, covariate in study.covariates.items() if covariate.source is None}
        for name, covariate in own.items():
            fields[name] = _covariate_field(name, covariate, fields.get(name))
    return Contract(table, entry.key, entry.empty_without, fields)


def _is_for(field: Field, study: Study) -> bool:
    """Return whether a study can have a field: without arms in the plan there is no arm of a participant."""
    if field.levels_from == TREATMENTS:
        return isinstance(study, ComparativeStudy) and isinstance(study.received_in_periods, ClusterPeriods)
    return field.levels_from not in PARTS_OF_A_COMPARISON or isinstance(study, ComparativeStudy)


def _with_levels(field: Field, study: Study) -> Field:
    if field.levels_from is None:
        return field
    if field.levels_from == "measures":
        return replace(field, levels={name: measure.label for name, measure in load_measures().items()})
    if field.levels_from == "conditions":
        return replace(field, levels={code: one.label for code, one in conditions().items()})
    if field.levels_from == "arms":
        return replace(field, levels=study.groups)
    if field.levels_from == TREATMENTS and isinstance(study, ComparativeStudy):
        return replace(field, levels={name: study.label("arms", name) for name in study.treatment_order})
    return replace(
        field, levels={name: study.label(field.levels_from, name) for name in getattr(study, field.levels_from)}
    )


def _covariate_field(name: str, covariate: Covariate, known: Field | None) -> Field:
    described = known.description if known else covariate.label or name
    soft = known.soft if known and known.type == covariate.type and covariate.range is None else None
    hard = covariate.range or (known.hard if known else None)
    return Field(
        name=name,
        type=covariate.type,
        description=described,
        unit=covariate.unit or (known.unit if known else None),
        hard=hard if covariate.type == "number" else None,
        soft=soft,
        levels=covariate.level_labels(),
        source="plan",
    )


def schema(agreed: Contract, limits: Literal["hard", "soft"] = "hard") -> pa.DataFrameSchema:
    """Return the pandera schema of a contract.

    Parameters
    ----------
    agreed
        From `contract`.
    limits
        "hard" checks what is required, levels and hard limits; "soft" checks only the soft limits.
    """
    columns = {name: _column(field, limits) for name, field in agreed.fields.items()}
    columns = {name: column for name, column in columns.items() if column.checks or not column.nullable}
    return pa.DataFrameSchema(columns, name=agreed.table, strict=False)


def _column(field: Field, limits: Literal["hard", "soft"]) -> pa.Column:
    span = field.hard if limits == "hard" else field.soft
    checks = [pa.Check.in_range(*span, error="limits")] if span and field.type in NUMERIC else []
    if limits == "hard" and field.levels:
        checks.append(pa.Check.isin(list(field.levels), error="levels"))
    nullable = limits == "soft" or not field.required
    return pa.Column(checks=checks, nullable=nullable, required=False, name=field.name)


def breaches(frame: pd.DataFrame, agreed: Contract, limits: Literal["hard", "soft"] = "hard") -> list[Breach]:
    """Return every breach of a contract at once, by lazy validation.

    Parameters
    ----------
    frame
        Table under coxa's names; its index has to be unique. It is not changed.
    """
    wanted = schema(agreed, limits)
    if not wanted.columns:
        return []
    try:
        wanted.validate(frame[[name for name in wanted.columns if name in frame]], lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        wrong = cases["check"].replace({"not_nullable": "required"})
        grouped = cases.assign(check=wrong).groupby(["column", "check"], sort=False)["index"]
        return [
            Breach(agreed.fields[str(name)], str(broken), pd.Index(rows.unique())) for (name, broken), rows in grouped
        ]
    return []
