"""The sums of the case-mix model: one pass over the episodes, one row for each therapist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.audit.casemix.sums import NestedSums, independent_columns
from coxa.clinics.measures.design import Column, Design
from coxa.clinics.measures.groups import key_of
from coxa.clinics.measures.reached import changed_sql, improvement_sql
from coxa.episodes.episodes import Episodes
from coxa.study.audit.plan import CLINIC, THERAPIST


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight of episodes: SQL over a row of episodes, above 0, and the values of its parameters."""

    sql: str
    values: Mapping[str, object]


def model_sums(episodes: Episodes, design: Design, weight: Weight | None = None) -> NestedSums:
    """Return the sums of the columns of a design and of the change less its mean, per therapist.

    Parameters
    ----------
    episodes
        The episodes; those whose change is known are counted.
    design
        Columns of the model.
    weight
        Of each episode; 1 unless given. Weights are divided by their mean.
    """
    made = design.columns
    pairs = [(i, j) for i in range(len(made)) for j in range(i, len(made)) if not made[i].apart(made[j])]
    w = "w * " if weight else ""
    wanted = ["COUNT(*) AS n", f"SUM({w}y) AS sy", f"SUM({w}y * y) AS syy"]
    if weight:
        wanted += ["SUM(w) AS sw", "SUM(LN(w)) AS slw"]
    wanted += [f"SUM({w}x{i} * y) AS sxy{i}" for i in range(len(made))]
    wanted += [f"SUM({_product(w, made, i, j)}) AS sxx{i}_{j}" for i, j in pairs]
    sql = f"SELECT clinic, therapist, {', '.join(wanted)} FROM ({_rows(episodes, design, weight)}) AS r GROUP BY 1, 2"
    rows = episodes.query(sql, **design.values, **(weight.values if weight else {}))
    rows = rows.sort_values([CLINIC, THERAPIST], kind="stable").reset_index(drop=True)
    return _arrays(rows, design, pairs, weight is not None)


def _rows(episodes: Episodes, design: Design, weight: Weight | None) -> str:
    """Return the SELECT of clinic, therapist, outcome, columns and weight, one row per episode."""
    change = f"{improvement_sql(episodes.plan, design.outcome)} - ({design.change!r})"
    wanted = [f"{key_of(episodes.plan, name).sql} AS {name}" for name in (CLINIC, THERAPIST)]
    wanted.append(f"CAST({change} AS DOUBLE PRECISION) AS y")
    wanted += [f"CAST({column.sql} AS DOUBLE PRECISION) AS x{i}" for i, column in enumerate(design.columns)]
    if weight:
        wanted.append(f"CAST({weight.sql} AS DOUBLE PRECISION) AS w")
    return f"SELECT {', '.join(wanted)} FROM episodes WHERE {changed_sql(design.outcome)}"


def _product(w: str, made: Sequence[Column], i: int, j: int) -> str:
    """Return the product of two columns; an indicator is its own square, and the intercept is 1."""
    if i == 0 or (i == j and made[i].indicator):
        return f"{w}x{j}"
    return f"{w}x{i} * x{j}"


def _arrays(rows: pd.DataFrame, design: Design, pairs: list[tuple[int, int]], weighted: bool) -> NestedSums:
    p, n = len(design.columns), rows["n"].to_numpy(dtype=np.int64)
    values = rows.drop(columns=[CLINIC, THERAPIST]).astype(float)
    clinic_of, clinics = pd.factorize(rows[CLINIC])
    weight = values["sw"].to_numpy() if weighted else n.astype(float)
    share = n.sum() / weight.sum() if len(n) else 1.0  # weights that have a mean of 1
    by_clinic = values.groupby(clinic_of).sum() * share
    xx = np.zeros((len(clinics), p, p))
    for i, j in pairs:
        xx[:, i, j] = xx[:, j, i] = by_clinic[f"sxx{i}_{j}"]
    return NestedSums(
        names=tuple(column.name for column in design.columns),
        clinics=tuple(clinics),
        therapists=tuple(rows[THERAPIST]),
        clinic_of=np.asarray(clinic_of, dtype=np.intp),
        n=n,
        weight=weight * share,
        x=values[[f"sxx0_{i}" for i in range(p)]].to_numpy() * share,
        y=values["sy"].to_numpy() * share,
        xx=xx,
        xy=by_clinic[[f"sxy{i}" for i in range(p)]].to_numpy(),
        yy=by_clinic["syy"].to_numpy(),
        log_weight=float(values["slw"].sum() + n.sum() * np.log(share)) if weighted else 0.0,
    )


def estimable(sums: NestedSums) -> tuple[NestedSums, tuple[int, ...]]:
    """Return the sums of the columns that are no combination of earlier ones, and which these are."""
    kept = independent_columns(sums.xx.sum(axis=0))
    places = list(kept)
    return (
        replace(
            sums,
            names=tuple(sums.names[k] for k in kept),
            x=sums.x[:, places],
            xx=sums.xx[:, places][:, :, places],
            xy=sums.xy[:, places],
        ),
        kept,
    )
