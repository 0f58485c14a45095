"""The sums of the case-mix model: two questions, whose answers do not grow with the episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from coxa.audit.casemix.sums import NestedSums, independent_columns
from coxa.audit.limits import Floats
from coxa.clinics.measures.design import Design
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
    """Return the sums of the columns of a design and of the change less its mean.

    Two questions are asked. One has, per therapist, the sums of numbers and of their products. The other has numbers
    summed by therapist and level of each category, and episodes counted by levels of two categories, in grouping sets:
    so the work grows with categories, and not with the square of their levels.

    Parameters
    ----------
    episodes
        The episodes; those whose change is known are counted.
    design
        Columns of the model.
    weight
        Of each episode; 1 unless given. Weights are divided by their mean.

    Returns
    -------
    NestedSums
        Sums of products are of all clinics together.
    """
    values = {**design.values, **(weight.values if weight else {})}
    rows = episodes.query(_of_therapists(episodes, design, weight), **values)
    rows = rows.sort_values([CLINIC, THERAPIST], kind="stable").reset_index(drop=True)
    levels = episodes.query(_of_levels(episodes, design, weight), **values) if design.categories else None
    return _arrays(rows, levels, design, weight is not None)


def _rows(episodes: Episodes, design: Design, weight: Weight | None) -> str:
    """Return the SELECT of clinic, therapist, outcome, numbers, levels and weight, one row per episode."""
    change = f"{improvement_sql(episodes.plan, design.outcome)} - ({design.change!r})"
    wanted = [f"{key_of(episodes.plan, name).sql} AS {name}" for name in (CLINIC, THERAPIST)]
    wanted += [
        f"CAST({change} AS DOUBLE PRECISION) AS y",
        f"CAST({weight.sql if weight else '1.0'} AS DOUBLE PRECISION) AS w",
    ]
    wanted += [f"CAST({column.sql} AS DOUBLE PRECISION) AS x{i}" for i, column in enumerate(design.numbers)]
    wanted += [f"{each.sql(range(len(each.levels)))} AS c{k}" for k, each in enumerate(design.categories)]
    return f"SELECT {', '.join(wanted)} FROM episodes WHERE {changed_sql(design.outcome)}{episodes.database.fence}"


def _of_therapists(episodes: Episodes, design: Design, weight: Weight | None) -> str:
    q, w = len(design.numbers), "w * " if weight else ""
    wanted = ["COUNT(*) AS n", "SUM(w) AS sw", f"SUM({w}y) AS sy", f"SUM({w}y * y) AS syy"]
    wanted += ["SUM(LN(w)) AS slw"] if weight else []
    wanted += [f"SUM({w}x{i}) AS sx{i}" for i in range(1, q)]
    wanted += [f"SUM({w}x{i} * y) AS sxy{i}" for i in range(1, q)]
    wanted += [f"SUM({w}x{i} * x{j}) AS sxx{i}_{j}" for i in range(1, q) for j in range(i, q)]
    return f"SELECT clinic, therapist, {', '.join(wanted)} FROM ({_rows(episodes, design, weight)}) AS r GROUP BY 1, 2"


def _of_levels(episodes: Episodes, design: Design, weight: Weight | None) -> str:
    """Return the question by levels: a row is of a therapist and a level, or of the levels of two categories."""
    w, codes = "w * " if weight else "", [f"c{k}" for k in range(len(design.categories))]
    wanted = ["clinic", "therapist", *codes, "SUM(w) AS sw", f"SUM({w}y) AS sy"]
    wanted += [f"SUM({w}x{i}) AS sx{i}" for i in range(1, len(design.numbers))]
    sets = [f"(clinic, therapist, {code})" for code in codes]
    sets += [f"({one}, {other})" for one, other in combinations(codes, 2)]
    return (
        f"SELECT {', '.join(wanted)} FROM ({_rows(episodes, design, weight)}) AS r GROUP BY GROUPING SETS "
        f"({', '.join(sets)})"
    )


def _arrays(rows: pd.DataFrame, levels: pd.DataFrame | None, design: Design, weighted: bool) -> NestedSums:
    q, p, n = len(design.numbers), len(design.columns), rows["n"].to_numpy(dtype=np.int64)
    values = rows.drop(columns=[CLINIC, THERAPIST]).astype(float)
    clinic_of, clinics = pd.factorize(rows[CLINIC])
    weight, total = values["sw"].to_numpy(), values.sum()
    x, xx, xy = np.zeros((len(rows), p)), np.zeros((p, p)), np.zeros(p)
    x[:, 0], xx[0, 0], xy[0] = weight, total["sw"], total["sy"]
    for i in range(1, q):
        x[:, i] = values[f"sx{i}"]
        xx[0, i] = xx[i, 0] = total[f"sx{i}"]
        xy[i] = total[f"sxy{i}"]
        for j in range(i, q):
            xx[i, j] = xx[j, i] = total[f"sxx{i}_{j}"]
    if levels is not None:
        _add_levels(x, xx, xy, rows, levels, design)
    share = n.sum() / weight.sum() if len(n) else 1.0  # weights that have a mean of 1
    return NestedSums(
        names=tuple(column.name for column in design.columns),
        clinics=tuple(clinics),
        therapists=tuple(rows[THERAPIST]),
        clinic_of=np.asarray(clinic_of, dtype=np.intp),
        n=n,
        weight=weight * share,
        x=x * share,
        y=values["sy"].to_numpy() * share,
        xx=xx[None] * share,
        xy=xy[None] * share,
        yy=np.array([total["syy"] * share]),
        log_weight=float(values["slw"].sum() + n.sum() * np.log(share)) if weighted else 0.0,
    )


def _add_levels(x: Floats, xx: Floats, xy: Floats, rows: pd.DataFrame, levels: pd.DataFrame, design: Design) -> None:
    """Fill in the columns of categories."""
    q = len(design.numbers)
    codes = [f"c{k}" for k in range(len(design.categories))]
    starts = dict(
        zip(codes, q - 1 + np.cumsum([0, *(len(each.levels) - 1 for each in design.categories)]), strict=False)
    )
    place = pd.Series(np.arange(len(rows)), pd.MultiIndex.from_frame(rows[[CLINIC, THERAPIST]]))
    single = levels[levels[THERAPIST].notna()]
    for code in codes:
        own = single[single[code].notna() & (single[code] != 0)]
        column = (starts[code] + own[code].astype(int)).to_numpy()
        therapist = place.reindex(pd.MultiIndex.from_frame(own[[CLINIC, THERAPIST]])).to_numpy()
        weight = own["sw"].to_numpy(dtype=float)
        np.add.at(x, (therapist, column), weight)
        np.add.at(xx, (column, column), weight)
        np.add.at(xy, column, own["sy"].to_numpy(dtype=float))
        for i in range(q):
            part = weight if i == 0 else own[f"sx{i}"].to_numpy(dtype=float)
            np.add.at(xx, (i, column), part)
            np.add.at(xx, (column, i), part)
    pairs = levels[levels[THERAPIST].isna()]
    for one, other in combinations(codes, 2):
        own = pairs[pairs[one].notna() & pairs[other].notna() & (pairs[one] != 0) & (pairs[other] != 0)]
        first, second = ((starts[code] + own[code].astype(int)).to_numpy() for code in (one, other))
        np.add.at(xx, (first, second), own["sw"].to_numpy(dtype=float))
        np.add.at(xx, (second, first), own["sw"].to_numpy(dtype=float))


def chosen(sums: NestedSums, kept: Sequence[int]) -> NestedSums:
    """Return the sums of some of the columns."""
    places = list(kept)
    return replace(
        sums,
        names=tuple(sums.names[k] for k in places),
        x=sums.x[:, places],
        xx=sums.xx[:, places][:, :, places],
        xy=sums.xy[:, places],
    )


def estimable(sums: NestedSums) -> tuple[int, ...]:
    """Return which columns are no combination of earlier ones."""
    return independent_columns(sums.xx.sum(axis=0))
